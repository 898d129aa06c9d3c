//! Parties, recordings, works and releases, and who holds which right of them.
//!
//! What it is for: the catalogue that money is paid by. A [`Catalogue`] is the whole of it as
//! known at one revision, in memory, with the lookups that a close needs; an [`Import`] is judged
//! against one and becomes [`Changes`], or a list of what is wrong, row by row.
//! What it refuses: shares of a right that don't add up to the whole, names that lead nowhere, and
//! half an import.
//!
//! In reading order:
//! - [`right`]: the copyrights that a play uses, and dates
//! - [`entries`]: parties, recordings, works, releases, shares, as they are brought
//! - [`fields`]: entries from the columns of a row
//! - [`sums`]: shares of one right add up to 100 % on every day and in every territory
//! - [`import`]: entries from files, judged against what is known
//! - [`catalogue`]: all of it, compact, with lookups; [`build`](mod@build): how it is made
//! - [`review`]: what is not wrong but wants a look
//! - [`texts`]: many texts in one piece of memory

pub mod build;
pub mod catalogue;
pub mod entries;
pub mod fields;
pub mod import;
pub mod review;
pub mod right;
pub mod sums;
pub mod texts;

pub use build::{BuildError, CatalogueBuilder, with_changes};
pub use catalogue::{Catalogue, PartyNo, RecordingNo, ReleaseNo, WorkNo};
pub use entries::{
    ArtistRole, Credit, Party, PartyKind, Recording, RecordingKind, Release, RightOf, Share,
    ShareSet, TerritoryCode, Work, WorkPart, Writer, WriterRole,
};
pub use import::{
    Changes, Import, Place, Placed, PlacedShare, Refused, RowError, RowErrors, Tally, judge,
};
pub use review::{Finding, Plays, review};
pub use right::{Dates, Right};
