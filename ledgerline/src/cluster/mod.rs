//! One of several nodes that share a log on Kafka and a state in PostgreSQL.
//!
//! A node has a data folder too: for what it derives, for its lock, and for the socket by which commands
//! reach it. So every command works on a node as it does on a deployment of its own, with `--config` in the
//! place of `--data`.
//!
//! ```text
//! deployment.json   number of partitions and key of the hashes, as the configuration has them
//! node.json         where the configuration is
//! lock, control.sock, plays/, index/, closes/, keys/   as in any data folder
//! ```
//!
//! - [`config`]: the configuration's file
//! - `accord`: what all nodes must have alike
//! - `letters`: records that nobody could read
//! - `moving`: a deployment of its own becomes one of nodes, and back
//! - `archiving`: the archive that a node writes for ever
//! - `opening`: a deployment opened on it; `objects`: the store of blobs; `spool`: where reports wait while Kafka is
//!   away; `without`: what a program says that was built without

#[cfg(feature = "cluster")]
mod accord;
#[cfg(feature = "cluster")]
mod archiving;
#[cfg_attr(
    not(feature = "cluster"),
    allow(dead_code, reason = "without Kafka and PostgreSQL it is read, and goes nowhere")
)]
pub mod config;
#[cfg(feature = "cluster")]
mod letters;
#[cfg(feature = "cluster")]
mod moving;
#[cfg(feature = "cluster")]
mod objects;
#[cfg(feature = "cluster")]
mod opening;
#[cfg(not(feature = "cluster"))]
#[path = "without.rs"]
mod opening;
#[cfg(feature = "cluster")]
mod spool;

use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::data_folder::{Identity, read_identity, write_identity};
use crate::failure::Failure;
use config::Config;

#[cfg(feature = "cluster")]
pub use archiving::open as open_archive;
#[cfg(feature = "cluster")]
pub use letters::{list_letters, redrive_letters, show_letter};
#[cfg(feature = "cluster")]
pub use moving::{hand_back, take_over};
pub use opening::{
    NodeStore, adopt, auditing, check, check_accord, create_topics, describe_topics, kept_head,
    ledger, open, upgrade,
};
#[cfg(not(feature = "cluster"))]
pub use opening::{hand_back, list_letters, open_archive, redrive_letters, show_letter, take_over};

const NODE_FILE: &str = "node.json";

#[derive(Serialize, Deserialize)]
struct NodeFile {
    config: PathBuf,
}

/// Reads a configuration and makes its node's data folder where that is missing; says which folder it is.
///
/// # Errors
/// [`Failure`] says what of the configuration is wrong, or what is in the folder that doesn't agree.
pub fn enter(file: &Path) -> Result<PathBuf, Failure> {
    let config = Config::read(file)?;
    let folder = &config.data;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| Failure::io(folder, &error))?;
    if folder.join("state.db").exists() {
        return Err(Failure::failed(format!(
            "{} has a deployment of its own; node.data must name another folder, and `ledgerline move` \
             takes that deployment over",
            folder.display()
        )));
    }
    let here = Identity { partitions: config.kafka.partitions, key: config.hash_key };
    match read_identity(folder)? {
        None => write_identity(folder, &here)?,
        Some(there)
            if there.partitions == here.partitions
                && there.key.as_bytes() == here.key.as_bytes() => {}
        Some(_) => {
            return Err(Failure::failed(format!(
                "{} was derived with another key of the hashes or another number of partitions; correct \
                 the configuration, or remove the folder to have it derived again",
                folder.display()
            )));
        }
    }
    let text = serde_json::to_vec_pretty(&NodeFile { config: config.file.clone() })
        .expect("a path that was read is text");
    let path = folder.join(NODE_FILE);
    if fs::read(&path).ok().as_deref() != Some(&text) {
        let draft = folder.join("node.json.draft");
        let write = || {
            let mut options = fs::OpenOptions::new();
            let mut file =
                options.create(true).truncate(true).write(true).mode(0o600).open(&draft)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&draft, &path)
        };
        write().map_err(|error| Failure::io(&path, &error))?;
    }
    Ok(config.data)
}

/// The configuration of the node whose data folder it is; `None` for a deployment of its own.
///
/// # Errors
/// [`Failure`] where it can't be read.
pub fn of(folder: &Path) -> Result<Option<Config>, Failure> {
    let path = folder.join(NODE_FILE);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::io(&path, &error)),
    };
    let file: NodeFile = serde_json::from_slice(&text).map_err(|error| {
        Failure::damaged(format!("{}: {error}; start the node with --config", path.display()))
    })?;
    Config::read(&file.config).map(Some)
}
