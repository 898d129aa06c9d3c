//! Accounts and their app passwords. Who an account is in the logs stands in `listeners`: an account that
//! isn't tied there any more is gone.

use async_trait::async_trait;
use ledgerline_app::ports::StoreError;
use ledgerline_app::ports::accounts::{
    ACCOUNTS, Account, AccountChange, AccountQuery, AccountStore, Added, AppPassword, Changed,
    MEMBERS_MAX, NewAccount, NewAppPassword, OpenedBy, Plan, Subscription,
};
use ledgerline_app::ports::listeners::Listener;
use ledgerline_app::ports::settings::SET_UP;
use ledgerline_app::ports::sign_in::Role;
use ledgerline_ids::{PartyId, Territory, UnixMs};
use sqlx::{AssertSqlSafe, Row as _};

use super::dialect::{Connection, Database};
use super::revisions::Statement;
use super::{Area, Store, listeners, settings, sign_in};
use crate::fault::{Fault, from_column, said, to_column};

type Row = <Database as sqlx::Database>::Row;

const ALL: &str = "SELECT a.account_id, a.name, a.folded, a.email, a.password_hash, a.role, a.parties, \
     a.plan, a.plan_until, a.family_of, a.territory, a.created_at, a.disabled_at, a.sessions_since, \
     l.listener_id, l.secret FROM accounts a \
     JOIN listeners l ON l.source = 'accounts' AND l.user_id = a.account_id";
const APP_PASSWORDS: &str =
    "SELECT id, account_id, secret_hash, label, created_at, used_at FROM app_passwords";
const _: () = assert!(matches!(ACCOUNTS.as_bytes(), b"accounts"), "the statement names it");

#[async_trait]
impl AccountStore for Store {
    async fn add_account(
        &self,
        account: NewAccount,
        opened_by: &OpenedBy,
    ) -> Result<Added, StoreError> {
        let added = async {
            let mut write = self.begin_write(Area::Access).await?;
            let added = add(write.connection(), account, opened_by).await;
            write.finish(added).await
        };
        added.await.map_err(|fault| self.error("storing an account", &fault))
    }

    async fn account(&self, account_id: &str) -> Result<Option<Account>, StoreError> {
        let found = async { find(&mut *self.reader().await?, "a.account_id", account_id).await };
        found.await.map_err(|fault| self.error("looking up an account", &fault))
    }

    async fn account_named(&self, folded: &str) -> Result<Option<Account>, StoreError> {
        let found = async { find(&mut *self.reader().await?, "a.folded", folded).await };
        found.await.map_err(|fault| self.error("looking up an account", &fault))
    }

    async fn accounts(&self, query: AccountQuery<'_>) -> Result<Vec<Account>, StoreError> {
        let listed = async {
            // A part of a name is a text, not a pattern.
            let statement = format!(
                "{ALL} WHERE a.folded > $1 AND ($2 = '' OR a.folded LIKE $2 ESCAPE '!') \
                 ORDER BY a.folded LIMIT $3"
            );
            let containing =
                query.containing.filter(|part| !part.is_empty()).map_or_else(String::new, |part| {
                    let part = part.replace('!', "!!").replace('%', "!%").replace('_', "!_");
                    format!("%{part}%")
                });
            let rows = sqlx::query(AssertSqlSafe(statement))
                .bind(query.after.unwrap_or_default())
                .bind(containing)
                .bind(i64::from(query.limit));
            let rows = rows.fetch_all(&mut *self.reader().await?).await?;
            rows.iter().map(account).collect::<Result<Vec<_>, _>>()
        };
        listed.await.map_err(|fault: Fault| self.error("listing accounts", &fault))
    }

    async fn members_of(&self, owner_id: &str) -> Result<Vec<Account>, StoreError> {
        let listed = async {
            let statement = format!("{ALL} WHERE a.family_of = $1 ORDER BY a.folded");
            let rows = sqlx::query(AssertSqlSafe(statement)).bind(owner_id);
            let rows = rows.fetch_all(&mut *self.reader().await?).await?;
            rows.iter().map(account).collect::<Result<Vec<_>, _>>()
        };
        listed.await.map_err(|fault: Fault| self.error("listing a family", &fault))
    }

