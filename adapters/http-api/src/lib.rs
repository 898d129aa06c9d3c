//! The HTTP API: report bodies in, counts and plays out.
//!
//! What it is for: everything between a socket and the app's use cases. Bodies are limited,
//! unpacked and read here; keys are checked against one table of endpoints; answers and
//! problems have the shapes that `openapi/ledgerline.json` promises.
//! What it refuses: deciding anything. What a report means is the core's business.
//!
//! In reading order:
//! - [`authorisation`]: every endpoint, and who may use it
//! - [`reports`]: bodies of reports, as HTTP and `replay` read them
//! - [`dto`]: the shapes of requests and answers
//! - `routes`: what each endpoint does; `web`: the pages, embedded
//! - `problem`: every refusal, RFC 9457
//! - `auditing`: who did what, noted
//! - `guard`, `limits`, `request_body`, `linger`: what a request passes before its endpoint
//! - `outside`: what only the program around the API can do for it
//! - [`openapi`]: the contract, made from the table and the shapes
//! - [`mod@serve`]: connections, files that the system sends on them, and stopping in order

mod auditing;
pub mod authorisation;
pub mod dto;
mod guard;
mod limits;
mod linger;
mod metrics;
pub mod openapi;
mod outside;
mod parameters;
mod problem;
pub mod reports;
mod request_body;
mod router;
mod routes;
pub mod serve;
mod web;

pub use guard::OPERATOR;
pub use outside::{Demonstration, Outside, Sales, SalesSender, SentAudio, SentAudioLog};
pub use router::{HttpOptions, control_router, router};
pub use serve::serve;
