//! Words and instants: the core's own, as JSON and as schemas.

use std::borrow::Cow;

use ledgerline_app::access::set_up::SignUp;
use ledgerline_app::charts::ChartPeriod;
use ledgerline_app::counts::By;
use ledgerline_app::ports::Scope;
use ledgerline_app::ports::accounts::Plan;
use ledgerline_app::ports::appeals::Outcome;
use ledgerline_app::ports::collection::{Repeat, SavedKind};
use ledgerline_app::ports::sign_in::Role;
use ledgerline_ids::{DayNo, UnixMs};
use ledgerline_ledger as ledger;
use ledgerline_records::report::PlaybackEvent;
use ledgerline_records::verdict::{Decision, FraudRule, Reason, Ruling, Status, Verdict};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{KnownFormat, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// Declares the JSON of an enum of words: its names, and as schema the list of all of them.
macro_rules! word {
    ($(#[$doc:meta])* $name:ident as $schema:literal: $type:ty, $from:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name(pub $type);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.0.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = Cow::<str>::deserialize(deserializer)?;
                $from(&word).map(Self).ok_or_else(|| {
                    let words: Vec<_> = <$type>::ALL.iter().map(|word| word.as_str()).collect();
                    D::Error::custom(format!("must be one of {}", words.join(", ")))
                })
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .enum_values(Some(<$type>::ALL.iter().map(|word| word.as_str())))
                    .into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($schema)
            }
        }
    };
}

word! {
    /// How an appeal ends.
    OutcomeWord as "Outcome": Outcome, Outcome::from_word
}
word! {
    /// Where a play stands.
    StatusWord as "Status": Status, Status::from_word
}
word! {
    /// Why a play has the status that it has.
    ReasonWord as "Reason": Reason, Reason::from_word
}
word! {
    /// What became of a report.
    VerdictWord as "Verdict": Verdict, Verdict::from_word
}
word! {
    /// A fraud rule.
    FraudRuleWord as "FraudRule": FraudRule, FraudRule::from_word
}
word! {
    /// What a person ruled on a play.
    RulingWord as "Ruling": Ruling, Ruling::from_word
}
word! {
    /// What a person decided on a play that no report brought in time.
    DecisionWord as "Decision": Decision, Decision::from_word
}
word! {
    /// Why a report was sent.
    EventWord as "PlaybackEvent": PlaybackEvent, PlaybackEvent::from_word
}
word! {
    /// What plays are counted by.
    ByWord as "By": By, By::from_name
}
word! {
    /// What an account is for.
    AccountKindWord as "AccountKind": ledger::AccountKind, ledger::AccountKind::from_word
}
word! {
    /// Why money moves.
    EntryReasonWord as "EntryReason": ledger::Reason, ledger::Reason::from_word
}
word! {
    /// What a guest is to be.
    RoleWord as "Role": Role, Role::from_word
}
word! {
    /// What an account is entitled to, and the tier that its plays are paid by.
    PlanWord as "Plan": Plan, Plan::from_word
}
word! {
    /// Who may make an account: whoever is invited, or anybody.
    SignUpWord as "SignUp": SignUp, SignUp::from_word
}
word! {
    /// What comes after the last item of a queue.
    RepeatWord as "Repeat": Repeat, Repeat::from_word
}
word! {
    /// What a chart ranks.
    ChartKindWord as "ChartKind": SavedKind, SavedKind::from_word
}
word! {
    /// How long a chart is of.
    ChartPeriodWord as "ChartPeriod": ChartPeriod, ChartPeriod::from_word
}
word! {
    /// What a key may do.
    ScopeWord as "Scope": Scope, Scope::from_name
}

/// A day in UTC, as `2026-03-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(pub DayNo);

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        DayNo::parse(&text).map(Self).map_err(D::Error::custom)
    }
}

impl PartialSchema for Day {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
            .into()
    }
}

impl ToSchema for Day {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Day")
    }
}

/// An instant, as RFC 3339 in UTC with milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant(pub UnixMs);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl PartialSchema for Instant {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .into()
    }
}

impl ToSchema for Instant {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Instant")
    }
}
