//! Every sentence of statements and explanations, in one place.
//!
//! Each is a function of plain values; `sentences.txt` beside the tests holds them as a reader sees
//! them. A sentence says what happened, by which number, and what can be done about it.

use ledgerline_counting::fraud::Measured;
use ledgerline_records::verdict::FraudRule;

/// What a fraud rule means, without a play.
#[must_use]
pub fn rule_meaning(rule: FraudRule) -> &'static str {
    match rule {
        FraudRule::Rate => {
            "more plays of this listener started in one clock hour than anyone listens to"
        }
        FraudRule::Loop => "this listener played one track over and over, with no other between",
        FraudRule::BotDevice => "the device is on this deployment's list of bot devices",
        FraudRule::FreshLoop => {
            "a listener who is new to the log had a day that was nearly all one track"
        }
        FraudRule::RoundTheClock => "a day without sleep, or a very long one without one skip",
    }
}

/// What a fraud rule found of a play, with its numbers.
#[must_use]
pub fn rule_found(measured: &Measured) -> String {
    let figure = |name| number(&measured.figures, name);
    let limit = |name| number(&measured.limits, name);
    let said = match measured.rule {
        FraudRule::Rate => format!(
            "in the clock hour of this play {} plays of its listener started; up to {} are counted",
            figure("plays_in_hour"),
            limit("plays_per_hour_max")
        ),
        FraudRule::Loop => format!(
            "this play stands in a run of {} plays of one track in a row; from {} on they are held",
            figure("plays_in_a_row"),
            limit("plays_in_a_row_held")
        ),
        FraudRule::BotDevice if figure("device_is_listed") == 1 => {
            "the device of this play is on the list of bot devices".to_owned()
        }
        FraudRule::BotDevice => {
            "the device of this play is not on the list of bot devices".to_owned()
        }
        FraudRule::FreshLoop => format!(
            "the listener was first seen {} before the day of this play, and {}% of its {} plays that \
             day are of this track; within {} of the first, {}% of {} or more plays are held",
            days(figure("listener_age_ms")),
            figure("share_percent"),
            figure("plays_in_day"),
            days(limit("fresh_ms")),
            limit("share_percent_held"),
            limit("plays_per_day")
        ),
        FraudRule::RoundTheClock => format!(
            "on the day of this play its listener heard {} in {} plays, {} of them skipped; more than \
             {}, or {} plays without a skip, are held",
            hours(figure("listened_ms_in_day")),
            figure("plays_in_day"),
            figure("skips_in_day"),
            hours(limit("listened_ms_per_day_max")),
            limit("plays_per_day_without_skip")
        ),
    };
    let verdict = if measured.holds { "holds" } else { "doesn't hold" };
    format!("{} {verdict}: {said}", measured.rule.as_str())
}

/// How to appeal against a play that is kept back.
#[must_use]
pub fn how_to_appeal(user_id: Option<&str>, play_id: Option<&str>) -> String {
    match (user_id, play_id) {
        (Some(_), Some(_)) => {
            "whoever holds a right in this recording may appeal: POST /api/v1/appeals with user_id, \
             play_id, appellant and grounds, or `ledgerline appeals open`; the rules are run again on \
             the same evidence, and a person decides"
                .to_owned()
        }
        _ => "this play has no play_id, so it can't be named alone: appeal against the line of the \
              statement, with period, track_id and payee"
            .to_owned(),
    }
}

/// What became of an appeal, for a statement.
#[must_use]
pub fn appeal_state(number: u64, plays: u64, state: AppealState<'_>) -> String {
    let plays = if plays == 1 { "1 play".to_owned() } else { format!("{plays} plays") };
    match state {
        AppealState::Waiting => format!("appeal {number} against {plays} waits for a decision"),
        AppealState::Reinstated(reason) => format!(
            "appeal {number}: {plays} reinstated ({reason}); the money comes with the next close, as \
             an adjustment"
        ),
        AppealState::Upheld(reason) => {
            format!("appeal {number}: the rules' finding on {plays} is upheld ({reason})")
        }
    }
}

/// Where an appeal stands, with the reason that a person gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppealState<'a> {
    /// Nobody has decided.
    Waiting,
    /// The plays count.
    Reinstated(&'a str),
    /// They don't.
    Upheld(&'a str),
}

/// The note of a ruling that follows from an appeal.
#[must_use]
pub fn appeal_ruling(number: u64, reason: &str) -> String {
    format!("appeal {number}: {reason}")
}

fn number(named: &[(&'static str, u64)], name: &str) -> u64 {
    named.iter().find(|(known, _)| *known == name).map_or(0, |(_, number)| *number)
}

/// `3 days`, `5 hours`.
fn days(ms: u64) -> String {
    const DAY_MS: u64 = 86_400_000;
    match ms / DAY_MS {
        0 => hours(ms),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

/// `22 h 30 min`.
fn hours(ms: u64) -> String {
    let minutes = ms / 60_000;
    format!("{} h {} min", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rule: FraudRule, holds: bool, figures: &[(&'static str, u64)]) -> String {
        let limits = vec![
            ("plays_per_hour_max", 500),
            ("plays_in_a_row_held", 100),
            ("plays_per_day", 50),
            ("share_percent_held", 80),
            ("fresh_ms", 7 * 86_400_000),
            ("listened_ms_per_day_max", 22 * 3_600_000),
            ("plays_per_day_without_skip", 1_000),
        ];
        rule_found(&Measured { rule, holds, figures: figures.to_vec(), limits })
    }

    /// Every sentence, as `name: sentence`.
    fn all() -> Vec<String> {
        let mut all = Vec::new();
        let mut say = |name: &str, sentence: String| all.push(format!("{name}: {sentence}"));
        for rule in FraudRule::ALL {
            say(&format!("rule_meaning {}", rule.as_str()), rule_meaning(*rule).to_owned());
        }
        say("rule_found", found(FraudRule::Rate, true, &[("plays_in_hour", 612)]));
        say("rule_found", found(FraudRule::Loop, false, &[("plays_in_a_row", 99)]));
        say("rule_found", found(FraudRule::BotDevice, true, &[("device_is_listed", 1)]));
        say("rule_found", found(FraudRule::BotDevice, false, &[("device_is_listed", 0)]));
        let fresh =
            [("listener_age_ms", 2 * 86_400_000), ("share_percent", 96), ("plays_in_day", 70)];
        say("rule_found", found(FraudRule::FreshLoop, true, &fresh));
        let clock =
            [("listened_ms_in_day", 83_400_000), ("plays_in_day", 1_200), ("skips_in_day", 0)];
        say("rule_found", found(FraudRule::RoundTheClock, true, &clock));
        say("how_to_appeal", how_to_appeal(Some("u"), Some("p")));
        say("how_to_appeal", how_to_appeal(Some("u"), None));
        say("appeal_state", appeal_state(7, 1, AppealState::Waiting));
        say("appeal_state", appeal_state(7, 12, AppealState::Reinstated("a school class")));
        say("appeal_state", appeal_state(7, 1, AppealState::Upheld("the same device again")));
        say("appeal_ruling", appeal_ruling(7, "a school class"));
        all
    }

    /// A sentence that is changed is changed in the table too, where people read it.
    #[test]
    fn every_sentence_reads_as_the_table_says() {
        let table = include_str!("sentences.txt");
        let expected: Vec<&str> =
            table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        let all = all();
        assert_eq!(all, expected, "\n{}\n", all.join("\n"));
    }
}
