//! Servers that are killed at any moment, and clients that send again what they must and more:
//! in the end every play that was acknowledged is counted, and counted once.

use crate::support::http::{NDJSON, REPORT};
use crate::support::load::{Batch, Clients, Sent, Work};
use crate::support::{Api, Connection, DEADLINE, Folder, Random, Server, long, measured, pass};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Instant;

const SCOPES: &str = "reports:write,counts:read";

/// When a server is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// While it opens the folder.
    Opening,
    /// While it judges what the log holds beyond its snapshot.
    CatchingUp,
    /// While clients send.
    Loaded,
    /// While counts are read besides.
    Reading,
    /// While a body is on its way to it.
    MidBody,
    /// At the very answer to a batch.
    Answered,
    /// While it seals entries, writes a snapshot, or merges what is sealed.
    Sealing,
}

impl Moment {
    const ALL: [Self; 7] = [
        Self::Opening,
        Self::CatchingUp,
        Self::Loaded,
        Self::Reading,
        Self::MidBody,
        Self::Answered,
        Self::Sealing,
    ];
}

/// How many plays of each listener the server counts.
fn counted(api: &Api) -> BTreeMap<String, u64> {
    let counts = api.get("/api/v1/counts?by=user").is(200);
    let rows = counts["rows"].as_array().expect("rows").iter();
    rows.map(|row| {
        let user = row["user_id"].as_str().expect("a listener").to_owned();
        (user, row["counted"].as_u64().expect("a number"))
    })
    .collect()
}

/// How many plays count where these batches, and no others, came.
pub fn counted_of<'b>(batches: impl Iterator<Item = &'b Batch>) -> BTreeMap<String, u64> {
    let mut plays = BTreeMap::<String, (String, u64)>::new();
    for report in batches.flatten() {
        let report: Value = serde_json::from_str(report).expect("we wrote it");
        let text = |field: &str| report[field].as_str().expect("a text").to_owned();
        let listened = report["duration_listened_ms"].as_u64().expect("a number");
        let play = plays.entry(text("play_id")).or_insert((text("user_id"), 0));
        play.1 = play.1.max(listened);
    }
    let mut counted = BTreeMap::new();
    for (user, _) in plays.into_values().filter(|(_, listened)| *listened >= 30_000) {
        *counted.entry(user).or_default() += 1;
    }
    counted
}

/// What is acknowledged counts; beyond it only what was sent can.
fn check_between(found: &BTreeMap<String, u64>, sent: &Sent, expected: &BTreeMap<String, u64>) {
    for (user, least) in counted_of(sent.acknowledged.iter()) {
        let found = found.get(&user).copied().unwrap_or_default();
        assert!(found >= least, "{user} has {found} plays, but {least} were acknowledged");
    }
    for (user, found) in found {
        let most = expected.get(user).copied().unwrap_or_default();
        assert!(*found <= most, "{user} has {found} plays, but only {most} were played");
    }
}

/// What had no answer is sent again, cut in two and in another order; so is some of what had one.
fn send_again(sent: &mut Sent, random: &mut Random) {
    let clients = sent.waiting.len().min(2);
    for _ in 0..clients {
        let mut batch = sent.waiting.pop_front().expect("it is there");
        random.shuffle(&mut batch);
        let rest = batch.split_off(batch.len() / 2);
        sent.waiting.extend([rest, batch].into_iter().filter(|part| !part.is_empty()));
    }
    for _ in 0..2 {
        if !sent.acknowledged.is_empty() {
            let mut batch = sent.acknowledged[random.index(sent.acknowledged.len())].clone();
            random.shuffle(&mut batch);
            batch.truncate(1 + random.index(batch.len()));
            let place = random.index(sent.waiting.len() + 1);
            sent.waiting.insert(place, batch);
        }
    }
}

/// Sends a part of a body, and doesn't wait.
fn begin_body(api: &Api, sent: &Sent, random: &mut Random) -> Option<Connection> {
    let batch = sent.acknowledged.last().or(sent.waiting.back())?;
    let kind = format!("Content-Type: {NDJSON}");
    let request = api.request("POST", REPORT, &[&kind], batch.concat().as_bytes());
    let mut connection = Connection::open(api.address).ok()?;
    connection.send(&request[..random.index(request.len())]).ok()?;
    Some(connection)
}

/// Waits until the files of the index have changed so many times, as long as anybody sends.
fn wait_for_changes(folder: &Folder, clients: &Clients, changes: u64) {
    let files = || -> Vec<(String, u64)> {
        let names = folder.files("index/").into_iter();
        names
            .map(|name| {
                let length = folder.data().join(&name).metadata().map_or(0, |it| it.len());
                (name, length)
            })
            .collect()
    };
    let mut seen = files();
    let mut left = changes;
    let began = Instant::now();
    while left > 0 && clients.are_sending() && began.elapsed() < DEADLINE {
        let now = files();
        left -= u64::from(now != seen);
        seen = now;
    }
}

