//! Several files in one body: before each a line of JSON with its name and its length in bytes.

use ledgerline_csv_sheets::NamedFile;
use serde::{Deserialize, Serialize};

/// The line before a file.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    name: String,
    bytes: usize,
}

/// A file of a body.
#[derive(Debug)]
pub struct Framed<'a> {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: &'a [u8],
}

impl Framed<'_> {
    /// As the reader of sheets takes it.
    #[must_use]
    pub fn named(&self) -> NamedFile<'_> {
        NamedFile { name: &self.name, bytes: self.bytes }
    }
}

/// Adds a file to a body.
pub fn frame(body: &mut Vec<u8>, name: &str, bytes: &[u8]) {
    let head = Head { name: name.to_owned(), bytes: bytes.len() };
    serde_json::to_writer(&mut *body, &head).expect("a Vec takes everything");
    body.push(b'\n');
    body.extend_from_slice(bytes);
}

/// The files of a body.
///
/// # Errors
/// What is wrong with it.
pub fn unframed(mut body: &[u8]) -> Result<Vec<Framed<'_>>, String> {
    let mut files = Vec::new();
    while !body.is_empty() {
        let end = memchr::memchr(b'\n', body).ok_or("a line before a file has no end")?;
        let head: Head = serde_json::from_slice(&body[..end]).map_err(|error| error.to_string())?;
        let rest = &body[end + 1..];
        let Some((bytes, after)) = rest.split_at_checked(head.bytes) else {
            return Err(format!("{} is cut: it has {} bytes", head.name, head.bytes));
        };
        files.push(Framed { name: head.name, bytes });
        body = after;
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_back_as_they_went_in() {
        let files: [(&str, &[u8]); 3] =
            [("a \"b\"\n.csv", b"1,2\n"), ("empty", b""), ("c", b"{\"bytes\":3}\n\xff")];
        let mut body = Vec::new();
        for (name, bytes) in files {
            frame(&mut body, name, bytes);
        }
        let back = unframed(&body).expect("was just framed");
        let back: Vec<_> = back.iter().map(|file| (file.name.as_str(), file.bytes)).collect();
        assert_eq!(back, files);
        assert!(unframed(&body[..body.len() - 1]).is_err());
        assert!(unframed(b"no line").is_err());
    }
}