    async fn change_account(
        &self,
        account_id: &str,
        change: &AccountChange,
        at: UnixMs,
    ) -> Result<Changed, StoreError> {
        let changed = async {
            let mut write = self.begin_write(Area::Access).await?;
            let changed = make(write.connection(), account_id, change, at).await;
            write.finish(changed).await
        };
        changed.await.map_err(|fault| self.error("changing an account", &fault))
    }

    async fn is_last_admin(&self, account_id: &str) -> Result<bool, StoreError> {
        let asked = async { is_last_admin(&mut *self.reader().await?, account_id).await };
        asked.await.map_err(|fault| self.error("counting who lets others in", &fault))
    }

    async fn sweep(&self) -> Result<u64, StoreError> {
        let swept = async {
            if gone(&mut *self.reader().await?).await?.is_empty() {
                return Ok(0);
            }
            let mut write = self.begin_write(Area::Access).await?;
            let swept = sweep(write.connection()).await;
            write.finish(swept).await
        };
        swept.await.map_err(|fault| self.error("removing what is left of erased accounts", &fault))
    }

    async fn add_app_password(
        &self,
        password: NewAppPassword,
        most: u32,
    ) -> Result<bool, StoreError> {
        let added = async {
            let mut write = self.begin_write(Area::Access).await?;
            let added = add_app_password(write.connection(), &password, most).await;
            write.finish(added).await
        };
        added.await.map_err(|fault| self.error("storing an app password", &fault))
    }

    async fn app_passwords(&self, account_id: &str) -> Result<Vec<AppPassword>, StoreError> {
        let listed = async {
            let statement =
                format!("{APP_PASSWORDS} WHERE account_id = $1 ORDER BY created_at DESC, id DESC");
            let rows = sqlx::query(AssertSqlSafe(statement)).bind(account_id);
            let rows = rows.fetch_all(&mut *self.reader().await?).await?;
            rows.iter().map(app_password).collect::<Result<Vec<_>, _>>()
        };
        listed.await.map_err(|fault: Fault| self.error("listing app passwords", &fault))
    }

    async fn app_password(&self, id: &str) -> Result<Option<AppPassword>, StoreError> {
        let found = async {
            let statement = format!("{APP_PASSWORDS} WHERE id = $1");
            let query = sqlx::query(AssertSqlSafe(statement)).bind(id);
            let row = query.fetch_optional(&mut *self.reader().await?).await?;
            row.as_ref().map(app_password).transpose()
        };
        found.await.map_err(|fault: Fault| self.error("looking up an app password", &fault))
    }

    async fn app_password_used(&self, id: &str, at: UnixMs) -> Result<(), StoreError> {
        let noted = async {
            let at = to_column("a time", at.get())?;
            let mut write = self.begin_write(Area::Access).await?;
            let noted = sqlx::query(
                "UPDATE app_passwords SET used_at = $1 \
                 WHERE id = $2 AND (used_at IS NULL OR used_at < $1)",
            )
            .bind(at)
            .bind(id)
            .execute(write.connection())
            .await;
            write.finish(noted.map(drop).map_err(Fault::from)).await
        };
        noted.await.map_err(|fault| self.error("noting that an app password was used", &fault))
    }

    async fn remove_app_password(&self, account_id: &str, id: &str) -> Result<bool, StoreError> {
        let removed = async {
            let mut write = self.begin_write(Area::Access).await?;
            let removed =
                sqlx::query("DELETE FROM app_passwords WHERE account_id = $1 AND id = $2")
                    .bind(account_id)
                    .bind(id)
                    .execute(write.connection())
                    .await;
            write.finish(removed.map(|it| it.rows_affected() > 0).map_err(Fault::from)).await
        };
        removed.await.map_err(|fault| self.error("removing an app password", &fault))
    }
}

/// Reads each row on its own and says what is wrong with it.
pub(crate) async fn damage(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let accounts = sqlx::query(ALL).fetch_all(&mut *connection).await?;
    let passwords = sqlx::query(APP_PASSWORDS).fetch_all(connection).await?;
    let faults = accounts.iter().filter_map(|row| account(row).err());
    let faults = faults.chain(passwords.iter().filter_map(|row| app_password(row).err()));
    Ok(faults.map(|fault| fault.to_string()).collect())
}

