//! Invitations, sessions, accounts and settings in memory, for the simulation and for tests: gone with
//! the value.

use async_trait::async_trait;
use ledgerline_ids::UnixMs;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use super::StoreError;
use super::accounts::{Account, AppPassword};
use super::memory_listeners::MemoryListeners;
use super::sign_in::{Invitation, NewInvitation, NewWebSession, SignInStore, Standing, WebSession};

/// Invitations, sessions, accounts and settings in memory.
#[derive(Debug, Default)]
pub struct MemorySignIns {
    content: Mutex<Content>,
    /// Where accounts are tied to their listeners.
    pub(super) listeners: Arc<MemoryListeners>,
}

#[derive(Debug, Default)]
pub(super) struct Content {
    /// In the order in which they were made.
    pub invitations: Vec<Invitation>,
    /// In the order in which they began. That of a guest holds the invitation's id only.
    pub sessions: Vec<(NewWebSession, Whose, UnixMs, String)>,
    /// By folded name.
    pub accounts: BTreeMap<String, Account>,
    /// In the order in which they were made.
    pub app_passwords: Vec<AppPassword>,
    pub settings: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Whose {
    Key(String),
    Guest(String),
    Account(String),
}

impl MemorySignIns {
    /// Where listeners are kept with these.
    #[must_use]
    pub fn beside(listeners: Arc<MemoryListeners>) -> Self {
        Self { content: Mutex::default(), listeners }
    }

    pub(super) fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().expect("no holder panics")
    }

    fn begin(
        &self,
        whose: &Whose,
        session: NewWebSession,
        device: &str,
        sessions_max: u32,
    ) -> Result<(), StoreError> {
        let mut content = self.content();
        content.forget_expired(session.created_at);
        content.refuse_twice(&session.secret_hash)?;
        let has = content.sessions.iter().filter(|(_, other, ..)| other == whose).count();
        let mut surplus = (has + 1).saturating_sub(sessions_max as usize);
        content.sessions.retain(|(_, other, ..)| {
            let ends = other == whose && surplus > 0;
            surplus -= usize::from(ends);
            !ends
        });
        let now = session.created_at;
        content.sessions.push((session, whose.clone(), now, device.to_owned()));
        Ok(())
    }
}

impl Content {
    fn forget_expired(&mut self, now: UnixMs) {
        self.sessions.retain(|(session, ..)| now < session.expires_at);
    }

    fn refuse_twice(&self, hash: &[u8; 32]) -> Result<(), StoreError> {
        let taken = self.sessions.iter().any(|(session, ..)| session.secret_hash == *hash);
        if taken { Err(failed("there is a session with this secret already")) } else { Ok(()) }
    }
}

pub(super) fn failed(detail: &str) -> StoreError {
    StoreError { what: "storing how people get in", detail: detail.to_owned() }
}

#[async_trait]
impl SignInStore for MemorySignIns {
    async fn invite(&self, invitation: NewInvitation, open_max: u32) -> Result<bool, StoreError> {
        let mut content = self.content();
        let known = &content.invitations;
        if known.iter().any(|other| {
            other.invited.id == invitation.id || other.invited.secret_hash == invitation.secret_hash
        }) {
            return Err(failed(&format!("there is an invitation {} already", invitation.id)));
        }
        let open = known.iter().filter(|other| other.opens(invitation.created_at)).count();
        if open >= open_max as usize {
            return Ok(false);
        }
        let (used_at, revoked_at) = (None, None);
        content.invitations.push(Invitation { invited: invitation, used_at, revoked_at });
        Ok(true)
    }

    async fn invitations(&self, limit: u32) -> Result<Vec<Invitation>, StoreError> {
        let mut all = self.content().invitations.clone();
        all.sort_by(|a, b| {
            let key = |one: &Invitation| (one.invited.created_at, one.invited.id.clone());
            key(b).cmp(&key(a))
        });
        all.truncate(limit as usize);
        Ok(all)
    }

    async fn invitation(&self, id: &str) -> Result<Option<Invitation>, StoreError> {
        Ok(self.content().invitations.iter().find(|one| one.invited.id == id).cloned())
    }

    async fn revoke_invitation(&self, id: &str, at: UnixMs) -> Result<bool, StoreError> {
        let mut content = self.content();
        let found = content
            .invitations
            .iter_mut()
            .find(|one| one.invited.id == id && one.revoked_at.is_none());
        let Some(invitation) = found else { return Ok(false) };
        invitation.revoked_at = Some(at);
        let whose = Whose::Guest(id.to_owned());
        content.sessions.retain(|(_, other, ..)| *other != whose);
        Ok(true)
    }

