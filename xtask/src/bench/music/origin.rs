//! `cargo xtask bench origin`: how fast ranges of audio are sent, and how fast nginx sends the same of the same files.
//!
//! Music is made up, brought in by the product, and encoded. What the product then serves is fetched once and put
//! where nginx serves it under the same paths. The same client asks both for the same ranges, in turn.

use super::asking::{Asked, Questions, ask};
use super::draw::Draw;
use super::nginx::{self, Nginx};
use super::{Figures, listeners};
use crate::bench::ask as plain;
use crate::bench::bars::{Bar, fine};
use crate::bench::figures::{mib, object, ratio, real};
use crate::bench::place::Place;
use crate::bench::{running, serving};
use crate::cli::BenchMusic;
use crate::json::Json;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Clients, each with one request under way.
const CLIENTS: usize = 16;
const TRACKS: u32 = 12;
const TRACK_S: u32 = 100;
const RATE_HZ: u32 = 44_100;
/// What is encoded: the rung that most is fetched of, and one that is more than memory holds.
const LADDER: &str = "opus-320,flac";
/// How much is asked for at once, in KiB: a segment of a middling rung, one of the greatest, and half a minute.
const RANGES_KIB: [u64; 3] = [64, 256, 1024];
/// So many ranges are drawn; the client goes through them again and again.
const LINES: usize = 20_000;
/// In the same run.
const TIMES_NGINX_MIN: f64 = 0.7;

const HEADS: [&str; 10] = [
    "files",
    "range KiB",
    "ours MiB/s",
    "nginx MiB/s",
    "× nginx",
    "least",
    "most",
    "ours CPU s/GiB",
    "nginx CPU s/GiB",
    "client CPU s/GiB",
];
const LEGEND: &str = "\
Medians of the rounds; least and most: of single rounds, ours by nginx'. hot: the files fit into the memory that the
product gives to audio; wide: they don't, and are read from its blobs. Client and server share the same cores.
";

/// One file, and where it is asked for.
#[derive(Clone, Debug)]
struct Rung {
    name: String,
    /// Path and query.
    path: String,
    bytes: u64,
}

/// What was measured of one size of ranges.
#[derive(Debug)]
struct Measured {
    files: &'static str,
    range_kib: u64,
    ours: Vec<Asked>,
    peers: Vec<Asked>,
}

/// Measures.
///
/// # Errors
/// A sentence: what failed.
pub fn measure(place: &Place, options: &BenchMusic) -> Result<Figures, String> {
    let mut figures = Figures::default();
    let data = place.fresh("data")?;
    println!("encoding {TRACKS} made-up pieces of {TRACK_S} s");
    bring(place, &data)?;
    let server = serving::start(place.product(), place, &data)?;
    let address = plain::address(server.url())?;
    // The second one has a plan that plays everywhere.
    let keys = listeners::make(place, &data, address, 2)?;
    let mut rungs = Vec::new();
    for track in 0..TRACKS {
        rungs.extend(rungs_of(address, &track_id(track), &keys[1])?);
    }
    let files = place.fresh("files")?;
    for rung in &rungs {
        fetch(address, rung, &files)?;
    }
    let peer = nginx::version();
    let nginx = match peer {
        Some(_) => Some(Nginx::start(&place.fresh("nginx")?, &files)?),
        None => None,
    };
    match &peer {
        Some(version) => figures.notes.push(format!("nginx {version}, a process for each core")),
        None => figures.notes.push("nginx isn't here: nothing was compared".to_owned()),
    }
    let mut all = Vec::new();
    for (set, rung) in [("hot", "opus-320"), ("wide", "flac")] {
        let of: Vec<&Rung> = rungs.iter().filter(|it| it.name == rung).collect();
        let bytes: u64 = of.iter().map(|rung| rung.bytes).sum();
        figures.notes.push(format!("{set}: {} files of {rung}, {} MiB", of.len(), mib(bytes)));
        for range_kib in RANGES_KIB {
            println!("ranges of {range_kib} KiB, {set}");
            let requests = place.path("requests");
            fs::write(&requests, lines(&of, range_kib << 10))
                .map_err(|error| format!("{}: {error}", requests.display()))?;
            let mut measured = Measured { files: set, range_kib, ours: vec![], peers: vec![] };
            for _ in 0..options.rounds {
                measured.ours.push(round(place, server.url(), server.pid(), &requests, options)?);
                if let Some(nginx) = &nginx {
                    let asked = round(place, &nginx.url(), nginx.pid(), &requests, options)?;
                    measured.peers.push(asked);
                }
            }
            all.push(measured);
        }
    }
    drop(nginx);
    server.stop()?;
    let mut rows = vec![HEADS.map(str::to_owned).to_vec()];
    rows.extend(all.iter().map(Measured::row));
    figures.tables.push((rows, LEGEND));
    figures.bars = all.iter().map(Measured::bar).collect();
    figures.json.push(("origin", Json::List(all.iter().map(Measured::as_json).collect())));
    Ok(figures)
}

