//! `PostgresStore` against the suites of its ports, and what is PostgreSQL's own: a server that many share,
//! that comes and goes, and that is told to forget.
//!
//! They want a server: `eval "$(cargo xtask services start postgres)"` starts one and says where it is.

mod broken;
mod damage;
mod limits;
mod rivals;
mod schema;
mod server;
mod suites;
