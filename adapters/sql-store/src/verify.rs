//! Looking for damage: what the database finds, and where our own rows contradict each other.

use ledgerline_ids::{DayNo, HourNo, PartitionId};
use ledgerline_records::verdict::{Status, Verdict};
use std::collections::BTreeMap;
use std::fmt::Display;

use super::dialect::{self, Connection};
use super::facts::{
    ACCEPTED, CommitRow, DayRow, SELECT_COMMITS, SELECT_COUNTED, SELECT_PLAYS, SELECT_REPORTS,
    WordRow,
};
use super::{
    Store, accounts, appeals, audit, catalogue, collection, contracts, counted, credentials,
    ingest, leases, ledger, listeners, proposals, revisions, sign_in,
};
use crate::fault::Fault;

/// How many findings are reported; whoever has more has lost the file anyway.
const FINDINGS_MAX: usize = 1000;

/// One sentence for each thing that is wrong.
pub(crate) async fn findings(store: &Store) -> Result<Vec<String>, Fault> {
    let file = store.name();
    let damage = dialect::damage(store).await?;
    let mut findings: Vec<String> = damage.iter().map(|line| format!("{file}: {line}")).collect();
    let mut snapshot = store.begin_read().await?;
    for (subject, found) in [
        ("the counts", facts(&mut snapshot).await),
        ("what counts by recording", counted::damage(&mut snapshot).await),
        ("the leases", leases::damage(&mut snapshot).await),
        ("the credentials", credentials::damage(&mut snapshot).await),
        ("the invitations and sessions", sign_in::damage(&mut snapshot).await),
        ("the accounts", accounts::damage(&mut snapshot).await),
        ("what listeners keep", collection::damage(&mut snapshot).await),
        ("the appeals", appeals::damage(&mut snapshot).await),
        ("the listeners", listeners::damage(&mut snapshot).await),
        ("the catalogue", catalogue::damage(&mut snapshot).await),
        ("the contracts", contracts::damage(&mut snapshot).await),
        ("the proposals", proposals::damage(&mut snapshot).await),
        ("the files of music", ingest::damage(&mut snapshot).await),
        ("the audit log", audit::damage(&mut snapshot).await),
        ("the ledger", ledger::damage(&mut snapshot).await),
        ("the revisions of imports", revisions::damage(&mut snapshot).await),
    ] {
        match found {
            Ok(found) => findings.extend(found),
            Err(fault) => findings.push(format!("{file}: {subject} can't be read: {fault}")),
        }
    }
    // It has read what it could; where that was too little, it has said so.
    let _ = snapshot.commit().await;
    if findings.len() > FINDINGS_MAX {
        let more = findings.len() - FINDINGS_MAX;
        findings.truncate(FINDINGS_MAX);
        findings.push(format!("{file}: {more} more things are wrong"));
    }
    Ok(findings)
}

/// What the rows of one partition say about each other.
#[derive(Default)]
struct Sums {
    /// By hour: all reports, and the sum of their verdicts.
    reports: BTreeMap<i64, (i128, i128)>,
    /// Plays of the status `counted`.
    counted_status: i128,
    /// Counted plays of all days.
    counted_days: i128,
}

async fn facts(connection: &mut Connection) -> Result<Vec<String>, Fault> {
    let commits: Vec<CommitRow> =
        sqlx::query_as(SELECT_COMMITS).fetch_all(&mut *connection).await?;
    let reports: Vec<WordRow> = sqlx::query_as(SELECT_REPORTS).fetch_all(&mut *connection).await?;
    let plays: Vec<WordRow> = sqlx::query_as(SELECT_PLAYS).fetch_all(&mut *connection).await?;
    let counted: Vec<DayRow> = sqlx::query_as(SELECT_COUNTED).fetch_all(connection).await?;

    let mut findings = Vec::new();
    let mut sums: BTreeMap<i64, Sums> = BTreeMap::new();
    for (partition, hour, word, number) in reports {
        let key = Key::hour("report_totals", partition, hour, &word);
        let known = word == ACCEPTED || Verdict::from_word(&word).is_some();
        key.check(known, number, &mut findings);
        let of = sums.entry(partition).or_default().reports.entry(hour).or_default();
        *(if word == ACCEPTED { &mut of.0 } else { &mut of.1 }) += i128::from(number);
    }
    for (partition, hour, word, number) in plays {
        let key = Key::hour("play_totals", partition, hour, &word);
        let status = Status::from_word(&word);
        key.check(status.is_some(), number, &mut findings);
        if status == Some(Status::Counted) {
            sums.entry(partition).or_default().counted_status += i128::from(number);
        }
    }
    for (partition, day, number) in counted {
        Key::day("counted_totals", partition, day).check(true, number, &mut findings);
        sums.entry(partition).or_default().counted_days += i128::from(number);
    }
    for (partition, sums) in &sums {
        check_sums(*partition, sums, &mut findings);
    }
    check_commits(&commits, &sums, &mut findings);
    Ok(findings)
}

