//! Whether enough bytes were delivered for what is said to have been heard.
//!
//! A play that counts was heard for thirty seconds, so at least about thirty seconds of bytes went out.
//! A quiet beginning takes fewer bytes than the mean, so only what is far below it is suspect.

/// What was delivered of one rendition for one play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// Bytes of bodies that went out.
    pub sent_bytes: u64,
    /// The length of the rendition.
    pub rendition_bytes: u64,
    /// How long it plays, in milliseconds.
    pub duration_ms: u64,
}

/// A play is suspect below this share of the bytes that its threshold takes at the mean, in per cent.
pub const SHARE_MIN_PERCENT: u64 = 50;

/// How much of the recording the delivered bytes are at the mean, in milliseconds; each rendition's
/// own share, all added up.
#[must_use]
pub fn playable_ms(of: &[Delivered]) -> u64 {
    let each = |of: &Delivered| {
        let whole = u128::from(of.rendition_bytes.max(1));
        let sent = u128::from(of.sent_bytes) * u128::from(of.duration_ms);
        u64::try_from(sent / whole).unwrap_or(u64::MAX)
    };
    of.iter().map(each).fold(0, u64::saturating_add)
}

/// Whether this is too little for a play that reached a threshold.
#[must_use]
pub fn is_too_little(of: &[Delivered], threshold_ms: u64) -> bool {
    u128::from(playable_ms(of)) * 100 < u128::from(threshold_ms) * u128::from(SHARE_MIN_PERCENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_below_the_mean_is_too_little() {
        let of =
            |sent_bytes| Delivered { sent_bytes, rendition_bytes: 2_400_000, duration_ms: 200_000 };
        for (sent, too_little) in [
            (&[0][..], true),
            (&[], true),
            (&[179_999], true),
            (&[180_000], false),
            (&[100_000, 90_000], false),
            (&[2_400_000], false),
            (&[u64::MAX, u64::MAX], false),
        ] {
            let delivered: Vec<_> = sent.iter().copied().map(of).collect();
            assert_eq!(is_too_little(&delivered, 30_000), too_little, "{sent:?}");
        }
    }
}
