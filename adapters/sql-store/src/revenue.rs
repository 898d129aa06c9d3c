//! Revenue, rates of exchange and brought usage, by revision.

use async_trait::async_trait;
use ledgerline_app::money::files::month;
use ledgerline_app::ports::{
    ImportedRows, PeriodUsage, RevenueStore, SourceFile, StoreError, Stored,
};
use ledgerline_catalog::Tally;
use ledgerline_ids::{DayNo, Period, UnixMs};
use ledgerline_money::{Currency, Fraction, Micros};
use ledgerline_royalty::month_plays::MonthPlays;
use ledgerline_royalty::revenue::{FxRow, PeriodRevenue, Plan, RevenueRow};
use sqlx::Row as _;
use std::collections::BTreeMap;

use super::dialect::Connection;
use super::revisions::{self, Kind, insert};
use super::rights_rows::{Columns, Row};
use super::{Area, Store};
use crate::fault::{Fault, said, to_column};

/// The quickest: the rows are sorted, so that little is left of them anyhow.
const ZSTD_LEVEL: i32 = 1;
/// A month's usage stands in pieces of at most 4 MiB: no statement carries more.
const PART_BYTES: usize = 4 << 20;

#[async_trait]
impl RevenueStore for Store {
    async fn revenue_revision(&self) -> Result<u64, StoreError> {
        self.newest(Kind::Revenue).await
    }

    async fn import_revenue(
        &self,
        rows: &[PeriodRevenue],
        file: &SourceFile,
        at: UnixMs,
    ) -> Result<ImportedRows, StoreError> {
        let imported = async {
            let mut write = self.begin_write(Area::Revenue).await?;
            let imported = import_revenue(write.connection(), rows, (file, at)).await;
            write.finish(imported).await
        };
        imported.await.map_err(|fault| self.error("importing revenue", &fault))
    }

    async fn revenue(
        &self,
        period: Option<Period>,
        revision: u64,
    ) -> Result<Vec<Stored<PeriodRevenue>>, StoreError> {
        let read = async {
            let mut snapshot = self.begin_read().await?;
            let rows = revenue_at(&mut snapshot, period, revision).await?;
            let rows = stored(&mut snapshot, Kind::Revenue, rows).await?;
            snapshot.commit().await?;
            Ok(rows)
        };
        read.await.map_err(|fault: Fault| self.error("reading revenue", &fault))
    }

    async fn fx_revision(&self) -> Result<u64, StoreError> {
        self.newest(Kind::Fx).await
    }

    async fn import_fx(
        &self,
        rows: &[FxRow],
        file: &SourceFile,
        at: UnixMs,
    ) -> Result<ImportedRows, StoreError> {
        let imported = async {
            let mut write = self.begin_write(Area::Revenue).await?;
            let imported = import_fx(write.connection(), rows, (file, at)).await;
            write.finish(imported).await
        };
        imported.await.map_err(|fault| self.error("importing rates of exchange", &fault))
    }

    async fn fx(&self, revision: u64) -> Result<Vec<Stored<FxRow>>, StoreError> {
        let read = async {
            let mut snapshot = self.begin_read().await?;
            let rows = fx_at(&mut snapshot, revision).await?;
            let rows = stored(&mut snapshot, Kind::Fx, rows).await?;
            snapshot.commit().await?;
            Ok(rows)
        };
        read.await.map_err(|fault: Fault| self.error("reading rates of exchange", &fault))
    }

    async fn usage_revision(&self) -> Result<u64, StoreError> {
        self.newest(Kind::Usage).await
    }

    async fn import_usage(
        &self,
        source: &str,
        months: &[PeriodUsage],
        file: &SourceFile,
        at: UnixMs,
    ) -> Result<ImportedRows, StoreError> {
        let imported = async {
            let mut write = self.begin_write(Area::Revenue).await?;
            let imported = import_usage(write.connection(), source, months, (file, at)).await;
            write.finish(imported).await
        };
        imported.await.map_err(|fault| self.error("importing usage", &fault))
    }

    async fn usage(
        &self,
        period: Period,
        revision: u64,
    ) -> Result<Vec<(String, MonthPlays)>, StoreError> {
        let read = async {
            let mut snapshot = self.begin_read().await?;
            let usage = usage_at(&mut snapshot, period, revision).await?;
            snapshot.commit().await?;
            Ok(usage)
        };
        read.await.map_err(|fault: Fault| self.error("reading usage", &fault))
    }
}

