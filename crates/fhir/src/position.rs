//! From a byte offset to the line and column that a person looks for.

/// A place in a text: both numbers begin at 1, the column counts characters and not bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, the first is 1.
    pub line: u32,
    /// Column in characters, the first is 1.
    pub column: u32,
}

/// The lines of one source text, for many look-ups.
#[derive(Debug, Clone)]
pub struct Lines<'a> {
    source: &'a [u8],
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Notes where each line of `source` begins. Lines end with a line feed.
    #[must_use]
    pub fn new(source: &'a [u8]) -> Self {
        let mut starts = vec![0];
        starts.extend(source.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1));
        Lines { source, starts }
    }

    /// The position of a byte offset; an offset beyond the end is the end.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.source.len());
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        Position { line: clamp(line), column: column(self.source.get(start..offset).unwrap_or(&[])) }
    }
}

/// The position of one byte offset; for many of them, [`Lines`] is quicker.
#[must_use]
pub fn position(source: &[u8], offset: usize) -> Position {
    let before = source.get(..offset.min(source.len())).unwrap_or(source);
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    Position { line: clamp(line), column: column(before.get(start..).unwrap_or(&[])) }
}

/// Counts the characters before the place: every byte that does not continue another one.
fn column(before: &[u8]) -> u32 {
    clamp(before.iter().filter(|byte| **byte & 0xC0 != 0x80).count() + 1)
}

fn clamp(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_found_by_line_and_character() {
        let source = "a\nbé€\r\n\nx".as_bytes();
        let table =
            [(0, 1, 1), (1, 1, 2), (2, 2, 1), (3, 2, 2), (5, 2, 3), (8, 2, 4), (10, 3, 1), (11, 4, 1), (99, 4, 2)];
        for (offset, line, column) in table {
            let expected = Position { line, column };
            assert_eq!(position(source, offset), expected, "offset {offset}");
            assert_eq!(Lines::new(source).position(offset), expected, "offset {offset} by table");
        }
    }
}
