//! What became of what was sent: the sums of the conservation law, before and after.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

use crate::failure::Failure;
use crate::output::{table, thousands};
use crate::sending::Sent;
use crate::session::Session;

/// Reports by verdict and plays by status, over all partitions and hours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    /// Reports that were acknowledged.
    pub accepted: i64,
    /// They, by their verdict.
    pub verdicts: BTreeMap<String, i64>,
    /// Plays by their status.
    pub statuses: BTreeMap<String, i64>,
    /// Whether the law holds.
    pub holds: bool,
}

impl Sums {
    /// Judges what the log holds, then sums up.
    ///
    /// # Errors
    /// [`Failure`] with the problem's detail.
    pub async fn now(session: &Session) -> Result<Self, Failure> {
        session.post("/control/v1/settle?tick=true", &json!({})).await?;
        let law = session.get("/api/v1/conservation").await?;
        let mut sums = Self { holds: law["holds"] == true, ..Self::default() };
        let partitions = law["partitions"].as_array().into_iter().flatten();
        for hour in partitions.flat_map(|p| p["hours"].as_array().into_iter().flatten()) {
            sums.accepted += hour["accepted"].as_i64().unwrap_or_default();
            add(&mut sums.verdicts, &hour["verdicts"]);
            add(&mut sums.statuses, &hour["statuses"]);
        }
        Ok(sums)
    }

    /// What was added since `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let less = |after: &BTreeMap<String, i64>, before: &BTreeMap<String, i64>| {
            let mut difference = after.clone();
            for (word, sum) in before {
                *difference.entry(word.clone()).or_default() -= sum;
            }
            difference.retain(|_, sum| *sum != 0);
            difference
        };
        Self {
            accepted: self.accepted - before.accepted,
            verdicts: less(&self.verdicts, &before.verdicts),
            statuses: less(&self.statuses, &before.statuses),
            holds: self.holds,
        }
    }

    /// How many plays there are.
    #[must_use]
    pub fn plays(&self) -> i64 {
        self.statuses.values().sum()
    }

    /// A table for a person: what became of every report, and where the plays stand.
    #[must_use]
    pub fn table(&self) -> String {
        let mut rows = vec![vec!["reports".to_owned(), String::new()]];
        for (verdict, sum) in &self.verdicts {
            rows.push(vec![verdict.clone(), thousands(*sum)]);
        }
        rows.push(vec!["= accepted".to_owned(), thousands(self.accepted)]);
        let mut plays = vec![vec!["plays".to_owned(), String::new()]];
        for (status, sum) in &self.statuses {
            plays.push(vec![status.clone(), thousands(*sum)]);
        }
        plays.push(vec!["= plays".to_owned(), thousands(self.plays())]);
        format!("{}\n\n{}", table(&rows), table(&plays))
    }
}

fn add(sums: &mut BTreeMap<String, i64>, of: &Value) {
    let none = Map::new();
    for (word, sum) in of.as_object().unwrap_or(&none) {
        *sums.entry(word.clone()).or_default() += sum.as_i64().unwrap_or_default();
    }
}

/// What a command that sent reports says as JSON.
#[must_use]
pub fn json_of(sent: &Sent, added: &Sums, seconds: f64) -> Value {
    let rejections = sent.rejections.iter();
    json!({
        "accepted": sent.accepted,
        "rejected": sent.rejected,
        "rejections": rejections.map(|(line, code, detail)| json!({
            "line": line, "code": code, "detail": detail,
        })).collect::<Vec<_>>(),
        "verdicts": added.verdicts,
        "plays": added.statuses,
        "seconds": seconds,
        "reports_per_second": rate(sent.accepted, seconds),
        "conservation_holds": added.holds,
    })
}

/// Reports a second, rounded.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate for a person to look at"
)]
pub fn rate(reports: u64, seconds: f64) -> u64 {
    if seconds > 0.0 { (reports as f64 / seconds) as u64 } else { 0 }
}

/// What a command that sent reports says to a person.
#[must_use]
pub fn text_of(sent: &Sent, added: &Sums, seconds: f64) -> String {
    let accepted = i64::try_from(sent.accepted).unwrap_or(i64::MAX);
    let per_second = i64::try_from(rate(sent.accepted, seconds)).unwrap_or(i64::MAX);
    let mut text = format!(
        "{} reports accepted in {seconds:.1} s ({} a second), judged and committed\n\n{}",
        thousands(accepted),
        thousands(per_second),
        added.table()
    );
    if sent.rejected > 0 {
        let rejected = i64::try_from(sent.rejected).unwrap_or(i64::MAX);
        text.push_str(&format!("\n\n{} lines are no reports:", thousands(rejected)));
        for (line, code, detail) in sent.rejections.iter().take(10) {
            text.push_str(&format!("\n  line {line}: {code}: {detail}"));
        }
    }
    text
}