fn track_id(number: u32) -> String {
    format!("piece{number}")
}

/// Makes pieces up and has them encoded.
fn bring(place: &Place, data: &Path) -> Result<(), String> {
    let folder = place.fresh("made")?;
    let mut files = Vec::new();
    for number in 0..TRACKS {
        let path = folder.join(format!("{}.wav", track_id(number)));
        piece(&path, number).map_err(|error| format!("{}: {error}", path.display()))?;
        files.push(path);
    }
    let mut add = place.product();
    running::run(add.arg("--data").arg(data).args(["ingest", "add"]).args(&files))?;
    let mut work = place.product();
    let ran = running::run(
        work.arg("--data").arg(data).args(["ingest", "run"]).env("LEDGERLINE_LADDER", LADDER),
    )?;
    println!("  encoded in {:.0} s", ran.took.as_secs_f64());
    crate::bench::place::remove(&folder)
}

/// A chord under noise, in stereo: what is loud and irregular takes a lossless codec most bytes.
fn piece(path: &Path, number: u32) -> std::io::Result<()> {
    let (frames, mut draw) = (RATE_HZ * TRACK_S, Draw::new(u64::from(number)));
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let data = frames * 4;
    out.write_all(b"RIFF")?;
    out.write_all(&(36 + data).to_le_bytes())?;
    out.write_all(b"WAVEfmt \x10\0\0\0\x01\0\x02\0")?;
    out.write_all(&RATE_HZ.to_le_bytes())?;
    out.write_all(&(RATE_HZ * 4).to_le_bytes())?;
    out.write_all(b"\x04\0\x10\0data")?;
    out.write_all(&data.to_le_bytes())?;
    let step = f64::from(220 + 20 * number) * std::f64::consts::TAU / f64::from(RATE_HZ);
    for frame in 0..frames {
        let angle = f64::from(frame) * step;
        let chord = angle.sin() + (angle * 1.25).sin() + (angle * 1.5).sin();
        for _ in 0..2 {
            let noise = f64::from(u32::try_from(draw.below(20_000)).unwrap_or(0)) - 10_000.0;
            #[expect(clippy::cast_possible_truncation, reason = "within 16 bits")]
            let sample = (chord * 4_000.0 + noise) as i16;
            out.write_all(&sample.to_le_bytes())?;
        }
    }
    out.flush()
}

/// Begins a play, and says what it can be heard in.
fn rungs_of(address: SocketAddr, track: &str, key: &str) -> Result<Vec<Rung>, String> {
    let path = format!("/api/v1/tracks/{track}/play");
    let shown = format!("Bearer {key}");
    let answer = plain::call(address, "POST", &path, &[("Authorization", &shown)], "");
    let answer = answer.map_err(|error| format!("{path}: {error}"))?;
    let said = Json::parse(&String::from_utf8_lossy(&answer.body))?;
    let Some(Json::List(rungs)) = said.at("rungs") else {
        return Err(format!("{path} was answered {}: {said}", answer.status));
    };
    let text = |of: &Json, name: &str| match of.at(name) {
        Some(Json::Text(text)) => Ok(text.clone()),
        _ => Err(format!("a rung has no {name}")),
    };
    let rung = |of: &Json| {
        Ok(Rung { name: text(of, "rung")?, path: text(of, "path")?, bytes: of.count("bytes")? })
    };
    rungs.iter().map(rung).collect()
}

/// Fetches a file, and puts it where it has the same path.
fn fetch(address: SocketAddr, rung: &Rung, files: &Path) -> Result<(), String> {
    let answer = plain::call(address, "GET", &rung.path, &[], "");
    let answer = answer.map_err(|error| format!("{}: {error}", rung.path))?;
    if answer.status != 200 || answer.body.len() as u64 != rung.bytes {
        let (status, bytes) = (answer.status, answer.body.len());
        return Err(format!("{} was answered {status} with {bytes} bytes", rung.path));
    }
    let path = rung.path.split('?').next().unwrap_or_default();
    let path = files.join(path.trim_start_matches('/'));
    let folder = path.parent().unwrap_or(files);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&path, &answer.body))
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// Ranges of one length, anywhere in any of the files.
fn lines(of: &[&Rung], bytes: u64) -> String {
    let mut draw = Draw::new(bytes);
    let mut lines = String::new();
    for _ in 0..LINES {
        let place = usize::try_from(draw.below(of.len() as u64)).unwrap_or(0);
        let Some(rung) = of.get(place) else { continue };
        let from = draw.below(rung.bytes.saturating_sub(bytes) + 1);
        // Writing to a string can't fail.
        let _ = writeln!(lines, "audio GET {} {from}-{}", rung.path, from + bytes - 1);
    }
    lines
}

