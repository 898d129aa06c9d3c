//! The log on a real Kafka, which `cargo xtask test` starts, and `cargo xtask services start` for a
//! run by hand. Each case has topics of its own.
//!
//! In reading order:
//! - `support`: brokers, topics, settings; `own_brokers`: such as may be killed
//! - `conformance`: the port's suite
//! - `several`: several processes on one topic
//! - `reading`: jumps, gaps and what is gone; `limits`: what is refused
//! - `topics`, `secure`, `dead_letters`; `deployment`: the use cases on this log
//! - `counted_plays`: what others are told of what counts
//! - `kills`: a broker that is killed under load; `three`: one of three

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod conformance;
mod counted_plays;
mod dead_letters;
mod deployment;
mod kills;
mod limits;
mod own_brokers;
mod reading;
mod secure;
mod several;
mod support;
mod three;
mod topics;
