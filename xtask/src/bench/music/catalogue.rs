//! `cargo xtask bench catalogue`: how long the catalogue takes to answer, and a play to begin.
//!
//! The library is made up by the product's own store (`adapters/sql-store/examples/fill_library.rs`), for a scan of
//! a million files would take longer than all the rest. Then listeners with accounts ask, over loopback, for what
//! pages ask for, the most popular most often; and begin plays.

use super::asking::{Asked, Questions, ask};
use super::draw::Draw;
use super::{Figures, listeners};
use crate::bench::ask::{self, Metrics};
use crate::bench::bars::{Bar, fine, whole};
use crate::bench::figures::{grouped, mib, object, ratio, real, short};
use crate::bench::place::{Place, remove};
use crate::bench::{running, serving};
use crate::cli::BenchMusic;
use crate::json::Json;
use crate::programs::{cargo, succeed};
use crate::server::Server;
use crate::workspace::Workspace;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Clients, each with one request under way.
const CLIENTS: usize = 16;
/// So many ask for the same at once; and for so many things, one after the other.
const TOGETHER: usize = 1_000;
const TOGETHER_KEYS: usize = 5;
/// The latencies of the first seconds aren't told: caches and connections begin cold.
const WARM_UP_S: u64 = 5;
/// Until all tracks are in the log, and judged.
const TOLD_MAX: Duration = Duration::from_secs(900);
/// How often something was read that the library didn't remember.
const LOADS: &str = "ledgerline_library_loads_total";

const METADATA_MS_MAX: f64 = 5.0;
const PLAY_MS_MAX: f64 = 10.0;
/// At ten times the tracks.
const GROWTH_MAX: f64 = 2.0;

const HEADS: [&str; 9] =
    ["tracks", "asked", "kind", "requests", "p50 ms", "p90", "p99", "p999", "max"];
const LEGEND: &str = "\
asked: requests a second that were due, and latency is from when each was; or as many as 16 clients get answered.
";
const RUN_HEADS: [&str; 9] = [
    "tracks",
    "asked",
    "requests/s",
    "server CPU s",
    "client CPU s",
    "anon MiB",
    "file MiB",
    "loads",
    "loads/s",
];
const RUN_LEGEND: &str = "loads: what the library had to read, since it wasn't remembered.\n";