impl Store {
    async fn newest(&self, kind: Kind) -> Result<u64, StoreError> {
        let read = async {
            let mut connection = self.reader().await?;
            revisions::newest(&mut connection, kind).await
        };
        read.await.map_err(|fault: Fault| self.error("reading the newest revision", &fault))
    }
}

/// The file of an import, and when.
type Brought<'a> = (&'a SourceFile, UnixMs);

/// Sorts rows into what is new, what is other than before, and what is as before.
fn changed<'a, K: Ord, T: PartialEq>(
    brought: &'a BTreeMap<K, &'a T>,
    known: &BTreeMap<K, T>,
) -> (Vec<&'a T>, Vec<&'a K>, Tally) {
    let (mut write, mut end, mut tally) = (Vec::new(), Vec::new(), Tally::default());
    for (key, row) in brought {
        match known.get(key) {
            Some(before) if before == *row => tally.unchanged += 1,
            Some(_) => {
                tally.changed += 1;
                end.push(key);
                write.push(*row);
            }
            None => {
                tally.added += 1;
                write.push(*row);
            }
        }
    }
    (write, end, tally)
}

/// Adds a revision where anything changed. `None` where nothing did.
async fn revision_for(
    connection: &mut Connection,
    kind: Kind,
    tally: Tally,
    (file, at): Brought<'_>,
) -> Result<Option<i64>, Fault> {
    if tally.added + tally.changed == 0 {
        return Ok(None);
    }
    revisions::add(connection, kind, std::slice::from_ref(file), at).await.map(Some)
}

async fn outcome(
    connection: &mut Connection,
    kind: Kind,
    tally: Tally,
) -> Result<ImportedRows, Fault> {
    Ok(ImportedRows { revision: revisions::newest(connection, kind).await?, tally })
}

/// Rows with the revision that each is of, as the port tells them.
async fn stored<T>(
    connection: &mut Connection,
    kind: Kind,
    rows: Vec<(i64, T)>,
) -> Result<Vec<Stored<T>>, Fault> {
    let sources = revisions::sources(connection, kind).await?;
    let mut told = Vec::with_capacity(rows.len());
    for (since, row) in rows {
        let Some((at, file)) = sources.get(&since) else {
            return said(format!("{} has no revision {since} with a file", kind.word()));
        };
        let revision = u64::try_from(since).expect("revisions count from 1");
        told.push(Stored { row, revision, at: *at, file: file.clone() });
    }
    Ok(told)
}

/// Territory, tier, listener, plan, correction: with the month, what a row of revenue is.
type RevenueKey = (Period, [String; 3], Plan, String);

fn text(name: Option<&str>) -> String {
    name.unwrap_or_default().to_owned()
}

fn name(text: &str) -> Option<Box<str>> {
    (!text.is_empty()).then(|| text.into())
}

fn revenue_key(row: &PeriodRevenue) -> RevenueKey {
    let RevenueRow { territory, tier, listener, plan, correction, .. } = &row.row;
    let names = [territory, tier, listener].map(|name| text(name.as_deref()));
    (row.period, names, *plan, text(correction.as_deref()))
}

async fn import_revenue(
    connection: &mut Connection,
    rows: &[PeriodRevenue],
    brought: Brought<'_>,
) -> Result<ImportedRows, Fault> {
    let latest: BTreeMap<RevenueKey, &PeriodRevenue> =
        rows.iter().map(|row| (revenue_key(row), row)).collect();
    let mut known = BTreeMap::new();
    let mut months: Vec<Period> = latest.keys().map(|key| key.0).collect();
    months.dedup();
    let newest = revisions::newest(connection, Kind::Revenue).await?;
    for month in months {
        let rows = revenue_at(connection, Some(month), newest).await?;
        known.extend(rows.into_iter().map(|(_, row)| (revenue_key(&row), row)));
    }
    let (write, end, tally) = changed(&latest, &known);
    let Some(revision) = revision_for(connection, Kind::Revenue, tally, brought).await? else {
        return outcome(connection, Kind::Revenue, tally).await;
    };
    for (period, [territory, tier, listener], plan, correction) in end {
        sqlx::query(
            "UPDATE revenue_rows SET until_revision = $1 WHERE period = $2 AND territory = $3 \
             AND tier = $4 AND listener = $5 AND plan = $6 AND correction = $7 \
             AND until_revision IS NULL",
        )
        .bind(revision)
        .bind(period.to_string())
        .bind(territory)
        .bind(tier)
        .bind(listener)
        .bind(plan.word())
        .bind(correction)
        .execute(&mut *connection)
        .await?;
    }
    let into = "revenue_rows (period, territory, tier, listener, plan, correction, \
                since_revision, subscribers, currency, gross, tax, store_fee, refunds)";
    insert(connection, into, 13, &write, |query, PeriodRevenue { period, row }| {
        let query = query.bind(period.to_string()).bind(text(row.territory.as_deref()));
        let query = query.bind(text(row.tier.as_deref())).bind(text(row.listener.as_deref()));
        let query = query.bind(row.plan.word()).bind(text(row.correction.as_deref()));
        let query = query.bind(revision).bind(to_column("a number", row.subscribers)?);
        let query = query.bind(row.currency.to_string()).bind(row.gross.get());
        Ok(query.bind(row.tax.get()).bind(row.store_fee.get()).bind(row.refunds.get()))
    })
    .await?;
    outcome(connection, Kind::Revenue, tally).await
}

