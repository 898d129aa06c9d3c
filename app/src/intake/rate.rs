//! How many reports a key may send: a bucket of tokens for each.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Token buckets, by the id of the credential. There are as many as there are credentials.
#[derive(Debug, Default)]
pub(super) struct Rates {
    buckets: Mutex<BTreeMap<Arc<str>, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    filled_at: Duration,
}

impl Rates {
    /// Takes `reports` tokens from the bucket of `key`, which holds two seconds' worth of
    /// them and fills at `per_second`. Says after how many seconds to try again where
    /// there are too few. A body larger than the bucket passes where the bucket is full.
    pub(super) fn take(
        &self,
        key: &Arc<str>,
        per_second: u32,
        reports: u64,
        now: Duration,
    ) -> Result<(), u64> {
        let (rate, size) = (f64::from(per_second), f64::from(per_second) * 2.0);
        let mut buckets = self.buckets.lock().expect("no holder panics");
        let bucket = buckets.entry(key.clone()).or_insert(Bucket { tokens: size, filled_at: now });
        let passed = now.saturating_sub(bucket.filled_at).as_secs_f64();
        bucket.tokens = (bucket.tokens + passed * rate).min(size);
        bucket.filled_at = now;
        #[expect(clippy::cast_precision_loss, reason = "a body has at most 50 000 reports")]
        let wanted = reports as f64;
        if bucket.tokens >= wanted.min(size) {
            bucket.tokens -= wanted;
            Ok(())
        } else {
            let missing = wanted.min(size) - bucket.tokens;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a small positive number of seconds"
            )]
            let seconds = (missing / rate).ceil() as u64;
            Err(seconds.max(1))
        }
    }
}
