//! A month's plays, added up: all that royalties know of what was heard.

/// What can be told apart in how a recording reached its listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Use {
    /// The listener chose it.
    OnDemand,
    /// A station or radio chose it.
    Radio,
}

impl Use {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::OnDemand, Self::Radio];

    /// The word in contracts, files and answers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::OnDemand => "on_demand",
            Self::Radio => "radio",
        }
    }

    /// The use of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// Counted plays of a month that another system counted, as they are brought.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsageEntry {
    /// The recording.
    pub track_id: Box<str>,
    /// The country; `None` where it isn't known.
    pub territory: Option<Box<str>>,
    /// The listeners' plan; `None` where it isn't known.
    pub tier: Option<Box<str>>,
    /// How it reached them.
    pub usage_use: Use,
    /// The listener; `None` is many.
    pub listener: Option<Box<str>>,
    /// How many counted plays.
    pub plays: u64,
}

/// Names by number, in byte order: so that numbers order as names do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    sorted: Vec<Box<str>>,
}

impl Names {
    /// Of any names; sorted, each once.
    #[must_use]
    pub fn new(mut names: Vec<Box<str>>) -> Self {
        names.sort_unstable();
        names.dedup();
        Self { sorted: names }
    }

    /// The name of `number`.
    ///
    /// # Panics
    /// Where `number` is not one that [`Names::number`] gave.
    #[must_use]
    pub fn name(&self, number: u32) -> &str {
        &self.sorted[number as usize]
    }

    /// The number of `name`.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u32> {
        let found = self.sorted.binary_search_by(|known| (**known).cmp(name));
        found.ok().and_then(|at| u32::try_from(at).ok())
    }

    /// All names, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.sorted.iter().map(|name| &**name)
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }
}

/// What plays are added up by. The numbers are those of the [`Usage`] that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsageKey {
    /// The recording, in [`Usage::tracks`].
    pub track: u32,
    /// The country, in [`Usage::territories`]; [`Usage::UNKNOWN`] where none was reported.
    pub territory: u16,
    /// The listener's plan, in [`Usage::tiers`]; [`Usage::UNKNOWN`] where none was reported.
    pub tier: u16,
    /// How it reached the listener.
    pub usage_use: Use,
    /// How many of [`Usage::bands_ms`] the merged listened time reached.
    pub band: u8,
    /// Whether these plays are counted: held, excluded and short ones are not.
    pub counted: bool,
}

/// Plays of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsageRow {
    /// Of what.
    pub key: UsageKey,
    /// How many.
    pub plays: u64,
}

/// Plays of one key by one listener, in the order of listener, then key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerRow {
    /// The listener, in [`Usage::listeners`].
    pub listener: u32,
    /// Of what.
    pub key: UsageKey,
    /// How many.
    pub plays: u32,
    /// How many counted plays of this recording this listener had before the period, for price
    /// ladders that go on over periods. Stated on the listener's first row of the recording.
    pub plays_before: u32,
    /// How many of the plays are beyond the 50th straight one of the recording by this
    /// listener, which the US mechanical right doesn't pay (37 CFR 385.2, "Play").
    pub plays_beyond_50_straight: u32,
}

/// A month's plays, added up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// Recordings.
    pub tracks: Names,
    /// Countries.
    pub territories: Names,
    /// Plans.
    pub tiers: Names,
    /// Listeners' pseudonyms; empty where usage came without listeners.
    pub listeners: Names,
    /// Thresholds on the merged listened time that some contract asks for, ascending.
    pub bands_ms: Vec<u32>,
    /// All plays, sorted by key.
    pub rows: Vec<UsageRow>,
    /// The same by listener, sorted; empty where no term asks for it.
    pub listener_rows: Vec<ListenerRow>,
    /// Counted plays in the twelve months that end with the period, by track number; empty where
    /// no term asks for it.
    pub trailing_plays: Vec<u64>,
}

impl Usage {
    /// Stands for a territory or tier that no report named.
    pub const UNKNOWN: u16 = u16::MAX;
}
