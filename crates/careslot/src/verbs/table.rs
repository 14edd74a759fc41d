//! Tables for people, no wider than 80 columns: ids and times are always whole, words are shortened where they must be.

/// How wide a table may be.
const WIDTH: usize = 80;
/// No column is made narrower than this.
const NARROWEST: usize = 8;
/// What stands between two columns.
const GAP: &str = "  ";

/// A column's heading, and whether its words may be shortened.
pub(super) struct Column {
    heading: &'static str,
    may_shrink: bool,
}

/// A column whose words are always whole.
pub(super) const fn whole(heading: &'static str) -> Column {
    Column { heading, may_shrink: false }
}

/// A column whose words may be shortened.
pub(super) const fn words(heading: &'static str) -> Column {
    Column { heading, may_shrink: true }
}

/// Rows under headings. A column in which nothing stands is left out.
pub(super) fn table(columns: &[Column], rows: &[Vec<String>]) -> String {
    let cell = |row: &[String], index: usize| row.get(index).map_or("", String::as_str).to_owned();
    let shown: Vec<usize> =
        (0..columns.len()).filter(|index| rows.iter().any(|row| !cell(row, *index).is_empty())).collect();
    let mut widths: Vec<usize> = shown
        .iter()
        .map(|index| {
            let longest = rows.iter().map(|row| length(&cell(row, *index))).max().unwrap_or(0);
            longest.max(columns[*index].heading.len())
        })
        .collect();
    shrink(&mut widths, &shown.iter().map(|index| columns[*index].may_shrink).collect::<Vec<_>>());
    let mut text = String::new();
    let headings: Vec<String> = columns.iter().map(|column| column.heading.to_owned()).collect();
    for row in std::iter::once(headings.as_slice()).chain(rows.iter().map(Vec::as_slice)) {
        let cells = shown.iter().zip(&widths).map(|(index, width)| padded(&cell(row, *index), *width));
        text.push_str(cells.collect::<Vec<_>>().join(GAP).trim_end());
        text.push('\n');
    }
    text
}

/// One thing: names on the left, values on the right, none shortened. Empty values are left out.
pub(super) fn fields(fields: &[(&str, String)]) -> String {
    let shown: Vec<&(&str, String)> = fields.iter().filter(|(_, value)| !value.is_empty()).collect();
    let widest = shown.iter().map(|(name, _)| length(name)).max().unwrap_or(0);
    shown.iter().map(|(name, value)| format!("{}{GAP}{}\n", padded(name, widest), harmless(value))).collect()
}

/// Takes from the widest column that may shrink until all fit.
fn shrink(widths: &mut [usize], may_shrink: &[bool]) {
    let gaps = GAP.len() * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > WIDTH {
        let widest = widths
            .iter_mut()
            .zip(may_shrink)
            .filter(|(width, may)| **may && **width > NARROWEST)
            .map(|(width, _)| width)
            .max();
        match widest {
            Some(width) => *width -= 1,
            None => return,
        }
    }
}

/// The text without anything that would move a terminal's cursor: some of it comes from other parties.
pub(super) fn harmless(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

fn length(text: &str) -> usize {
    text.chars().count()
}

fn padded(text: &str, width: usize) -> String {
    let clean = harmless(text);
    if length(&clean) <= width {
        return format!("{clean:width$}");
    }
    let kept: String = clean.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [whole("ID"), words("PLACE"), words("NOTE")];

    fn row(cells: [&str; 3]) -> Vec<String> {
        cells.map(str::to_owned).to_vec()
    }

    #[test]
    fn a_table_has_its_columns_under_each_other_and_leaves_empty_ones_out() {
        let rows = [row(["1", "Leeds", ""]), row(["22", "York", ""])];
        assert_eq!(table(&COLUMNS, &rows), "ID  PLACE\n1   Leeds\n22  York\n");
    }

    #[test]
    fn words_are_shortened_to_fit_and_ids_never() {
        let (id, place, note) = ("i".repeat(60), "place ".repeat(5), "n\u{1b}[31m".repeat(4));
        let text = table(&COLUMNS, &[row([&id, &place, &note])]);
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
        assert!(text.contains(&id) && text.contains('…') && !text.contains('\u{1b}'), "{text}");
        let endless = "i".repeat(100);
        assert!(table(&COLUMNS, &[row([&endless, "a", "b"])]).contains(&endless));
    }

    #[test]
    fn the_fields_of_one_thing_are_aligned() {
        assert_eq!(
            fields(&[("id", "1".into()), ("none", String::new()), ("status", "x".into())]),
            "id      1\nstatus  x\n"
        );
    }
}
