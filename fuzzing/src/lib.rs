//! Whatever the bytes are: what every reader of foreign or old bytes must hold to.
//!
//! What it is for: one function for each reader that meets bytes which nobody vouches for: a
//! body from a producer, an export from another service, a file after a crash or on a
//! rotting disk. Each asserts properties of what comes out, not only that nothing panics.
//! Two drivers run the same functions: this crate's tests with seeded mutations, on every
//! `cargo xtask test`, and coverage-guided fuzzing, by `cargo xtask fuzz`.
//! What it refuses: knowing how a reader works inside. It calls what the product calls.
//!
//! In reading order:
//! - [`TARGETS`]: all of them, by name
//! - `script`: bytes as decisions, for targets that write a log and then damage it
//! - `damage`: what disks do to files; `forge`: what nobody does, with the checksums mended
//! - `by_hand`: a log's writer without a thread; `memory`: how much memory a call may take
//! - `report_line`, `report_body`: what producers send
//! - `records`, `frames`, `report_log`, `plays_log`, `sealed_index`: what stands in the data folder
//! - `audio`: files of music, and what is kept of them
//! - `tags`: what they say of themselves, and their pictures; `signed`: addresses and grants that come back
//! - `exports`, `export_zip`, `catalogue`, `contract`, `sheets`: what people import
//! - [`corpus`]: the inputs that everything begins with, and how they are made
//! - [`mutator`], [`dictionary`]: seeded changes to them

mod audio;
mod by_hand;
mod catalogue;
mod contract;
pub mod corpus;
mod damage;
pub mod dictionary;
mod export_zip;
mod exports;
mod forge;
mod frames;
mod json;
mod memory;
pub mod mutator;
mod plays_log;
mod records;
mod report_body;
mod report_line;
mod report_log;
mod scratch;
mod script;
mod sealed_index;
mod sheets;
mod signed;
mod tags;

pub use audio::{audio_file, audio_marks, segment_index};
pub use catalogue::catalogue;
pub use contract::contract;
pub use export_zip::export_zip;
pub use exports::{listenbrainz, spotify_account, spotify_extended};
pub use frames::frames;
pub use plays_log::plays_log;
pub use records::records;
pub use report_body::report_body;
pub use report_line::report_line;
pub use report_log::report_log;
pub use sealed_index::sealed_index;
pub use sheets::sheets;
pub use signed::{signed_address, stream_grant};
pub use tags::{audio_tags, picture};

/// One reader, and what drives it.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: of its corpus, its dictionary and its program in `fuzz/fuzz_targets`.
    pub name: &'static str,
    /// Runs it on one input, and panics where a property doesn't hold.
    pub run: fn(&[u8]),
    /// How many mutated inputs a test run tries: about five seconds of them.
    pub mutations: u32,
}

/// Every target, in the order of the way that bytes take through the product.
pub const TARGETS: &[Target] = &[
    Target { name: "report_line", run: report_line, mutations: 250_000 },
    Target { name: "report_body", run: report_body, mutations: 40_000 },
    Target { name: "records", run: records, mutations: 600_000 },
    Target { name: "frames", run: frames, mutations: 120_000 },
    Target { name: "report_log", run: report_log, mutations: 30_000 },
    Target { name: "plays_log", run: plays_log, mutations: 12_000 },
    Target { name: "sealed_index", run: sealed_index, mutations: 10_000 },
    Target { name: "spotify_account", run: spotify_account, mutations: 12_000 },
    Target { name: "spotify_extended", run: spotify_extended, mutations: 12_000 },
    Target { name: "listenbrainz", run: listenbrainz, mutations: 12_000 },
    Target { name: "export_zip", run: export_zip, mutations: 12_000 },
    Target { name: "catalogue", run: catalogue, mutations: 80_000 },
    Target { name: "contract", run: contract, mutations: 20_000 },
    Target { name: "sheets", run: sheets, mutations: 20_000 },
    Target { name: "audio_file", run: audio_file, mutations: 3_000 },
    Target { name: "segment_index", run: segment_index, mutations: 200_000 },
    Target { name: "audio_marks", run: audio_marks, mutations: 100_000 },
    Target { name: "audio_tags", run: audio_tags, mutations: 6_000 },
    Target { name: "picture", run: picture, mutations: 3_000 },
    Target { name: "signed_address", run: signed_address, mutations: 200_000 },
    Target { name: "stream_grant", run: stream_grant, mutations: 200_000 },
];

/// The target of that name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