/// By a column that is unique.
async fn find(
    connection: &mut Connection,
    column: &str,
    value: &str,
) -> Result<Option<Account>, Fault> {
    let statement = format!("{ALL} WHERE {column} = $1");
    let query = sqlx::query(AssertSqlSafe(statement)).bind(value);
    let row = query.fetch_optional(connection).await?;
    row.as_ref().map(account).transpose()
}

async fn add(
    connection: &mut Connection,
    mut account: NewAccount,
    opened_by: &OpenedBy,
) -> Result<Added, Fault> {
    // A name is free again once its last bearer is erased.
    sweep(connection).await?;
    let now = account.created_at;
    let mut used = None;
    match opened_by {
        OpenedBy::Permission => {}
        OpenedBy::SetUp { secret_hash, .. } => {
            if !sets_up(connection, secret_hash).await? {
                return Ok(Added::OpensNothing);
            }
        }
        OpenedBy::Invitation { secret_hash } => {
            let found = sign_in::by_hash(connection, secret_hash).await?;
            let Some(found) = found.filter(|found| found.opens(now)) else {
                return Ok(Added::OpensNothing);
            };
            account.role = found.invited.role;
            account.parties = found.invited.parties;
            if let Some(subscription) = found.invited.subscription {
                account.subscription = subscription;
            }
            used = Some(found.invited.id);
        }
    }
    let taken: Option<i64> =
        sqlx::query_scalar("SELECT CAST(1 AS BIGINT) FROM accounts WHERE folded = $1")
            .bind(&account.folded)
            .fetch_optional(&mut *connection)
            .await?;
    if taken.is_some() {
        return Ok(Added::NameTaken);
    }
    if let Some(owner) = &account.subscription.family_of
        && !has_place(connection, &account.account_id, owner).await?
    {
        return Ok(Added::NoPlace);
    }
    if let Some(id) = used {
        sign_in::mark_used(connection, &id, now).await?;
    }
    if let OpenedBy::SetUp { settings, .. } = opened_by {
        settings::set(connection, settings).await?;
    }
    // Whoever has an account sets up by that.
    settings::set(connection, &[(SET_UP.to_owned(), None)]).await?;
    let at = to_column("a time", now.get())?;
    listeners::tie_one(connection, ACCOUNTS, &account.account_id, account.listener, at).await?;
    let stored = Account { made: account, disabled_at: None, sessions_since: UnixMs::default() };
    insert(connection, &stored).await?;
    Ok(Added::Added(Box::new(stored)))
}

/// Whether a secret of this hash sets up: there is no account yet, and it is the newest one.
async fn sets_up(connection: &mut Connection, secret_hash: &[u8; 32]) -> Result<bool, Fault> {
    let accounts: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM accounts").fetch_one(&mut *connection).await?;
    let known: Option<String> =
        sqlx::query_scalar("SELECT value FROM deployment_settings WHERE name = $1")
            .bind(SET_UP)
            .fetch_optional(connection)
            .await?;
    let shown: String = secret_hash.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(accounts == 0 && known == Some(shown))
}