fn check_sums(partition: i64, sums: &Sums, findings: &mut Vec<String>) {
    for (hour, (accepted, verdicts)) in &sums.reports {
        if accepted != verdicts {
            findings.push(format!(
                "report_totals {} {}: {accepted} reports were accepted, but {verdicts} have a \
                 verdict",
                name_of(partition),
                hour_name(*hour)
            ));
        }
    }
    let Sums { counted_status, counted_days, .. } = sums;
    if counted_status != counted_days {
        findings.push(format!(
            "counted_totals {}: {counted_days} plays count by the days, but play_totals has \
             {counted_status} of status counted",
            name_of(partition)
        ));
    }
}

fn check_commits(commits: &[CommitRow], sums: &BTreeMap<i64, Sums>, findings: &mut Vec<String>) {
    for (expected, (partition, epoch, position, plays_bytes)) in (0_i64..).zip(commits) {
        let name = name_of(*partition);
        if *partition != expected {
            findings.push(format!(
                "partition_commits: {name} stands where {} should",
                name_of(expected)
            ));
            return;
        }
        let least =
            [("epoch", *epoch, 1), ("position", *position, 0), ("plays_bytes", *plays_bytes, 0)];
        for (column, number, least) in least {
            if number < least {
                findings.push(format!("partition_commits {name}: {column} is {number}"));
            }
        }
        let accepted: i128 =
            sums.get(partition).map_or(0, |sums| sums.reports.values().map(|of| of.0).sum());
        if accepted > i128::from(*position) {
            findings.push(format!(
                "partition_commits {name}: only {position} records are judged, but report_totals \
                 has {accepted} reports"
            ));
        }
    }
}

/// The key of a row, as a person reads it, and whether it is one.
struct Key {
    text: String,
    in_range: bool,
}

impl Key {
    fn hour(table: &str, partition: i64, hour: i64, word: &str) -> Self {
        let text = format!("{table} {} {} {word:?}", name_of(partition), hour_name(hour));
        Self { text, in_range: u32::try_from(hour).is_ok() }
    }

    fn day(table: &str, partition: i64, day: i64) -> Self {
        let text = format!("{table} {} {}", name_of(partition), day_name(day));
        Self { text, in_range: u32::try_from(day).is_ok() }
    }

    fn check(&self, known_word: bool, number: i64, findings: &mut Vec<String>) {
        let Self { text, in_range } = self;
        if !in_range {
            findings.push(format!("{text}: the time is out of range"));
        }
        if !known_word {
            findings.push(format!("{text}: the word is unknown"));
        }
        if number < 0 {
            findings.push(format!("{text}: the number is {number}"));
        }
    }
}

fn name_of(partition: i64) -> String {
    shown(u16::try_from(partition).map(PartitionId).ok(), "partition", partition)
}

fn hour_name(hour: i64) -> String {
    shown(u32::try_from(hour).map(HourNo).ok(), "hour", hour)
}

fn day_name(day: i64) -> String {
    shown(u32::try_from(day).map(DayNo).ok(), "day", day)
}

fn shown(valid: Option<impl Display>, kind: &str, number: i64) -> String {
    valid.map_or_else(|| format!("{kind} {number}"), |value| value.to_string())
}
