//! How records become rows. Those that are written together share one: a row and its places in the indexes cost more than the bytes of
//! a record, and a Provider that answers thousands of reads a second makes thousands of records. One that is written alone is a row by
//! itself.

use super::chain::{HASH, Link};
use super::{AuditRecord, StoredRecord};

/// How many records share a row at most.
const RECORDS: usize = 1024;
/// Bytes after which a row takes no further record.
const BYTES: usize = 1 << 20;
/// The times in one row lie no further apart than this, in milliseconds: so the time of a search leads to few rows.
pub(super) const SPAN: i64 = 5_000;
/// Bytes of a call's mark.
const MARK: usize = 4;
/// The `requirement` of a row that many records share.
const SHARED: &str = "audit-records";

/// A row to be written.
pub(crate) struct NewRow<'a> {
    /// The last record in it.
    pub(crate) head: Link,
    /// The earliest time in it.
    pub(crate) at: i64,
    pub(crate) trace_id: &'a str,
    pub(crate) requirement: &'a str,
    pub(crate) content: Content<'a>,
}

/// What a row holds.
pub(crate) enum Content<'a> {
    /// The body of its one record.
    One(&'a [u8]),
    /// Many records one after the other, and the marks of their calls.
    Many { records: Vec<u8>, marks: Vec<u8> },
}

/// The rows that continue a chain with these records.
pub(crate) fn rows<'a>(chain: &str, mut head: Link, records: &[&'a AuditRecord]) -> Vec<NewRow<'a>> {
    let mut rows = Vec::new();
    let mut rest = records;
    while let Some((first, _)) = rest.split_first() {
        let (run, after) = rest.split_at(run_of(rest));
        let mut row =
            NewRow { head, at: first.at, trace_id: "", requirement: SHARED, content: Content::One(&first.body) };
        if run.len() == 1 {
            row.head = head.next(chain, first);
            (row.trace_id, row.requirement) = (&first.trace_id, &first.requirement);
        } else {
            row.share(chain, run);
        }
        head = row.head;
        rows.push(row);
        rest = after;
    }
    rows
}

/// How many of these records share the first one's row.
fn run_of(records: &[&AuditRecord]) -> usize {
    let (mut earliest, mut latest, mut bytes) = (i64::MAX, i64::MIN, 0_usize);
    let fits = |record: &&&AuditRecord| {
        let had = bytes;
        bytes = bytes.saturating_add(record.body.len());
        (earliest, latest) = (earliest.min(record.at), latest.max(record.at));
        had < BYTES && latest.saturating_sub(earliest) <= SPAN
    };
    records.iter().take(RECORDS).take_while(fits).count().max(1)
}

impl NewRow<'_> {
    fn share(&mut self, chain: &str, run: &[&AuditRecord]) {
        let mut records = Vec::with_capacity(run.iter().map(|record| record.body.len() + 200).sum());
        let mut marks = Vec::with_capacity(run.len() * MARK);
        for record in run {
            self.head = self.head.next(chain, record);
            self.at = self.at.min(record.at);
            marks.extend(mark(&record.trace_id).into_iter().flatten());
            records.extend_from_slice(&record.at.to_be_bytes());
            for part in [record.trace_id.as_bytes(), record.requirement.as_bytes(), &record.body] {
                // Nothing that a role records comes near four gigabytes.
                records.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
                records.extend_from_slice(part);
            }
            records.extend_from_slice(&self.head.hash);
        }
        self.content = Content::Many { records, marks };
    }
}

/// By what a call is found: four bytes of a plain hash, since a row that only seems to have the call is merely read in vain.
fn mark(trace_id: &str) -> Option<[u8; MARK]> {
    let hash = trace_id.bytes().fold(0x811C_9DC5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (!trace_id.is_empty()).then(|| hash.to_be_bytes())
}

/// Whether a row with these marks may have a record of this call.
pub(super) fn may_have(marks: &[u8], trace_id: &str) -> bool {
    mark(trace_id).is_none_or(|wanted| marks.chunks_exact(MARK).any(|mark| mark == wanted))
}

/// A row as it stands in the database: as if it had one record, and the marks where it has many.
#[derive(Debug, Clone)]
pub(super) struct StoredRow {
    pub(super) row: StoredRecord,
    pub(super) marks: Option<Vec<u8>>,
}

impl StoredRow {
    /// Its records in order; `None` when its bytes are none, or not those by which the row is found.
    pub(super) fn records(self) -> Option<Vec<StoredRecord>> {
        let StoredRow { row, marks } = self;
        let Some(marks) = marks else { return Some(vec![row]) };
        let mut records = Vec::new();
        let mut rest = row.record.body.as_slice();
        while !rest.is_empty() {
            let record = AuditRecord {
                at: i64::from_be_bytes(array(&mut rest)?),
                trace_id: text(&mut rest)?,
                requirement: text(&mut rest)?,
                body: part(&mut rest)?.to_vec(),
            };
            let hash: [u8; HASH] = array(&mut rest)?;
            records.push(StoredRecord { chain: row.chain.clone(), sequence: 0, record, hash: hash.to_vec() });
        }
        let before = row.sequence.checked_sub(i64::try_from(records.len()).ok()?)?;
        for (sequence, record) in (before.checked_add(1)?..).zip(&mut records) {
            record.sequence = sequence;
        }
        let earliest = records.iter().map(|stored| stored.record.at).min()?;
        let marked = records.iter().filter_map(|stored| mark(&stored.record.trace_id)).flatten();
        let sound = earliest == row.record.at && marked.eq(marks) && records.last()?.hash == row.hash;
        (sound && row.record.requirement == SHARED && row.record.trace_id.is_empty()).then_some(records)
    }
}

fn array<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk::<N>()?;
    *rest = left;
    Some(*taken)
}

