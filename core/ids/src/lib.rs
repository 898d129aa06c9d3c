//! Typed identifiers and instants, with the checks that make them valid.
//!
//! What it is for: a value of one of these types is valid wherever it turns up,
//! so no other room checks an identifier's alphabet or an instant's range again.
//! What it refuses: meaning. Whether a track exists is the catalogue's business.
//!
//! In reading order:
//! - [`text`]: identifiers that arrive as text (`PlayId`, `UserId`, `TrackId`, …)
//! - [`instant`]: milliseconds since 1970, hours and days of them
//! - [`period`]: calendar months, which are closed one by one
//! - [`industry`]: ISRC, ISWC, UPC and EAN, GRid, DPID, ISNI, IPI, with their check digits
//! - [`place`]: shards, partitions and positions in a log
//! - [`hash`]: the deployment's keyed hashes of listeners and plays

mod hash;
mod industry;
mod instant;
mod period;
mod place;
mod text;

pub use hash::{HashKey, IdentityHash, KeyedHasher, ListenerHash};
pub use industry::{Dpid, Grid, IndustryIdError, Ipi, Isni, Isrc, Iswc, Upc};
pub use instant::{DayNo, HourNo, InstantError, UnixMs};
pub use period::{Period, PeriodError};
pub use place::{PartitionId, Position, SHARDS, ShardId};
pub use text::{
    ContextPart, ContractId, DeviceId, IdError, PartyId, PlayId, Quality, ReleaseId, SessionId,
    SourceName, TermId, Territory, Tier, TrackId, UserId, WorkId,
};
