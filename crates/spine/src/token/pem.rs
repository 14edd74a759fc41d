//! PEM blocks (RFC 7468): as much of them as keys need.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A block that was found: what it calls itself, and its bytes.
pub(super) struct Block<'a> {
    pub(super) label: &'a str,
    pub(super) contents: Vec<u8>,
}

/// The first block with one of these labels; what stands between blocks is passed over.
pub(super) fn block<'a>(text: &'a str, labels: &[&str]) -> Option<Block<'a>> {
    let mut rest = text;
    loop {
        let (label, after) = rest.split_once("-----BEGIN ")?.1.split_once("-----")?;
        let (base64, after) = after.split_once(&format!("-----END {label}-----"))?;
        if labels.contains(&label) {
            let base64: String = base64.split_ascii_whitespace().collect();
            return Some(Block { label, contents: STANDARD.decode(base64).ok()? });
        }
        rest = after;
    }
}

/// A block with lines of 64 characters.
pub(super) fn write(label: &str, contents: &[u8]) -> String {
    let base64 = STANDARD.encode(contents);
    let mut text = format!("-----BEGIN {label}-----\n");
    for (place, letter) in base64.chars().enumerate() {
        if place > 0 && place % 64 == 0 {
            text.push('\n');
        }
        text.push(letter);
    }
    text.push_str(&format!("\n-----END {label}-----\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_block_with_a_wanted_label_is_found() {
        let text = format!("Bag attributes\n{}{}", write("CERTIFICATE", &[7; 100]), write("PUBLIC KEY", &[9; 3]));
        let found = |labels: &[&str]| block(&text, labels).map(|block| (block.label, block.contents.len()));
        assert_eq!(found(&["PUBLIC KEY"]), Some(("PUBLIC KEY", 3)));
        assert_eq!(found(&["PUBLIC KEY", "CERTIFICATE"]), Some(("CERTIFICATE", 100)));
        assert_eq!(found(&["PRIVATE KEY"]), None);
        for broken in
            ["", "-----BEGIN A-----", "-----BEGIN A-----!-----END A-----", "-----BEGIN A-----AA==-----END B-----"]
        {
            assert!(block(broken, &["A"]).is_none(), "{broken}");
        }
    }
}