/// One size.
#[derive(Debug)]
struct Size {
    tracks: u64,
    /// By how they were asked.
    runs: Vec<(&'static str, Asked, u64)>,
    /// The most loads that a thousand who asked for one thing at once made.
    together: u64,
}

/// Measures every size.
///
/// # Errors
/// A sentence: what failed.
pub fn measure(
    workspace: &Workspace,
    place: &Place,
    options: &BenchMusic,
) -> Result<Figures, String> {
    let words = ["build", "--release", "-p", "ledgerline-sql-store", "--example", "fill_library"];
    succeed(cargo(workspace).args(words))
        .map_err(|reason| format!("the build failed: {reason}"))?;
    let fill = workspace.release_binary().with_file_name("examples").join("fill_library");
    let mut figures = Figures::default();
    let mut sizes = Vec::new();
    for tracks in &options.sizes {
        sizes.push(measure_size(place, &fill, *tracks, options, &mut figures)?);
    }
    let heads = |heads: &[&str]| heads.iter().map(|head| (*head).to_owned()).collect();
    let (mut rows, mut runs) = (vec![heads(&HEADS)], vec![heads(&RUN_HEADS)]);
    for size in &sizes {
        for (how, asked, loads) in &size.runs {
            let first = [short(size.tracks), (*how).to_owned()];
            rows.extend(asked.rows(&first));
            let mut row = first.to_vec();
            row.push(grouped(asked.rate()));
            row.push(format!("{:.1}", asked.server.cpu_s));
            row.push(format!("{:.1}", asked.client_cpu_s));
            row.push(mib(asked.peak.anonymous));
            row.push(mib(asked.peak.file));
            row.push(grouped(real(*loads)));
            row.push(grouped(ratio(real(*loads), asked.seconds)));
            runs.push(row);
        }
    }
    figures.bars = bars(&sizes, options);
    figures.json.push(("catalogue", Json::List(sizes.iter().map(Size::as_json).collect())));
    figures.tables.push((rows, LEGEND));
    figures.tables.push((runs, RUN_LEGEND));
    Ok(figures)
}

fn measure_size(
    place: &Place,
    fill: &Path,
    tracks: u64,
    options: &BenchMusic,
    figures: &mut Figures,
) -> Result<Size, String> {
    let (data, ids) = (place.fresh("data")?, place.fresh("ids")?);
    // This makes the folder. Its state is changed past the product, which would take that for damage.
    place.key(&data)?;
    fs::remove_file(data.join("state.db.closed")).map_err(|error| format!("the state: {error}"))?;
    println!("making a library of {} tracks up", short(tracks));
    let mut filling = Command::new(fill);
    let filled =
        running::run(filling.arg(data.join("state.db")).arg(tracks.to_string()).arg(&ids))?;
    let filled = Json::parse(&filled.output)?;
    let bytes = fs::metadata(data.join("state.db")).map_or(0, |of| of.len());
    let began = Instant::now();
    let mut product = place.product();
    // Its tracks have their renditions, and no files that could be encoded.
    product.env("LEDGERLINE_ENCODE_SCANNED", "no");
    let server = serving::start(product, place, &data)?;
    let address = ask::address(server.url())?;
    ask::until_counted(address, TOLD_MAX)?;
    figures.notes.push(format!(
        "{} tracks, {} releases, {} artists: written in {:.0} s, with renditions {:.0} s; state.db has {} MiB; \
         served, with all of it told to counting, after {:.1} s",
        grouped(filled.number("tracks")?),
        grouped(filled.number("releases")?),
        grouped(filled.number("artists")?),
        filled.number("library_seconds")?,
        filled.number("seconds")?,
        mib(bytes),
        began.elapsed().as_secs_f64()
    ));
    let keys = place.path("keys");
    let made = listeners::make(place, &data, address, CLIENTS)?;
    fs::write(&keys, made.join("\n")).map_err(|error| format!("{}: {error}", keys.display()))?;
    let library = Library::read(&ids)?;
    let asking = Asking { place, server: &server, keys, address };
    let mut size = Size { tracks, runs: Vec::new(), together: 0 };
    let (rate, seconds) = (options.rate + options.plays, options.seconds);
    println!("asking at {rate} requests a second, then for as much as goes");
    let count = usize::try_from(rate * (seconds + WARM_UP_S)).unwrap_or(usize::MAX);
    let paced = ["--rate".to_owned(), rate.to_string(), "--warm-up".to_owned()];
    let paced = [&paced[..], &[(rate * WARM_UP_S).to_string()]].concat();
    let of = library.lines(count, (options.rate, options.plays));
    asking.run("paced", &of, paced, &mut size)?;
    let freely = vec!["--seconds".to_owned(), seconds.to_string()];
    let of = library.lines(count.max(500_000), (1, 0));
    asking.run("freely", &of, freely.clone(), &mut size)?;
    let of = library.lines(count.max(200_000), (0, 1));
    asking.run("freely, plays", &of, freely, &mut size)?;
    for key in 0..TOGETHER_KEYS {
        size.together = size.together.max(asking.together(key)?);
    }
    server.stop()?;
    remove(&data)?;
    Ok(size)
}

/// Who asks whom.
struct Asking<'a> {
    place: &'a Place,
    server: &'a Server,
    keys: PathBuf,
    address: std::net::SocketAddr,
}

impl Asking<'_> {
    fn questions(&self, lines: &str, words: Vec<String>) -> Result<Questions<'_>, String> {
        let file = self.place.path("requests");
        fs::write(&file, lines).map_err(|error| format!("{}: {error}", file.display()))?;
        let (url, pid) = (self.server.url(), self.server.pid());
        Ok(Questions { url, pid, files: (file, Some(self.keys.clone())), words })
    }

    fn run(
        &self,
        how: &'static str,
        lines: &str,
        mut words: Vec<String>,
        size: &mut Size,
    ) -> Result<(), String> {
        words.extend(["--connections".to_owned(), CLIENTS.to_string()]);
        let before = Metrics::of(self.address)?.sum(LOADS);
        let asked = ask(self.place, &self.questions(lines, words)?)?;
        let loads = Metrics::of(self.address)?.sum(LOADS) - before;
        size.runs.push((how, asked, loads));
        Ok(())
    }

    /// How often something was read that a thousand ask for at once and that isn't remembered.
    fn together(&self, key: usize) -> Result<u64, String> {
        // A page that begins where none has begun yet, with two hundred artists and their covers: a slow one.
        let line = format!("artists GET /api/v1/artists?limit=200&after=ar-{key}.6d\n");
        let words = ["--together", "--connections", &TOGETHER.to_string()].map(str::to_owned);
        let before = Metrics::of(self.address)?.sum(LOADS);
        let asked = ask(self.place, &self.questions(&line, words.to_vec())?)?;
        if asked.requests != TOGETHER as u64 {
            return Err(format!(
                "{} of {TOGETHER} who asked at once were answered",
                asked.requests
            ));
        }
        Ok(Metrics::of(self.address)?.sum(LOADS) - before)
    }
}

