//! The command line of `ledgerline-load ask`.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::arguments::{CONNECTIONS_MAX, address_of, number};

/// What is asked of whom, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments {
    /// Where the server listens.
    pub address: SocketAddr,
    /// What is asked, a line for each request.
    pub requests: PathBuf,
    /// API keys or app passwords, a line each; every connection has one.
    pub keys: Option<PathBuf>,
    /// How many connections are open at once, each with one request under way.
    pub connections: usize,
    /// Requests a second; as many as the server takes where it isn't said.
    pub rate: Option<u64>,
    /// Ask again and again for so many seconds, instead of everything once.
    pub seconds: Option<u64>,
    /// The times of the first so many requests aren't told.
    pub warm_up: usize,
    /// Every connection sends the first request once, all at the same moment.
    pub together: bool,
}

/// `ask --help`.
pub const HELP: &str = "\
ledgerline-load ask --url http://ADDRESS:PORT --requests FILE [options]

Asks a server for what the lines of a file say, checks every answer's status and length, and prints one
line of JSON: requests, bytes, and how long they took by their kind. A line is

  KIND METHOD PATH [FIRST-LAST]

and a range of bytes wants an answer 206 of just that length; everything else wants 200.

  --url URL        where the server listens; an address, not a name
  --requests FILE  the lines
  --keys FILE      API keys or app passwords, a line each; the connections have them in turn
  --connections N  so many clients at once, each with one request under way (16)
  --rate N         so many requests a second; latency then counts from when each was due
  --seconds N      ask again and again for so long; everything once where it isn't said
  --warm-up N      leave the first N requests out of the latencies
  --together       every connection sends the first line once, all at the same moment

Ends with 0 if every answer was right, 1 if not, 2 if the words were not understood.
";

/// Understands the words after `ask`.
///
/// # Errors
/// A sentence that says which word is wrong.
pub fn parse(words: &[String]) -> Result<Arguments, String> {
    let (mut address, mut requests, mut keys) = (None, None, None);
    let (mut connections, mut rate, mut seconds) = (16, None, None);
    let (mut warm_up, mut together) = (0, false);
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("`{word}` wants a value"));
        match word.as_str() {
            "--url" => address = Some(address_of(value()?)?),
            "--requests" => requests = Some(PathBuf::from(value()?)),
            "--keys" => keys = Some(PathBuf::from(value()?)),
            "--connections" => connections = number(word, value()?, CONNECTIONS_MAX)?,
            "--rate" => rate = Some(number(word, value()?, 1_000_000)? as u64),
            "--seconds" => seconds = Some(number(word, value()?, 86_400)? as u64),
            "--warm-up" => warm_up = number(word, value()?, 100_000_000)?,
            "--together" => together = true,
            _ => return Err(format!("`{word}` is not known")),
        }
    }
    Ok(Arguments {
        address: address.ok_or("`--url` is missing")?,
        requests: requests.ok_or("`--requests` is missing")?,
        keys,
        connections,
        rate,
        seconds,
        warm_up,
        together,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Arguments, String> {
        parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn words_are_understood() {
        let all = "--url http://127.0.0.1:80/ --requests a --keys b --connections 9 --rate 3_000 \
                   --seconds 5 --warm-up 7 --together";
        let expected = Arguments {
            address: ([127, 0, 0, 1], 80).into(),
            requests: "a".into(),
            keys: Some("b".into()),
            connections: 9,
            rate: Some(3_000),
            seconds: Some(5),
            warm_up: 7,
            together: true,
        };
        assert_eq!(parsed(all), Ok(expected));
        let few = parsed("--url 127.0.0.1:80 --requests a").unwrap();
        assert_eq!((few.connections, few.rate, few.keys), (16, None, None));
        for (line, expected) in [
            ("--requests a", "`--url` is missing"),
            ("--url 127.0.0.1:1", "`--requests` is missing"),
            ("--url 127.0.0.1:1 --requests a --rate 0", "from 1 to"),
            ("--url 127.0.0.1:1 --requests a --fast", "`--fast` is not known"),
        ] {
            let error = parsed(line).unwrap_err();
            assert!(error.contains(expected), "{line}: {error}");
        }
    }
}