async fn revenue_at(
    connection: &mut Connection,
    period: Option<Period>,
    revision: u64,
) -> Result<Vec<(i64, PeriodRevenue)>, Fault> {
    let rows = sqlx::query(
        "SELECT * FROM revenue_rows WHERE ($1 IS NULL OR period = $1) AND since_revision <= $2 \
         AND (until_revision IS NULL OR until_revision > $2) \
         ORDER BY period, territory, tier, listener, plan, correction",
    )
    .bind(period.map(|period| period.to_string()))
    .bind(clamped(revision))
    .fetch_all(connection)
    .await?;
    rows.iter().map(revenue_row).collect()
}

/// A revision beyond any that there is stands for the newest.
fn clamped(revision: u64) -> i64 {
    i64::try_from(revision).unwrap_or(i64::MAX)
}

fn revenue_row(row: &Row) -> Result<(i64, PeriodRevenue), Fault> {
    let period: String = row.try_get("period")?;
    let columns = Columns::new(row, "revenue_rows", &period);
    let plan = |word: &str| Plan::from_word(word).ok_or("the word is unknown");
    let read = RevenueRow {
        territory: name(&columns.text("territory")?),
        tier: name(&columns.text("tier")?),
        listener: name(&columns.text("listener")?),
        plan: columns.must("plan", plan)?,
        subscribers: columns.number("subscribers")?,
        currency: columns.must("currency", Currency::parse)?,
        gross: Micros::new(row.try_get("gross")?),
        tax: Micros::new(row.try_get("tax")?),
        store_fee: Micros::new(row.try_get("store_fee")?),
        refunds: Micros::new(row.try_get("refunds")?),
        correction: name(&columns.text("correction")?),
    };
    let period = columns.must("period", Period::parse)?;
    Ok((row.try_get("since_revision")?, PeriodRevenue { period, row: read }))
}

async fn import_fx(
    connection: &mut Connection,
    rows: &[FxRow],
    brought: Brought<'_>,
) -> Result<ImportedRows, Fault> {
    let key = |row: &FxRow| (row.base, row.quote, row.day);
    let latest: BTreeMap<_, &FxRow> = rows.iter().map(|row| (key(row), row)).collect();
    let newest = revisions::newest(connection, Kind::Fx).await?;
    let known = fx_at(connection, newest).await?;
    let known: BTreeMap<_, FxRow> = known.into_iter().map(|(_, row)| (key(&row), row)).collect();
    let (write, end, tally) = changed(&latest, &known);
    let Some(revision) = revision_for(connection, Kind::Fx, tally, brought).await? else {
        return outcome(connection, Kind::Fx, tally).await;
    };
    for (base, quote, day) in end {
        sqlx::query(
            "UPDATE fx_rows SET until_revision = $1 WHERE base = $2 AND quote = $3 AND day = $4 \
             AND until_revision IS NULL",
        )
        .bind(revision)
        .bind(base.to_string())
        .bind(quote.to_string())
        .bind(i64::from(day.0))
        .execute(&mut *connection)
        .await?;
    }
    let into = "fx_rows (base, quote, day, since_revision, rate, inverse, source)";
    insert(connection, into, 7, &write, |query, row| {
        let query = query.bind(row.base.to_string()).bind(row.quote.to_string());
        let query = query.bind(i64::from(row.day.0)).bind(revision).bind(row.rate.to_string());
        Ok(query.bind(row.inverse).bind(row.source.to_string()))
    })
    .await?;
    outcome(connection, Kind::Fx, tally).await
}