/// What there is to ask for.
struct Library {
    tracks: Vec<String>,
    releases: Vec<String>,
    artists: Vec<String>,
    genres: Vec<String>,
}

impl Library {
    fn read(folder: &Path) -> Result<Library, String> {
        let read = |name: &str| -> Result<Vec<String>, String> {
            let path = folder.join(name);
            let text = fs::read_to_string(&path);
            let text = text.map_err(|error| format!("{}: {error}", path.display()))?;
            Ok(text.lines().map(str::to_owned).collect())
        };
        let (tracks, releases) = (read("tracks")?, read("releases")?);
        Ok(Library { tracks, releases, artists: read("artists")?, genres: read("genres")? })
    }

    /// So many requests, of which metadata and plays are in this proportion.
    fn lines(&self, count: usize, (metadata, plays): (u64, u64)) -> String {
        let mut draw = Draw::new(7);
        let mut lines = String::new();
        for _ in 0..count {
            if draw.below(metadata + plays) < plays {
                let id = pick(&self.tracks, &mut draw);
                // Writing to a string can't fail.
                let _ = writeln!(lines, "play POST /api/v1/tracks/{id}/play");
            } else {
                self.metadata(&mut draw, &mut lines);
            }
        }
        lines
    }

    fn metadata(&self, draw: &mut Draw, lines: &mut String) {
        let place = |draw: &mut Draw| {
            let letter = |draw: &mut Draw| 0x61 + draw.below(26);
            format!("{:02x}{:02x}", letter(draw), letter(draw))
        };
        // What somebody asks for who looks around in a player: mostly single things, now and then a list.
        let _ = match draw.below(100) {
            0..40 => {
                writeln!(lines, "track GET /api/v1/tracks/{}", pick(&self.tracks, draw))
            }
            40..62 => {
                writeln!(lines, "album GET /api/v1/albums/{}", pick(&self.releases, draw))
            }
            62..76 => {
                writeln!(lines, "artist GET /api/v1/artists/{}", pick(&self.artists, draw))
            }
            76..86 => {
                let id = pick(&self.artists, draw);
                writeln!(lines, "artist-albums GET /api/v1/artists/{id}/albums")
            }
            86..90 => {
                let order = ["newest", "added", "title"][draw.zipf(3)];
                writeln!(lines, "albums GET /api/v1/albums?order={order}")
            }
            90..93 => {
                let key = place(draw);
                writeln!(lines, "albums GET /api/v1/albums?order=title&after=al-0.{key}")
            }
            93..95 => {
                let genre = pick(&self.genres, draw).replace(' ', "%20");
                writeln!(lines, "albums GET /api/v1/albums?genre={genre}")
            }
            95..98 => {
                let key = place(draw);
                writeln!(lines, "artists GET /api/v1/artists?after=ar-0.{key}")
            }
            _ => writeln!(lines, "genres GET /api/v1/genres"),
        };
    }
}

fn pick<'i>(ids: &'i [String], draw: &mut Draw) -> &'i str {
    ids.get(draw.zipf(ids.len())).map_or("", String::as_str)
}

impl Size {
    fn run(&self, how: &str) -> Option<&Asked> {
        self.runs.iter().find(|(name, ..)| *name == how).map(|(_, asked, _)| asked)
    }

    /// The greatest p99 of anything that is no play.
    fn metadata(&self, how: &str) -> Option<f64> {
        self.run(how)?.worst_p99(|kind| kind != "play")
    }

    fn plays(&self, how: &str) -> Option<f64> {
        self.run(how)?.worst_p99(|kind| kind == "play")
    }

