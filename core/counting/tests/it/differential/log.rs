//! Random logs: what a partition may be given.

use super::*;
/// A record of the log, and what happens to the partition after it.
#[derive(Clone)]
pub struct Item {
    pub frame_at: UnixMs,
    pub bytes: Vec<u8>,
    pub after: After,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    Nothing,
    /// The frame of the plays log ends: addresses go on somewhat later.
    Frame(u64),
    /// A snapshot is begun, or the one that was begun before is finished.
    Seal,
    /// A snapshot, and all runs are merged.
    Merge,
    /// The process ends and begins again at its last snapshot.
    Crash,
}

pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        // SplitMix64 (Steele, Lea, Flood 2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    pub fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }
}

/// What kinds of things a log has; each seed leaves some of them out.
pub struct Taste {
    pub backfills: bool,
    pub anonymous: bool,
    pub keyless: bool,
    pub facts: bool,
    pub decisions: bool,
    pub days: u64,
    pub ticks_go_back: bool,
    pub ticks_run_ahead: bool,
    pub bursts: bool,
    pub users: u64,
}

pub struct Maker {
    pub random: Random,
    pub taste: Taste,
    pub now: u64,
    pub items: Vec<Item>,
    pub revision: u64,
    pub bursts: u64,
    /// Reports that may be sent again.
    pub sent: Vec<Vec<u8>>,
}

pub fn ms(millis: u64) -> UnixMs {
    UnixMs::new(millis.min(UnixMs::MAX.get())).expect("limited")
}

/// A log of about `length` records.
pub fn make(seed: u64) -> Vec<Item> {
    let mut random = Random(seed.wrapping_mul(0x1000_0000_01b3) ^ 0xcbf2_9ce4_8422_2325);
    let taste = Taste {
        backfills: random.percent(60),
        anonymous: random.percent(50),
        keyless: random.percent(60),
        facts: random.percent(70),
        decisions: random.percent(70),
        days: random.of(&[0, 0, 2, 10, 40]),
        ticks_go_back: random.percent(20),
        ticks_run_ahead: random.percent(15),
        bursts: random.percent(50),
        users: random.of(&[1, 2, 5]),
    };
    let length = random.of(&[20, 80, 300, 600]);
    let mut maker = Maker {
        random,
        taste,
        now: NOON,
        items: Vec::new(),
        revision: 1,
        bursts: 0,
        sent: Vec::new(),
    };
    while (maker.items.len() as u64) < length {
        maker.step();
    }
    maker.items
}

impl Maker {
    pub fn step(&mut self) {
        self.pass_time();
        match self.random.below(100) {
            0..8 => self.tick(),
            8..14 if self.taste.facts => self.fact(),
            14..17 => self.device(),
            17..25 if self.taste.decisions => self.decide(),
            25..40 => self.again(),
            40..42 if self.taste.bursts => self.burst(),
            _ => {
                let bytes = self.report();
                self.push_report(bytes);
            }
        }
    }

    pub fn pass_time(&mut self) {
        let by = match self.random.below(100) {
            0..50 => 0,
            50..70 => self.random.below(2 * MINUTE),
            70..85 => self.random.of(&[4 * MINUTE, 5 * MINUTE, 5 * MINUTE - 1, 20 * MINUTE]),
            85..95 => self.random.below(3 * HOUR),
            _ => {
                let days = self.random.below(self.taste.days + 1) * DAY;
                days + self.random.of(&[0, 1, HOUR, DAY - 1])
            }
        };
        self.now += by;
        if self.taste.days == 40 && self.random.percent(1) {
            self.now += self.random.of(&[34, 35, 44, 45, 46, 47]) * DAY;
        }
    }

    pub fn push(&mut self, bytes: Vec<u8>) {
        let after = match self.random.below(100) {
            0..82 => After::Nothing,
            82..88 => After::Frame(1 + self.random.below(40)),
            88..92 => After::Seal,
            92..95 => After::Merge,
            _ => After::Crash,
        };
        self.items.push(Item { frame_at: ms(self.now), bytes, after });
    }

    pub fn push_record(&mut self, record: &LogRecord<'_>) {
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        self.push(bytes);
    }

    pub fn push_report(&mut self, bytes: Vec<u8>) {
        self.sent.push(bytes.clone());
        self.push(bytes);
    }

    pub fn tick(&mut self) {
        let mut at = self.now;
        if self.taste.ticks_go_back && self.random.percent(30) {
            at -= self.random.of(&[1, MINUTE, HOUR, 2 * DAY]);
        }
        if self.taste.ticks_run_ahead && self.random.percent(30) {
            at += self.random.of(&[1, MINUTE, HOUR, 2 * DAY]);
        }
        self.push_record(&LogRecord::Tick(Tick { at: ms(at) }));
    }

