//! Accounts and settings in memory: what tests have in the place of a database. They live beside the
//! invitations and sessions, which accounts are opened by and have.

use async_trait::async_trait;
use ledgerline_ids::UnixMs;
use std::collections::BTreeMap;

use super::StoreError;
use super::accounts::{
    ACCOUNTS, Account, AccountChange, AccountQuery, AccountStore, Added, AppPassword, Changed,
    MEMBERS_MAX, NewAccount, NewAppPassword, OpenedBy, Plan, Subscription,
};
use super::memory_sign_in::{Content, MemorySignIns, Whose, failed};
use super::settings::{DeploymentSettings, SET_UP};
use super::sign_in::Role;

impl MemorySignIns {
    fn has(&self, account: &Account) -> bool {
        self.listeners.has(ACCOUNTS, &account.made.account_id)
    }

    fn find(&self, content: &Content, account_id: &str) -> Option<Account> {
        let found = content.accounts.values().find(|one| one.made.account_id == account_id);
        found.filter(|account| self.has(account)).cloned()
    }

    /// Whether somebody more finds a place in this family.
    fn has_place(&self, content: &Content, account_id: &str, family_of: &str) -> bool {
        let owner = self.find(content, family_of);
        let is_one = owner.is_some_and(|owner| {
            let of = &owner.made.subscription;
            of.plan == Plan::Family && of.family_of.is_none() && account_id != family_of
        });
        let others = content.accounts.values().filter(|one| {
            one.made.subscription.family_of.as_deref() == Some(family_of)
                && one.made.account_id != account_id
        });
        is_one && others.count() < MEMBERS_MAX as usize
    }
}

impl Content {
    /// Members of a family that is none any more have no plan of it.
    fn free_members_of(&mut self, owner_id: &str) {
        for account in self.accounts.values_mut() {
            if account.made.subscription.family_of.as_deref() == Some(owner_id) {
                account.made.subscription = Subscription::of(Plan::Free);
            }
        }
    }
}

#[async_trait]
impl AccountStore for MemorySignIns {
    async fn add_account(
        &self,
        mut account: NewAccount,
        opened_by: &OpenedBy,
    ) -> Result<Added, StoreError> {
        self.sweep().await?;
        let mut content = self.content();
        let now = account.created_at;
        let mut used = None;
        match opened_by {
            OpenedBy::Permission => {}
            OpenedBy::SetUp { secret_hash, .. } => {
                let expected: String = secret_hash.iter().map(|it| format!("{it:02x}")).collect();
                if !content.accounts.is_empty() || content.settings.get(SET_UP) != Some(&expected) {
                    return Ok(Added::OpensNothing);
                }
            }
            OpenedBy::Invitation { secret_hash } => {
                let found = content
                    .invitations
                    .iter()
                    .position(|one| one.invited.secret_hash == *secret_hash && one.opens(now));
                let Some(place) = found else { return Ok(Added::OpensNothing) };
                let invited = &content.invitations[place].invited;
                account.role = invited.role;
                account.parties.clone_from(&invited.parties);
                if let Some(subscription) = &invited.subscription {
                    account.subscription = subscription.clone();
                }
                used = Some(place);
            }
        }
        if content.accounts.contains_key(&account.folded) {
            return Ok(Added::NameTaken);
        }
        if content.accounts.values().any(|one| one.made.account_id == account.account_id) {
            return Err(failed("there is an account with this id already"));
        }
        if let Some(owner) = &account.subscription.family_of
            && !self.has_place(&content, &account.account_id, owner)
        {
            return Ok(Added::NoPlace);
        }
        if let Some(place) = used {
            content.invitations[place].used_at = Some(now);
        }
        if let OpenedBy::SetUp { settings, .. } = opened_by {
            apply(&mut content.settings, settings);
        }
        content.settings.remove(SET_UP);
        self.listeners.tie(ACCOUNTS, &account.account_id, account.listener);
        let stored =
            Account { made: account, disabled_at: None, sessions_since: UnixMs::default() };
        content.accounts.insert(stored.made.folded.clone(), stored.clone());
        Ok(Added::Added(Box::new(stored)))
    }

    async fn account(&self, account_id: &str) -> Result<Option<Account>, StoreError> {
        Ok(self.find(&self.content(), account_id))
    }

    async fn account_named(&self, folded: &str) -> Result<Option<Account>, StoreError> {
        let found = self.content().accounts.get(folded).cloned();
        Ok(found.filter(|account| self.has(account)))
    }

    async fn accounts(&self, query: AccountQuery<'_>) -> Result<Vec<Account>, StoreError> {
        let content = self.content();
        let wanted = content.accounts.values().filter(|account| {
            let folded = &account.made.folded;
            query.containing.is_none_or(|part| folded.contains(part))
                && query.after.is_none_or(|after| folded.as_str() > after)
                && self.has(account)
        });
        Ok(wanted.take(query.limit as usize).cloned().collect())
    }

    async fn members_of(&self, owner_id: &str) -> Result<Vec<Account>, StoreError> {
        let content = self.content();
        let members = content.accounts.values().filter(|account| {
            account.made.subscription.family_of.as_deref() == Some(owner_id) && self.has(account)
        });
        Ok(members.cloned().collect())
    }

