//! Report bodies as reports: the one path for what comes by HTTP and what `replay` reads.
//!
//! A body is first found to be whole ([`decode_body`]): unpacked, its JSON closed, its last
//! line not cut. Only then are its reports read ([`Reports::each`]), each by itself, so that
//! a bad one never costs the good ones. Nothing here looks at a clock or a credential.

mod body;
mod encoding;
mod instant;
mod json;
mod line;
mod lines;
mod reader;
mod refusal;
mod usual;

pub(crate) use body::decode;
pub use body::{BodyError, BodyLimits, Format, Outcome, Reports, decode_body};
pub use encoding::Encoding;
pub use line::{GRANT_BYTES_MAX, LINE_BYTES_MAX, ReportLine, decode_line};
pub use lines::{NdjsonLines, Read, ndjson_lines, read_lines, read_one};
pub use refusal::{Code, LineError};
