//! Parameters of paths and queries, and the fields of small JSON bodies, checked.

use axum::extract::RawPathParams;
use axum::extract::rejection::RawPathParamsRejection;
use ledgerline_app::plays::PlayRef;
use ledgerline_ids::{PlayId, SourceName, UserId};
use percent_encoding::percent_decode_str;

use crate::problem::Problem;

/// The parameters of a query, each at most once, none but the known ones: a misspelt one would
/// otherwise answer another question than was asked.
#[derive(Debug)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(query: Option<&str>, known: &[&str]) -> Result<Self, Problem> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).ok_or_else(|| Problem::parameter("query", "is not UTF-8"))?;
            if !known.contains(&name.as_str()) {
                let detail = format!("has a parameter that is none of: {}", known.join(", "));
                return Err(Problem::parameter("query", detail));
            }
            if pairs.iter().any(|(other, _)| *other == name) {
                return Err(Problem::parameter(&name, "stands twice"));
            }
            let value = decode(value).ok_or_else(|| Problem::parameter(&name, "is not UTF-8"))?;
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether something is asked for; not, where it isn't said.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Problem::parameter(name, "must be true or false")),
        }
    }

    /// How many items a page of numbered things is to have, the newest first, and with which number
    /// it begins.
    pub(crate) fn newest_first(&self, default: u32, max: u32) -> Result<(u32, u64), Problem> {
        let limit = match self.get("limit").map(str::parse) {
            None => default,
            Some(Ok(limit)) if (1..=max).contains(&limit) => limit,
            Some(_) => return Err(Problem::parameter("limit", format!("must be 1 to {max}"))),
        };
        match self.get("from").map(str::parse::<i64>) {
            None => Ok((limit, i64::MAX.unsigned_abs())),
            Some(Ok(from)) if from > 0 => Ok((limit, from.unsigned_abs())),
            Some(_) => Err(Problem::parameter("from", "must be the `next` of an earlier page")),
        }
    }

    /// How many items a page is to have, and after which it begins.
    pub(crate) fn page(&self) -> Result<(usize, Option<&str>), Problem> {
        self.page_of(is_cursor)
    }

    /// The same, of a list whose cursors are others.
    pub(crate) fn page_of(
        &self,
        is_cursor: impl Fn(&str) -> bool,
    ) -> Result<(usize, Option<&str>), Problem> {
        let limit = match self.get("limit").map(str::parse) {
            None => PAGE_ITEMS_DEFAULT,
            Some(Ok(limit)) if (1..=PAGE_ITEMS_MAX).contains(&limit) => limit,
            Some(_) => {
                let detail = format!("must be 1 to {PAGE_ITEMS_MAX}");
                return Err(Problem::parameter("limit", detail));
            }
        };
        let after = self.get("after");
        if after.is_some_and(|after| !is_cursor(after)) {
            return Err(Problem::parameter("after", "must be the `next` of an earlier page"));
        }
        Ok((limit, after))
    }
}

const PAGE_ITEMS_DEFAULT: usize = 100;
const PAGE_ITEMS_MAX: usize = 1000;

/// `partition-address`, as the app makes it.
fn is_cursor(text: &str) -> bool {
    let number = |text: &str, digits: usize| {
        (1..=digits).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    text.split_once('-').is_some_and(|(partition, address)| {
        number(partition, 5) && number(address, 19) && partition.parse::<u16>().is_ok()
    })
}

fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// The value of a path's parameter; `path` is what axum made of the path.
pub(crate) fn path_value<'p>(
    path: &'p Result<RawPathParams, RawPathParamsRejection>,
    name: &str,
) -> Result<&'p str, Problem> {
    let params = path.as_ref().map_err(|_| Problem::parameter("path", "is not UTF-8"))?;
    let value = params.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
    value.ok_or_else(|| Problem::internal(&"the path lacks a parameter of its endpoint"))
}

/// A reference to a play, its parts checked; names the part that isn't valid.
pub(crate) fn play_ref(
    source: Option<&str>,
    user_id: &str,
    play_id: &str,
) -> Result<PlayRef, Problem> {
    UserId::new(user_id).map_err(|error| Problem::parameter("user_id", error))?;
    PlayId::new(play_id).map_err(|error| Problem::parameter("play_id", error))?;
    if let Some(source) = source {
        SourceName::new(source).map_err(|error| Problem::parameter("source", error))?;
    }
    Ok(PlayRef {
        source: source.map(str::to_owned),
        user_id: user_id.to_owned(),
        play_id: play_id.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries() {
        let ok = |query| Query::parse(Some(query), &["by", "from"]).is_ok();
        assert!(ok("") && ok("by=track") && ok("by=a&from=b") && ok("&&by=%C3%A5+b&"));
        assert!(!ok("by=a&by=b") && !ok("to=x") && !ok("by=%ff") && !ok("%ff=a") && !ok("BY=a"));
        let query = Query::parse(Some("by=%C3%A5+b%2B"), &["by"]).expect("it is a query");
        assert_eq!((query.get("by"), query.get("from")), (Some("å b+"), None));
    }

    #[test]
    fn pages() {
        let page = |query| {
            let query = Query::parse(Some(query), &["limit", "after"]).expect("it is a query");
            query.page().map(|(limit, after)| (limit, after.map(str::to_owned))).ok()
        };
        assert_eq!(page(""), Some((100, None)));
        assert_eq!(page("limit=1000&after=3-9"), Some((1000, Some("3-9".to_owned()))));
        for refused in [
            "limit=0",
            "limit=1001",
            "limit=-1",
            "limit=",
            "limit=1e2",
            "after=",
            "after=3",
            "after=-",
            "after=65536-1",
            "after=a-b",
            "after=1-99999999999999999999",
            "after=1-2-3",
        ] {
            assert_eq!(page(refused), None, "{refused}");
        }
    }
}
