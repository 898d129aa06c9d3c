//! Making a log smaller on which something differs.

use super::*;
pub fn smaller(mut items: Vec<Item>) -> Vec<Item> {
    let mut size = items.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < items.len() {
            let mut fewer = items.clone();
            fewer.drain(at..(at + size).min(items.len()));
            if !fewer.is_empty() && wrong_with(&fewer).is_some() {
                items = fewer;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    for at in 0..items.len() {
        let mut calmer = items.clone();
        calmer[at].after = After::Nothing;
        if wrong_with(&calmer).is_some() {
            items = calmer;
        }
    }
    items
}

pub fn shown(items: &[Item]) -> String {
    let mut text = String::new();
    for (index, item) in items.iter().enumerate() {
        let record = LogRecord::decode(&item.bytes).unwrap();
        let mut line = format!("{record:?}");
        for word in ["None", "false"] {
            // What is not there says nothing.
            let mut parts: Vec<&str> = line.split(", ").collect();
            parts.retain(|part| !part.ends_with(&format!(": {word}")));
            line = parts.join(", ");
        }
        let mut spaced = String::new();
        let mut rest = line.as_str();
        while let Some(at) = rest.find("UnixMs(") {
            let (before, after) = rest.split_at(at + 7);
            let end = after.find(')').unwrap_or(0);
            let instant = after[..end].parse().ok().and_then(|millis| UnixMs::new(millis).ok());
            let _ = write!(spaced, "{}{}", &before[..at], instant.unwrap_or_default());
            rest = &after[end + 1..];
        }
        spaced.push_str(rest);
        let _ = writeln!(text, "{index:3} {} {spaced} then {:?}", item.frame_at, item.after);
    }
    text
}
