//! Shares, rates, amounts and days as contract files write them: texts, never floats.

use ledgerline_ids::DayNo;
use ledgerline_money::{Fraction, Micros};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};
use std::borrow::Cow;

/// A share or a rate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exact(pub(crate) Fraction);

/// An amount of money.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amount(pub(crate) Micros);

/// A day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Day(pub(crate) DayNo);

/// The text of a cell, or why a number is none.
fn text<'de, D: Deserializer<'de>>(deserializer: D, example: &str) -> Result<String, D::Error> {
    let number = match toml::Value::deserialize(deserializer)? {
        toml::Value::String(text) => return Ok(text),
        toml::Value::Float(number) => format!(
            "{number} is a floating-point number, which is not exact: write it in quotes, such as \
             {example}"
        ),
        toml::Value::Integer(number) => {
            format!("write {number} in quotes, as \"{number}\": numbers of money are texts here")
        }
        other => format!("expected a text such as {example}, found a {}", other.type_str()),
    };
    Err(D::Error::custom(number))
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = text(deserializer, r#""52%", "0.0035" or "1/3""#)?;
        let read = Fraction::parse(&text);
        read.map(Self).map_err(|error| D::Error::custom(format!("{text:?} {error}")))
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = text(deserializer, r#""1234.56""#)?;
        let read = Micros::parse(&text);
        read.map(Self).map_err(|error| D::Error::custom(format!("{text:?} {error}")))
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match toml::Value::deserialize(deserializer)? {
            toml::Value::String(text) => text,
            // A local date of TOML's own, without quotes.
            toml::Value::Datetime(day) => day.to_string(),
            other => {
                let found = other.type_str();
                let what = format!("expected a day such as 2026-01-01, found a {found}");
                return Err(D::Error::custom(what));
            }
        };
        let read = DayNo::parse(&text);
        read.map(Self).map_err(|error| D::Error::custom(format!("{text:?} {error}")))
    }
}

macro_rules! text_schema {
    ($name:ident, $pattern:literal, $description:literal) => {
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "pattern": $pattern,
                    "description": $description,
                })
            }
        }
    };
}

text_schema!(
    Exact,
    r"^-?[0-9]{1,18}(\.[0-9]{1,18})?( *%| */ *-?[0-9]{1,18}(\.[0-9]{1,18})?)?$",
    "An exact share or rate as text: \"52%\", \"0.0035\" or \"1/3\"."
);
text_schema!(
    Amount,
    r"^-?[0-9]{1,13}(\.[0-9]{1,6})?$",
    "An amount in major units of the contract's currency, as text: \"1234.56\"."
);
text_schema!(Day, r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "A day in UTC: \"2026-01-01\".");
