//! Ten times more than the server can do: it takes what it can, sends the rest away, needs no more
//! memory than it says, and is itself again when it is over.

use crate::support::http::{NDJSON, REPORT};
use crate::support::memory::Memory;
use crate::support::{Answer, Api, Connection, DEADLINE, Folder, Server, long, measured, pass};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const SCOPES: &str = "reports:write,counts:read";
/// Connections that send as fast as they are answered, to find what the server can do.
const CALIBRATING: usize = 32;
/// Connections that send the overload: their bodies are together larger than the server's room.
const CROWD: usize = 1_000;
/// Each play has a report at its start and one at its end, in one batch.
const REPORTS_PER_PLAY: usize = 2;
/// So many plays are sent at once.
const PLAYS_PER_PART: u64 = 100;
/// The memory that the server may have for itself in the worst case, beyond what it had when it
/// started. Bodies, until their records are durable, 128 MiB; 64 KiB of each connection; of each of
/// four partitions the newest 16 MiB of the report log and 8 MiB of the plays log, some frames of
/// 8 MiB under way, and three times 460 000 entries of the index, at 100 bytes with their listeners'
/// books, where sealing lags behind; and what the allocator keeps between all of that.
const ANONYMOUS_KIB_MAX: u64 = 1_280 << 10;
/// And of each play that it counts meanwhile, what stays in memory once that is sealed: the filters and
/// directories of its runs.
const SEALED_PLAY_BYTES_MAX: u64 = 4;

/// Tens of millions of plays take longer to recount than anything else here.
const AUDIT_DEADLINE: Duration = Duration::from_secs(20 * 60);

/// So long the server reads what is left of a body that it refused; who takes longer to send it is
/// cut off (`TIME_MAX` in `adapters/http-api/src/linger.rs`).
const REFUSED_READ: Duration = Duration::from_secs(30);

/// What is listed of a client that was still sending then.
const CUT_OFF: &str = "cut off while still sending a refused body";

/// What a connection that broke is listed under, with why.
const NO_ANSWER: &str = "no answer";

/// How large a trial is.
#[derive(Clone, Copy)]
struct Size {
    plays_per_batch: u64,
    calibration: Duration,
    overload: Duration,
}

/// Batches of plays that nobody else sends, made on the way by writing numbers into a part of one.
struct Sender {
    head: Vec<u8>,
    part: Vec<u8>,
    // Where the numbers of plays, listeners and tracks stand.
    places: Vec<usize>,
    parts: u64,
}

const LINE: &str = "{\"play_id\":\"o__________\",\"user_id\":\"u______\",\"track_id\":\"t____\",\
                    \"duration_listened_ms\":MS}\n";

impl Sender {
    /// Its batches have this many plays.
    fn new(api: &Api, plays: u64) -> Self {
        let lines = [LINE.replace("MS", "1"), LINE.replace("MS", "31000")].concat();
        let part = lines.repeat(usize::try_from(PLAYS_PER_PART).expect("few"));
        let parts = plays / PLAYS_PER_PART;
        let length = format!("Content-Length: {}", part.len() as u64 * parts);
        let kind = format!("Content-Type: {NDJSON}");
        let head = api.request("POST", REPORT, &[&kind, &length], b"");
        let places = part.match_indices("\"o_").map(|(at, _)| at + 2).collect();
        Self { head, part: part.into_bytes(), places, parts }
    }

    /// Sends the batch of this number and reads the answer.
    fn call(&mut self, connection: &mut Connection, batch: u64) -> std::io::Result<Answer> {
        // A server that refuses a request early may stop reading: its answer says why.
        let sent = self.send(connection, batch);
        connection.answer().map_err(|error| sent.err().unwrap_or(error))
    }

