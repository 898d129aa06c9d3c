//! Invitations and sessions, by the hashes of their secrets.

use async_trait::async_trait;
use ledgerline_app::ports::StoreError;
use ledgerline_app::ports::sign_in::{
    Invitation, NewInvitation, NewWebSession, Role, SignInStore, Standing, WebSession,
};
use ledgerline_ids::{PartyId, UnixMs};
use sqlx::Row as _;

use super::dialect::{Connection, Database};
use super::{Area, Store, accounts};
use crate::fault::{Fault, from_column, said, to_column};

type Row = <Database as sqlx::Database>::Row;

const INVITATIONS: &str = "SELECT id AS invitation_id, secret_hash AS invitation_hash, role, \
     parties, note, created_by, created_at AS invited_at, expires_at AS ends_at, used_at, \
     revoked_at, plan, plan_until, family_of FROM invitations";
const SESSIONS: &str = "SELECT s.secret_hash, s.key_id, s.account_id, s.device, s.created_at, s.seen_at, s.expires_at, \
     i.id AS invitation_id, i.secret_hash AS invitation_hash, i.role, i.parties, i.note, \
     i.created_by, i.created_at AS invited_at, i.expires_at AS ends_at, i.used_at, i.revoked_at, \
     i.plan, i.plan_until, i.family_of FROM web_sessions s LEFT JOIN invitations i ON i.id = s.invitation_id";

#[async_trait]
impl SignInStore for Store {
    async fn invite(&self, invitation: NewInvitation, open_max: u32) -> Result<bool, StoreError> {
        let invited = async {
            let mut write = self.begin_write(Area::Access).await?;
            let invited = invite(write.connection(), &invitation, open_max).await;
            write.finish(invited).await
        };
        invited.await.map_err(|fault| self.error("storing an invitation", &fault))
    }

    async fn invitations(&self, limit: u32) -> Result<Vec<Invitation>, StoreError> {
        let listed = async {
            let statement = format!("{INVITATIONS} ORDER BY created_at DESC, id DESC LIMIT $1");
            let query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(i64::from(limit));
            let rows = query.fetch_all(&mut *self.reader().await?).await?;
            rows.iter().map(invitation).collect::<Result<Vec<_>, Fault>>()
        };
        listed.await.map_err(|fault| self.error("listing invitations", &fault))
    }

    async fn invitation(&self, id: &str) -> Result<Option<Invitation>, StoreError> {
        let found = async {
            let statement = format!("{INVITATIONS} WHERE id = $1");
            let query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(id);
            let row = query.fetch_optional(&mut *self.reader().await?).await?;
            row.as_ref().map(invitation).transpose()
        };
        found.await.map_err(|fault| self.error("looking up an invitation", &fault))
    }

    async fn revoke_invitation(&self, id: &str, at: UnixMs) -> Result<bool, StoreError> {
        let revoked = async {
            let mut write = self.begin_write(Area::Access).await?;
            let revoked = revoke(write.connection(), id, at).await;
            write.finish(revoked).await
        };
        revoked.await.map_err(|fault| self.error("revoking an invitation", &fault))
    }

    async fn invitation_by_hash(
        &self,
        secret_hash: &[u8; 32],
    ) -> Result<Option<Invitation>, StoreError> {
        let found = async { by_hash(&mut *self.reader().await?, secret_hash).await };
        found.await.map_err(|fault| self.error("looking up an invitation", &fault))
    }

    async fn open_into_family(&self, owner_id: &str, now: UnixMs) -> Result<u32, StoreError> {
        let counted = async {
            let open: i64 = sqlx::query_scalar(
                "SELECT COUNT(*) FROM invitations WHERE family_of = $1 \
                 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > $2",
            )
            .bind(owner_id)
            .bind(to_column("a time", now.get())?)
            .fetch_one(&mut *self.reader().await?)
            .await?;
            from_column("a number of invitations", open)
        };
        counted.await.map_err(|fault: Fault| self.error("counting invitations", &fault))
    }

    async fn begin_as_guest(
        &self,
        invitation_hash: &[u8; 32],
        session: NewWebSession,
    ) -> Result<Option<WebSession>, StoreError> {
        let begun = async {
            let mut write = self.begin_write(Area::Access).await?;
            let begun = begin_as_guest(write.connection(), invitation_hash, session).await;
            write.finish(begun).await
        };
        begun.await.map_err(|fault| self.error("using an invitation", &fault))
    }

    async fn begin_with_key(
        &self,
        key_id: &str,
        session: NewWebSession,
        sessions_max: u32,
    ) -> Result<(), StoreError> {
        let begun = async {
            let mut write = self.begin_write(Area::Access).await?;
            let whose = Whose { key_id: Some(key_id), ..Whose::default() };
            let begun = begin(write.connection(), whose, &session, sessions_max).await;
            write.finish(begun).await
        };
        begun.await.map_err(|fault| self.error("storing a session", &fault))
    }

