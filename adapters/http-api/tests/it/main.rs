//! Tests of the HTTP API that need no deployment.

mod authorisation;
mod bodies;
mod lines;
mod openapi;
mod properties;
mod serve;