async fn insert(connection: &mut Connection, account: &Account) -> Result<(), Fault> {
    let made = &account.made;
    let statement = sqlx::query(
        "INSERT INTO accounts (account_id, email, password_hash, role, parties, plan, plan_until, \
         family_of, territory, disabled_at, sessions_since, name, folded, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    );
    bind(statement, account)?
        .bind(&made.name)
        .bind(&made.folded)
        .bind(to_column("a time", made.created_at.get())?)
        .execute(connection)
        .await?;
    Ok(())
}

async fn make(
    connection: &mut Connection,
    account_id: &str,
    change: &AccountChange,
    at: UnixMs,
) -> Result<Changed, Fault> {
    let Some(before) = find(connection, "a.account_id", account_id).await? else {
        return Ok(Changed::NoAccount);
    };
    let mut after = before.clone();
    change.apply(&mut after, at);
    let lets_in = |account: &Account| account.made.role == Role::Admin && account.is_enabled();
    if lets_in(&before) && !lets_in(&after) && is_last_admin(connection, account_id).await? {
        return Ok(Changed::LastAdmin);
    }
    let (was, is) = (&before.made.subscription, &after.made.subscription);
    if let Some(owner) = is.family_of.as_ref().filter(|_| was != is)
        && !has_place(connection, account_id, owner).await?
    {
        return Ok(Changed::NoPlace);
    }
    let owns = |of: &Subscription| of.plan == Plan::Family && of.family_of.is_none();
    if owns(was) && !owns(is) {
        free_members(connection, account_id).await?;
    }
    update(connection, &after).await?;
    Ok(Changed::Changed(Box::new(after)))
}

async fn update(connection: &mut Connection, account: &Account) -> Result<(), Fault> {
    let statement = sqlx::query(
        "UPDATE accounts SET email = $2, password_hash = $3, role = $4, parties = $5, plan = $6, \
         plan_until = $7, family_of = $8, territory = $9, disabled_at = $10, sessions_since = $11 \
         WHERE account_id = $1",
    );
    bind(statement, account)?.execute(connection).await?;
    Ok(())
}

/// Gives a statement the account's id and what of an account may change: its first eleven parameters.
fn bind<'q>(statement: Statement<'q>, account: &'q Account) -> Result<Statement<'q>, Fault> {
    let Account { made, disabled_at, sessions_since } = account;
    let Subscription { plan, until, family_of } = &made.subscription;
    Ok(statement
        .bind(&made.account_id)
        .bind(&made.email)
        .bind(&made.password_hash)
        .bind(made.role.as_str())
        .bind(made.parties.join(" "))
        .bind(plan.as_str())
        .bind(until.map(|at| to_column("a time", at.get())).transpose()?)
        .bind(family_of)
        .bind(&made.territory)
        .bind(disabled_at.map(|at| to_column("a time", at.get())).transpose()?)
        .bind(to_column("a time", sessions_since.get())?))
}

/// Whether an account finds a place in a family.
async fn has_place(
    connection: &mut Connection,
    account_id: &str,
    family_of: &str,
) -> Result<bool, Fault> {
    let owner = find(connection, "a.account_id", family_of).await?;
    let is_one = owner.is_some_and(|owner| {
        let of = &owner.made.subscription;
        of.plan == Plan::Family && of.family_of.is_none() && account_id != family_of
    });
    let others: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM accounts WHERE family_of = $1 AND account_id <> $2",
    )
    .bind(family_of)
    .bind(account_id)
    .fetch_one(connection)
    .await?;
    Ok(is_one && others < i64::from(MEMBERS_MAX))
}

/// Members of a family that is none any more have no plan of it.
async fn free_members(connection: &mut Connection, owner_id: &str) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE accounts SET plan = 'free', plan_until = NULL, family_of = NULL WHERE family_of = $1",
    )
    .bind(owner_id)
    .execute(connection)
    .await?;
    Ok(())
}

async fn is_last_admin(connection: &mut Connection, account_id: &str) -> Result<bool, Fault> {
    let admins: Vec<String> = sqlx::query_scalar(
        "SELECT a.account_id FROM accounts a \
         JOIN listeners l ON l.source = 'accounts' AND l.user_id = a.account_id \
         WHERE a.role = 'admin' AND a.disabled_at IS NULL LIMIT 2",
    )
    .fetch_all(connection)
    .await?;
    Ok(admins == [account_id])
}

/// Accounts that are tied to nobody.
async fn gone(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let gone = sqlx::query_scalar(
        "SELECT a.account_id FROM accounts a WHERE NOT EXISTS \
         (SELECT 1 FROM listeners l WHERE l.source = 'accounts' AND l.user_id = a.account_id)",
    );
    Ok(gone.fetch_all(connection).await?)
}

async fn sweep(connection: &mut Connection) -> Result<u64, Fault> {
    let gone = gone(connection).await?;
    for account_id in &gone {
        free_members(connection, account_id).await?;
        // Sessions and app passwords go with it.
        sqlx::query("DELETE FROM accounts WHERE account_id = $1")
            .bind(account_id)
            .execute(&mut *connection)
            .await?;
    }
    Ok(gone.len() as u64)
}