    async fn begin_as_guest(
        &self,
        invitation_hash: &[u8; 32],
        session: NewWebSession,
    ) -> Result<Option<WebSession>, StoreError> {
        let mut content = self.content();
        content.forget_expired(session.created_at);
        content.refuse_twice(&session.secret_hash)?;
        let now = session.created_at;
        let found = content
            .invitations
            .iter_mut()
            .find(|one| one.invited.secret_hash == *invitation_hash && one.opens(now));
        let found = found.filter(|one| !one.invited.role.needs_account());
        let Some(invitation) = found else { return Ok(None) };
        invitation.used_at = Some(now);
        let invitation = invitation.clone();
        let whose = Whose::Guest(invitation.invited.id.clone());
        content.sessions.push((session.clone(), whose, now, String::new()));
        let standing = Standing::Invitation(Box::new(invitation));
        Ok(Some(WebSession { begun: session, standing, seen_at: now, device: String::new() }))
    }

    async fn invitation_by_hash(
        &self,
        secret_hash: &[u8; 32],
    ) -> Result<Option<Invitation>, StoreError> {
        let content = self.content();
        Ok(content.invitations.iter().find(|one| one.invited.secret_hash == *secret_hash).cloned())
    }

    async fn open_into_family(&self, owner_id: &str, now: UnixMs) -> Result<u32, StoreError> {
        let content = self.content();
        let open = content.invitations.iter().filter(|one| {
            let into = one.invited.subscription.as_ref().and_then(|it| it.family_of.as_deref());
            into == Some(owner_id) && one.opens(now)
        });
        Ok(u32::try_from(open.count()).unwrap_or(u32::MAX))
    }

    async fn begin_with_key(
        &self,
        key_id: &str,
        session: NewWebSession,
        sessions_max: u32,
    ) -> Result<(), StoreError> {
        self.begin(&Whose::Key(key_id.to_owned()), session, "", sessions_max)
    }

    async fn begin_with_account(
        &self,
        account_id: &str,
        session: NewWebSession,
        device: &str,
        sessions_max: u32,
    ) -> Result<(), StoreError> {
        self.begin(&Whose::Account(account_id.to_owned()), session, device, sessions_max)
    }

    async fn sessions_of_account(&self, account_id: &str) -> Result<Vec<WebSession>, StoreError> {
        let content = self.content();
        let whose = Whose::Account(account_id.to_owned());
        let own = content.sessions.iter().filter(|(_, other, ..)| *other == whose);
        let mut own: Vec<WebSession> = own
            .map(|(begun, _, seen_at, device)| WebSession {
                begun: begun.clone(),
                standing: Standing::Account(account_id.to_owned()),
                seen_at: *seen_at,
                device: device.clone(),
            })
            .collect();
        let key = |one: &WebSession| (one.begun.created_at, one.begun.secret_hash);
        own.sort_by_key(|one| std::cmp::Reverse(key(one)));
        Ok(own)
    }

    async fn end_sessions_of_account(
        &self,
        account_id: &str,
        before: UnixMs,
    ) -> Result<u64, StoreError> {
        let mut content = self.content();
        let (had, whose) = (content.sessions.len(), Whose::Account(account_id.to_owned()));
        content
            .sessions
            .retain(|(session, other, ..)| *other != whose || session.created_at >= before);
        Ok((had - content.sessions.len()) as u64)
    }

    async fn session(&self, secret_hash: &[u8; 32]) -> Result<Option<WebSession>, StoreError> {
        let content = self.content();
        let found =
            content.sessions.iter().find(|(session, ..)| session.secret_hash == *secret_hash);
        let Some((begun, whose, seen_at, device)) = found.cloned() else { return Ok(None) };
        let standing = match whose {
            Whose::Key(id) => Standing::Key(id),
            Whose::Account(id) => Standing::Account(id),
            Whose::Guest(id) => {
                let found = content.invitations.iter().find(|one| one.invited.id == id);
                Standing::Invitation(Box::new(found.expect("invitations stay").clone()))
            }
        };
        Ok(Some(WebSession { begun, standing, seen_at, device }))
    }

    async fn seen(&self, secret_hash: &[u8; 32], at: UnixMs) -> Result<(), StoreError> {
        let mut content = self.content();
        let found =
            content.sessions.iter_mut().find(|(session, ..)| session.secret_hash == *secret_hash);
        if let Some((_, _, seen_at, _)) = found {
            *seen_at = at.max(*seen_at);
        }
        Ok(())
    }

    async fn end_session(&self, secret_hash: &[u8; 32]) -> Result<bool, StoreError> {
        let mut content = self.content();
        let before = content.sessions.len();
        content.sessions.retain(|(session, ..)| session.secret_hash != *secret_hash);
        Ok(content.sessions.len() < before)
    }

    async fn end_sessions_of_key(&self, key_id: &str) -> Result<u64, StoreError> {
        let mut content = self.content();
        let (before, whose) = (content.sessions.len(), Whose::Key(key_id.to_owned()));
        content.sessions.retain(|(_, other, ..)| *other != whose);
        Ok((before - content.sessions.len()) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::conformance::sign_in;

    #[tokio::test]
    async fn memory_conforms() {
        sign_in::every_case(async || MemorySignIns::default()).await;
    }
}
