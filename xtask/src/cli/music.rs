//! The arguments of `cargo xtask bench catalogue`, `bench origin`, `bench scan` and `bench encode`.

use super::{parse_count, split_value, unknown};
use std::path::PathBuf;

/// What of music is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Music {
    /// Asking for the catalogue, and for plays.
    Catalogue,
    /// Bytes of audio.
    Origin,
    /// A folder of files becomes the library.
    Scan,
}

/// The arguments of any of them.
#[derive(Debug, PartialEq, Eq)]
pub struct BenchMusic {
    /// Which.
    pub what: Music,
    /// Install what is missing instead of printing the line that does.
    pub install: bool,
    /// Of the catalogue how many tracks there are, of a scan how many files; each is measured.
    pub sizes: Vec<u64>,
    /// Metadata asked for in a second.
    pub rate: u64,
    /// Plays begun in a second, beside that.
    pub plays: u64,
    /// For how long is asked at once.
    pub seconds: u64,
    /// How often we and the peer are measured, in turn.
    pub rounds: u64,
    /// The file that the figures are written to as JSON.
    pub json: Option<PathBuf>,
}

/// The arguments of `bench encode`.
#[derive(Debug, PartialEq, Eq)]
pub struct BenchEncode {
    /// The C libopus encodes, in place of its translation.
    pub c_libopus: bool,
    /// These files, beside music that is made; without any, the recordings that there are.
    pub files: Vec<String>,
}

/// Beyond these a mistyped number fills the disk.
const SIZE_MAX: u64 = 20_000_000;
const RATE_MAX: u64 = 1_000_000;
const SECONDS_MAX: u64 = 600;
const ROUNDS_MAX: u64 = 100;

impl BenchMusic {
    fn of(what: Music) -> Self {
        let (sizes, seconds): (&[u64], u64) = match what {
            Music::Catalogue => (&[100_000, 1_000_000], 30),
            Music::Origin => (&[], 3),
            Music::Scan => (&[20_000], 0),
        };
        let sizes = sizes.to_vec();
        let (rate, plays, rounds) = (2_000, 200, if what == Music::Origin { 5 } else { 3 });
        Self { what, install: false, sizes, rate, plays, seconds, rounds, json: None }
    }

    /// Which options it has besides `--install` and `--json`.
    fn known(&self) -> &'static [&'static str] {
        match self.what {
            Music::Catalogue => &["--tracks", "--rate", "--plays", "--seconds"],
            Music::Origin => &["--seconds", "--rounds"],
            Music::Scan => &["--files", "--rounds"],
        }
    }
}

/// Understands what stands behind the name of the bench.
///
/// # Errors
/// As `parse`.
pub(super) fn parse(what: Music, arguments: &[String]) -> Result<BenchMusic, String> {
    let mut bench = BenchMusic::of(what);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let (name, value) = split_value(argument);
        if (name, value) == ("--install", None) {
            bench.install = true;
            continue;
        }
        if name != "--json" && !bench.known().contains(&name) {
            return Err(unknown(argument, "bench"));
        }
        let value = value.or_else(|| rest.next().map(String::as_str));
        let value = value.ok_or_else(|| format!("`{name}` wants a value"))?;
        let number = |text: &str, most: u64| {
            let number = parse_count(text).filter(|number| *number <= most);
            number.ok_or_else(|| format!("`{name}` wants a number from 1 to {most}, not `{text}`"))
        };
        match name {
            "--json" => bench.json = Some(value.into()),
            "--rate" => bench.rate = number(value, RATE_MAX)?,
            "--plays" => bench.plays = number(value, RATE_MAX)?,
            "--seconds" => bench.seconds = number(value, SECONDS_MAX)?,
            "--rounds" => bench.rounds = number(value, ROUNDS_MAX)?,
            _ => {
                let sizes = value.split(',').map(|text| number(text, SIZE_MAX));
                bench.sizes = sizes.collect::<Result<_, _>>()?;
            }
        }
    }
    Ok(bench)
}

/// Understands what stands behind `bench encode`.
///
/// # Errors
/// As `parse`.
pub(super) fn parse_encode(arguments: &[String]) -> Result<BenchEncode, String> {
    let mut bench = BenchEncode { c_libopus: false, files: Vec::new() };
    for argument in arguments {
        match argument.as_str() {
            "--c-libopus" => bench.c_libopus = true,
            option if option.starts_with('-') => return Err(unknown(option, "bench")),
            file => bench.files.push(file.to_owned()),
        }
    }
    Ok(bench)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(what: Music, line: &str) -> Result<BenchMusic, String> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(what, &arguments)
    }

    #[test]
    fn encode_takes_files_and_a_library() {
        let parsed = |line: &str| {
            let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            parse_encode(&arguments)
        };
        let bench = |c_libopus, files: &[&str]| BenchEncode {
            c_libopus,
            files: files.iter().map(|file| (*file).to_owned()).collect(),
        };
        assert_eq!(parsed(""), Ok(bench(false, &[])));
        assert_eq!(parsed("a.flac --c-libopus b.ogg"), Ok(bench(true, &["a.flac", "b.ogg"])));
        assert!(parsed("--c-libopus=yes").unwrap_err().contains("knows no `--c-libopus=yes`"));
    }

    #[test]
    fn each_has_its_own_options() {
        let all = "--tracks 1M,7 --rate=3_000 --plays 9 --seconds 5 --json a --install";
        let expected = BenchMusic {
            what: Music::Catalogue,
            install: true,
            sizes: vec![1_000_000, 7],
            rate: 3_000,
            plays: 9,
            seconds: 5,
            rounds: 3,
            json: Some("a".into()),
        };
        assert_eq!(parsed(Music::Catalogue, all), Ok(expected));
        assert_eq!(parsed(Music::Origin, "--rounds 2").unwrap().rounds, 2);
        assert_eq!(parsed(Music::Scan, "--files 100").unwrap().sizes, [100]);
        for (what, line, expected) in [
            (Music::Origin, "--tracks 1", "knows no `--tracks"),
            (Music::Scan, "--rate 1", "knows no `--rate"),
            (Music::Catalogue, "--rate 0", "wants a number from 1"),
            (Music::Catalogue, "--tracks 1M,x", "wants a number from 1"),
            (Music::Scan, "--files", "wants a value"),
        ] {
            let error = parsed(what, line).unwrap_err();
            assert!(error.contains(expected), "{line}: {error}");
        }
    }
}
