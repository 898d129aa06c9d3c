//! The name of a file: `DSR_recipient_sender_service_period_territory_XofY_created.tsv[.gz]`.
//!
//! Source: DSR part 1, clause "File naming convention". No part holds a space or an underscore.

use ledgerline_ids::UnixMs;

/// What a file's name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileName<'a> {
    pub recipient: &'a str,
    pub sender: &'a str,
    pub service: &'a str,
    pub period: &'a str,
    pub territory: &'a str,
    pub number: u32,
    pub files: u32,
    pub created: &'a str,
    pub compressed: bool,
}

impl<'a> FileName<'a> {
    /// Reads a name.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(name: &'a str) -> Result<Self, String> {
        let (stem, compressed) = match (name.strip_suffix(".tsv.gz"), name.strip_suffix(".tsv")) {
            (Some(stem), _) => (stem, true),
            (None, Some(stem)) => (stem, false),
            (None, None) => return Err("must end in .tsv or .tsv.gz".to_owned()),
        };
        let parts: Vec<&str> = stem.split('_').collect();
        let [prefix, recipient, sender, service, period, territory, counter, created] = parts[..]
        else {
            return Err(format!(
                "has {} parts between underscores, must have 8: DSR_recipient_sender_service_\
                 period_territory_XofY_yyyymmddThhmmss",
                parts.len()
            ));
        };
        if prefix != "DSR" {
            return Err("must begin with DSR_".to_owned());
        }
        let counts = counter.split_once("of");
        let counts =
            counts.and_then(|(x, y)| Some((x.parse::<u32>().ok()?, y.parse::<u32>().ok()?)));
        let Some((number, files)) = counts.filter(|(x, y)| (1..=*y).contains(x)) else {
            return Err(format!(
                "says {counter:?}, must say which of how many files, such as 1of1"
            ));
        };
        if !is_created(created) {
            return Err(format!("says {created:?}, must say when, such as 20261101T093000"));
        }
        Ok(Self {
            recipient,
            sender,
            service,
            period,
            territory,
            number,
            files,
            created,
            compressed,
        })
    }

    /// Writes it.
    pub(crate) fn text(&self) -> String {
        let ending = if self.compressed { "tsv.gz" } else { "tsv" };
        format!(
            "DSR_{}_{}_{}_{}_{}_{}of{}_{}.{ending}",
            self.recipient,
            self.sender,
            self.service,
            self.period,
            self.territory,
            self.number,
            self.files,
            self.created
        )
    }
}

fn is_created(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let halves = text.split_once('T');
    halves
        .is_some_and(|(day, time)| day.len() == 8 && time.len() == 6 && digits(day) && digits(time))
}

/// `2026-11-01T09:30:00Z`, to the second.
pub(crate) fn seconds(at: UnixMs) -> String {
    let text = at.to_string();
    format!("{}Z", text.get(..19).expect("an instant is written with seconds"))
}

/// `20261101T093000`.
pub(crate) fn compact(at: UnixMs) -> String {
    seconds(at).chars().filter(|character| !"-:Z".contains(*character)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_was_written() {
        let name = "DSR_PADPIDA2013020802I_PADPIDA20070627029_Ledgerline_2026-10_DE_1of1_20261101T093000.tsv";
        for name in [name.to_owned(), format!("{name}.gz")] {
            assert_eq!(FileName::read(&name).expect(&name).text(), name);
        }
    }

    #[test]
    fn names_that_are_none_are_refused() {
        for (name, why) in [
            ("report.tsv", "parts"),
            ("DSR_a_b_c_2026-10_DE_1of1_20261101T093000.csv", "must end"),
            ("DSX_a_b_c_2026-10_DE_1of1_20261101T093000.tsv", "must begin"),
            ("DSR_a_b_c_2026-10_DE_2of1_20261101T093000.tsv", "which of how many"),
            ("DSR_a_b_c_2026-10_DE_1of1_2026-11-01.tsv", "must say when"),
            ("DSR_a_b_c_d_2026-10_DE_1of1_20261101T093000.tsv", "has 9 parts"),
        ] {
            let error = FileName::read(name).expect_err(name);
            assert!(error.contains(why), "{name}: {error}");
        }
    }

    #[test]
    fn instants_are_written_to_the_second() {
        let at = UnixMs::parse_rfc3339("2026-11-01T09:30:00.250Z").expect("an instant");
        assert_eq!(seconds(at), "2026-11-01T09:30:00Z");
        assert_eq!(compact(at), "20261101T093000");
    }
}