async fn fx_at(connection: &mut Connection, revision: u64) -> Result<Vec<(i64, FxRow)>, Fault> {
    let rows = sqlx::query(
        "SELECT * FROM fx_rows WHERE since_revision <= $1 \
         AND (until_revision IS NULL OR until_revision > $1) ORDER BY base, quote, day",
    )
    .bind(clamped(revision))
    .fetch_all(connection)
    .await?;
    let read = |row: &Row| {
        let base: String = row.try_get("base")?;
        let columns = Columns::new(row, "fx_rows", &base);
        let read = FxRow {
            base: columns.must("base", Currency::parse)?,
            quote: columns.must("quote", Currency::parse)?,
            day: DayNo(columns.number("day")?),
            rate: columns.must("rate", Fraction::parse)?,
            inverse: columns.flag("inverse")?,
            source: columns.text("source")?,
        };
        Ok((row.try_get("since_revision")?, read))
    };
    rows.iter().map(read).collect()
}

async fn import_usage(
    connection: &mut Connection,
    source: &str,
    months: &[PeriodUsage],
    brought: Brought<'_>,
) -> Result<ImportedRows, Fault> {
    let latest: BTreeMap<Period, &PeriodUsage> =
        months.iter().map(|month| (month.period, month)).collect();
    let newest = revisions::newest(connection, Kind::Usage).await?;
    let mut known = BTreeMap::new();
    for period in latest.keys() {
        if let Some(plays) = usage_of(connection, source, *period, newest).await? {
            known.insert(*period, PeriodUsage { period: *period, plays });
        }
    }
    let (write, end, tally) = changed(&latest, &known);
    let Some(revision) = revision_for(connection, Kind::Usage, tally, brought).await? else {
        return outcome(connection, Kind::Usage, tally).await;
    };
    for period in end {
        sqlx::query(
            "UPDATE usage_months SET until_revision = $1 \
             WHERE source = $2 AND period = $3 AND until_revision IS NULL",
        )
        .bind(revision)
        .bind(source)
        .bind(period.to_string())
        .execute(&mut *connection)
        .await?;
    }
    for PeriodUsage { period, plays } in write {
        let period = period.to_string();
        sqlx::query(
            "INSERT INTO usage_months (source, period, since_revision) VALUES ($1, $2, $3)",
        )
        .bind(source)
        .bind(&period)
        .bind(revision)
        .execute(&mut *connection)
        .await?;
        let bytes = zstd::encode_all(&*month::to_bytes(plays), ZSTD_LEVEL)
            .map_err(|error| Fault::Said(format!("a month's usage can't be packed: {error}")))?;
        for (part, bytes) in (0_i64..).zip(bytes.chunks(PART_BYTES)) {
            sqlx::query(
                "INSERT INTO usage_parts (source, period, since_revision, part, bytes) \
                 VALUES ($1, $2, $3, $4, $5)",
            )
            .bind(source)
            .bind(&period)
            .bind(revision)
            .bind(part)
            .bind(bytes)
            .execute(&mut *connection)
            .await?;
        }
    }
    outcome(connection, Kind::Usage, tally).await
}

/// The usage of one source's month at a revision; `None` where it brought none.
async fn usage_of(
    connection: &mut Connection,
    source: &str,
    period: Period,
    revision: u64,
) -> Result<Option<MonthPlays>, Fault> {
    let since: Option<i64> = sqlx::query_scalar(
        "SELECT since_revision FROM usage_months WHERE source = $1 AND period = $2 \
         AND since_revision <= $3 AND (until_revision IS NULL OR until_revision > $3)",
    )
    .bind(source)
    .bind(period.to_string())
    .bind(clamped(revision))
    .fetch_optional(&mut *connection)
    .await?;
    let Some(since) = since else { return Ok(None) };
    let parts: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT bytes FROM usage_parts WHERE source = $1 AND period = $2 AND since_revision = $3 \
         ORDER BY part",
    )
    .bind(source)
    .bind(period.to_string())
    .bind(since)
    .fetch_all(connection)
    .await?;
    let packed = parts.concat();
    drop(parts);
    let bytes = zstd::decode_all(&*packed).ok();
    let plays = bytes.and_then(|bytes| month::from_bytes(&bytes));
    let unread = || {
        Fault::Said(format!(
            "the usage that {source} brought for {period} can't be read: where an earlier build kept it, \
             import it again"
        ))
    };
    plays.ok_or_else(unread).map(Some)
}

async fn usage_at(
    connection: &mut Connection,
    period: Period,
    revision: u64,
) -> Result<Vec<(String, MonthPlays)>, Fault> {
    let sources: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT source FROM usage_months WHERE period = $1 ORDER BY source",
    )
    .bind(period.to_string())
    .fetch_all(&mut *connection)
    .await?;
    let mut usage = Vec::new();
    for source in sources {
        if let Some(plays) = usage_of(connection, &source, period, revision).await? {
            usage.push((source, plays));
        }
    }
    Ok(usage)
}
