//! Tests of the embedded logs.

mod conformance;
mod crash;
mod damage;
mod golden;
mod plays;
mod plays_crash;
mod reader;
mod speed;
mod support;
mod trouble;
mod writing;