    fn send(&mut self, connection: &mut Connection, batch: u64) -> std::io::Result<()> {
        connection.send(&self.head)?;
        for part in 0..self.parts {
            let first = (batch * self.parts + part) * PLAYS_PER_PART;
            for (index, at) in self.places.iter().enumerate() {
                let play = first + (index / REPORTS_PER_PLAY) as u64;
                write_digits(&mut self.part[*at..*at + 10], play);
                // Between the numbers: `","user_id":"u`, and `","track_id":"t`.
                let user = at + 10 + 14;
                write_digits(&mut self.part[user..user + 6], play % 1_000_000);
                let track = user + 6 + 15;
                write_digits(&mut self.part[track..track + 4], play % 9_973);
            }
            connection.send(&self.part)?;
        }
        Ok(())
    }
}

fn write_digits(into: &mut [u8], mut number: u64) {
    for digit in into.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).expect("a digit");
        number /= 10;
    }
}

/// What came of the attempts to send.
#[derive(Default)]
struct Tally {
    /// By status, and by code where it was refused.
    answers: BTreeMap<String, u64>,
    /// Attempts that fell due while every connection was busy.
    late: u64,
    batches: u64,
    /// Until the last answer to them.
    took: Duration,
    /// Batches that are not acknowledged yet.
    waiting: Vec<u64>,
}

/// What those who send share.
struct Shared {
    api: Api,
    size: Size,
    next_batch: AtomicU64,
    next_attempt: AtomicU64,
    over: AtomicBool,
    tally: Mutex<Tally>,
}

impl Shared {
    fn new(api: &Api, size: Size, first_batch: u64) -> Arc<Self> {
        Arc::new(Self {
            api: api.clone(),
            size,
            next_batch: AtomicU64::new(first_batch),
            next_attempt: AtomicU64::new(0),
            over: AtomicBool::new(false),
            tally: Mutex::default(),
        })
    }

    /// Sends batch after batch: as fast as they are answered, or one at each tick of `every` that
    /// nobody else took. One that is refused is sent again at the next.
    fn send(&self, began: Instant, every: Option<Duration>) {
        let mut sender = Sender::new(&self.api, self.size.plays_per_batch);
        let mut connection = Connection::open(self.api.address).ok();
        let mut batch = self.next_batch.fetch_add(1, Ordering::Relaxed);
        let mut answers = BTreeMap::<String, u64>::new();
        let mut batches = 0;
        while !self.over.load(Ordering::Relaxed) {
            if let Some(every) = every {
                let attempt = self.next_attempt.fetch_add(1, Ordering::Relaxed);
                let due = every * u32::try_from(attempt).expect("few attempts");
                if let Some(early) = due.checked_sub(began.elapsed()) {
                    pass(u64::try_from(early.as_micros()).expect("a short time"));
                }
            }
            let sent_at = Instant::now();
            let answer = match &mut connection {
                Some(open) => sender.call(open, batch),
                None => Err(std::io::ErrorKind::NotConnected.into()),
            };
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) => {
                    let kind = match sent_at.elapsed() >= REFUSED_READ {
                        true => CUT_OFF.to_owned(),
                        false => format!(
                            "{NO_ANSWER}: {:?} after {} s",
                            error.kind(),
                            sent_at.elapsed().as_secs()
                        ),
                    };
                    *answers.entry(kind).or_default() += 1;
                    connection = Connection::open(self.api.address).ok();
                    continue;
                }
            };
            let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
            *answers.entry(format!("{} {code}", answer.status)).or_default() += 1;
            if answer.status == 202 {
                batches += 1;
                batch = self.next_batch.fetch_add(1, Ordering::Relaxed);
            } else {
                assert!(matches!(answer.status, 429 | 503), "{answer:?}");
                assert!(answer.header("retry-after").is_some(), "{answer:?}");
                if answer.header("connection") == Some("close") {
                    connection = Connection::open(self.api.address).ok();
                }
            }
        }
        let mut tally = self.tally.lock().expect("nobody panics");
        for (answer, count) in answers {
            *tally.answers.entry(answer).or_default() += count;
        }
        tally.batches += batches;
        tally.waiting.push(batch);
    }
}

