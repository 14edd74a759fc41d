//! The name that was probably meant.

/// The candidate that differs from `name` in the fewest letters, if it is near enough to be meant.
pub(super) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Far more letters than any key has: not worth comparing.
    if name.len() > 100 {
        return None;
    }
    let limit = (name.chars().count() / 3).max(2);
    candidates
        .map(|candidate| (distance(&name.to_lowercase(), candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters have to be put in, taken out or changed to make `from` into `to` (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, other) in to.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_was_meant_is_found_and_nothing_far_off() {
        let keys = ["provider.listen", "provider.asids", "ssp.listen", "ssp.per_asid_per_minute"];
        for (given, meant) in [
            ("provider.lisen", Some("provider.listen")),
            ("Provider.Listen", Some("provider.listen")),
            ("ssp.per_asid_minute", Some("ssp.per_asid_per_minute")),
            ("provider.asid", Some("provider.asids")),
            ("provider.colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(given, keys.into_iter()), meant, "{given}");
        }
    }
}
