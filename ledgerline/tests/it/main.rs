//! The program as its users have it: the real binary, real folders, real sockets.
//!
//! Each test has a folder of its own, and ends the processes that it started. Tests wait for
//! conditions, never for a time. In reading order:
//! - `support`: what the tests share
//! - `cli`: the words of the command line, exit codes, counts, the catalogue
//! - `real`: real listeners' histories, to the play
//! - `truth`: made-up populations against the truth that they were made from
//! - `http`, `limits`, `decisions`: the API; bad input, limits, people's decisions
//! - `sessions`: people sign in, by a key or by an invitation
//! - `doors`, `tenants`: every endpoint tried by everybody; two labels that never see each other's
//! - `appeals`: the rules run again, and a person decides
//! - `closes`: months that are closed, and what is known of them later
//! - `desk`: contracts proposed and approved, and who did what
//! - `earnings`: what payees earned, pools, previews, verification: the same by HTTP as stated
//! - `overview`: the deployment at a glance; `demonstration`: sent again and killed while it is shown
//! - `papers`: statements as files, sales reports, payouts; `handed_on`: the same over HTTP
//! - `playing`: plays begin, and their audio is fetched; `cdn`: from a node at the edge
//! - `worthless`: each way of cheating is refused, or worth nothing
//! - `lasting`: what was heard, counted and stated stays, whatever becomes of files and catalogues
//! - `trial`: what histories would have paid, against a plain script
//! - `music`: a music folder is scanned, moved, tagged anew, emptied; its plays count, and nobody is paid yet
//! - `ingest`, `jobs`: files become renditions, by commands and over HTTP; `scanned`: so do those of a music folder
//! - `rights`: the catalogue of rights, revenue, rates, brought usage
//! - `ledger`: posting, reading and verifying; what is done to its database is found
//! - `control`: commands beside a running server, and its end
//! - `crash`: commands that are killed, and run again
//! - `faults`: servers that are killed, disks that are full, slow or fail, and too much at once
//! - `damage`: files that change, shrink or are gone
//! - `formats`: folders of versions before, and of versions to come
//! - `backup`: backups under load, in steps, doctored; restored and audited
//! - `nodes`: several nodes on one log and one state, and each of these gone for a while
//! - `archive`: runs in a folder, and an audit that reads them
//! - `privacy`: pseudonyms, exports, erasures
//! - `sealed`: the same in a segment that was sealed, found behind the start

mod support;

mod cli;
mod real;
mod terms;
mod truth;

mod accounts;
mod appeals;
mod cdn;
mod deals;
mod decisions;
mod desk;
mod doors;
mod earnings;
mod handed_on;
mod http;
mod ingest;
mod jobs;
mod lasting;
mod ledger;
mod limits;
mod lookups;
mod music;
mod overview;
mod papers;
mod playing;
mod rights;
mod scanned;
mod sessions;
mod tenants;
mod trial;
mod worthless;

mod archive;
mod backup;
mod closes;
mod collection;
mod control;
mod crash;
mod damage;
mod demonstration;
mod faults;
mod formats;
#[cfg(feature = "cluster")]
mod nodes;
mod privacy;
mod sealed;
