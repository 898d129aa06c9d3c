//! The catalogue of rights: changes in one transaction, and any revision read again.

use async_trait::async_trait;
use ledgerline_app::ports::{ChangeError, Revision, RightsChange, RightsStore, StoreError};
use ledgerline_catalog::{Catalogue, CatalogueBuilder, Changes, Right, RightOf, Share, ShareSet};

use super::catalogue;
use super::dialect::Connection;
use super::revisions::{self, Kind, Statement, end, insert};
use super::rights_rows::{self as rows, Row};
use super::{Area, Store};
use crate::fault::{Fault, to_column};

/// How many rows are read at once.
const ROWS_PER_PAGE: i64 = 20_000;

#[async_trait]
impl RightsStore for Store {
    async fn rights_revision(&self) -> Result<u64, StoreError> {
        let read = async {
            let mut connection = self.reader().await?;
            revisions::newest(&mut connection, Kind::Rights).await
        };
        read.await.map_err(|fault| self.error("reading the revision of the rights", &fault))
    }

    async fn rights(&self, revision: u64) -> Result<Catalogue, StoreError> {
        let read = async {
            let mut snapshot = self.begin_read().await?;
            let newest = revisions::newest(&mut snapshot, Kind::Rights).await?;
            let read = read_all(&mut snapshot, revision.min(newest)).await?;
            snapshot.commit().await?;
            Ok(read)
        };
        read.await.map_err(|fault: Fault| self.error("reading the catalogue of rights", &fault))
    }

    async fn change_rights(&self, change: RightsChange<'_>) -> Result<u64, ChangeError> {
        let what = "storing a change of rights";
        let begun = self.begin_write(Area::Catalogue).await;
        let mut write = begun.map_err(|fault| self.error(what, &fault))?;
        let ended = match change_rights(write.connection(), change).await {
            Ok(Changed::To(revision)) => write.finish(Ok(revision)).await,
            Ok(Changed::Moved { now }) => {
                // Nothing was written; how the transaction ends changes nothing.
                let _ = write.finish(Ok(())).await;
                return Err(ChangeError::Moved { known: change.known, now });
            }
            Err(fault) => write.finish(Err(fault)).await,
        };
        Ok(ended.map_err(|fault| self.error(what, &fault))?)
    }

    async fn rights_revisions(&self, limit: u32) -> Result<Vec<Revision>, StoreError> {
        let read = async {
            let mut snapshot = self.begin_read().await?;
            let revisions = revisions::list(&mut snapshot, Kind::Rights, limit).await?;
            snapshot.commit().await?;
            Ok(revisions)
        };
        read.await.map_err(|fault: Fault| self.error("reading the revisions of the rights", &fault))
    }
}

enum Changed {
    To(u64),
    Moved { now: u64 },
}

async fn change_rights(
    connection: &mut Connection,
    change: RightsChange<'_>,
) -> Result<Changed, Fault> {
    let now = revisions::newest(connection, Kind::Rights).await?;
    if now != change.known {
        return Ok(Changed::Moved { now });
    }
    let revision = revisions::add(connection, Kind::Rights, change.files, change.at).await?;
    write(connection, change.changes, revision).await?;
    catalogue::complete_tracks(connection, change.tracks).await?;
    Ok(Changed::To(now + 1))
}

async fn write(connection: &mut Connection, changes: &Changes, revision: i64) -> Result<(), Fault> {
    let ids: Vec<&str> = changes.parties.iter().map(|party| &*party.id).collect();
    end(connection, ("rights_parties", "party_id"), &ids, revision).await?;
    let into = "rights_parties (party_id, since_revision, name, kinds, country, ipi, isni, dpid, \
                tax_country, tax_treaty, payout_currency, minimum_payout)";
    insert(connection, into, 12, &changes.parties, |query, party| {
        let query = query.bind(&*party.id).bind(revision).bind(&*party.name);
        let query = query.bind(rows::kinds(party));
        let query = text(text(text(query, party.country), party.ipi), party.isni);
        let query = text(text(query, party.dpid), party.tax_country).bind(party.tax_treaty);
        Ok(text(query, party.payout_currency).bind(party.minimum_payout.map(|it| it.get())))
    })
    .await?;

    let ids: Vec<&str> = changes.works.iter().map(|work| &*work.id).collect();
    end(connection, ("rights_works", "work_id"), &ids, revision).await?;
    let into = "rights_works (work_id, since_revision, iswc, title, writers)";
    insert(connection, into, 5, &changes.works, |query, work| {
        let query = text(query.bind(&*work.id).bind(revision), work.iswc);
        Ok(query.bind(&*work.title).bind(rows::writers(work)))
    })
    .await?;

    let ids: Vec<&str> = changes.recordings.iter().map(|it| &*it.track_id).collect();
    end(connection, ("rights_recordings", "track_id"), &ids, revision).await?;
    let into = "rights_recordings (track_id, since_revision, isrc, title, duration_ms, kind, \
                label, artists, works)";
    insert(connection, into, 9, &changes.recordings, |query, recording| {
        let duration = recording.duration_ms.map(|ms| to_column("a length", ms)).transpose()?;
        let query = text(query.bind(&*recording.track_id).bind(revision), recording.isrc);
        let query = query.bind(&*recording.title).bind(duration).bind(recording.kind.word());
        let query = query.bind(recording.label.as_deref());
        Ok(query.bind(rows::artists(recording)).bind(rows::works(recording)))
    })
    .await?;

    let ids: Vec<&str> = changes.releases.iter().map(|release| &*release.id).collect();
    end(connection, ("rights_releases", "release_id"), &ids, revision).await?;
    let into =
        "rights_releases (release_id, since_revision, upc, title, label, released_on, tracks)";
    insert(connection, into, 7, &changes.releases, |query, release| {
        let query = text(query.bind(&*release.id).bind(revision), release.upc);
        let query = query.bind(&*release.title).bind(release.label.as_deref());
        Ok(query.bind(release.released_on.map(|day| i64::from(day.0))).bind(rows::tracks(release)))
    })
    .await?;
    write_shares(connection, &changes.shares, revision).await
}