async fn add_app_password(
    connection: &mut Connection,
    password: &NewAppPassword,
    most: u32,
) -> Result<bool, Fault> {
    let NewAppPassword { id, account_id, secret_hash, label, created_at } = password;
    if find(connection, "a.account_id", account_id).await?.is_none() {
        return Ok(false);
    }
    let taken: Option<i64> =
        sqlx::query_scalar("SELECT CAST(1 AS BIGINT) FROM app_passwords WHERE id = $1")
            .bind(id)
            .fetch_optional(&mut *connection)
            .await?;
    if taken.is_some() {
        return said(format!("there is an app password {id} already"));
    }
    let has: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM app_passwords WHERE account_id = $1")
        .bind(account_id)
        .fetch_one(&mut *connection)
        .await?;
    if has >= i64::from(most) {
        return Ok(false);
    }
    sqlx::query(
        "INSERT INTO app_passwords (id, account_id, secret_hash, label, created_at) \
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(id)
    .bind(account_id)
    .bind(secret_hash.as_slice())
    .bind(label)
    .bind(to_column("a time", created_at.get())?)
    .execute(connection)
    .await?;
    Ok(true)
}

fn account(row: &Row) -> Result<Account, Fault> {
    let account_id: String = row.try_get("account_id")?;
    let of = |column: &str| format!("accounts.{column} of {account_id}");
    let word: String = row.try_get("role")?;
    let Some(role) = Role::from_word(&word) else {
        return said(format!("{} is {word:?}, an unknown role", of("role")));
    };
    let parties: String = row.try_get("parties")?;
    let parties: Vec<String> = parties.split_whitespace().map(str::to_owned).collect();
    if parties.iter().any(|party| PartyId::new(party).is_err()) || !role.goes_with(&parties) {
        return said(format!("{} don't go with the role {word}", of("parties")));
    }
    let territory: Option<String> = row.try_get("territory")?;
    if territory.as_deref().is_some_and(|code| Territory::new(code).is_err()) {
        return said(format!("{} is no country's code", of("territory")));
    }
    let listener = Listener {
        id: u128::from_be_bytes(fixed(&of("listener"), row.try_get("listener_id")?)?),
        secret: fixed(&of("listener"), row.try_get("secret")?)?,
    };
    let Some(subscription) = subscription(row, &of("plan"))? else {
        return said(format!("{} is missing", of("plan")));
    };
    let disabled_at: Option<i64> = row.try_get("disabled_at")?;
    let made = NewAccount {
        listener,
        name: row.try_get("name")?,
        folded: row.try_get("folded")?,
        email: row.try_get("email")?,
        password_hash: row.try_get("password_hash")?,
        role,
        parties,
        subscription,
        territory,
        created_at: instant(&of("created_at"), row.try_get("created_at")?)?,
        account_id: account_id.clone(),
    };
    Ok(Account {
        disabled_at: disabled_at.map(|at| instant(&of("disabled_at"), at)).transpose()?,
        sessions_since: instant(&of("sessions_since"), row.try_get("sessions_since")?)?,
        made,
    })
}

/// What stands in the columns `plan`, `plan_until` and `family_of`.
pub(crate) fn subscription(row: &Row, what: &str) -> Result<Option<Subscription>, Fault> {
    let Some(word) = row.try_get::<Option<String>, _>("plan")? else { return Ok(None) };
    let Some(plan) = Plan::from_word(&word) else {
        return said(format!("{what} is {word:?}, an unknown plan"));
    };
    let until: Option<i64> = row.try_get("plan_until")?;
    let until = until.map(|at| instant(what, at)).transpose()?;
    Ok(Some(Subscription { plan, until, family_of: row.try_get("family_of")? }))
}

fn app_password(row: &Row) -> Result<AppPassword, Fault> {
    let id: String = row.try_get("id")?;
    let of = |column: &str| format!("app_passwords.{column} of {id}");
    let used_at: Option<i64> = row.try_get("used_at")?;
    Ok(AppPassword {
        made: NewAppPassword {
            account_id: row.try_get("account_id")?,
            secret_hash: fixed(&of("secret_hash"), row.try_get("secret_hash")?)?,
            label: row.try_get("label")?,
            created_at: instant(&of("created_at"), row.try_get("created_at")?)?,
            id: id.clone(),
        },
        used_at: used_at.map(|at| instant(&of("used_at"), at)).transpose()?,
    })
}

fn fixed<const N: usize>(what: &str, bytes: Vec<u8>) -> Result<[u8; N], Fault> {
    <[u8; N]>::try_from(bytes).map_err(|_| Fault::Said(format!("{what} has not {N} bytes")))
}

fn instant(what: &str, millis: i64) -> Result<UnixMs, Fault> {
    let unsigned = from_column(what, millis)?;
    UnixMs::new(unsigned).map_err(|error| Fault::Said(format!("{what} is {millis}: {error}")))
}