    pub fn fact(&mut self) {
        for _ in 0..=self.random.below(3) {
            if self.random.percent(70) {
                self.revision += 1;
            }
            let stamp = self.stamp();
            let track = self.random.of(&TRACKS);
            let track = TrackId::new(track).unwrap();
            self.push_record(&LogRecord::TrackFact(TrackFact { track, stamp }));
        }
    }

    pub fn stamp(&mut self) -> TrackStamp {
        let known = !self.taste.facts || self.random.percent(80);
        let lengths = [None, Some(20_000), Some(180_000), Some(1)];
        let length_ms = if known && self.taste.facts { self.random.of(&lengths) } else { None };
        let back = self.random.below(3).min(self.revision);
        TrackStamp { revision: self.revision - back, known, length_ms }
    }

    pub fn device(&mut self) {
        let device = self.random.of(&DEVICES);
        let device = DeviceId::new(device).unwrap();
        let listed = self.random.percent(50);
        self.push_record(&LogRecord::DeviceFact(DeviceFact { device, listed }));
    }

    /// A person's word on a play that was reported, or on none.
    pub fn decide(&mut self) {
        if self.sent.is_empty() {
            return;
        }
        let which = self.random.below(self.sent.len() as u64) as usize;
        let bytes = self.sent[which].clone();
        let Ok(LogRecord::Report(report)) = LogRecord::decode(&bytes) else { unreachable!() };
        let Some(play) = own_identity(&report) else { return };
        let (by, note, at) = ("a person", "", ms(self.now));
        let record = if self.random.percent(60) {
            let decision = self.random.of(Decision::ALL);
            LogRecord::Adjudicated(Adjudicated { play, decision, by, note, at })
        } else {
            let ruling = self.random.of(Ruling::ALL);
            LogRecord::FraudRuling(FraudRuling { play, ruling, by, note, at })
        };
        self.push_record(&record);
    }

    /// A report that was sent before, as it was or with a field changed.
    pub fn again(&mut self) {
        if self.sent.is_empty() {
            return;
        }
        // Mostly a young one.
        let back = self.random.below(self.sent.len() as u64);
        let back = if self.random.percent(60) { back.min(5) } else { back };
        let bytes = self.sent[self.sent.len() - 1 - back as usize].clone();
        let Ok(LogRecord::Report(mut report)) = LogRecord::decode(&bytes) else { unreachable!() };
        match self.random.below(12) {
            0..3 => {}
            3..6 => report.listened_ms = self.random.of(&LISTENED),
            6 => report.device = self.some_device(),
            7 => report.tier = self.some_tier(),
            8 => report.stamp = self.stamp(),
            9 => report.track = TrackId::new(self.random.of(&TRACKS)).unwrap(),
            10 if report.play_id.is_some() => report.started_at = self.some_start(),
            11 => report.grant = self.grant(report.producer),
            _ => report.preview = self.random.percent(20),
        }
        let mut bytes = Vec::new();
        LogRecord::Report(report).encode(&mut bytes);
        self.push_report(bytes);
    }

    pub fn some_start(&mut self) -> Option<UnixMs> {
        let ago = self.random.of(&[
            0,
            30_000,
            5 * MINUTE,
            HOUR,
            20 * DAY,
            35 * DAY - 1,
            35 * DAY,
            35 * DAY + 1,
            36 * DAY,
            400 * DAY,
        ]);
        let ahead = self.random.of(&[MINUTE, 10 * MINUTE, 10 * MINUTE + 1, DAY, 100 * DAY]);
        match self.random.below(10) {
            0..2 => None,
            2..4 => Some(ms(self.now + ahead)),
            4..7 => Some(ms(self.now - ago)),
            // Of the beginning: many plays share it.
            7 => Some(ms(NOON + self.random.below(4) * 30_000)),
            _ => Some(ms(self.now - self.random.below(2 * HOUR))),
        }
    }

