//! The list of erasures: what a backup that is older than an erasure needs to be told.
//!
//! One JSON object a line. It names nobody: whose an erasure was is a hash with the deployment's
//! key, and a tie of the restored folder is compared with it.
//!
//! ```text
//! {"erased_at":1790000000000,"tie":"<32 hex digits>"}
//! {"play":"<32 hex digits>","forget_at":1793888000000}
//! ```

use ledgerline_app::ports::listeners::{ErasedPlay, Erasure, ListenerStore};
use ledgerline_app::ports::{AccountStore as _, StoreError};
use ledgerline_app::privacy::erasure_concerns;
use ledgerline_ids::{HashKey, UnixMs};
use ledgerline_sql_store::SqlStore;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use super::shelf::{sync_folder, write_durably};
use crate::failure::Failure;

/// The file in a folder of backups.
pub const FILE: &str = "erasures";
/// So many ties are looked at together.
const TIES_PER_PAGE: u32 = 1_000;

/// Erasures, and the plays that are kept in mind for a while.
#[derive(Debug, Clone, Default)]
pub struct ErasureList {
    erasures: BTreeSet<(UnixMs, u128)>,
    plays: BTreeSet<ErasedPlay>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Line {
    Erasure { erased_at: u64, tie: String },
    Play { play: String, forget_at: Option<u64> },
}

impl ErasureList {
    /// What a store knows.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of(store: &dyn ListenerStore) -> Result<Self, StoreError> {
        let erasures = store.erasures().await?;
        let erasures = erasures.into_iter().map(|it| (it.erased_at, it.tie_hash)).collect();
        Ok(Self { erasures, plays: store.erased_plays().await?.into_iter().collect() })
    }

    /// Reads a list; an absent one is empty.
    ///
    /// # Errors
    /// [`Failure`] names the line that is none.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Failure::io(path, &error)),
        };
        let mut list = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            list.take(line).ok_or_else(|| {
                Failure::damaged(format!(
                    "{}, line {number}: it is no line of a list of erasures",
                    path.display()
                ))
            })?;
        }
        Ok(list)
    }

    fn take(&mut self, line: &str) -> Option<()> {
        let hash = |text: &str| u128::from_str_radix(text, 16).ok().filter(|_| text.len() == 32);
        let instant = |millis: u64| UnixMs::new(millis).ok();
        match serde_json::from_str(line).ok()? {
            Line::Erasure { erased_at, tie } => {
                self.erasures.insert((instant(erased_at)?, hash(&tie)?));
            }
            Line::Play { play, forget_at } => {
                let forget_at = match forget_at {
                    Some(millis) => Some(instant(millis)?),
                    None => None,
                };
                self.plays.insert(ErasedPlay { hash: hash(&play)?, forget_at });
            }
        }
        Some(())
    }

    /// All of it as text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let erasures = self.erasures.iter().map(|(erased_at, tie)| Line::Erasure {
            erased_at: erased_at.get(),
            tie: format!("{tie:032x}"),
        });
        let plays = self.plays.iter().map(|play| Line::Play {
            play: format!("{:032x}", play.hash),
            forget_at: play.forget_at.map(UnixMs::get),
        });
        erasures.chain(plays).fold(String::new(), |mut text, line| {
            text.push_str(&serde_json::to_string(&line).expect("numbers and texts only"));
            text.push('\n');
            text
        })
    }

    /// Adds what another list has.
    pub fn add(&mut self, other: Self) {
        self.erasures.extend(other.erasures);
        self.plays.extend(other.plays);
    }

    /// Puts the list beside backups, together with what stands there, durably.
    ///
    /// # Errors
    /// [`io::Error`].
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let draft = folder.join("erasures.draft");
        write_durably(&draft, self.to_text().as_bytes())?;
        fs::rename(&draft, folder.join(FILE))?;
        sync_folder(folder)
    }

    /// Erases in a restored store whom the list names and who wasn't erased there before; how
    /// many these were.
    ///
    /// # Errors
    /// [`Failure`] where the store can't be written.
    pub async fn replay(&self, store: &SqlStore, key: &HashKey) -> Result<u64, Failure> {
        let known = Self::of(store).await?;
        let missing: Vec<Erasure> = self
            .erasures
            .difference(&known.erasures)
            .map(|(erased_at, tie_hash)| Erasure { erased_at: *erased_at, tie_hash: *tie_hash })
            .collect();
        if missing.is_empty() {
            return Ok(0);
        }
        let (mut erased, mut after) = (0, (String::new(), String::new()));
        loop {
            let page = store.ties_after(&after.0, &after.1, TIES_PER_PAGE).await?;
            let Some(last) = page.last() else { break };
            after = (last.source.clone(), last.user_id.clone());
            for tie in &page {
                let concerns = |erasure: &&Erasure| erasure_concerns(erasure, key, tie);
                if let Some(erasure) = missing.iter().find(concerns) {
                    erased += u64::from(store.erase(tie, *erasure, &[]).await?);
                }
            }
        }
        let plays: Vec<ErasedPlay> = self.plays.iter().copied().collect();
        store.take_over_erasures(&missing, &plays).await?;
        store.sweep().await?;
        store.scrub().await?;
        Ok(erased)
    }
}
