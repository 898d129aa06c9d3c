//! Several nodes on one log and one state: whatever goes, every play that was acknowledged counts, once.
//!
//! - `crowd`: nodes that run, clients that send to them, and what must come of it
//! - `agreed`: nodes that differ in what they must have alike
//! - `sharing`: roles, shares, and nodes that come and go
//! - `parts`: nodes that follow some partitions only
//! - `alone`: such nodes without standbys
//! - `hot`: a partition that is held up, beside others
//! - `gone`: a node that is killed, paused or cut off
//! - `away`: a database that is away, cut off or behind
//! - `letters`: records that nobody can read
//! - `set_back`: a database that is restored to an earlier point
//! - `moving`: from one machine to nodes, and back
//! - `objects`: snapshots in a store of blobs
//! - `archived`: an archive that is written for ever, and the log released behind it
//! - `closed`: closed months, wherever they were closed
//! - `bucket`: all that nodes share, in a bucket
//! - `told`: what others are told, by a node that is killed before it commits
//! - `brokers`: one broker of three is killed
//! - `spool`: reports are kept while Kafka is away
//! - `alerts`: the rules of `deploy/alerts.yml`
//! - `storm`: nodes that are started, killed and paused by chance

mod agreed;
mod alerts;
mod alone;
mod archived;
mod away;
mod brokers;
mod bucket;
mod closed;
mod crowd;
mod gone;
mod hot;
mod letters;
mod moving;
mod objects;
mod parts;
mod set_back;
mod sharing;
mod spool;
mod storm;
mod told;