    fn as_json(&self) -> Json {
        let run = |(how, asked, loads): &(&'static str, Asked, u64)| {
            let kinds = asked.kinds.iter().map(|(kind, of)| {
                object(vec![
                    ("kind", Json::Text(kind.clone())),
                    ("requests", Json::Number(real(of.requests))),
                    ("p50_ms", Json::Number(of.p50)),
                    ("p99_ms", Json::Number(of.p99)),
                    ("max_ms", Json::Number(of.max)),
                ])
            });
            object(vec![
                ("asked", Json::Text((*how).to_owned())),
                ("requests_per_second", Json::Number(asked.rate().round())),
                ("server_cpu_seconds", Json::Number(asked.server.cpu_s)),
                ("anonymous_bytes_peak", Json::Number(real(asked.peak.anonymous))),
                ("loads", Json::Number(real(*loads))),
                ("kinds", Json::List(kinds.collect())),
            ])
        };
        object(vec![
            ("tracks", Json::Number(real(self.tracks))),
            ("runs", Json::List(self.runs.iter().map(run).collect())),
            ("loads_of_a_thousand_together", Json::Number(real(self.together))),
        ])
    }
}

fn bars(sizes: &[Size], options: &BenchMusic) -> Vec<Bar> {
    let least = sizes.iter().min_by_key(|size| size.tracks);
    let most = sizes.iter().max_by_key(|size| size.tracks);
    let tracks = short(most.map_or(0, |size| size.tracks));
    let (rate, plays) = (options.rate, options.plays);
    let metadata = |how: &str| most.and_then(|size| size.metadata(how));
    let begun = |how: &str| most.and_then(|size| size.plays(how));
    let mut bars = vec![
        Bar::most(
            &format!("{tracks} tracks, {rate} a second: every kind's p99 < 5 ms"),
            METADATA_MS_MAX,
            metadata("paced"),
            fine,
        ),
        Bar::most(
            &format!("… and {plays} plays a second beside: p99 < 10 ms"),
            PLAY_MS_MAX,
            begun("paced"),
            fine,
        ),
        Bar::most(
            "… as much as 16 clients get answered: every kind's p99 < 5 ms",
            METADATA_MS_MAX,
            metadata("freely"),
            fine,
        ),
        Bar::most(
            "… as many plays as 16 clients begin: p99 < 10 ms",
            PLAY_MS_MAX,
            begun("freely, plays"),
            fine,
        ),
        Bar::most(
            "a thousand who ask for one thing at once: one load",
            1.0,
            most.map(|size| real(size.together)),
            whole,
        ),
    ];
    let grown = least.zip(most).filter(|(least, most)| least.tracks < most.tracks);
    let p99s = grown.and_then(|(least, most)| most.metadata("paced").zip(least.metadata("paced")));
    bars.push(Bar::most(
        "p99 of metadata with the most tracks ≤ 2 × with the fewest",
        GROWTH_MAX,
        p99s.map(|(most, least)| ratio(most, least)),
        fine,
    ));
    bars
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_of_what_there_is() {
        let ids = |kind: &str| (0..50).map(|number| format!("{kind}-{number}")).collect();
        let genres = vec!["folk".to_owned(), "deep house".to_owned()];
        let library =
            Library { tracks: ids("tr"), releases: ids("al"), artists: ids("ar"), genres };
        let lines = library.lines(2_000, (3, 1));
        let of = |kind: &str| lines.lines().filter(|line| line.starts_with(kind)).count();
        assert_eq!(lines.lines().count(), 2_000);
        assert!((400..600).contains(&of("play ")), "{}", of("play "));
        assert!((500..700).contains(&of("track ")), "{}", of("track "));
        assert!(lines.contains("genre=deep%20house") && lines.contains("/tracks/tr-0/play"));
        assert!(lines.lines().all(|line| line.split(' ').count() == 3));
        assert_eq!(library.lines(10, (0, 1)).matches("POST").count(), 10);
    }

    #[test]
    fn bars_are_of_the_greatest_size() {
        let size = |tracks, p99| {
            let of = super::super::asking::OfKind { requests: 1, p99, ..Default::default() };
            let kinds = vec![("track".to_owned(), of), ("play".to_owned(), of)];
            let asked = Asked { kinds, ..Asked::default() };
            Size { tracks, runs: vec![("paced", asked, 1)], together: 1 }
        };
        let options = BenchMusic {
            what: crate::cli::Music::Catalogue,
            install: false,
            sizes: Vec::new(),
            rate: 1,
            plays: 1,
            seconds: 1,
            rounds: 1,
            json: None,
        };
        let rows: Vec<_> = bars(&[size(10, 1.0), size(100, 6.0)], &options);
        let verdicts: Vec<String> = rows.iter().map(|bar| bar.row()[2].clone()).collect();
        let expected = ["MISSED", "met", "not measured", "not measured", "met", "MISSED"];
        assert_eq!(verdicts, expected);
    }
}