    pub fn some_device(&mut self) -> Option<DeviceId<'static>> {
        let device = self.random.of(&DEVICES);
        self.random.percent(70).then(|| DeviceId::new(device).unwrap())
    }

    pub fn some_tier(&mut self) -> Option<Tier<'static>> {
        let tier = self.random.of(&["free", "premium"]);
        self.random.percent(70).then(|| Tier::new(tier).unwrap())
    }

    pub fn grant(&mut self, producer: Producer) -> GrantCheck {
        if producer != Producer::Player {
            return GrantCheck::NotNeeded;
        }
        let issued = self.now - self.random.of(&[0, 10_000, 21_000, HOUR, DAY]);
        match self.random.below(5) {
            0 => GrantCheck::Missing,
            1 => GrantCheck::Invalid,
            2 => GrantCheck::Valid { issued_at: ms(self.now + 1), valid_until: ms(self.now + 2) },
            _ => GrantCheck::Valid { issued_at: ms(issued), valid_until: ms(issued + HOUR) },
        }
    }

    pub fn play_id(&mut self) -> Option<String> {
        if self.taste.keyless && self.random.percent(40) {
            return None;
        }
        let number = self.random.below(12);
        let time = match self.random.below(8) {
            0 => return Some(format!("k{number}")),
            1 => self.now - self.random.of(&[9, 10, 11, 44, 45, 46]) * DAY,
            2 => self.now + self.random.of(&[10 * MINUTE, 10 * MINUTE + 1, DAY]),
            3 => NOON,
            4 => NOON + 20 * DAY,
            _ => self.now - self.random.below(3) * HOUR,
        };
        Some(uuid_v7(time, number))
    }

    pub fn report(&mut self) -> Vec<u8> {
        let producer = match self.random.below(10) {
            0..2 if self.taste.backfills => Producer::Backfill,
            2..4 => Producer::Player,
            _ => Producer::Trusted,
        };
        let source = match producer {
            Producer::Backfill => "import:x",
            _ if self.random.percent(15) => "b",
            _ => "a",
        };
        let user = format!("L{}", self.random.below(self.taste.users));
        let anonymous = self.taste.anonymous && self.random.percent(20);
        let play_id = self.play_id();
        let started_at = self.some_start();
        let sent_at = match self.random.below(12) {
            0 => Some(ms(self.now - self.random.of(&[2 * MINUTE, 2 * MINUTE + 1, 30 * DAY]))),
            1 => Some(ms(self.now + self.random.of(&[2 * MINUTE, 2 * MINUTE + 1, 30 * DAY]))),
            2 => Some(ms(self.now)),
            _ => None,
        };
        let backfilled_at =
            (producer == Producer::Backfill && self.random.percent(85)).then(|| {
                ms(self.now - self.random.of(&[0, 1, MINUTE, 6 * MINUTE, 100 * DAY, 1000 * DAY]))
            });
        let track = self.random.of(&TRACKS);
        let session = self.random.of(&["S1", "S2"]);
        let session = self.random.percent(30).then(|| SessionId::new(session).unwrap());
        let context = self.random.percent(20).then(|| Context {
            kind: ContextPart::new("playlist").unwrap(),
            id: ContextPart::new("1").unwrap(),
        });
        let territory = self.random.of(&["SE", "NO"]);
        let territory = self.random.percent(60).then(|| Territory::new(territory).unwrap());
        let report = ReportRecord {
            source: SourceName::new(source).unwrap(),
            producer,
            user: (!anonymous).then(|| UserId::new(&user).unwrap()),
            play_id: play_id.as_deref().map(|id| PlayId::new(id).unwrap()),
            track: TrackId::new(track).unwrap(),
            listened_ms: self.random.of(&LISTENED),
            started_at,
            sent_at,
            event: None,
            completed: None,
            session,
            device: self.some_device(),
            quality: None,
            offline: None,
            context,
            tier: self.some_tier(),
            territory,
            preview: self.random.percent(3),
            imported: self.random.percent(3),
            grant: self.grant(producer),
            stamp: self.stamp(),
            backfilled_at,
        };
        let mut bytes = Vec::new();
        LogRecord::Report(report).encode(&mut bytes);
        bytes
    }

    /// Many plays of one listener: what fraud rules look for.
    pub fn burst(&mut self) {
        self.bursts += 1;
        if self.bursts > 3 {
            return;
        }
        let plays = self.random.of(&[49, 50, 55, 99, 100, 105, 130, 130, 505]);
        let template = self.report();
        let Ok(LogRecord::Report(report)) = LogRecord::decode(&template) else { unreachable!() };
        let spread = self.random.of(&[0, 1, 20_000, 4 * MINUTE, 40 * MINUTE, 5 * HOUR]);
        // Plays of many days are those of a device that was away.
        let over = if spread > 4 * MINUTE { spread * plays } else { 0 };
        let (burst, begin) = (self.bursts, self.now - self.random.below(4) * HOUR - over);
        let other_track = self.random.percent(40);
        for number in 0..plays {
            let id = if self.random.percent(50) {
                uuid_v7(begin, 1000 * burst + number)
            } else {
                format!("burst-{burst}-{number}")
            };
            let mut report = ReportRecord { play_id: PlayId::new(&id).ok(), ..report };
            report.started_at = Some(ms(begin + spread * number));
            if report.backfilled_at.is_some() {
                report.backfilled_at = report.started_at;
            }
            if other_track && self.random.percent(8) {
                report.track = TrackId::new(self.random.of(&TRACKS)).unwrap();
            }
            let mut bytes = Vec::new();
            LogRecord::Report(report).encode(&mut bytes);
            self.push_report(bytes);
        }
    }
}

pub const TRACKS: [&str; 3] = ["T1", "T2", "T3"];
pub const DEVICES: [&str; 3] = ["D1", "D2", "D3"];
pub const LISTENED: [u64; 8] = [0, 1_000, 19_999, 20_000, 29_999, 30_000, 200_000, 23 * HOUR];

pub fn uuid_v7(time: u64, number: u64) -> String {
    let time = format!("{time:012x}");
    format!("{}-{}-7000-8000-{number:012x}", &time[..8], &time[8..])
}