    async fn begin_with_account(
        &self,
        account_id: &str,
        session: NewWebSession,
        device: &str,
        sessions_max: u32,
    ) -> Result<(), StoreError> {
        let begun = async {
            let mut write = self.begin_write(Area::Access).await?;
            let whose = Whose { account_id: Some(account_id), device, ..Whose::default() };
            let begun = begin(write.connection(), whose, &session, sessions_max).await;
            write.finish(begun).await
        };
        begun.await.map_err(|fault| self.error("storing a session", &fault))
    }

    async fn sessions_of_account(&self, account_id: &str) -> Result<Vec<WebSession>, StoreError> {
        let listed = async {
            let statement = format!(
                "{SESSIONS} WHERE s.account_id = $1 ORDER BY s.created_at DESC, s.secret_hash DESC"
            );
            let query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(account_id);
            let rows = query.fetch_all(&mut *self.reader().await?).await?;
            rows.iter().map(session).collect::<Result<Vec<_>, Fault>>()
        };
        listed.await.map_err(|fault| self.error("listing sessions", &fault))
    }

    async fn end_sessions_of_account(
        &self,
        account_id: &str,
        before: UnixMs,
    ) -> Result<u64, StoreError> {
        let ended = async {
            let before = to_column("a time", before.get())?;
            let mut write = self.begin_write(Area::Access).await?;
            let ended =
                sqlx::query("DELETE FROM web_sessions WHERE account_id = $1 AND created_at < $2")
                    .bind(account_id)
                    .bind(before)
                    .execute(write.connection())
                    .await;
            write.finish(ended.map_err(Fault::from)).await
        };
        let ended =
            ended.await.map_err(|fault| self.error("ending an account's sessions", &fault))?;
        Ok(ended.rows_affected())
    }

    async fn session(&self, secret_hash: &[u8; 32]) -> Result<Option<WebSession>, StoreError> {
        let found = async {
            let statement = format!("{SESSIONS} WHERE s.secret_hash = $1");
            let query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(secret_hash.as_slice());
            let row = query.fetch_optional(&mut *self.reader().await?).await?;
            row.as_ref().map(session).transpose()
        };
        found.await.map_err(|fault| self.error("looking up a session", &fault))
    }

    async fn seen(&self, secret_hash: &[u8; 32], at: UnixMs) -> Result<(), StoreError> {
        let noted = async {
            let at = to_column("a time", at.get())?;
            let mut write = self.begin_write(Area::Access).await?;
            let noted = sqlx::query(
                "UPDATE web_sessions SET seen_at = $1 WHERE secret_hash = $2 AND seen_at < $1",
            )
            .bind(at)
            .bind(secret_hash.as_slice())
            .execute(write.connection())
            .await;
            write.finish(noted.map(drop).map_err(Fault::from)).await
        };
        noted.await.map_err(|fault| self.error("noting when a session was seen", &fault))
    }

    async fn end_session(&self, secret_hash: &[u8; 32]) -> Result<bool, StoreError> {
        let ended = async {
            let mut write = self.begin_write(Area::Access).await?;
            let ended = sqlx::query("DELETE FROM web_sessions WHERE secret_hash = $1")
                .bind(secret_hash.as_slice())
                .execute(write.connection())
                .await;
            write.finish(ended.map_err(Fault::from)).await
        };
        let ended = ended.await.map_err(|fault| self.error("ending a session", &fault))?;
        Ok(ended.rows_affected() > 0)
    }

    async fn end_sessions_of_key(&self, key_id: &str) -> Result<u64, StoreError> {
        let ended = async {
            let mut write = self.begin_write(Area::Access).await?;
            let ended = sqlx::query("DELETE FROM web_sessions WHERE key_id = $1")
                .bind(key_id)
                .execute(write.connection())
                .await;
            write.finish(ended.map_err(Fault::from)).await
        };
        let ended = ended.await.map_err(|fault| self.error("ending a key's sessions", &fault))?;
        Ok(ended.rows_affected())
    }
}

/// Reads each row on its own and says what is wrong with it.
pub(crate) async fn damage(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let invitations = sqlx::query(INVITATIONS).fetch_all(&mut *connection).await?;
    let sessions = sqlx::query(SESSIONS).fetch_all(connection).await?;
    let faults = invitations.iter().filter_map(|row| invitation(row).err());
    let faults = faults.chain(sessions.iter().filter_map(|row| session(row).err()));
    Ok(faults.map(|fault| fault.to_string()).collect())
}