/// Lets `connections` send for a time; `watch` looks on.
fn run(
    shared: &Arc<Shared>,
    connections: usize,
    (time, every): (Duration, Option<Duration>),
    watch: &mut dyn FnMut(),
) -> Tally {
    let began = Instant::now();
    let threads: Vec<_> = (0..connections)
        .map(|_| {
            let shared = shared.clone();
            let run = move || shared.send(began, every);
            std::thread::Builder::new().stack_size(512 << 10).spawn(run).expect("a thread")
        })
        .collect();
    while began.elapsed() < time {
        watch();
        pass(50_000);
    }
    shared.over.store(true, Ordering::Relaxed);
    for thread in threads {
        thread.join().expect("a client doesn't panic");
    }
    let mut tally = std::mem::take(&mut *shared.tally.lock().expect("nobody panics"));
    tally.took = began.elapsed();
    if let Some(every) = every {
        let offered = u64::try_from(time.as_nanos() / every.as_nanos()).expect("few");
        tally.late = offered.saturating_sub(tally.answers.values().sum());
    }
    tally
}

/// An ordinary request: one report, acknowledged. How long it took; nothing where it was refused.
fn ordinary(api: &Api, number: u64) -> Option<Duration> {
    let lines = crate::support::reports::line(&format!("ordinary{number}"), "o", "t", 1_000);
    let began = Instant::now();
    let status = api.report(&lines).status;
    assert!(matches!(status, 202 | 503), "{status}");
    (status == 202).then(|| began.elapsed())
}

/// The median and the slowest of 100 ordinary requests, in microseconds.
fn latency(api: &Api) -> (u64, u64) {
    let mut taken: Vec<_> =
        (0..100).map(|n| ordinary(api, n).expect("nothing else goes on")).collect();
    taken.sort_unstable();
    let micros = |it: Duration| u64::try_from(it.as_micros()).expect("short");
    (micros(taken[50]), micros(taken[99]))
}

/// How long until 20 ordinary requests in a row are answered no slower than `usual` at its worst.
fn recovered(api: &Api, usual: (u64, u64)) -> Duration {
    let slow = Duration::from_micros((usual.1 * 3).max(50_000));
    let began = Instant::now();
    let mut in_a_row = 0;
    for number in 0.. {
        if in_a_row == 20 {
            break;
        }
        let quick = ordinary(api, number).is_some_and(|took| took < slow);
        in_a_row = if quick { in_a_row + 1 } else { 0 };
        assert!(began.elapsed() < DEADLINE, "it doesn't recover");
    }
    began.elapsed()
}

/// Has every acknowledged play looked for again, by other code, and says how long that took.
fn audited(folder: &Folder, plays: u64) -> Duration {
    let began = Instant::now();
    let audit = folder.balanced_within(AUDIT_DEADLINE);
    let kept: u64 =
        audit["plays"].as_object().into_iter().flatten().filter_map(|(_, n)| n.as_u64()).sum();
    // The ordinary requests had plays of their own.
    assert!(kept >= plays, "{kept} of {plays} acknowledged plays: {audit}");
    began.elapsed()
}

