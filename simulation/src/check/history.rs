//! Each play's transitions: numbered without a gap, each from where the one before it led,
//! each with an id of its own.

use ledgerline_app::plays::transition_id;
use ledgerline_records::play::{PlayAddress, PlayRecord};
use ledgerline_records::verdict::Status;
use ledgerline_recount::{Identity, PlayName};
use std::collections::{BTreeMap, BTreeSet};

use crate::process::hash_key;

/// One change of a play's status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// Its id.
    pub id: String,
    /// Where it led.
    pub to: Status,
}

/// The histories of all plays.
#[derive(Default)]
pub struct Histories {
    /// By partition.
    pub of_partition: Vec<BTreeMap<PlayName, Vec<Transition>>>,
    ids: BTreeSet<String>,
}

/// The histories of a partition, record by record.
pub struct Taking<'h> {
    ids: &'h mut BTreeSet<String>,
    plays: &'h mut BTreeMap<PlayName, Vec<Transition>>,
    /// The newest record of each play that has a later one to come.
    newest: BTreeMap<PlayAddress, (PlayName, Standing)>,
}

#[derive(Clone, Copy)]
struct Standing {
    number: u64,
    to: Status,
}

impl Histories {
    /// Begins the next partition.
    pub fn begin(&mut self) -> Taking<'_> {
        self.of_partition.push(BTreeMap::new());
        let plays = self.of_partition.last_mut().expect("it was just pushed");
        Taking { ids: &mut self.ids, plays, newest: BTreeMap::new() }
    }
}

impl Taking<'_> {
    /// Takes the next record of the partition's plays log.
    pub fn take(&mut self, address: PlayAddress, play: &PlayRecord<'_>) -> Result<(), String> {
        let name = self.name_and_check(play)?;
        let standing = Standing { number: play.number, to: play.to };
        if play.from != Some(play.to) {
            let id = transition_id(&hash_key(), play);
            if !self.ids.insert(id.clone()) {
                return Err(format!("play {name}: transition id {id} is not its first use"));
            }
            let transition = Transition { id, to: play.to };
            self.plays.entry(name.clone()).or_default().push(transition);
        }
        self.newest.insert(address, (name, standing));
        Ok(())
    }

    fn name_and_check(&mut self, play: &PlayRecord<'_>) -> Result<PlayName, String> {
        let Some(previous) = play.previous else {
            let mut name = PlayName { identity: Identity::from(&play.identity), incarnation: 1 };
            while self.plays.contains_key(&name) {
                name.incarnation += 1;
            }
            return match (play.number, play.from) {
                (1, None) => Ok(name),
                _ => Err(format!("play {name}: its first record is number {}", play.number)),
            };
        };
        let Some((name, before)) = self.newest.remove(&previous) else {
            return Err(format!(
                "a record names one before it, at {}, that has a later one already",
                previous.0
            ));
        };
        let step = u64::from(play.to != before.to);
        if play.from != Some(before.to) || play.number != before.number + step {
            return Err(format!(
                "play {name}: number {} from {:?} follows number {} to {}",
                play.number, play.from, before.number, before.to
            ));
        }
        Ok(name)
    }
}
