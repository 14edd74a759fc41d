//! `careslot config show`: every key with its value, as TOML that can be used again, and where each comes from when it is no default.

use super::layers::{Layers, Origin};

/// The text that is shown. It holds no secret, since secrets stand in files of their own.
pub fn show(layers: &Layers) -> String {
    let mut text = String::new();
    let mut current = "";
    for (key, setting) in layers.iter() {
        let Some((section, name)) = key.split_once('.') else { continue };
        if section != current {
            let gap = if current.is_empty() { "" } else { "\n" };
            text.push_str(&format!("{gap}[{section}]\n"));
            current = section;
        }
        let origin = match &setting.origin {
            Origin::Default => String::new(),
            other => format!("  # {other}"),
        };
        text.push_str(&format!("{name} = {}{origin}\n", setting.raw));
    }
    text
}

/// The comment that `careslot.toml` gives for `key`, one paragraph; none when it has no comment of its own.
pub fn meaning(key: &str) -> Option<String> {
    let (section, name) = key.split_once('.')?;
    let mut in_section = false;
    let mut comment: Vec<&str> = Vec::new();
    for line in super::DEFAULTS.lines() {
        if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            if header == key {
                break;
            }
            in_section = header == section;
            comment.clear();
        } else if let Some(words) = line.strip_prefix("# ") {
            comment.push(words);
        } else if in_section && line.split_once(" = ").is_some_and(|(left, _)| left == name) {
            break;
        } else {
            comment.clear();
        }
    }
    (!comment.is_empty()).then(|| comment.join(" "))
}
