//! The arguments of `cargo xtask services`.

use super::{parse_count, split_value, unknown};
use std::path::PathBuf;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Start what doesn't run.
    Start,
    /// End what runs.
    Stop,
    /// Show both.
    Status,
}

/// The arguments of `services`.
#[derive(Debug, PartialEq, Eq)]
pub struct Services {
    /// What is done.
    pub deed: Deed,
    /// With which services; with all where it is empty.
    pub names: Vec<String>,
    /// The folder that they are in.
    pub at: Option<PathBuf>,
    /// How many brokers are made.
    pub brokers: u16,
    /// Remove the data too.
    pub remove: bool,
    /// Print one JSON object.
    pub json: bool,
    /// Install what is missing instead of printing the line that does.
    pub install: bool,
}

/// Understands what stands behind `services`.
///
/// # Errors
/// As `parse`.
pub(super) fn parse(arguments: &[String]) -> Result<Services, String> {
    let (deed, rest) = match arguments.split_first().map(|(deed, rest)| (deed.as_str(), rest)) {
        Some(("start", rest)) => (Deed::Start, rest),
        Some(("stop", rest)) => (Deed::Stop, rest),
        Some(("status", rest)) => (Deed::Status, rest),
        _ => return Err("`services` what? there are `start`, `stop` and `status`".to_owned()),
    };
    let mut services = Services {
        deed,
        names: Vec::new(),
        at: None,
        brokers: 1,
        remove: false,
        json: false,
        install: false,
    };
    let mut rest = rest.iter();
    while let Some(argument) = rest.next() {
        let (name, value) = split_value(argument);
        match (name, value) {
            ("--install", None) => services.install = true,
            ("--json", None) => services.json = true,
            ("--remove", None) if deed == Deed::Stop => services.remove = true,
            ("--remove", None) => return Err("`--remove` is for `stop`".to_owned()),
            ("--at" | "--brokers", value) => {
                let value = value.or_else(|| rest.next().map(String::as_str));
                let value = value.ok_or_else(|| format!("`{name}` wants a value"))?;
                if name == "--at" {
                    services.at = Some(value.into());
                } else {
                    let number = parse_count(value).and_then(|number| u16::try_from(number).ok());
                    services.brokers = number
                        .ok_or_else(|| format!("`{name}` wants a number from 1, not `{value}`"))?;
                }
            }
            (names, None) if !names.starts_with('-') && services.names.is_empty() => {
                services.names = names.split(',').map(str::to_owned).collect();
            }
            _ => return Err(unknown(argument, "services")),
        }
    }
    let known = crate::services::names();
    if let Some(wrong) = services.names.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(format!("no service `{wrong}`: known names are {}", known.join(", ")));
    }
    Ok(services)
}