fn round(
    place: &Place,
    url: &str,
    pid: u32,
    requests: &Path,
    options: &BenchMusic,
) -> Result<Asked, String> {
    let words = ["--connections", &CLIENTS.to_string(), "--seconds", &options.seconds.to_string()];
    let words = words.map(str::to_owned).to_vec();
    let files: (PathBuf, Option<PathBuf>) = (requests.to_path_buf(), None);
    ask(place, &Questions { url, pid, files, words })
}

impl Measured {
    /// The median of each round's ratio, if anything was compared.
    fn ratios(&self) -> Vec<f64> {
        let pairs = self.ours.iter().zip(&self.peers);
        let mut ratios: Vec<f64> =
            pairs.map(|(ours, peer)| ratio(ours.byte_rate(), peer.byte_rate())).collect();
        ratios.sort_by(f64::total_cmp);
        ratios
    }

    fn times_nginx(&self) -> Option<f64> {
        let ratios = self.ratios();
        ratios.get(ratios.len() / 2).copied()
    }

    fn row(&self) -> Vec<String> {
        let (ratios, gib) = (self.ratios(), f64::from(1 << 30));
        let number = |number: Option<f64>, digits: usize| {
            number.map_or("–".to_owned(), |number| format!("{number:.digits$}"))
        };
        let rate = |of: &[Asked]| median(of.iter().map(Asked::byte_rate));
        let cpu = |of: &[Asked]| {
            median(of.iter().map(|asked| ratio(asked.server.cpu_s, real(asked.bytes) / gib)))
        };
        let client = self.ours.iter().map(|it| ratio(it.client_cpu_s, real(it.bytes) / gib));
        let mib_s = |rate: Option<f64>| number(rate.map(|rate| rate / f64::from(1 << 20)), 0);
        vec![
            self.files.to_owned(),
            self.range_kib.to_string(),
            mib_s(rate(&self.ours)),
            mib_s(rate(&self.peers)),
            number(self.times_nginx(), 2),
            number(ratios.first().copied(), 2),
            number(ratios.last().copied(), 2),
            number(cpu(&self.ours), 2),
            number(cpu(&self.peers), 2),
            number(median(client), 2),
        ]
    }

    fn bar(&self) -> Bar {
        let claim = format!("{}, ranges of {} KiB: ≥ 0.7 × nginx", self.files, self.range_kib);
        Bar::least(&claim, TIMES_NGINX_MIN, self.times_nginx(), fine)
    }

    fn as_json(&self) -> Json {
        let rates = |of: &[Asked]| {
            Json::List(of.iter().map(|it| Json::Number(it.byte_rate().round())).collect())
        };
        object(vec![
            ("files", Json::Text(self.files.to_owned())),
            ("range_bytes", Json::Number(real(self.range_kib << 10))),
            ("bytes_per_second", rates(&self.ours)),
            ("nginx_bytes_per_second", rates(&self.peers)),
            ("times_nginx", self.times_nginx().map_or(Json::Null, Json::Number)),
        ])
    }
}

fn median(of: impl Iterator<Item = f64>) -> Option<f64> {
    let mut all: Vec<f64> = of.collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_within_files() {
        let rung = |number: u64| Rung {
            name: "flac".to_owned(),
            path: format!("/audio/p{number}/flac.1?e=1"),
            bytes: 100_000 + number,
        };
        let rungs = [rung(0), rung(1)];
        let text = lines(&rungs.iter().collect::<Vec<_>>(), 65_536);
        assert_eq!(text.lines().count(), LINES);
        for line in text.lines() {
            let (from, to) = line.rsplit_once(' ').unwrap().1.split_once('-').unwrap();
            let (from, to): (u64, u64) = (from.parse().unwrap(), to.parse().unwrap());
            assert!(to - from == 65_535 && to < 100_001, "{line}");
        }
    }

    #[test]
    fn rounds_are_compared_one_by_one() {
        let asked = |bytes| Asked { bytes, seconds: 1.0, ..Asked::default() };
        let ours = [100, 80, 90].map(asked).to_vec();
        let peers = [100, 100, 100].map(asked).to_vec();
        let mut measured = Measured { files: "hot", range_kib: 64, ours, peers };
        assert_eq!(measured.row().len(), HEADS.len());
        assert_eq!(measured.row()[4..7], ["0.90", "0.80", "1.00"]);
        assert_eq!(measured.bar().row()[2], "met");
        measured.peers.clear();
        assert_eq!(measured.bar().row()[2], "not measured");
    }

    #[test]
    fn a_piece_is_a_wav() {
        let path = std::env::temp_dir().join(format!("xtask-{}-piece.wav", std::process::id()));
        piece(&path, 1).unwrap();
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(u32::try_from(bytes.len()), Ok(44 + RATE_HZ * TRACK_S * 4));
        assert_eq!((&bytes[..4], &bytes[36..40]), (&b"RIFF"[..], &b"data"[..]));
    }
}
