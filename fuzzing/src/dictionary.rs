//! Words that a format is made of, in the form that libFuzzer reads.
//!
//! One word a line, in double quotes, with `\\`, `\"` and `\xNN`; what begins with `#` is a
//! remark.

use std::io;
use std::path::PathBuf;

/// Where a target's dictionary stands. Not every target has one.
#[must_use]
pub fn path(target: &str) -> PathBuf {
    let file = format!("dictionaries/{target}.dict");
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)
}

/// Reads a target's dictionary; empty where it has none.
///
/// # Errors
/// The file can't be read, or a line of it is no word.
pub fn read(target: &str) -> io::Result<Vec<Vec<u8>>> {
    let path = path(target);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = std::fs::read_to_string(&path)?;
    let lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            word(line).ok_or_else(|| {
                let message = format!("{}: {line} is no word in quotes", path.display());
                io::Error::new(io::ErrorKind::InvalidData, message)
            })
        })
        .collect()
}

fn word(line: &str) -> Option<Vec<u8>> {
    let mut rest = line.strip_prefix('"')?.strip_suffix('"')?.bytes();
    let mut word = Vec::new();
    while let Some(byte) = rest.next() {
        word.push(match byte {
            b'\\' => match rest.next()? {
                b'x' => {
                    let digits = [rest.next()?, rest.next()?];
                    u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
                }
                plain @ (b'\\' | b'"') => plain,
                _ => return None,
            },
            b'"' => return None,
            plain => plain,
        });
    }
    (!word.is_empty()).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read() {
        let rows: &[(&str, Option<&[u8]>)] = &[
            (r#""abc""#, Some(b"abc")),
            (r#""\x00\"\\\xfF""#, Some(b"\0\"\\\xff")),
            (r#""\n""#, None),
            (r#""\x1""#, None),
            (r#""""#, None),
            (r#"abc"#, None),
        ];
        for (line, expected) in rows {
            assert_eq!(word(line).as_deref(), *expected, "{line}");
        }
    }

    #[test]
    fn every_dictionary_is_read() {
        for target in crate::TARGETS {
            read(target.name).expect(target.name);
        }
    }
}
