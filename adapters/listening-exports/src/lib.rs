//! Listening histories that other services export, read row by row as plain values.
//!
//! What it is for: a listener brings years of plays from elsewhere, and importing
//! the same files again, one by one, as a folder, as a zip, or together with an
//! older export of the same service, gives the same plays with the same ids.
//! What it refuses: meaning. Whether a play counts is the core's business, and a
//! row is never dropped because it looks like another: an export of minute
//! resolution holds real plays that are equal in every field.
//!
//! Three formats are read ([`Kind`]). Two of them, Spotify's account data and its
//! extended history, tell of the *same* plays in different words, so importing both
//! for one listener gives each play twice; [`Export::kind`] tells them apart.
//!
//! In reading order:
//! - `play`: what a row becomes, and what is said of a row that doesn't
//! - `find` with `file_name` and `archive`: which files of a folder or zip are histories
//! - `export`: files that belong together, read in order
//! - `rows` with `meter`: one file as a run of rows, within limits
//! - `spotify_account`, `spotify_extended`, `listenbrainz`: one row of each format
//! - `track_key`, `row_key`: ids of tracks and plays, where the export has none
//! - `error`: why an export can't be read

mod archive;
mod error;
mod export;
mod file_name;
mod find;
mod listenbrainz;
mod meter;
mod play;
mod row;
mod row_key;
mod rows;
mod spotify_account;
mod spotify_extended;
mod track_key;

pub use error::{ExportError, Limit};
pub use export::{Export, ExportFile, listenbrainz, spotify};
pub use play::{ExportedPlay, Kind, SkippedRow, Summary, WhySkipped};
