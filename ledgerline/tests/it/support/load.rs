//! Clients under load: batches of reports of many plays, sent until each is acknowledged.

use super::http::{Connection, NDJSON, REPORT};
use super::random::Random;
use super::reports::line;
use super::{Api, DEADLINE};
use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
#[cfg(feature = "cluster")]
use std::time::Instant;

/// Reports of one body.
pub type Batch = Vec<String>;

/// What is to be sent, and what it must come to.
pub struct Work {
    /// The batches in the order in which players would send them.
    pub batches: VecDeque<Batch>,
    /// How many plays of each listener count.
    pub expected: BTreeMap<String, u64>,
    /// How many plays there are.
    pub plays: u64,
}

/// No listener plays as much as a fraud rule would mind.
const PLAYS_PER_LISTENER: u64 = 130;
const PLAYS_PER_BATCH: u64 = 25;
/// How long a steadfast client waits: less than it is asked to, which is the harder case.
#[cfg(feature = "cluster")]
const RETRY_MICROS: u64 = 50_000;

impl Work {
    /// `plays` plays with three reports each: one when it starts, one on the way, one at its
    /// end.
    pub fn new(seed: u64, plays: u64) -> Self {
        let listeners = plays.div_ceil(PLAYS_PER_LISTENER);
        let mut random = Random::new(seed);
        let count = usize::try_from(plays / PLAYS_PER_BATCH + 3).expect("few");
        let mut batches = vec![Batch::new(); count];
        let mut expected = BTreeMap::new();
        for number in 0..plays {
            let user = format!("listener{}", number % listeners);
            let track = format!("t{}", number % 41);
            let ends = [4_000, 29_999, 30_000, 31_000, 60_000, 200_000];
            let listened = ends[random.index(ends.len())];
            let first = usize::try_from(number / PLAYS_PER_BATCH).expect("few");
            for (later, listened) in [0, listened / 2, listened].into_iter().enumerate() {
                let report = line(&format!("play{number}"), &user, &track, listened);
                batches[first + later].push(report);
            }
            if listened >= 30_000 {
                *expected.entry(user).or_default() += 1;
            }
        }
        batches.retain(|batch| !batch.is_empty());
        Self { batches: batches.into(), expected, plays }
    }
}

/// What is still to be sent, and what was acknowledged.
#[derive(Default)]
pub struct Sent {
    /// Batches that wait, the next one first.
    pub waiting: VecDeque<Batch>,
    /// Batches that were acknowledged, in that order.
    pub acknowledged: Vec<Batch>,
}

/// Clients that send until there is nothing left or the server is gone.
pub struct Clients {
    sent: Arc<Mutex<Sent>>,
    threads: Vec<JoinHandle<()>>,
    acknowledged: Receiver<()>,
}

impl Clients {
    /// Lets `clients` clients send what waits, each on a connection of its own.
    pub fn start(api: &Api, sent: Sent, clients: usize) -> Self {
        Self::start_as(send_all, api, sent, clients)
    }

    /// Clients that don't give up: refused for now or cut off, they send again, as players do.
    #[cfg(feature = "cluster")]
    pub fn steadfast(api: &Api, sent: Sent, clients: usize) -> Self {
        Self::start_as(send_until_acknowledged, api, sent, clients)
    }

    fn start_as(
        send: fn(&Api, &Mutex<Sent>, &Sender<()>),
        api: &Api,
        sent: Sent,
        clients: usize,
    ) -> Self {
        let sent = Arc::new(Mutex::new(sent));
        let (tell, acknowledged) = channel();
        let one = || {
            let (api, sent, tell) = (api.clone(), sent.clone(), tell.clone());
            std::thread::spawn(move || send(&api, &sent, &tell))
        };
        Self { threads: (0..clients).map(|_| one()).collect(), sent, acknowledged }
    }

    /// Waits until so many more batches are acknowledged, or nothing waits any more.
    pub fn wait_for(&self, batches: u64) {
        for _ in 0..batches {
            if self.acknowledged.recv_timeout(DEADLINE).is_err() {
                return;
            }
        }
    }

    /// Whether one sends still.
    pub fn are_sending(&self) -> bool {
        self.threads.iter().any(|thread| !thread.is_finished())
    }

    /// Waits until no client sends any more.
    pub fn join(self) -> Sent {
        for thread in self.threads {
            thread.join().expect("a client doesn't panic");
        }
        let mut sent = self.sent.lock().expect("no client panics");
        std::mem::take(&mut *sent)
    }
}

/// A client's thread. A batch of which the answer never came goes back to those that wait.
fn send_all(api: &Api, sent: &Mutex<Sent>, tell: &Sender<()>) {
    let Ok(mut connection) = Connection::open(api.address) else { return };
    loop {
        let Some(batch) = sent.lock().expect("no client panics").waiting.pop_front() else {
            return;
        };
        let kind = format!("Content-Type: {NDJSON}");
        let request = api.request("POST", REPORT, &[&kind], batch.concat().as_bytes());
        let answer = connection.call(&request);
        let mut sent = sent.lock().expect("no client panics");
        match answer {
            Ok(answer) if answer.status == 202 => {
                assert_eq!(answer.json()["accepted"], batch.len());
                sent.acknowledged.push(batch);
                let _ = tell.send(());
            }
            // A server that is stopping says so: to be sent again later.
            Ok(answer) => {
                assert_eq!((answer.status, &answer.json()["code"]), (503, &"closing".into()));
                sent.waiting.push_front(batch);
                return;
            }
            Err(_) => {
                sent.waiting.push_front(batch);
                return;
            }
        }
    }
}

/// A client's thread that ends when nothing waits, or nothing has been acknowledged for too long.
#[cfg(feature = "cluster")]
fn send_until_acknowledged(api: &Api, sent: &Mutex<Sent>, tell: &Sender<()>) {
    let mut connection = None;
    let mut acknowledged_at = Instant::now();
    loop {
        let Some(batch) = sent.lock().expect("no client panics").waiting.pop_front() else {
            return;
        };
        let kind = format!("Content-Type: {NDJSON}");
        let request = api.request("POST", REPORT, &[&kind], batch.concat().as_bytes());
        let mut open = connection.take().map_or_else(|| Connection::open(api.address), Ok);
        let answer =
            open.as_mut().map_err(|error| error.kind().into()).and_then(|it| it.call(&request));
        let mut sent = sent.lock().expect("no client panics");
        if let Ok(answer) = &answer
            && answer.status == 202
        {
            assert_eq!(answer.json()["accepted"], batch.len());
            sent.acknowledged.push(batch);
            acknowledged_at = Instant::now();
            connection = open.ok();
            let _ = tell.send(());
            continue;
        }
        sent.waiting.push_front(batch);
        drop(sent);
        if let Ok(answer) = answer {
            assert_eq!(answer.status, 503, "{}", answer.json());
            assert!(answer.header("retry-after").is_some(), "{}", answer.json());
            connection = open.ok().filter(|_| answer.header("connection") != Some("close"));
        }
        if acknowledged_at.elapsed() > DEADLINE {
            return;
        }
        super::pass(RETRY_MICROS);
    }
}
