//! A play as the fraud rules know it.

use ledgerline_ids::{DayNo, HashKey, ListenerHash, UnixMs};
use ledgerline_records::play::{PlayAddress, PlayRecord};
use ledgerline_records::report::Producer;
use ledgerline_records::verdict::FraudRules;

use crate::identity::{device_hash, track_hash};
use crate::run::RunEntry;

/// One record of a play in its listener's book. What is known of one address never
/// changes: a later record of the play has another one, and an entry that is `gone` says
/// that the record at its address is the play's newest no more.
///
/// In a run it is 40 bytes: listener and address, big end first, then little end first
/// track, device, listened time, start in the day, rules, flags and two zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookEntry {
    /// Whose book.
    pub listener: ListenerHash,
    /// The play's newest record.
    pub address: PlayAddress,
    /// Its track's hash.
    pub track: u64,
    /// Its device's hash; 0 where it has none.
    pub device: u32,
    /// The merged listened time in milliseconds; at most 49 days.
    pub listened_ms: u32,
    /// When it started, in milliseconds from the beginning of its page's day.
    pub start_ms: u32,
    /// The rules that touch it.
    pub rules: FraudRules,
    /// What else there is to know.
    pub flags: Flags,
}

/// What there is to know of an entry besides its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags(u8);

impl Flags {
    /// The rules look at it.
    pub const CANDIDATE: Self = Self(1);
    /// Its source is a backfill, for which no watermark waits and no time runs out.
    pub const BACKFILL: Self = Self(2);
    /// It is pending, were it not for the rules.
    pub const PENDING: Self = Self(4);
    /// The record is its play's newest no more.
    pub const GONE: Self = Self(8);

    /// Whether all of `flags` are set.
    #[must_use]
    pub fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// These and `flags`, where `on`.
    #[must_use]
    pub fn with(self, flags: Self, on: bool) -> Self {
        if on { Self(self.0 | flags.0) } else { self }
    }

    /// As a byte.
    #[must_use]
    pub fn byte(self) -> u8 {
        self.0
    }

    /// From a byte.
    #[must_use]
    pub fn from_byte(byte: u8) -> Self {
        Self(byte)
    }
}

impl BookEntry {
    /// The entry of a record, but for whether it is a candidate and pending.
    #[must_use]
    pub fn of(
        key: &HashKey,
        listener: ListenerHash,
        address: PlayAddress,
        play: &PlayRecord<'_>,
    ) -> Self {
        let start_ms = play.started_at.since(play.started_at.day().start());
        Self {
            listener,
            address,
            track: track_hash(key, play.track),
            device: play.device.map_or(0, |device| device_hash(key, device)),
            listened_ms: u32::try_from(play.listened_ms).unwrap_or(u32::MAX),
            start_ms: u32::try_from(start_ms).expect("a day has fewer than 2^32 milliseconds"),
            rules: play.rules,
            flags: Flags::default().with(Flags::BACKFILL, play.producer == Producer::Backfill),
        }
    }

    /// Whether the rules look at it.
    #[must_use]
    pub fn is_candidate(&self) -> bool {
        self.flags.has(Flags::CANDIDATE)
    }

    /// When it started, where its page is of `day`.
    #[must_use]
    pub fn started_at(&self, day: DayNo) -> UnixMs {
        day.start().plus(u64::from(self.start_ms))
    }

    /// Whether a tick that tells `watermark` looks at it already.
    #[must_use]
    pub fn is_due(&self, day: DayNo, watermark: UnixMs) -> bool {
        self.flags.has(Flags::BACKFILL) || self.started_at(day) <= watermark
    }
}

impl RunEntry for BookEntry {
    const BYTES: usize = 40;
    const MAGIC: [u8; 8] = *b"LLBOOKS1";

    fn key(&self) -> u128 {
        u128::from(self.listener.0) << 64 | u128::from(self.address.0)
    }

    fn filter_key(key: u128) -> u64 {
        crate::run::high_half(key)
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let mut bytes = [0; Self::BYTES];
        bytes[..16].copy_from_slice(&self.key().to_be_bytes());
        bytes[16..24].copy_from_slice(&self.track.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.device.to_le_bytes());
        bytes[28..32].copy_from_slice(&self.listened_ms.to_le_bytes());
        bytes[32..36].copy_from_slice(&self.start_ms.to_le_bytes());
        bytes[36] = self.rules.0;
        bytes[37] = self.flags.byte();
        out.extend_from_slice(&bytes);
    }

    fn decode(bytes: &[u8]) -> Self {
        let bytes: &[u8; Self::BYTES] = bytes.try_into().expect("a whole entry");
        let four =
            |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        let high = |at: usize| u64::from_be_bytes(bytes[at..at + 8].try_into().expect("eight"));
        Self {
            listener: ListenerHash(high(0)),
            address: PlayAddress(high(8)),
            track: u64::from_le_bytes(bytes[16..24].try_into().expect("eight bytes")),
            device: four(24),
            listened_ms: four(28),
            start_ms: four(32),
            rules: FraudRules(bytes[36]),
            flags: Flags::from_byte(bytes[37]),
        }
    }
}