    async fn change_account(
        &self,
        account_id: &str,
        change: &AccountChange,
        at: UnixMs,
    ) -> Result<Changed, StoreError> {
        let last = self.is_last_admin(account_id).await?;
        let mut content = self.content();
        let Some(before) = self.find(&content, account_id) else { return Ok(Changed::NoAccount) };
        let mut after = before.clone();
        change.apply(&mut after, at);
        if last && !(after.made.role == Role::Admin && after.is_enabled()) {
            return Ok(Changed::LastAdmin);
        }
        let (was, is) = (&before.made.subscription, &after.made.subscription);
        if let Some(owner) = is.family_of.as_ref().filter(|_| was != is)
            && !self.has_place(&content, account_id, owner)
        {
            return Ok(Changed::NoPlace);
        }
        let owns = |of: &Subscription| of.plan == Plan::Family && of.family_of.is_none();
        if owns(was) && !owns(is) {
            content.free_members_of(account_id);
        }
        content.accounts.insert(after.made.folded.clone(), after.clone());
        Ok(Changed::Changed(Box::new(after)))
    }

    async fn is_last_admin(&self, account_id: &str) -> Result<bool, StoreError> {
        let content = self.content();
        let admins = content.accounts.values().filter(|account| {
            account.made.role == Role::Admin && account.is_enabled() && self.has(account)
        });
        let admins: Vec<&str> = admins.map(|account| &*account.made.account_id).collect();
        Ok(admins == [account_id])
    }

    async fn sweep(&self) -> Result<u64, StoreError> {
        let mut content = self.content();
        let gone: Vec<String> = content
            .accounts
            .values()
            .filter(|account| !self.has(account))
            .map(|account| account.made.account_id.clone())
            .collect();
        for id in &gone {
            content.accounts.retain(|_, account| account.made.account_id != *id);
            content.app_passwords.retain(|one| one.made.account_id != *id);
            content.sessions.retain(|(_, whose, ..)| *whose != Whose::Account(id.clone()));
            content.free_members_of(id);
        }
        Ok(gone.len() as u64)
    }

    async fn add_app_password(
        &self,
        password: NewAppPassword,
        most: u32,
    ) -> Result<bool, StoreError> {
        let mut content = self.content();
        let has = content.app_passwords.iter();
        let has = has.filter(|one| one.made.account_id == password.account_id).count();
        if has >= most as usize || self.find(&content, &password.account_id).is_none() {
            return Ok(false);
        }
        if content.app_passwords.iter().any(|one| one.made.id == password.id) {
            return Err(failed("there is an app password with this id already"));
        }
        content.app_passwords.push(AppPassword { made: password, used_at: None });
        Ok(true)
    }

    async fn app_passwords(&self, account_id: &str) -> Result<Vec<AppPassword>, StoreError> {
        let content = self.content();
        let own = content.app_passwords.iter().filter(|one| one.made.account_id == account_id);
        let mut own: Vec<AppPassword> = own.cloned().collect();
        own.sort_by_key(|one| std::cmp::Reverse((one.made.created_at, one.made.id.clone())));
        Ok(own)
    }

    async fn app_password(&self, id: &str) -> Result<Option<AppPassword>, StoreError> {
        Ok(self.content().app_passwords.iter().find(|one| one.made.id == id).cloned())
    }

    async fn app_password_used(&self, id: &str, at: UnixMs) -> Result<(), StoreError> {
        let mut content = self.content();
        if let Some(found) = content.app_passwords.iter_mut().find(|one| one.made.id == id) {
            found.used_at = found.used_at.max(Some(at));
        }
        Ok(())
    }

    async fn remove_app_password(&self, account_id: &str, id: &str) -> Result<bool, StoreError> {
        let mut content = self.content();
        let had = content.app_passwords.len();
        content.app_passwords.retain(|one| one.made.account_id != account_id || one.made.id != id);
        Ok(content.app_passwords.len() < had)
    }
}

fn apply(settings: &mut BTreeMap<String, String>, changes: &[(String, Option<String>)]) {
    for (name, value) in changes {
        match value {
            Some(value) => settings.insert(name.clone(), value.clone()),
            None => settings.remove(name),
        };
    }
}

#[async_trait]
impl DeploymentSettings for MemorySignIns {
    async fn settings(&self) -> Result<BTreeMap<String, String>, StoreError> {
        Ok(self.content().settings.clone())
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        Ok(self.content().settings.get(name).cloned())
    }

    async fn set(&self, changes: &[(String, Option<String>)]) -> Result<(), StoreError> {
        apply(&mut self.content().settings, changes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ports::conformance::accounts::{People, every_case};
    use crate::ports::memory_listeners::MemoryListeners;

    #[tokio::test]
    async fn memory_conforms() {
        every_case(async || {
            let listeners = Arc::new(MemoryListeners::default());
            let people = Arc::new(MemorySignIns::beside(listeners.clone()));
            People {
                accounts: people.clone(),
                sign_ins: people.clone(),
                settings: people,
                listeners,
            }
        })
        .await;
    }
}
