//! A line of what is asked.

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Which kind it is, as a number of the kinds in the order in which they came first.
    pub kind: usize,
    /// What is sent, but for the host, the key and the end of the head.
    pub head: String,
    /// How long the answer must be, where a range was asked for.
    pub range_bytes: Option<u64>,
}

/// All lines of a text, and the names of their kinds.
///
/// # Errors
/// A sentence that names the line which is none.
pub fn read(text: &str) -> Result<(Vec<Line>, Vec<String>), String> {
    let mut kinds: Vec<String> = Vec::new();
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let wrong = || format!("line {number} is no `KIND METHOD PATH [FIRST-LAST]`: {line:?}");
        let words: Vec<&str> = line.split_whitespace().collect();
        let (kind, method, path, range) = match words[..] {
            [kind, method, path] => (kind, method, path, None),
            [kind, method, path, range] => (kind, method, path, Some(range)),
            _ => return Err(wrong()),
        };
        let is_method = matches!(method, "GET" | "POST");
        if !is_method || !path.starts_with('/') {
            return Err(wrong());
        }
        let kind = kinds.iter().position(|known| known == kind).unwrap_or_else(|| {
            kinds.push(kind.to_owned());
            kinds.len() - 1
        });
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        if method == "POST" {
            head += "Content-Length: 0\r\n";
        }
        let mut range_bytes = None;
        if let Some(range) = range {
            let (first, last) = range.split_once('-').ok_or_else(wrong)?;
            let number = |text: &str| text.parse::<u64>().map_err(|_| wrong());
            let (first, last) = (number(first)?, number(last)?);
            range_bytes = Some(last.checked_sub(first).ok_or_else(wrong)? + 1);
            head += &format!("Range: bytes={range}\r\n");
        }
        lines.push(Line { kind, head, range_bytes });
    }
    if lines.is_empty() { Err("there is nothing to ask".to_owned()) } else { Ok((lines, kinds)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let text = "track GET /t/1\nplay POST /t/1/play\ntrack GET /t/2\naudio GET /a?e=1 5-9\n";
        let (lines, kinds) = read(text).unwrap();
        assert_eq!(kinds, ["track", "play", "audio"]);
        let of = |at: usize| (lines[at].kind, lines[at].head.as_str(), lines[at].range_bytes);
        assert_eq!(of(0), (0, "GET /t/1 HTTP/1.1\r\n", None));
        assert_eq!(of(1), (1, "POST /t/1/play HTTP/1.1\r\nContent-Length: 0\r\n", None));
        assert_eq!(of(2).0, 0);
        assert_eq!(of(3), (2, "GET /a?e=1 HTTP/1.1\r\nRange: bytes=5-9\r\n", Some(5)));
        for wrong in
            ["", "track GET", "track PUT /t", "track GET t", "a GET /a 9-5", "a GET /a 1-x"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