async fn invite(
    connection: &mut Connection,
    invitation: &NewInvitation,
    open_max: u32,
) -> Result<bool, Fault> {
    let NewInvitation { id, secret_hash, role, parties, note, created_by, .. } = invitation;
    let taken: Option<i64> = sqlx::query_scalar(
        "SELECT CAST(1 AS BIGINT) FROM invitations WHERE id = $1 OR secret_hash = $2",
    )
    .bind(id)
    .bind(secret_hash.as_slice())
    .fetch_optional(&mut *connection)
    .await?;
    if taken.is_some() {
        return said(format!("there is an invitation {id}, or with its secret, already"));
    }
    let created_at = to_column("a time", invitation.created_at.get())?;
    let open: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM invitations \
         WHERE used_at IS NULL AND revoked_at IS NULL AND expires_at > $1",
    )
    .bind(created_at)
    .fetch_one(&mut *connection)
    .await?;
    if open >= i64::from(open_max) {
        return Ok(false);
    }
    let of = invitation.subscription.as_ref();
    let until = of.and_then(|it| it.until);
    sqlx::query(
        "INSERT INTO invitations \
         (id, secret_hash, role, parties, note, created_by, created_at, expires_at, plan, plan_until, \
         family_of) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(id)
    .bind(secret_hash.as_slice())
    .bind(role.as_str())
    .bind(parties.join(" "))
    .bind(note)
    .bind(created_by)
    .bind(created_at)
    .bind(to_column("a time", invitation.expires_at.get())?)
    .bind(of.map(|it| it.plan.as_str()))
    .bind(until.map(|at| to_column("a time", at.get())).transpose()?)
    .bind(of.and_then(|it| it.family_of.as_deref()))
    .execute(connection)
    .await?;
    Ok(true)
}

async fn revoke(connection: &mut Connection, id: &str, at: UnixMs) -> Result<bool, Fault> {
    let revoked =
        sqlx::query("UPDATE invitations SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL")
            .bind(to_column("a time", at.get())?)
            .bind(id)
            .execute(&mut *connection)
            .await?;
    sqlx::query("DELETE FROM web_sessions WHERE invitation_id = $1")
        .bind(id)
        .execute(connection)
        .await?;
    Ok(revoked.rows_affected() > 0)
}

async fn begin_as_guest(
    connection: &mut Connection,
    invitation_hash: &[u8; 32],
    begun: NewWebSession,
) -> Result<Option<WebSession>, Fault> {
    let found = by_hash(connection, invitation_hash).await?;
    let now = begun.created_at;
    let opening = found.filter(|found| found.opens(now) && !found.invited.role.needs_account());
    // Where none opens, the secret is looked at all the same: one that is taken is a mistake of ours.
    refuse_twice(connection, &begun.secret_hash).await?;
    let Some(mut invitation) = opening else { return Ok(None) };
    mark_used(connection, &invitation.invited.id, now).await?;
    invitation.used_at = Some(now);
    let whose = Whose { invitation_id: Some(&invitation.invited.id), ..Whose::default() };
    insert(connection, &begun, whose).await?;
    let standing = Standing::Invitation(Box::new(invitation));
    Ok(Some(WebSession { begun, standing, seen_at: now, device: String::new() }))
}

/// The invitation whose secret has this hash, whether or not it opens anything.
pub(crate) async fn by_hash(
    connection: &mut Connection,
    hash: &[u8; 32],
) -> Result<Option<Invitation>, Fault> {
    let statement = format!("{INVITATIONS} WHERE secret_hash = $1");
    let query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(hash.as_slice());
    let row = query.fetch_optional(connection).await?;
    row.as_ref().map(invitation).transpose()
}

/// Notes within a transaction that an invitation was used.
pub(crate) async fn mark_used(
    connection: &mut Connection,
    id: &str,
    at: UnixMs,
) -> Result<(), Fault> {
    sqlx::query("UPDATE invitations SET used_at = $1 WHERE id = $2")
        .bind(to_column("a time", at.get())?)
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

/// What a session stands on: one of the three.
#[derive(Debug, Clone, Copy, Default)]
struct Whose<'w> {
    key_id: Option<&'w str>,
    invitation_id: Option<&'w str>,
    account_id: Option<&'w str>,
    device: &'w str,
}

/// Begins a session of a key or of an account, which have so many at once.
async fn begin(
    connection: &mut Connection,
    whose: Whose<'_>,
    session: &NewWebSession,
    sessions_max: u32,
) -> Result<(), Fault> {
    refuse_twice(connection, &session.secret_hash).await?;
    let kept = sessions_max.saturating_sub(1);
    sqlx::query(
        "DELETE FROM web_sessions WHERE (key_id = $1 OR account_id = $2) AND secret_hash NOT IN \
         (SELECT secret_hash FROM web_sessions WHERE key_id = $1 OR account_id = $2 \
          ORDER BY created_at DESC, secret_hash LIMIT $3)",
    )
    .bind(whose.key_id)
    .bind(whose.account_id)
    .bind(i64::from(kept))
    .execute(&mut *connection)
    .await?;
    insert(connection, session, whose).await
}

