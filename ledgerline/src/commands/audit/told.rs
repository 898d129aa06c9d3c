//! What an audit found, in words and as JSON.

use ledgerline_recount::Recounted;
use serde_json::{Value, json};

use super::Audit;
use crate::output::{table, thousands};

impl Audit {
    /// Whether nothing differs.
    #[must_use]
    pub fn balanced(&self) -> bool {
        self.recount_matches && self.conserved && self.differences.is_empty()
    }

    /// Adds a partition's sums.
    pub(super) fn add(&mut self, recounted: &Recounted) {
        let counts = &recounted.counts;
        self.accepted += counts.accepted.values().sum::<u64>();
        for ((_, verdict), sum) in &counts.verdicts {
            *self.verdicts.entry(verdict.as_str()).or_default() += sum;
        }
        for ((_, status), sum) in &counts.statuses {
            *self.statuses.entry(status.as_str()).or_default() += sum;
        }
    }

    /// The contract's object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut reports = json!(self.verdicts);
        reports["accepted"] = self.accepted.into();
        let mut said = json!({
            "balanced": self.balanced(),
            "reports": reports,
            "plays": self.statuses,
            "recount_matches": self.recount_matches,
            "differences": self.differences,
        });
        if let Some(archive) = &self.archive {
            said["archive"] = json!({
                "records": archive.archived_to.0,
                "compared_with_the_log": archive.records,
                "changes": archive.changes,
            });
        }
        said
    }

    /// For a person.
    #[must_use]
    pub fn to_text(&self) -> String {
        let cell = |sum: &u64| thousands(i64::try_from(*sum).unwrap_or(i64::MAX));
        let from = match self.archive {
            None => "recounted from the raw log",
            Some(_) => "recounted from the archive, and the raw log behind it",
        };
        let mut rows = vec![vec![from.to_owned(), String::new()]];
        for (verdict, sum) in &self.verdicts {
            rows.push(vec![format!("reports {verdict}"), cell(sum)]);
        }
        rows.push(vec!["= reports accepted".to_owned(), cell(&self.accepted)]);
        for (status, sum) in &self.statuses {
            rows.push(vec![format!("plays {status}"), cell(sum)]);
        }
        if let Some(archive) = &self.archive {
            rows.push(vec!["records archived".to_owned(), cell(&archive.archived_to.0)]);
            rows.push(vec!["changes of counted plays archived".to_owned(), cell(&archive.changes)]);
        }
        let mut text = table(&rows);
        if self.balanced() {
            text.push_str("\n\nBalanced: every play, every count and every sum agrees.");
            return text;
        }
        text.push_str("\n\nNOT balanced. The first difference:");
        for difference in &self.differences {
            text.push_str("\n  ");
            text.push_str(difference);
        }
        text
    }
}
