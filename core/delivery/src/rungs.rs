//! Which rung of the ladder a play begins with, by what the player says of its network.

/// How good a player's network is, as it says itself: `X-Network-Quality`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NetworkQuality {
    /// More than 500 kbps.
    High,
    /// 200 to 500 kbps; also where nothing is said.
    #[default]
    Medium,
    /// Less.
    Low,
}

impl NetworkQuality {
    /// Reads a header's value.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "high" => Some(Self::High),
            "medium" => Some(Self::Medium),
            "low" => Some(Self::Low),
            _ => None,
        }
    }

    /// The most that a rung to begin with may take, in kbps.
    #[must_use]
    pub fn bitrate_max_kbps(self) -> u32 {
        match self {
            Self::High => 320,
            Self::Medium => 160,
            Self::Low => 96,
        }
    }
}

/// Which of these bitrates a play begins with: the greatest that the network takes, else the least.
/// `None` where there is none.
#[must_use]
pub fn first_rung(quality: NetworkQuality, bitrates_kbps: &[u32]) -> Option<usize> {
    let numbered = || bitrates_kbps.iter().copied().enumerate();
    let fits = numbered().filter(|(_, kbps)| *kbps <= quality.bitrate_max_kbps());
    let best = fits.max_by_key(|(_, kbps)| *kbps);
    best.or_else(|| numbered().min_by_key(|(_, kbps)| *kbps)).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_play_begins_with_what_the_network_takes() {
        use NetworkQuality::{High, Low, Medium};
        let ladder = [24, 96, 160, 320, 900];
        for (quality, rungs, first) in [
            (High, &ladder[..], Some(3)),
            (Medium, &ladder, Some(2)),
            (Low, &ladder, Some(1)),
            (High, &[900], Some(0)),
            (Low, &[900, 128], Some(1)),
            (Medium, &[], None),
        ] {
            assert_eq!(first_rung(quality, rungs), first, "{quality:?} {rungs:?}");
        }
    }
}
