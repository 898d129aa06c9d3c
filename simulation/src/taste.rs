//! What one seed's world is like: each leaves some things out and overdoes others.

use ledgerline_app::deployment::Settings;
use ledgerline_segment_log::{Options, PlaysOptions};
use std::time::Duration;

use crate::random::Random;

/// The limits of a seed's deployment, and what its world does to it.
#[derive(Debug, Clone)]
pub struct Taste {
    /// How many partitions the logs have.
    pub partitions: u16,
    /// The report log's limits, so small that everything happens within a seed.
    pub log: Options,
    /// The plays logs' limits.
    pub plays: PlaysOptions,
    /// The deployment's limits.
    pub settings: Settings,
    /// How many plays listeners hear, bots aside.
    pub plays_heard: u64,
    /// Over how many days.
    pub days: u64,
    /// How many listeners there are.
    pub listeners: u64,
    /// So many of a hundred answers never arrive.
    pub answers_lost: u64,
    /// So many of a hundred acknowledged bodies are sent again, sooner or later.
    pub sent_again: u64,
    /// So many of a hundred reports are held back for days.
    pub held_back: u64,
    /// A crash at about one in so many changes of the disk; 0 is never.
    pub crash_in: u64,
    /// So many of a hundred crashes are ends of the process alone.
    pub kills: u64,
    /// So many of a hundred acts are followed by a fault of the disk.
    pub disk_faults: u64,
    /// So many of a hundred calls of the store fail.
    pub store_faults: u64,
    /// Whether the disk is full at times.
    pub full_disk: bool,
    /// Whether the wall clock jumps.
    pub jumps: bool,
    /// Whether another process takes the partitions over.
    pub usurped: bool,
    /// Whether there is a catalogue from the beginning.
    pub catalogue: bool,
    /// Whether some reports have no key.
    pub keyless: bool,
    /// Whether some reports name no listener.
    pub anonymous: bool,
    /// Whether one source is a listeners' player, which has no grants.
    pub player: bool,
    /// Whether an import goes on besides.
    pub backfill: bool,
    /// Whether some listeners are machines.
    pub bots: bool,
    /// Whether people decide and rule.
    pub people: bool,
    /// Whether some devices' clocks are off.
    pub skewed: bool,
    /// Whether some reports contradict others of their play.
    pub conflicts: bool,
}

impl Taste {
    /// The taste of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed, 1);
        let random = &mut random;
        let partitions = random.of(&[1, 1, 2, 3]);
        Self {
            partitions,
            log: log_options(random, partitions),
            plays: plays_options(random),
            settings: Settings { deltas_every: deltas_every(seed), ..settings(random) },
            plays_heard: random.of(&[15, 40, 80, 120]),
            days: random.of(&[0, 1, 4, 14, 50]),
            listeners: random.of(&[1, 3, 10]),
            answers_lost: random.of(&[0, 5, 20, 50]),
            sent_again: random.of(&[0, 10, 30, 60]),
            held_back: random.of(&[0, 5, 25]),
            crash_in: random.of(&[0, 400, 150, 60, 30]),
            kills: random.of(&[0, 30, 70]),
            disk_faults: random.of(&[0, 0, 2, 8]),
            store_faults: random.of(&[0, 0, 3, 20]),
            full_disk: random.percent(25),
            jumps: random.percent(30),
            usurped: random.percent(10),
            catalogue: random.percent(50),
            keyless: random.percent(40),
            anonymous: random.percent(30),
            player: random.percent(25),
            backfill: random.percent(25),
            bots: random.percent(30),
            people: random.percent(50),
            skewed: random.percent(30),
            conflicts: random.percent(30),
        }
    }
}

fn log_options(random: &mut Random, partitions: u16) -> Options {
    Options {
        segment_bytes_max: random.of(&[300, 1_000, 4_000, 1 << 20]),
        commit_bytes_max: random.of(&[100, 1_000, 8 << 20]),
        queue_bytes_max: random.of(&[2_000, 20_000, 64 << 20]),
        queue_groups_max: random.of(&[2, 8, 65_536]),
        tail_bytes_max: random.of(&[0, 600, 32 << 20]),
        index_every_bytes: random.of(&[1, 500, 1 << 20]),
        ..Options::new(partitions)
    }
}

fn plays_options(random: &mut Random) -> PlaysOptions {
    PlaysOptions {
        segment_bytes_max: random.of(&[400, 2_000, 1 << 20]),
        frame_bytes_max: random.of(&[200, 1_000, 8 << 20]),
        recent_bytes_max: random.of(&[0, 1_000, 16 << 20]),
        unsynced_segments_max: random.of(&[1, 2, 4]),
    }
}

/// Not drawn: what else a seed is like stays as it is.
fn deltas_every(seed: u64) -> Option<Duration> {
    let millis = [None, Some(0), Some(250), Some(5_000)];
    millis[usize::try_from(seed % 4).expect("less than four")].map(Duration::from_millis)
}

fn settings(random: &mut Random) -> Settings {
    Settings {
        table_entries_max: random.of(&[3, 10, 30, 100_000]),
        batch_bytes: random.of(&[100, 700, 4 << 20]),
        commit_every: Duration::from_millis(random.of(&[0, 250, 5_000])),
        new_plays_per_listener_hour: random.of(&[2_000, 2_000, 2_000, 5]),
        ..Settings::default()
    }
}
