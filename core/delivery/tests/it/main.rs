//! What is signed: one table for URLs and one for grants, golden bytes, and changed bits.

mod golden;
mod grants;
mod properties;
mod urls;

use ledgerline_delivery::{KeyId, KeyRing, SigningKey};
use ledgerline_ids::UnixMs;

const NOW: u64 = 1_790_000_000_000;

fn at(millis: u64) -> UnixMs {
    UnixMs::new(millis).expect("an instant")
}

fn key(id: u32) -> SigningKey {
    SigningKey::new(KeyId(id), std::array::from_fn(|at| u8::try_from(at).expect("small") ^ 0x5a))
}

fn ring(ids: &[u32]) -> KeyRing {
    KeyRing::new(ids.iter().map(|id| key(*id)).collect()).expect("a few keys")
}
