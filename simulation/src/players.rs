//! Who listens, to what, and what their players are going to send when.

use ledgerline_app::intake::Origin;
use ledgerline_records::report::Producer;
use std::sync::Arc;

use crate::clock::{BEGINNING_MS, DAY_MS, HOUR_MS, MINUTE_MS};
use crate::random::Random;
use crate::report::Report;
use crate::taste::Taste;

/// Whose credential reports come in by.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name, which reports are stamped with.
    pub name: &'static str,
    /// The way in.
    pub origin: Arc<Origin>,
}

/// Reports that are sent together.
#[derive(Debug, Clone)]
pub struct Body {
    /// Which source sends it.
    pub source: usize,
    /// The reports, each with the number of its play in [`Plan::plays`].
    pub reports: Vec<(usize, Report)>,
    /// When it was sent last, by true time.
    pub sent_ms: u64,
    /// How often it was tried without an answer.
    pub tries: u32,
    /// How often it was sent again although it had been acknowledged.
    pub again: u32,
}

/// A play as it was heard: what nobody on the server's side knows.
#[derive(Debug, Clone)]
pub struct Heard {
    /// Which source reports it.
    pub source: usize,
    /// Its listener, key and start, where it is a play that can be told from all others.
    pub user: String,
    /// The key that its player made for it.
    pub play_id: String,
    /// When it started, by true time.
    pub started_ms: u64,
    /// Whether it can be said what it must be counted as, without any rule but the first:
    /// its reports have a key and a right start, agree, and are of a track that is known.
    pub plain: bool,
}

/// All that will be sent for the first time.
#[derive(Debug, Default)]
pub struct Plan {
    /// Every play.
    pub plays: Vec<Heard>,
    /// The bodies, each with the true time at which it is sent.
    pub bodies: Vec<(u64, Body)>,
}

/// Tracks whose length never matters and never changes.
pub const STEADY_TRACKS: [&str; 3] = ["T1", "T2", "T3"];
/// Tracks that the catalogue learns of late, or finds to be shorter than the threshold.
pub const MOVING_TRACKS: [&str; 3] = ["M1", "M2", "M3"];
/// Devices that come and go on the list of bots.
pub const BOT_DEVICES: [&str; 2] = ["bot-1", "bot-2"];

const LISTENED_MS: [u64; 8] = [0, 5_000, 29_999, 30_000, 30_001, 61_000, 200_000, 240_000];

/// The sources, in the order of [`Body::source`].
#[must_use]
pub fn sources() -> Vec<Source> {
    let source = |name: &'static str, producer: Producer| Source {
        name,
        origin: Arc::new(Origin {
            source: name.into(),
            producer,
            user_prefix: None,
            key_id: name.into(),
            reports_per_second: None,
            limited: producer != Producer::Backfill,
            listener: None,
        }),
    };
    vec![
        source("app", Producer::Trusted),
        source("partner", Producer::Trusted),
        source("web", Producer::Player),
        source("import:old", Producer::Backfill),
    ]
}

const APP: usize = 0;
const PARTNER: usize = 1;
const WEB: usize = 2;
const IMPORT: usize = 3;

/// What is sent when.
#[must_use]
pub fn plan(seed: u64, taste: &Taste) -> Plan {
    let random = Random::new(seed, 2);
    let mut maker = Maker { random, taste, plays: Vec::new(), sendings: Vec::new() };
    for _ in 0..taste.plays_heard {
        maker.play();
    }
    if taste.bots {
        maker.bots();
    }
    let bodies = maker.bodies();
    Plan { plays: maker.plays, bodies }
}

struct Maker<'t> {
    random: Random,
    taste: &'t Taste,
    plays: Vec<Heard>,
    sendings: Vec<Sending>,
}

struct Sending {
    at_ms: u64,
    source: usize,
    play: usize,
    report: Report,
}