async fn refuse_twice(connection: &mut Connection, secret_hash: &[u8; 32]) -> Result<(), Fault> {
    let taken: Option<i64> =
        sqlx::query_scalar("SELECT CAST(1 AS BIGINT) FROM web_sessions WHERE secret_hash = $1")
            .bind(secret_hash.as_slice())
            .fetch_optional(connection)
            .await?;
    if taken.is_some() { said("there is a session with this secret already") } else { Ok(()) }
}

/// Stores a session, and removes those that have expired by then.
async fn insert(
    connection: &mut Connection,
    session: &NewWebSession,
    whose: Whose<'_>,
) -> Result<(), Fault> {
    let created_at = to_column("a time", session.created_at.get())?;
    sqlx::query("DELETE FROM web_sessions WHERE expires_at <= $1")
        .bind(created_at)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO web_sessions \
         (secret_hash, key_id, invitation_id, account_id, device, created_at, seen_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6, $7)",
    )
    .bind(session.secret_hash.as_slice())
    .bind(whose.key_id)
    .bind(whose.invitation_id)
    .bind(whose.account_id)
    .bind(whose.device)
    .bind(created_at)
    .bind(to_column("a time", session.expires_at.get())?)
    .execute(connection)
    .await?;
    Ok(())
}

fn invitation(row: &Row) -> Result<Invitation, Fault> {
    let id: String = row.try_get("invitation_id")?;
    let of = |column: &str| format!("invitations.{column} of {id}");
    let word: String = row.try_get("role")?;
    let Some(role) = Role::from_word(&word) else {
        return said(format!("{} is {word:?}, an unknown role", of("role")));
    };
    let parties: String = row.try_get("parties")?;
    let parties: Vec<String> = parties.split_whitespace().map(str::to_owned).collect();
    if let Some(wrong) = parties.iter().find(|party| PartyId::new(party).is_err()) {
        return said(format!("{} has {wrong:?}, which is no party", of("parties")));
    }
    // Who is bound to nothing would see nothing; who is not bound must not seem to be.
    if !role.goes_with(&parties) {
        return said(format!("{} don't go with the role {word}", of("parties")));
    }
    let invited = NewInvitation {
        secret_hash: hash_of(&of("secret_hash"), row.try_get("invitation_hash")?)?,
        role,
        parties,
        note: row.try_get("note")?,
        subscription: accounts::subscription(row, &of("plan"))?,
        created_by: row.try_get("created_by")?,
        created_at: instant(&of("created_at"), row.try_get("invited_at")?)?,
        expires_at: instant(&of("expires_at"), row.try_get("ends_at")?)?,
        id: id.clone(),
    };
    let used_at: Option<i64> = row.try_get("used_at")?;
    let revoked_at: Option<i64> = row.try_get("revoked_at")?;
    Ok(Invitation {
        invited,
        used_at: used_at.map(|at| instant(&of("used_at"), at)).transpose()?,
        revoked_at: revoked_at.map(|at| instant(&of("revoked_at"), at)).transpose()?,
    })
}

fn session(row: &Row) -> Result<WebSession, Fault> {
    let key_id: Option<String> = row.try_get("key_id")?;
    let invited: Option<String> = row.try_get("invitation_id")?;
    let account_id: Option<String> = row.try_get("account_id")?;
    let standing = match (key_id, invited, account_id) {
        (Some(id), None, None) => Standing::Key(id),
        (None, Some(_), None) => Standing::Invitation(Box::new(invitation(row)?)),
        (None, None, Some(id)) => Standing::Account(id),
        _ => return said("a row of web_sessions stands on nothing, or on two things"),
    };
    let begun = NewWebSession {
        secret_hash: hash_of("web_sessions.secret_hash", row.try_get("secret_hash")?)?,
        created_at: instant("web_sessions.created_at", row.try_get("created_at")?)?,
        expires_at: instant("web_sessions.expires_at", row.try_get("expires_at")?)?,
    };
    let seen_at = instant("web_sessions.seen_at", row.try_get("seen_at")?)?;
    Ok(WebSession { begun, standing, seen_at, device: row.try_get("device")? })
}

fn hash_of(what: &str, bytes: Vec<u8>) -> Result<[u8; 32], Fault> {
    <[u8; 32]>::try_from(bytes).map_err(|_| Fault::Said(format!("{what} has not 32 bytes")))
}

fn instant(what: &str, millis: i64) -> Result<UnixMs, Fault> {
    let unsigned = from_column(what, millis)?;
    UnixMs::new(unsigned).map_err(|error| Fault::Said(format!("{what} is {millis}: {error}")))
}
