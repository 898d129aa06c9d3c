//! The words of `size`.

use clap::Args;

/// How large, and what things cost.
#[derive(Debug, Args)]
pub struct SizeArgs {
    /// Listeners a day.
    #[arg(long, value_parser = positive)]
    pub dau: f64,
    /// Plays of a listener a day.
    #[arg(long, default_value_t = 30.0, value_parser = positive)]
    pub plays: f64,
    /// Reports of a play: one when it begins and ends, some on the way, some twice.
    #[arg(long, default_value_t = 4.0, value_parser = positive)]
    pub reports: f64,
    /// How many times the average the busiest hour has.
    #[arg(long, default_value_t = 3.0, value_parser = positive)]
    pub peak: f64,
    /// Nodes that count or answer.
    #[arg(long, default_value_t = 2.0, value_parser = positive)]
    pub nodes: f64,
    /// Reckon for nodes that only count, with so many standbys; where it isn't said, each judges everything.
    #[arg(long)]
    pub standbys: Option<u16>,
    /// Copies of each record in Kafka.
    #[arg(long, default_value_t = 3.0, value_parser = positive)]
    pub copies: f64,
    /// Days that Kafka keeps reports.
    #[arg(long, default_value_t = 7.0, value_parser = positive)]
    pub retention_days: f64,
    /// Days of plays on a node's disk.
    #[arg(long, default_value_t = 365.0, value_parser = positive)]
    pub kept_days: f64,
    /// What a core costs in an hour, in any currency; the default is a round number, not an offer.
    #[arg(long, default_value_t = 0.04, value_parser = positive)]
    pub core_hour_price: f64,
    /// What a gigabyte of disk costs in a month, in the same currency.
    #[arg(long, default_value_t = 0.08, value_parser = positive)]
    pub gb_month_price: f64,
}

fn positive(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "a number is wanted".to_owned())?;
    let sound = number > 0.0 && number <= 1e12;
    sound.then_some(number).ok_or_else(|| "more than 0 and at most 10^12".to_owned())
}
