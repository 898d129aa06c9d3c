//! Which plays a name means.

use ledgerline_ids::{PlayId, SourceName, UserId};
use ledgerline_records::play::{PlayIdentity, PlayKey};

use super::Running;
use crate::judging::worker::Found;
use crate::ports::LogError;

impl Running {
    /// The newest record of each play of this name: of one source, or of every source.
    ///
    /// # Errors
    /// What the disk or a run says. Looking changes nothing, so counting goes on.
    pub(super) fn find(
        &mut self,
        source: Option<&str>,
        user: Option<&str>,
        play_id: &str,
    ) -> Result<Found, LogError> {
        let Ok(play_id) = PlayId::new(play_id) else { return Ok(Vec::new()) };
        let user = match user.map(UserId::new).transpose() {
            Ok(user) => user,
            Err(_) => return Ok(Vec::new()),
        };
        let sources: Vec<Box<str>> = match source {
            Some(source) => vec![source.into()],
            None => self.memory.sources.iter().cloned().collect(),
        };
        let mut found = Vec::new();
        for source in sources {
            let Ok(name) = SourceName::new(&source) else { continue };
            let identity = PlayIdentity { source: name, user, key: PlayKey::Keyed(play_id) };
            if let Some(address) = self.partition.newest(&identity, &mut self.memory)? {
                found.push((source, address));
            }
        }
        Ok(found)
    }
}