fn part<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(u32::from_be_bytes(array(rest)?)).ok()?;
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

fn text(rest: &mut &[u8]) -> Option<String> {
    String::from_utf8(part(rest)?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(at: i64, trace_id: &str) -> AuditRecord {
        let body = format!("{{\"what\":\"{trace_id}\"}}").into_bytes();
        AuditRecord { at, trace_id: trace_id.to_owned(), requirement: "AUD-01".to_owned(), body }
    }

    fn stored(row: NewRow<'_>) -> StoredRow {
        let (body, marks) = match row.content {
            Content::One(body) => (body.to_vec(), None),
            Content::Many { records, marks } => (records, Some(marks)),
        };
        let (trace_id, requirement) = (row.trace_id.to_owned(), row.requirement.to_owned());
        let record = AuditRecord { at: row.at, trace_id, requirement, body };
        let (chain, hash) = ("c".to_owned(), row.head.hash.to_vec());
        StoredRow { row: StoredRecord { chain, sequence: row.head.sequence, record, hash }, marks }
    }

    fn rows_of(records: &[AuditRecord]) -> Vec<StoredRow> {
        rows("c", Link::start(), &records.iter().collect::<Vec<_>>()).into_iter().map(stored).collect()
    }

    // covers: AUD-01, AUD-04
    #[test]
    fn records_come_out_of_their_rows_as_they_went_in() {
        for records in [vec![record(5, "a")], vec![record(5, "a"), record(3, ""), record(4, "b")]] {
            let [row] = rows_of(&records).try_into().unwrap();
            assert_eq!(row.row.record.at, records.iter().map(|record| record.at).min().unwrap());
            if let Some(marks) = &row.marks {
                let found = ["a", "b", "", "c"].map(|trace_id| may_have(marks, trace_id));
                assert_eq!(found, [true, true, true, false]);
            }
            let out = row.records().unwrap();
            assert_eq!(out.iter().map(|stored| stored.record.clone()).collect::<Vec<_>>(), records);
            assert!(out.iter().map(|stored| stored.sequence).eq(1..=records.len() as i64));
            let hashes = records.iter().scan(Link::start(), |head, record| {
                *head = head.next("c", record);
                Some(head.hash.to_vec())
            });
            assert!(out.iter().map(|stored| stored.hash.clone()).eq(hashes));
        }
    }

    #[test]
    fn a_row_ends_with_its_number_its_bytes_and_its_seconds() {
        let sizes = |records: &[AuditRecord]| {
            rows_of(records).into_iter().map(|row| row.records().unwrap().len()).collect::<Vec<_>>()
        };
        assert_eq!(sizes(&vec![record(0, ""); 2000]), [1024, 976]);
        let long = AuditRecord { body: vec![b'x'; 600_000], ..record(0, "") };
        assert_eq!(sizes(&[long.clone(), long.clone(), long]), [2, 1]);
        assert_eq!(sizes(&[record(0, ""), record(SPAN, ""), record(SPAN + 1, ""), record(0, "")]), [2, 1, 1]);
        assert_eq!(sizes(&[]), [0; 0]);
    }

    // covers: AUD-04
    #[test]
    fn no_byte_of_a_shared_row_changes_unnoticed() {
        let fits = |row: StoredRow| {
            let records = row.records()?;
            let mut head = Link::start();
            for stored in records {
                head = head.next(&stored.chain, &stored.record);
                if (stored.sequence, stored.hash.as_slice()) != (head.sequence, head.hash.as_slice()) {
                    return None;
                }
            }
            Some(())
        };
        let [sound] = rows_of(&[record(1, "a"), record(1, "b"), record(2, "")]).try_into().unwrap();
        assert!(fits(sound.clone()).is_some());
        let changes: [fn(&mut StoredRow); 7] = [
            |row| row.row.chain.push('d'),
            |row| row.row.sequence += 1,
            |row| row.row.record.at -= 1,
            |row| row.row.record.trace_id.push('x'),
            |row| row.row.record.requirement.push('x'),
            |row| row.row.record.body.clear(),
            |row| row.marks = None,
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut row = sound.clone();
            change(&mut row);
            assert!(fits(row).is_none(), "change {number}");
        }
        let columns: [fn(&mut StoredRow) -> &mut Vec<u8>; 3] =
            [|row| &mut row.row.hash, |row| row.marks.as_mut().unwrap(), |row| &mut row.row.record.body];
        for column in columns {
            for place in 0..column(&mut sound.clone()).len() {
                let mut row = sound.clone();
                column(&mut row)[place] ^= 1;
                assert!(fits(row).is_none(), "byte {place}");
            }
        }
    }
}