/// A server's life, from clients that send to its end by a kill.
fn live_and_die(
    folder: &Folder,
    (server, api): (Server, &Api),
    sent: Sent,
    (moment, batches): (Moment, u64),
    random: &mut Random,
) -> Sent {
    let mut half_sent = None;
    if matches!(moment, Moment::MidBody) {
        half_sent = begin_body(api, &sent, random);
    }
    let clients = Clients::start(api, sent, 2);
    clients.wait_for(random.below(batches * 2 + 1));
    match moment {
        Moment::Sealing => wait_for_changes(folder, &clients, 1 + random.below(9)),
        Moment::Answered => clients.wait_for(1),
        Moment::Reading => {
            let api = api.clone();
            std::thread::spawn(move || {
                let request = api.request("GET", "/api/v1/counts?by=track", &[], &[]);
                Connection::open(api.address).and_then(|mut it| it.call(&request))
            });
            pass(random.below(8_000));
        }
        _ => pass(random.below(8_000)),
    }
    server.kill();
    drop(half_sent);
    clients.join()
}

/// One trial.
struct Trial {
    seed: u64,
    kills: u64,
    plays: u64,
    /// How many entries a partition's index has in memory: with few it seals and merges often.
    entries_max: &'static str,
}

impl Trial {
    /// A server that is killed `kills` times while clients send. Figures of it.
    fn check(&self) -> Value {
        let &Self { seed, kills, plays, entries_max } = self;
        let folder = Folder::new();
        let mut random = Random::new(seed);
        let Work { batches, expected, plays } = Work::new(seed, plays);
        // After the last kill there is something left to send.
        let batches_per_life = batches.len() as u64 / (kills + 1);
        let mut sent = Sent { waiting: batches, acknowledged: Vec::new() };
        let settings = [("LEDGERLINE_TABLE_ENTRIES_MAX", entries_max)];
        let start = || Server::spawn_with(&folder, &settings).listening().expect("it starts");
        let server = start();
        let mut api = server.api(&folder, SCOPES);
        let mut server = Some(server);
        let mut moments = BTreeMap::<String, u64>::new();
        for life in 0..kills {
            let place = random.index(Moment::ALL.len());
            let moment = *Moment::ALL
                .get(usize::try_from(life).expect("few"))
                .unwrap_or(&Moment::ALL[place]);
            *moments.entry(format!("{moment:?}")).or_default() += 1;
            match moment {
                Moment::Opening => {
                    drop(server.take());
                    let starting = Server::spawn_with(&folder, &settings);
                    pass(random.below(40_000));
                    drop(starting);
                    continue;
                }
                Moment::CatchingUp => {
                    let running = server.take().unwrap_or_else(start);
                    running.kill();
                    let running = start();
                    pass(random.below(3_000));
                    running.kill();
                    continue;
                }
                _ => {}
            }
            let running = server.take().unwrap_or_else(start);
            api.address = running.address();
            let law = api.get("/api/v1/conservation").is(200);
            assert_eq!(law["holds"], true, "life {life} of seed {seed}: {law}");
            check_between(&counted(&api), &sent, &expected);
            let how = (moment, batches_per_life);
            sent = live_and_die(&folder, (running, &api), sent, how, &mut random);
            send_again(&mut sent, &mut random);
        }
        let running = start();
        api.address = running.address();
        let sent = Clients::start(&api, sent, 2).join();
        assert!(sent.waiting.is_empty(), "everything is acknowledged in the end");
        assert_eq!(counted_of(sent.acknowledged.iter()), expected);
        assert_eq!(counted(&api), expected, "seed {seed}");
        running.kill();
        assert_eq!(folder.counts("user"), expected, "seed {seed}");
        let audit = folder.balanced();
        let sum: u64 =
            audit["plays"].as_object().into_iter().flatten().filter_map(|(_, n)| n.as_u64()).sum();
        assert_eq!(sum, plays, "{audit}");
        let reports: usize = sent.acknowledged.iter().map(Vec::len).sum();
        assert!(audit["reports"]["accepted"].as_u64() >= Some(reports as u64), "{audit}");
        json!({
            "kills": kills,
            "moments": moments,
            "acknowledged_plays": plays,
            "acknowledged_reports": reports,
            "accepted_reports": audit["reports"]["accepted"],
            "counted": expected.values().sum::<u64>(),
            "lost": 0,
            "twice": 0,
        })
    }
}

#[test]
fn a_server_that_is_killed_again_and_again_counts_every_play_once() {
    Trial { seed: 1, kills: 10, plays: 6_000, entries_max: "500000" }.check();
}

#[test]
fn a_server_that_seals_often_and_is_killed_counts_every_play_once() {
    let kills = std::env::var("LEDGERLINE_FAULTS_KILLS").ok().and_then(|it| it.parse().ok());
    let trial = if long() {
        Trial { seed: 2, kills: kills.unwrap_or(50), plays: 120_000, entries_max: "400" }
    } else {
        Trial { seed: 2, kills: 14, plays: 9_000, entries_max: "60" }
    };
    measured("kills", &trial.check());
}
