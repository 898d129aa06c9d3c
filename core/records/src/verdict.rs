//! The words for what was decided. The rules that choose them are in `counting`.

/// Declares an enum with a stable byte and a stable name for each variant.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $byte:literal, $word:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* $variant = $byte,)* }

        impl $name {
            /// Every value, in the order of the bytes.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in the API and in the stores.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The value of a byte in a record.
            #[must_use]
            pub fn from_byte(byte: u8) -> Option<Self> {
                match byte { $($byte => Some(Self::$variant),)* _ => None }
            }

            /// The value that the API and the stores call `word`.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// Where a play stands. In the order in which the rules are tried.
    Status {
        /// Its reports disagree on what was played.
        Conflict = 1, "conflict";
        /// No report of it came in time, and nobody decided yet.
        Adjudication = 2, "adjudication";
        /// It can never be paid for; a [`Reason`] says why.
        NotPayable = 3, "not_payable";
        /// A standing fraud decision takes it out.
        Excluded = 4, "excluded";
        /// A standing fraud decision keeps it back.
        Held = 5, "held";
        /// It counts.
        Counted = 6, "counted";
        /// Too short so far, while reports may still come in time.
        Pending = 7, "pending";
        /// Too short, and no report can come in time any more.
        BelowThreshold = 8, "below_threshold";
    }
}

words! {
    /// Why a play has the status that it has, where the status alone doesn't say.
    Reason {
        /// Only a preview was played.
        Preview = 1, "preview";
        /// A history brought from elsewhere.
        Imported = 2, "imported";
        /// No listener.
        Anonymous = 3, "anonymous";
        /// The catalogue doesn't know the track.
        UnknownTrack = 4, "unknown_track";
        /// A listener's player without a stream grant that holds.
        NoGrant = 5, "no_grant";
        /// More time listened than passed since the grant.
        ImpossibleTime = 6, "impossible_time";
        /// Started more than 35 days before it was received.
        TooOld = 7, "too_old";
        /// Started more than 10 minutes after it was received.
        ClockSkew = 8, "clock_skew";
        /// A person decided that a play out of time is not to be paid.
        Refused = 9, "refused";
    }
}

words! {
    /// What became of one accepted report. Each has exactly one.
    Verdict {
        /// It took its play over the line.
        Counted = 1, "counted";
        /// It changed the merged play otherwise.
        Progress = 2, "progress";
        /// It changed nothing.
        Duplicate = 3, "duplicate";
        /// It disagrees with other reports of its play on what was played.
        Conflict = 4, "conflict";
        /// Its play can't be paid for.
        NotPayable = 5, "not_payable";
        /// Its play waits for a person's decision.
        Adjudication = 6, "adjudication";
    }
}

words! {
    /// A fraud rule; its bit in a set of rules is `1 << (byte - 1)`.
    FraudRule {
        /// More plays started in a clock hour than anyone listens to.
        Rate = 1, "rate";
        /// One track in a row, over and over.
        Loop = 2, "loop";
        /// A device on the deployment's list.
        BotDevice = 3, "bot_device";
        /// A new listener with a day of one track.
        FreshLoop = 4, "fresh_loop";
        /// A day without sleep, or without one skip.
        RoundTheClock = 5, "round_the_clock";
    }
}

words! {
    /// What a person ruled on a play; it stands above every rule.
    Ruling {
        /// Keep it back.
        Hold = 1, "hold";
        /// Take it out.
        Exclude = 2, "exclude";
        /// Let it count, whatever the rules say.
        Reinstate = 3, "reinstate";
    }
}

words! {
    /// What a person decided on a play that no report brought in time.
    Decision {
        /// Treat it as if it had come in time.
        Accept = 1, "accept";
        /// It is not payable.
        Refuse = 2, "refuse";
    }
}

/// A set of fraud rules that touch a play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FraudRules(pub u8);

impl FraudRules {
    /// No rule.
    pub const NONE: Self = Self(0);

    /// This set and `rule`.
    #[must_use]
    pub fn with(self, rule: FraudRule) -> Self {
        Self(self.0 | 1 << (rule as u8 - 1))
    }

    /// This set without `rule`.
    #[must_use]
    pub fn without(self, rule: FraudRule) -> Self {
        Self(self.0 & !(1 << (rule as u8 - 1)))
    }

    /// Whether `rule` is in the set.
    #[must_use]
    pub fn contains(self, rule: FraudRule) -> bool {
        self.0 & 1 << (rule as u8 - 1) != 0
    }

    /// The rules, in the order of their bytes.
    pub fn iter(self) -> impl Iterator<Item = FraudRule> {
        FraudRule::ALL.iter().copied().filter(move |rule| self.contains(*rule))
    }
}
