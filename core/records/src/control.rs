//! What moves a partition besides reports: time, facts, and people's decisions.
//! They enter by the same log, so that judging is a function of the log alone.

use ledgerline_ids::{DeviceId, TrackId, UnixMs};

use crate::DecodeError;
use crate::play::{PlayIdentity, read_identity, write_identity};
use crate::report::TrackStamp;
use crate::verdict::{Decision, Ruling};
use crate::wire::{Reader, Writer, instant, typed};

/// The first byte of a [`Tick`].
pub const TICK: u8 = 2;
/// The first byte of a [`TrackFact`].
pub const TRACK_FACT: u8 = 3;
/// The first byte of a [`DeviceFact`].
pub const DEVICE_FACT: u8 = 4;
/// The first byte of an [`Adjudicated`].
pub const ADJUDICATED: u8 = 5;
/// The first byte of a [`FraudRuling`].
pub const FRAUD_RULING: u8 = 6;
pub(crate) const VERSION: u8 = 1;

/// Time has passed: expiry and fraud rules look at what is behind the clock now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// The instant up to which plays are to be looked at.
    pub at: UnixMs,
}

/// The catalogue learnt about a track; plays of it are judged again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrackFact<'a> {
    /// The recording.
    pub track: TrackId<'a>,
    /// What is known of it now.
    pub stamp: TrackStamp,
}

/// A device entered or left the deployment's list of bots; its plays are judged again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceFact<'a> {
    /// The device.
    pub device: DeviceId<'a>,
    /// Whether it is on the list now.
    pub listed: bool,
}

/// A person decided a play that no report brought in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adjudicated<'a> {
    /// Which play.
    pub play: PlayIdentity<'a>,
    /// What was decided.
    pub decision: Decision,
    /// Who decided; the name of a credential or of a person's account.
    pub by: &'a str,
    /// Why, in the decider's words.
    pub note: &'a str,
    /// When.
    pub at: UnixMs,
}

/// A person held, excluded or reinstated a play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FraudRuling<'a> {
    /// Which play.
    pub play: PlayIdentity<'a>,
    /// What was ruled.
    pub ruling: Ruling,
    /// Who ruled.
    pub by: &'a str,
    /// Why, in the ruler's words.
    pub note: &'a str,
    /// When.
    pub at: UnixMs,
}

impl Tick {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        Writer::new(out, TICK, VERSION).instant(self.at.get());
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, TICK, VERSION)?;
        let record = Self { at: instant(&mut reader, "at")? };
        reader.end()?;
        Ok(record)
    }
}

impl<'a> TrackFact<'a> {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let mut writer = Writer::new(out, TRACK_FACT, VERSION);
        writer.text(self.track.as_str());
        writer.number(self.stamp.revision);
        writer.byte(u8::from(self.stamp.known));
        // 0 stands for "not known": no recording lasts 0 ms.
        writer.number(self.stamp.length_ms.unwrap_or(0));
    }

    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, TRACK_FACT, VERSION)?;
        let track = typed!(TrackId, "track", reader.text()?)?;
        let revision = reader.number()?;
        let known = reader.flag("known")?;
        let length_ms = Some(reader.number()?).filter(|length_ms| *length_ms != 0);
        reader.end()?;
        Ok(Self { track, stamp: TrackStamp { revision, known, length_ms } })
    }
}

impl<'a> DeviceFact<'a> {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let mut writer = Writer::new(out, DEVICE_FACT, VERSION);
        writer.text(self.device.as_str());
        writer.byte(u8::from(self.listed));
    }

    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, DEVICE_FACT, VERSION)?;
        let device = typed!(DeviceId, "device", reader.text()?)?;
        let listed = reader.flag("listed")?;
        reader.end()?;
        Ok(Self { device, listed })
    }
}

impl<'a> Adjudicated<'a> {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let mut writer = Writer::new(out, ADJUDICATED, VERSION);
        write_identity(&mut writer, &self.play);
        writer.byte(self.decision as u8);
        writer.text(self.by);
        writer.text(self.note);
        writer.instant(self.at.get());
    }

    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, ADJUDICATED, VERSION)?;
        let play = read_identity(&mut reader)?;
        let decision =
            Decision::from_byte(reader.byte()?).ok_or(DecodeError::Field { field: "decision" })?;
        let (by, note) = (reader.text()?, reader.text()?);
        let at = instant(&mut reader, "at")?;
        reader.end()?;
        Ok(Self { play, decision, by, note, at })
    }
}

impl<'a> FraudRuling<'a> {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let mut writer = Writer::new(out, FRAUD_RULING, VERSION);
        write_identity(&mut writer, &self.play);
        writer.byte(self.ruling as u8);
        writer.text(self.by);
        writer.text(self.note);
        writer.instant(self.at.get());
    }

    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, FRAUD_RULING, VERSION)?;
        let play = read_identity(&mut reader)?;
        let ruling =
            Ruling::from_byte(reader.byte()?).ok_or(DecodeError::Field { field: "ruling" })?;
        let (by, note) = (reader.text()?, reader.text()?);
        let at = instant(&mut reader, "at")?;
        reader.end()?;
        Ok(Self { play, ruling, by, note, at })
    }
}
