//! Opens a package's archive: tar within gzip, with limits on what comes out of it. Nothing is written anywhere, so that
//! names with `..` in them lead nowhere.

use std::fmt;
use std::io::Read;

use flate2::read::MultiGzDecoder;

use super::File;

/// The most bytes that an archive may unpack to.
const LARGEST_ARCHIVE: u64 = 512 << 20;
/// The most files that are taken from an archive.
const MOST_FILES: usize = 50_000;
/// The size of a tar block.
const BLOCK: usize = 512;

/// Why an archive cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackageError {
    /// It is not gzip, or it breaks off.
    NotGzip,
    /// What is inside is not a tar archive.
    NotTar,
    /// It unpacks to more than is allowed.
    TooLarge,
}

impl fmt::Display for PackageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PackageError::NotGzip => "expected a gzipped archive (.tgz), and this is none or breaks off",
            PackageError::NotTar => "expected a tar archive inside the gzip, and this is none",
            PackageError::TooLarge => "the archive unpacks to more than 512 MiB or 50,000 files",
        })
    }
}

impl std::error::Error for PackageError {}

/// The JSON and XML files of an archive, in its order; what a package says of itself (`package.json`, indexes) is left out.
///
/// # Errors
/// Not a gzipped tar archive, or one that unpacks to more than is allowed.
pub fn unpack(archive: &[u8]) -> Result<Vec<File>, PackageError> {
    files(&inflate(archive, LARGEST_ARCHIVE)?)
}

fn inflate(archive: &[u8], most: u64) -> Result<Vec<u8>, PackageError> {
    let mut unpacked = Vec::new();
    let mut reader = MultiGzDecoder::new(archive).take(most + 1);
    reader.read_to_end(&mut unpacked).map_err(|_| PackageError::NotGzip)?;
    if unpacked.len() as u64 > most { Err(PackageError::TooLarge) } else { Ok(unpacked) }
}

fn files(tar: &[u8]) -> Result<Vec<File>, PackageError> {
    let mut files = Vec::new();
    let mut rest = tar;
    let mut long_name: Option<String> = None;
    while let Some((header, after)) = rest.split_at_checked(BLOCK) {
        if header.iter().all(|byte| *byte == 0) {
            return Ok(files);
        }
        let size = size(header).ok_or(PackageError::NotTar)?;
        let padded = size.checked_next_multiple_of(BLOCK).ok_or(PackageError::NotTar)?;
        let (content, _) = after.split_at_checked(size).ok_or(PackageError::NotTar)?;
        match header[156] {
            b'L' => long_name = Some(text(content)),
            b'0' | 0 => {
                let name = long_name.take().unwrap_or_else(|| name(header));
                if is_wanted(&name) {
                    if files.len() == MOST_FILES {
                        return Err(PackageError::TooLarge);
                    }
                    files.push(File { name, bytes: content.to_vec() });
                }
            }
            _ => long_name = None,
        }
        rest = after.get(padded..).unwrap_or_default();
    }
    if rest.is_empty() && !files.is_empty() { Ok(files) } else { Err(PackageError::NotTar) }
}

fn is_wanted(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_definition = name.ends_with(".json") || name.ends_with(".xml");
    is_definition && name != "package.json" && !name.starts_with('.')
}

/// The size that a header states, where its checksum is right.
fn size(header: &[u8]) -> Option<usize> {
    let sum: usize = header
        .iter()
        .enumerate()
        .map(|(at, byte)| if (148..156).contains(&at) { 32 } else { usize::from(*byte) })
        .sum();
    if octal(header.get(148..156)?)? != sum {
        return None;
    }
    octal(header.get(124..136)?)
}

fn octal(field: &[u8]) -> Option<usize> {
    let digits = text(field);
    usize::from_str_radix(digits.trim_matches(' '), 8).ok()
}

fn name(header: &[u8]) -> String {
    let own = text(header.get(..100).unwrap_or_default());
    let is_ustar = header.get(257..262) == Some(b"ustar");
    let prefix = if is_ustar { text(header.get(345..500).unwrap_or_default()) } else { String::new() };
    if prefix.is_empty() { own } else { format!("{prefix}/{own}") }
}

/// A field's text, up to its first zero.
fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::{PackageError, files, inflate, unpack};

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// One entry of a tar archive.
    fn entry(name: &str, kind: u8, content: &[u8]) -> Vec<u8> {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        header[148..156].copy_from_slice(b"        ");
        header[156] = kind;
        header[257..263].copy_from_slice(b"ustar\0");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        let mut entry = header.to_vec();
        entry.extend(content);
        entry.resize(entry.len().next_multiple_of(512), 0);
        entry
    }

    #[test]
    fn the_definitions_of_an_archive_are_taken_and_nothing_else() {
        let long = format!("package/{}.json", "x".repeat(120));
        let tar = [
            entry("package/package.json", b'0', b"{}"),
            entry("package/a.json", b'0', b"{\"a\":1}"),
            entry("package/folder", b'5', b""),
            entry("././@LongLink", b'L', format!("{long}\0").as_bytes()),
            entry("package/xxx", b'0', b"long"),
            entry("../../etc/b.xml", b'0', b"<b/>"),
            entry("package/.index.json", b'0', b"{}"),
            vec![0; 1024],
        ]
        .concat();
        let files = unpack(&gzip(&tar)).unwrap();
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["package/a.json", &long, "../../etc/b.xml"]);
        assert_eq!(files[0].bytes, b"{\"a\":1}");
    }

    #[test]
    fn what_is_no_archive_or_too_large_is_refused() {
        assert_eq!(unpack(b"nothing"), Err(PackageError::NotGzip));
        assert_eq!(unpack(&gzip(b"nothing")), Err(PackageError::NotTar));
        assert_eq!(unpack(&gzip(&[7; 2048])), Err(PackageError::NotTar));
        let tar = entry("a.json", b'0', b"{}");
        assert_eq!(files(&tar[..513]), Err(PackageError::NotTar));
        let whole = gzip(&tar);
        assert_eq!(unpack(&whole[..whole.len() - 4]), Err(PackageError::NotGzip));
        assert_eq!(inflate(&gzip(&vec![0; 100_000]), 99_999), Err(PackageError::TooLarge));
        assert!(inflate(&gzip(&vec![0; 100_000]), 100_000).is_ok());
    }

    #[test]
    fn a_size_beyond_the_archive_is_refused() {
        let mut tar = entry("a.json", b'0', b"{}");
        tar[124..135].copy_from_slice(b"77777777777");
        tar[148..156].copy_from_slice(b"        ");
        let sum: u32 = tar[..512].iter().map(|byte| u32::from(*byte)).sum();
        tar[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        assert_eq!(files(&tar), Err(PackageError::NotTar));
    }
}
