//! Sending chunks of reports to a deployment: in this process on all cores, or over the
//! control socket to the server that has the folder. Either way in the order of the file.

use axum::http::{Method, StatusCode};
use ledgerline_app::Deployment;
use ledgerline_app::intake::{Origin, Queued};
use ledgerline_app::privacy::Introduced;
use ledgerline_ids::UnixMs;
use serde_json::Value;
use std::collections::VecDeque;
use std::io::Cursor;
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::time::Duration;
use tokio::runtime::Handle;

use crate::chunks::{Chunk, Chunks};
use crate::failure::Failure;
use crate::feed::{self, FeedClock, REJECTIONS_MAX};
use crate::session::Session;

/// What came of what was sent.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    /// Reports that are durable.
    pub accepted: u64,
    /// Lines that are no reports.
    pub rejected: u64,
    /// Why, for the first of them: line, code, detail.
    pub rejections: Vec<(u64, String, String)>,
}

/// Gives chunks, one after the other; `None` at the end.
pub type Source<'s> = dyn FnMut() -> Result<Option<Chunk>, Failure> + Send + 's;

/// How many chunks each thread has on their way to the disk at once.
const IN_FLIGHT_MAX: usize = 6;

/// Sends everything that `next` gives. `told` hears of each chunk that is durable, and of
/// how many reports it had.
///
/// # Errors
/// [`Failure`] where the reading or the log fails; what was durable before stays.
pub async fn send(
    session: &Session,
    origin: &Arc<Origin>,
    clock: FeedClock,
    next: &mut Source<'_>,
    told: &(dyn Fn(u64) + Sync),
) -> Result<Sent, Failure> {
    match session.deployment() {
        Some(deployment) => {
            let runtime = Handle::current();
            tokio::task::block_in_place(|| {
                send_here(deployment, origin, clock, next, told, &runtime)
            })
        }
        None => send_there(session, origin, clock, next, told).await,
    }
}

/// Sends reports to a deployment in this process, by their own times, from a thread that may block.
///
/// # Errors
/// [`Failure`], as [`send`].
pub fn send_blocking(
    deployment: &Arc<Deployment>,
    origin: &Arc<Origin>,
    reports: Vec<u8>,
    runtime: &Handle,
) -> Result<Sent, Failure> {
    let mut chunks = Chunks::new(Cursor::new(reports));
    let mut next = || chunks.next().map_err(|error| Failure::from_error(&error));
    send_here(deployment, origin, FeedClock::Event, &mut next, &|_| {}, runtime)
}

/// Where the chunks stand that are decoded side by side and queued one after the other.
struct Turn {
    next: u64,
    previous: UnixMs,
    failed: Option<Failure>,
}

fn send_here(
    deployment: &Arc<Deployment>,
    origin: &Arc<Origin>,
    clock: FeedClock,
    next: &mut Source<'_>,
    told: &(dyn Fn(u64) + Sync),
    runtime: &Handle,
) -> Result<Sent, Failure> {
    let threads = std::thread::available_parallelism().map_or(2, usize::from).min(8);
    let (give, take) = mpsc::sync_channel::<Chunk>(threads);
    let take = Mutex::new(take);
    let turn =
        (Mutex::new(Turn { next: 0, previous: UnixMs::EPOCH, failed: None }), Condvar::new());
    let pseudonymised = runtime.block_on(deployment.listeners().pseudonymised())?;
    let one_by_one = pseudonymised.iter().any(|source| **source == *origin.source);
    let sender = Sender { deployment, origin, clock, told, runtime, turn: &turn, one_by_one };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| sender.work(&take))).collect();
        let mut read = Ok(());
        loop {
            match next() {
                Ok(Some(chunk)) => {
                    if give.send(chunk).is_err() {
                        break;
                    }
                }
                Ok(None) => break,
                Err(failure) => {
                    read = Err(failure);
                    break;
                }
            }
            if turn.0.lock().expect("no holder panics").failed.is_some() {
                break;
            }
        }
        drop(give);
        let mut sum = Sent::default();
        for worker in workers {
            sum.add(worker.join().expect("sending doesn't panic"));
        }
        sum.rejections.sort_unstable();
        sum.rejections.truncate(REJECTIONS_MAX);
        read?;
        match turn.0.lock().expect("no holder panics").failed.take() {
            Some(failure) => Err(failure),
            None => Ok(sum),
        }
    })
}

struct Sender<'s> {
    deployment: &'s Arc<Deployment>,
    origin: &'s Arc<Origin>,
    clock: FeedClock,
    told: &'s (dyn Fn(u64) + Sync),
    runtime: &'s Handle,
    turn: &'s (Mutex<Turn>, Condvar),
    /// Whether a chunk is decoded only when it is its turn. What is staged of a pseudonymised
    /// source holds its listeners still until it is queued, and an earlier chunk may have to
    /// introduce some: each would wait for the other.
    one_by_one: bool,
}

