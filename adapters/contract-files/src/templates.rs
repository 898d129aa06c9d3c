//! Annotated examples of contract files, to begin with.

/// One example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it is, in a line.
    pub what: &'static str,
    /// The file.
    pub text: &'static str,
}

macro_rules! templates {
    ($($name:literal: $what:literal,)+) => {
        /// All of them: licences first, then agreements.
        pub const TEMPLATES: &[Template] = &[$(Template {
            name: $name,
            what: $what,
            text: include_str!(concat!("../templates/", $name, ".toml")),
        }),+];
    };
}

templates! {
    "pro-rata-licence": "a share of net revenue, by plays",
    "user-centric-licence": "a share of each listener's fee, by that listener's plays",
    "artist-centric-licence": "a share of net revenue, by plays that are boosted and capped",
    "fixed-per-play-licence": "a price for each counted play, with a guarantee",
    "micro-payments-licence": "a price by how long a play was heard",
    "ladder-licence": "a price that doubles with each play, until the recording is owned",
    "us-mechanical-licence": "the US mechanical rate by its four steps",
    "performance-licence": "a society's share of net revenue, for some territories",
    "distributor-fee": "a distributor passes on all but its fee",
    "percentage-with-advance": "a label pays an artist a percentage, against an advance",
    "net-profit": "a label and an artist share what is left after costs",
    "commission": "an agent's commission, and an introducer's part of it",
    "publishing": "a publisher passes on a writer's part",
}

/// The template of a name; `us-mechanical` finds `us-mechanical-licence`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Template> {
    let exact = TEMPLATES.iter().find(|template| template.name == name);
    let licence = |template: &&Template| template.name.strip_suffix("-licence") == Some(name);
    exact.or_else(|| TEMPLATES.iter().find(licence))
}
