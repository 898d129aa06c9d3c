//! What listeners, recordings, devices, plans and countries are called.

use crate::digits::{push_digits, push_hex, push_number};
use crate::seed::mix;

/// Plans in byte order, so that of two the one with the lesser index is the lesser; the
/// first stands for an absent field.
pub(crate) const TIERS: [&str; TIER_COUNT as usize] = ["", "family", "free", "premium", "student"];

/// Countries in byte order; the first stands for an absent field.
pub(crate) const TERRITORIES: [&str; TERRITORY_COUNT as usize] = [
    "", "AR", "AT", "AU", "BR", "CA", "CH", "DE", "DK", "ES", "FI", "FR", "GB", "IN", "IT", "JP",
    "KE", "NG", "NO", "SE", "US",
];

/// How many [`TIERS`] there are.
pub(crate) const TIER_COUNT: u8 = 5;
/// How many [`TERRITORIES`] there are.
pub(crate) const TERRITORY_COUNT: u8 = 21;

/// The device list's prefix.
const FARM_PREFIX: &str = "bot-farm-";

/// What kind of listener one is, which shows in the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Somebody who listens.
    Listener,
    /// The same, with a name that JSON may write in two ways.
    Zoe,
    /// Somebody whose player shares play ids with another listener's.
    Family,
    /// Somebody just short of a fraud rule.
    Edge,
    /// Somebody whose player sends neither a key nor a start.
    Window,
    /// Starts more plays in an hour than anyone listens to.
    RateBot,
    /// Plays one track in a row.
    LoopBot,
    /// Opens an account to play one track.
    FreshLoopBot,
    /// Listens for more than 22 hours a day.
    HoursBot,
    /// Never skips, a thousand times a day.
    NoSkipBot,
    /// Uses a device of a farm.
    FarmUser,
}

const PREFIXES: [(Kind, &str); 11] = [
    (Kind::Listener, "u"),
    (Kind::Zoe, "zo\u{eb}-"),
    (Kind::Family, "family-"),
    (Kind::Edge, "edge-"),
    (Kind::Window, "window-"),
    (Kind::RateBot, "bot-rate-"),
    (Kind::LoopBot, "bot-loop-"),
    (Kind::FreshLoopBot, "bot-fresh-"),
    (Kind::HoursBot, "bot-hours-"),
    (Kind::NoSkipBot, "bot-noskip-"),
    (Kind::FarmUser, "bot-farm-user-"),
];

/// A listener: its kind in the top four bits, its number in the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct User(u32);

impl User {
    /// The most listeners of a kind.
    pub(crate) const LIMIT: u32 = 1 << 28;

    /// The `number`-th listener of `kind`.
    pub(crate) fn new(kind: Kind, number: u32) -> Self {
        assert!(number < Self::LIMIT, "the population was checked to fit");
        Self((kind as u32) << 28 | number)
    }

    /// All of it in one number.
    pub(crate) fn packed(self) -> u64 {
        u64::from(self.0)
    }

    /// Appends the user id; `escaped` writes letters beyond ASCII as `\u` escapes.
    #[inline]
    pub(crate) fn push(self, out: &mut Vec<u8>, escaped: bool) {
        let (kind, prefix) = PREFIXES[(self.0 >> 28) as usize];
        if escaped && kind == Kind::Zoe {
            out.extend_from_slice(b"zo\\u00eb-");
        } else {
            out.extend_from_slice(prefix.as_bytes());
        }
        push_number(out, u64::from(self.0 & (Self::LIMIT - 1)));
    }

    /// The user id.
    pub(crate) fn name(self) -> String {
        text(|out| self.push(out, false))
    }
}

/// What a play sounded from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Device {
    /// Not told.
    None,
    /// One of the listener's own.
    Own(u8),
    /// One of a bot farm.
    Farm(u32),
}

impl Device {
    /// Appends the device id; `listener` is whose it is.
    #[inline]
    pub(crate) fn push(self, out: &mut Vec<u8>, listener: User) {
        match self {
            Self::None => {}
            Self::Own(number) => {
                out.extend_from_slice(b"d-");
                push_hex::<8>(out, mix(listener.packed() << 8 | u64::from(number)));
            }
            Self::Farm(number) => {
                out.extend_from_slice(FARM_PREFIX.as_bytes());
                push_digits::<4>(out, u64::from(number));
            }
        }
    }
}

/// The id of a farm's device.
pub(crate) fn farm_device(number: u32) -> String {
    text(|out| Device::Farm(number).push(out, User(0)))
}

/// Appends the id of the track of rank `track`.
#[inline]
pub(crate) fn push_track(out: &mut Vec<u8>, track: u32) {
    out.push(b't');
    push_number(out, u64::from(track));
}

/// The id of the track of rank `track`.
pub(crate) fn track_name(track: u32) -> String {
    text(|out| push_track(out, track))
}

/// The text that `fill` appends.
pub(crate) fn text(fill: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::with_capacity(40);
    fill(&mut out);
    String::from_utf8(out).expect("names are written as UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        for (index, (kind, prefix)) in PREFIXES.into_iter().enumerate() {
            assert_eq!(kind as usize, index);
            assert_eq!(User::new(kind, 7).name(), format!("{prefix}7"));
        }
        let escaped = text(|out| User::new(Kind::Zoe, 3).push(out, true));
        assert_eq!(escaped, "zo\\u00eb-3");
        assert_eq!(farm_device(3), "bot-farm-0003");
    }

    #[test]
    fn indices_order_as_bytes_do() {
        assert!(TIERS.is_sorted());
        assert!(TERRITORIES.is_sorted());
    }
}