impl Sender<'_> {
    fn work(&self, take: &Mutex<mpsc::Receiver<Chunk>>) -> Sent {
        let mut sent = Sent::default();
        let mut in_flight = VecDeque::new();
        loop {
            let chunk = take.lock().expect("no holder panics").recv();
            let Ok(chunk) = chunk else { break };
            if let Some(queued) = self.queue(&chunk, &mut sent) {
                in_flight.push_back(queued);
            }
            while in_flight.len() > IN_FLIGHT_MAX {
                self.finish(in_flight.pop_front(), &mut sent);
            }
        }
        while !in_flight.is_empty() {
            self.finish(in_flight.pop_front(), &mut sent);
        }
        sent
    }

    /// Decodes a chunk, waits for its turn, and queues it.
    fn queue(&self, chunk: &Chunk, sent: &mut Sent) -> Option<Queued<'_>> {
        let previous = || self.wait_for(chunk.number).previous;
        if self.one_by_one {
            drop(self.wait_for(chunk.number));
        }
        let intake = self.deployment.intake();
        let mut introduced = Introduced::default();
        let staged = loop {
            let who = (self.origin, &introduced);
            let staged = feed::stage(intake, who, self.clock, chunk.bytes(), &previous);
            if !staged.batch.has_unknown() {
                break staged;
            }
            let users = staged.batch.unknown();
            let introducing = intake.introduce(self.origin, users, &mut introduced);
            if let Err(error) = self.runtime.block_on(introducing) {
                let mut turn = self.wait_for(chunk.number);
                turn.failed.get_or_insert_with(|| Failure::failed(error.to_string()));
                turn.next += 1;
                drop(turn);
                self.turn.1.notify_all();
                return None;
            }
        };
        sent.rejected += staged.rejected;
        for rejection in staged.rejections {
            let line = chunk.lines_before + rejection.line;
            sent.rejections.push((line, rejection.code.to_owned(), rejection.detail));
        }
        let mut turn = self.wait_for(chunk.number);
        let queued = if turn.failed.is_some() { None } else { Some(staged.batch.queue()) };
        turn.previous = staged.last_received_at.unwrap_or(turn.previous);
        turn.next += 1;
        let queued = match queued {
            Some(Ok(queued)) => Some(queued),
            Some(Err(error)) => {
                turn.failed = Some(Failure::failed(error.to_string()));
                None
            }
            None => None,
        };
        drop(turn);
        self.turn.1.notify_all();
        queued
    }

    fn wait_for(&self, number: u64) -> std::sync::MutexGuard<'_, Turn> {
        let turn = self.turn.0.lock().expect("no holder panics");
        self.turn.1.wait_while(turn, |turn| turn.next < number).expect("no holder panics")
    }

    fn finish(&self, queued: Option<Queued<'_>>, sent: &mut Sent) {
        let Some(queued) = queued else { return };
        match self.runtime.block_on(queued.durable()) {
            Ok(acknowledged) => {
                sent.accepted += acknowledged.reports;
                (self.told)(acknowledged.reports);
            }
            Err(error) => {
                let mut turn = self.turn.0.lock().expect("no holder panics");
                turn.failed.get_or_insert_with(|| Failure::failed(error.to_string()));
            }
        }
    }
}

/// How often a chunk is sent again to a server that is busy, a second apart.
const TRIES_MAX: u32 = 120;

async fn send_there(
    session: &Session,
    origin: &Arc<Origin>,
    clock: FeedClock,
    next: &mut Source<'_>,
    told: &(dyn Fn(u64) + Sync),
) -> Result<Sent, Failure> {
    let mut sent = Sent::default();
    let mut previous = 0;
    while let Some(chunk) = next()? {
        let path = format!(
            "/control/v1/feed?source={}&clock={}&previous={previous}",
            crate::commands::encoded(&origin.source),
            clock.as_str(),
        );
        let mut tries = 0;
        let answer = loop {
            let body = chunk.bytes().to_vec();
            let answer = session.send(Method::POST, &path, "application/x-ndjson", body).await?;
            tries += 1;
            let busy = matches!(
                answer.status,
                StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS
            );
            if !busy || tries == TRIES_MAX {
                break answer;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        };
        let summary: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if !answer.status.is_success() {
            let why = summary["detail"].as_str().unwrap_or("the server gave no reason");
            return Err(Failure::failed(why));
        }
        let accepted = summary["accepted"].as_u64().unwrap_or_default();
        sent.accepted += accepted;
        sent.rejected += summary["rejected"].as_u64().unwrap_or_default();
        for rejection in summary["rejections"].as_array().into_iter().flatten() {
            let line = chunk.lines_before + rejection["line"].as_u64().unwrap_or_default();
            let text = |field: &str| rejection[field].as_str().unwrap_or_default().to_owned();
            if sent.rejections.len() < REJECTIONS_MAX {
                sent.rejections.push((line, text("code"), text("detail")));
            }
        }
        previous = summary["last_received_at"].as_u64().unwrap_or(previous);
        told(accepted);
    }
    Ok(sent)
}

impl Sent {
    /// Adds what another thread sent, or another file.
    pub fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.rejections.extend(other.rejections);
    }
}