impl Maker<'_> {
    /// A play, and its player's reports of it.
    fn play(&mut self) {
        let source = self.some_source();
        let started_ms = self.some_start();
        let user = format!("L{}", self.random.below(self.taste.listeners));
        let number = self.plays.len() as u64;
        let play_id = self.some_key(started_ms, number);
        let mut plain = source < WEB;
        let mut report = Report {
            user: Some(user.clone()),
            play_id: Some(play_id.clone()),
            track: self.random.of(&STEADY_TRACKS).to_owned(),
            started_at: Some(started_ms),
            device: self.random.percent(60).then(|| "phone".to_owned()),
            tier: self.random.of(&[None, Some("free"), Some("premium")]),
            territory: self.random.of(&[None, Some("SE"), Some("NO")]),
            ..Report::default()
        };
        plain &= !self.make_odd(&mut report);
        let off_ms = self.some_skew();
        plain &= off_ms == 0;
        let held_ms = self.some_delay();
        let reports = self.random.between(1, 3);
        let mut listened_ms = 0;
        let mut play = Vec::new();
        for _ in 0..reports {
            listened_ms = self.random.of(&LISTENED_MS).max(listened_ms);
            let at_ms = started_ms + listened_ms.min(DAY_MS) + self.random.below(5_000) + held_ms;
            play.push((at_ms, Report { listened_ms, ..report.clone() }));
        }
        if self.taste.conflicts && self.random.percent(10) {
            plain = false;
            let last = play.last_mut().expect("a play has a report");
            if self.random.percent(50) {
                "T9".clone_into(&mut last.1.track)
            } else {
                last.1.preview ^= true
            }
        }
        for (at_ms, report) in play {
            let report = as_device_says(report, at_ms, off_ms, source);
            self.sendings.push(Sending { at_ms, source, play: self.plays.len(), report });
        }
        self.plays.push(Heard { source, user, play_id, started_ms, plain });
    }

    /// Some plays are not of the simplest kind. Says whether this one isn't.
    fn make_odd(&mut self, report: &mut Report) -> bool {
        let taste = self.taste;
        let mut odd = false;
        if taste.keyless && self.random.percent(30) {
            odd = true;
            report.play_id = None;
            report.session = self.random.percent(30).then(|| "S1".to_owned());
            if self.random.percent(50) {
                report.started_at = None;
            }
        }
        if taste.anonymous && self.random.percent(20) {
            odd = true;
            report.user = None;
        }
        if taste.catalogue && self.random.percent(25) {
            odd = true;
            self.random.of(&MOVING_TRACKS).clone_into(&mut report.track);
        }
        if self.random.percent(4) {
            odd = true;
            report.preview = true;
        } else if self.random.percent(3) {
            odd = true;
            report.imported = true;
        }
        odd
    }

    fn some_source(&mut self) -> usize {
        match self.random.below(10) {
            0 if self.taste.player => WEB,
            1 | 2 if self.taste.backfill => IMPORT,
            3 | 4 => PARTNER,
            _ => APP,
        }
    }

    fn some_start(&mut self) -> u64 {
        let span_ms = if self.taste.days == 0 { 6 * HOUR_MS } else { self.taste.days * DAY_MS };
        BEGINNING_MS + self.random.below(span_ms)
    }

    fn some_key(&mut self, started_ms: u64, number: u64) -> String {
        if self.random.percent(70) { uuid_v7(started_ms, number) } else { format!("key-{number}") }
    }

    /// How far the device's clock is off, in milliseconds.
    fn some_skew(&mut self) -> i64 {
        let days = |days: i64| days * i64::try_from(DAY_MS).expect("a small number");
        if !self.taste.skewed || self.random.percent(75) {
            return 0;
        }
        self.random.of(&[-150_000, 150_000, 700_000, days(-40), days(-1), days(1), days(300)])
    }

    /// How long a report is held back, in milliseconds.
    fn some_delay(&mut self) -> u64 {
        if !self.random.percent(self.taste.held_back) {
            return self.random.of(&[0, 0, 0, 1_000, MINUTE_MS]);
        }
        let days = if self.taste.days < 14 {
            self.random.of(&[0, 1])
        } else {
            self.random.of(&[1, 9, 10, 12, 30, 34, 35, 36, 44, 50])
        };
        days * DAY_MS + self.random.below(2 * HOUR_MS)
    }

    /// Machines, each just beyond what a fraud rule allows.
    fn bots(&mut self) {
        for number in 0..self.random.between(1, 2) {
            let user = format!("bot{number}");
            let (plays, apart_ms, listened_ms, device) = match self.random.below(8) {
                0..3 => (105, 45_000, 31_000, "phone"),
                3..5 => (55, 5 * MINUTE_MS, 40_000, "phone"),
                5 => (5, 4 * HOUR_MS, 5 * HOUR_MS, "phone"),
                6 => (6, HOUR_MS, 60_000, BOT_DEVICES[0]),
                _ => (502, 5_000, 31_000, "phone"),
            };
            let begin_ms = self.some_start();
            for _ in 0..plays {
                let started_ms = begin_ms + apart_ms * (self.plays.len() as u64 % plays);
                self.bot_play(&user, started_ms, listened_ms, device);
            }
        }
    }

    fn bot_play(&mut self, user: &str, started_ms: u64, listened_ms: u64, device: &str) {
        let number = self.plays.len();
        let play_id = uuid_v7(started_ms, number as u64);
        let report = Report {
            user: Some(user.to_owned()),
            play_id: Some(play_id.clone()),
            track: STEADY_TRACKS[0].to_owned(),
            listened_ms,
            started_at: Some(started_ms),
            device: Some(device.to_owned()),
            ..Report::default()
        };
        let at_ms = started_ms + listened_ms;
        self.sendings.push(Sending { at_ms, source: APP, play: number, report });
        let user = user.to_owned();
        self.plays.push(Heard { source: APP, user, play_id, started_ms, plain: false });
    }

    /// Packs what is sent into bodies: neighbours of one source travel together.
    fn bodies(&mut self) -> Vec<(u64, Body)> {
        let mut sendings = std::mem::take(&mut self.sendings);
        sendings.sort_by_key(|sending| (sending.source, sending.at_ms));
        let mut bodies: Vec<(u64, Body)> = Vec::new();
        let mut room = 0;
        for Sending { at_ms, source, play, report } in sendings {
            match bodies.last_mut() {
                Some((last_ms, body)) if room > 0 && body.source == source => {
                    (*last_ms, body.sent_ms) = (at_ms, at_ms);
                    body.reports.push((play, report));
                    room -= 1;
                }
                _ => {
                    let reports = vec![(play, report)];
                    bodies.push((
                        at_ms,
                        Body { source, reports, sent_ms: at_ms, tries: 0, again: 0 },
                    ));
                    room = self.random.of(&[0, 0, 1, 3, 12, 40]);
                }
            }
        }
        for (_, body) in &mut bodies {
            if self.random.percent(20) {
                self.random.shuffle(&mut body.reports);
            }
        }
        bodies
    }
}

/// The report as a device with a clock that is off says it.
fn as_device_says(mut report: Report, at_ms: u64, off_ms: i64, source: usize) -> Report {
    if off_ms != 0 {
        report.started_at = report.started_at.map(|at| at.saturating_add_signed(off_ms));
        report.sent_at = Some(at_ms.saturating_add_signed(off_ms));
    }
    if source == IMPORT {
        report.backfilled_at = report.started_at.map(|at| at + report.listened_ms);
    }
    report
}

fn uuid_v7(at_ms: u64, number: u64) -> String {
    let time = format!("{at_ms:012x}");
    format!("{}-{}-7000-8000-{number:012x}", &time[..8], &time[8..])
}
