//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

/// What is to be sent where, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments {
    /// Where the server listens.
    pub address: SocketAddr,
    /// The API key.
    pub key: String,
    /// NDJSON; `None` is standard input.
    pub file: Option<PathBuf>,
    /// How reports are put into requests.
    pub mode: Mode,
    /// How many connections are open at once, each with one request under way.
    pub connections: usize,
    /// Reports a second; as many as the server takes where it isn't said.
    pub rate: Option<u64>,
    /// The times of requests with the first so many reports aren't told.
    pub warm_up: u64,
    /// Read the input while sending instead of before: for more than fits into memory.
    pub streamed: bool,
    /// The server may vanish in the middle: what was acknowledged before is told then.
    pub until_gone: bool,
}

/// How reports are put into requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// So many reports in each body, one a line.
    Ndjson(usize),
    /// One report in each request.
    Single,
}

/// The most connections: each is an open file, and systems allow 1024 of these by default.
pub const CONNECTIONS_MAX: usize = 1000;
/// The server takes no more reports in one body.
const BATCH_REPORTS_MAX: usize = 50_000;

/// `--help`.
pub const HELP: &str = "\
ledgerline-load --url http://ADDRESS:PORT [options]

Sends the reports of an NDJSON file to POST /api/v1/playback/report, checks every answer, sends again
what was answered 429 or 503 after as long as Retry-After says, and prints one line of JSON.

  --url URL            where the server listens; an address, not a name
  --key KEY            the API key; $LEDGERLINE_KEY where it isn't said
  --file FILE          the reports; `-`, which is the default, is standard input
  --single             one report in each request
  --batch-reports N    so many reports in each body (5000), at most 50000
  --connections N      so many at once, each with one request under way (4; with --single 64)
  --rate N             so many reports a second; latency then counts from when each was due
  --warm-up N          leave the first N reports out of the latencies: connections and caches begin cold
  --streamed           read while sending; otherwise all is read before the clock starts
  --until-gone         that the server vanishes is no failure

Example:
  LEDGERLINE_KEY=$(ledgerline keys create --scope reports:write | tail -1) \\
    ledgerline-load --url http://127.0.0.1:8080 --file reports.ndjson

`ledgerline-load ask --help` shows how a server is asked for anything else.

Ends with 0 if every report was accepted, 1 if not, 2 if the words were not understood.
";

/// Understands the words after the program's name.
///
/// # Errors
/// A sentence that says which word is wrong.
pub fn parse(words: &[String]) -> Result<Arguments, String> {
    let mut address = None;
    let mut key = std::env::var("LEDGERLINE_KEY").ok();
    let mut file = None;
    let mut batch_reports = 5000;
    let (mut single, mut streamed, mut until_gone) = (false, false, false);
    let (mut connections, mut rate, mut warm_up) = (None, None, 0);
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("`{word}` wants a value"));
        match word.as_str() {
            "--url" => address = Some(address_of(value()?)?),
            "--key" => key = Some(value()?.clone()),
            "--file" => file = Some(PathBuf::from(value()?)).filter(|path| path.as_os_str() != "-"),
            "--single" => single = true,
            "--streamed" => streamed = true,
            "--until-gone" => until_gone = true,
            "--batch-reports" => batch_reports = number(word, value()?, BATCH_REPORTS_MAX)?,
            "--connections" => connections = Some(number(word, value()?, CONNECTIONS_MAX)?),
            "--warm-up" => {
                let value = value()?;
                // None is a number of reports, too.
                warm_up = if value == "0" { 0 } else { number(word, value, 100_000_000)? as u64 };
            }
            "--rate" => rate = Some(number(word, value()?, 100_000_000)? as u64),
            _ => return Err(format!("`{word}` is not known")),
        }
    }
    let mode = if single { Mode::Single } else { Mode::Ndjson(batch_reports) };
    Ok(Arguments {
        address: address.ok_or("`--url` is missing")?,
        key: key.ok_or("`--key` and $LEDGERLINE_KEY are missing")?,
        file,
        mode,
        connections: connections.unwrap_or(if single { 64 } else { 4 }),
        rate,
        warm_up,
        streamed,
        until_gone,
    })
}

/// The address in `http://ADDRESS:PORT`.
///
/// # Errors
/// A sentence, where there is none.
pub fn address_of(url: &str) -> Result<SocketAddr, String> {
    let rest = url.strip_prefix("http://").unwrap_or(url).trim_end_matches('/');
    rest.parse().map_err(|_| format!("`--url` wants http://ADDRESS:PORT, not `{url}`"))
}

/// A whole number from 1 to `max`; `1_000` reads as well as `1000`.
///
/// # Errors
/// A sentence that says which word wants one.
pub fn number(word: &str, text: &str, max: usize) -> Result<usize, String> {
    let number = text.replace('_', "").parse().ok();
    number
        .filter(|number| (1..=max).contains(number))
        .ok_or_else(|| format!("`{word}` wants a number from 1 to {max}, not `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Arguments, String> {
        parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn words_are_understood() {
        let all = "--url http://127.0.0.1:80/ --key k --file a --single --connections 9 \
                   --rate 15_000 --warm-up 500 --streamed --until-gone";
        let expected = Arguments {
            address: ([127, 0, 0, 1], 80).into(),
            key: "k".to_owned(),
            file: Some("a".into()),
            mode: Mode::Single,
            connections: 9,
            rate: Some(15_000),
            warm_up: 500,
            streamed: true,
            until_gone: true,
        };
        assert_eq!(parsed(all), Ok(expected));
        let few = "--url 127.0.0.1:80 --key k --file - --batch-reports 7 --warm-up 0";
        let few = parsed(few).unwrap();
        assert_eq!(few.warm_up, 0);
        assert_eq!((few.file, few.mode, few.connections), (None, Mode::Ndjson(7), 4));
    }

    #[test]
    fn mistakes_are_named() {
        for (line, expected) in [
            ("--key k", "`--url` is missing"),
            ("--url localhost:80 --key k", "wants http://"),
            ("--url 127.0.0.1:1 --key k --batch-reports 0", "from 1 to 50000"),
            ("--url 127.0.0.1:1 --key k --batch-reports 50001", "from 1 to 50000"),
            ("--url 127.0.0.1:1 --key k --connections", "wants a value"),
            ("--url 127.0.0.1:1 --key k --fast", "`--fast` is not known"),
        ] {
            let error = parsed(line).unwrap_err();
            assert!(error.contains(expected), "{line}: {error}");
        }
    }
}