fn check(size: Size) {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let api = server.api(&folder, SCOPES);
    let usual = latency(&api);
    let empty = Memory::of(&server.pid());

    let shared = Shared::new(&api, size, 0);
    let calibrated = run(&shared, CALIBRATING, (size.calibration, None), &mut || {});
    let reports_per_batch = size.plays_per_batch * REPORTS_PER_PLAY as u64;
    let per_second = |batches: u64, time: Duration| {
        u64::try_from(u128::from(batches) * 1_000_000_000 / time.as_nanos()).expect("few")
    };
    let sustainable = per_second(calibrated.batches, calibrated.took).max(1);
    let every = Duration::from_nanos(1_000_000_000 / (sustainable * 10));

    let crowd = Shared::new(&api, size, 1 << 20);
    let mut worst = Memory::default();
    let mut look = || {
        let now = Memory::of(&server.pid());
        worst.anonymous_kib = worst.anonymous_kib.max(now.anonymous_kib);
        worst.resident_kib = worst.resident_kib.max(now.resident_kib);
    };
    let tally = run(&crowd, CROWD, (size.overload, Some(every)), &mut look);
    let recovered = recovered(&api, usual);
    let after = latency(&api);

    // Who was sent away comes again, and keeps to what it is told.
    let mut left = 0;
    let mut sender = Sender::new(&api, size.plays_per_batch);
    let mut connection = Connection::open(api.address).expect("it listens");
    for batch in calibrated.waiting.iter().chain(&tally.waiting) {
        while sender.call(&mut connection, *batch).expect("an answer").status != 202 {
            pass(100_000);
        }
        left += 1;
    }
    let batches = calibrated.batches + tally.batches + left;
    let began = Instant::now();
    let counts = api.get("/api/v1/counts?by=tier").is(200);
    let until_counted = began.elapsed();
    let plays = batches * size.plays_per_batch;
    assert_eq!(counts["rows"][0]["counted"].as_u64(), Some(plays), "each once: {counts}");
    assert_eq!(api.get("/api/v1/conservation").is(200)["holds"], true);
    let grown = worst.anonymous_kib.saturating_sub(empty.anonymous_kib);
    let refused: u64 =
        tally.answers.iter().filter(|(key, _)| !key.starts_with("202")).map(|(_, n)| n).sum();
    let unanswered: u64 =
        tally.answers.iter().filter(|(key, _)| key.starts_with(NO_ANSWER)).map(|(_, n)| n).sum();
    server.end();
    let millis = |it: Duration| u64::try_from(it.as_millis()).expect("short");
    measured(
        "overload",
        &json!({
            "seconds": size.overload.as_secs(),
            "reports_per_batch": reports_per_batch,
            "sustainable_reports_per_second": sustainable * reports_per_batch,
            "offered_batches": u64::try_from(size.overload.as_nanos() / every.as_nanos()).expect("few"),
            "offered_while_all_connections_were_busy": tally.late,
            "answers": tally.answers,
            "accepted_reports_per_second":
                per_second(tally.batches, tally.took) * reports_per_batch,
            "anonymous_mib_at_start": empty.anonymous_kib >> 10,
            "anonymous_mib_at_most": worst.anonymous_kib >> 10,
            "resident_mib_at_most": worst.resident_kib >> 10,
            "median_us_before": usual.0,
            "slowest_us_before": usual.1,
            "ms_until_20_ordinary_answers": millis(recovered),
            "median_us_after": after.0,
            "slowest_us_after": after.1,
            "ms_until_all_was_counted": millis(until_counted),
            "plays_counted": plays,
        }),
    );
    assert_eq!(unanswered, 0, "whoever is sent away is told so: {:?}", tally.answers);
    assert!(refused + tally.late > 0, "ten times as much is too much");
    let most = ANONYMOUS_KIB_MAX + plays * SEALED_PLAY_BYTES_MAX / 1024;
    assert!(grown < most, "{grown} KiB, {most} KiB at most");
    if long() {
        let audited = audited(&folder, plays);
        measured("overload_audited", &json!({ "ms": millis(audited), "plays": plays }));
        assert!(recovered < Duration::from_secs(5), "{recovered:?}");
    }
}

#[test]
fn ten_times_too_much_is_refused_and_forgotten() {
    let size = if long() {
        Size {
            plays_per_batch: 2_000,
            calibration: Duration::from_secs(10),
            overload: Duration::from_secs(60),
        }
    } else {
        Size {
            plays_per_batch: 2_000,
            calibration: Duration::from_millis(500),
            overload: Duration::from_secs(2),
        }
    };
    check(size);
}