async fn write_shares(
    connection: &mut Connection,
    sets: &[ShareSet],
    revision: i64,
) -> Result<(), Fault> {
    for right in Right::ALL {
        let of_right = sets.iter().filter(|set| set.of.right == right);
        let ids: Vec<&str> = of_right.map(|set| &*set.of.of).collect();
        // The right is one of three words of our own.
        let table = "rights_shares";
        let column = format!("right_word = '{}' AND of_id", right.word());
        end(connection, (table, &column), &ids, revision).await?;
    }
    let shares: Vec<(i64, &RightOf, &Share)> = sets
        .iter()
        .flat_map(|set| {
            (0_i64..).zip(&set.shares).map(|(ordinal, share)| (ordinal, &set.of, share))
        })
        .collect();
    let into = "rights_shares (right_word, of_id, since_revision, ordinal, holder, share, \
                from_day, until_day, territories)";
    insert(connection, into, 9, &shares, |query, (ordinal, of, share)| {
        let query = query.bind(of.right.word()).bind(&*of.of).bind(revision).bind(ordinal);
        let query = text(query.bind(&*share.holder), Some(share.share));
        let query = query.bind(i64::from(share.dates.from.0));
        let query = query.bind(share.dates.until.map(|day| i64::from(day.0)));
        Ok(query.bind(rows::territories(share)))
    })
    .await
}

fn text<T: ToString>(query: Statement<'_>, value: Option<T>) -> Statement<'_> {
    query.bind(value.map(|value| value.to_string()))
}

async fn read_all(connection: &mut Connection, revision: u64) -> Result<Catalogue, Fault> {
    let mut builder = CatalogueBuilder::new(revision);
    let at = to_column("a revision", revision)?;
    each(connection, ("rights_parties", "party_id"), at, |row| {
        builder.party(rows::party(row)?).map_err(Fault::from)
    })
    .await?;
    each(connection, ("rights_works", "work_id"), at, |row| {
        builder.work(&rows::work(row)?).map_err(Fault::from)
    })
    .await?;
    each(connection, ("rights_recordings", "track_id"), at, |row| {
        builder.recording(&rows::recording(row)?).map_err(Fault::from)
    })
    .await?;
    each(connection, ("rights_releases", "release_id"), at, |row| {
        builder.release(&rows::release(row)?).map_err(Fault::from)
    })
    .await?;
    read_shares(connection, at, &mut builder).await?;
    builder.finish().map_err(Fault::from)
}

/// Every row of a table that held at a revision, in the order of its id.
async fn each(
    connection: &mut Connection,
    (table, id): (&str, &str),
    revision: i64,
    mut take: impl FnMut(&Row) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let sql = format!(
        "SELECT * FROM {table} WHERE {id} > $1 AND since_revision <= $2 \
         AND (until_revision IS NULL OR until_revision > $2) ORDER BY {id} LIMIT $3"
    );
    let mut after = String::new();
    loop {
        let page = sqlx::query(sqlx::AssertSqlSafe(sql.clone()))
            .bind(&after)
            .bind(revision)
            .bind(ROWS_PER_PAGE)
            .fetch_all(&mut *connection)
            .await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = sqlx::Row::try_get(last, id)?;
        for row in &page {
            take(row)?;
        }
    }
}

async fn read_shares(
    connection: &mut Connection,
    revision: i64,
    builder: &mut CatalogueBuilder,
) -> Result<(), Fault> {
    let mut after = (String::new(), String::new(), 0_i64);
    let mut open: Option<(RightOf, Vec<Share>)> = None;
    let mut close = |open: Option<(RightOf, Vec<Share>)>| match open {
        Some((of, shares)) => {
            builder.shares(&ShareSet { of, shares: shares.into_boxed_slice() }).map_err(Fault::from)
        }
        None => Ok(()),
    };
    loop {
        let page = sqlx::query(
            "SELECT right_word, of_id, ordinal, holder, share, from_day, until_day, territories \
             FROM rights_shares WHERE (right_word, of_id, ordinal) > ($1, $2, $3) \
             AND since_revision <= $4 AND (until_revision IS NULL OR until_revision > $4) \
             ORDER BY right_word, of_id, ordinal LIMIT $5",
        )
        .bind(&after.0)
        .bind(&after.1)
        .bind(after.2)
        .bind(revision)
        .bind(ROWS_PER_PAGE)
        .fetch_all(&mut *connection)
        .await?;
        if page.is_empty() {
            return close(open);
        }
        for row in &page {
            let (right, of, ordinal, share) = rows::share(row)?;
            after = (right.word().to_owned(), of.to_string(), ordinal);
            match &mut open {
                Some((known, shares)) if known.right == right && known.of == of => {
                    shares.push(share);
                }
                _ => {
                    close(open.replace((RightOf { right, of }, vec![share])))?;
                }
            }
        }
    }
}
