//! Notes who did what, once it is answered.

use axum::http::{Method, StatusCode};
use axum::response::Response;
use ledgerline_app::access::Caller;
use ledgerline_app::ports::audit::Deed;

use crate::authorisation::Endpoint;
use crate::router::Service;

/// What a request made or changed, where its path doesn't say: a handler puts it beside its answer.
#[derive(Debug, Clone)]
pub(crate) struct Object(pub String);

impl Object {
    /// One thing by its name, as much of it as fits.
    pub(crate) fn named(name: &str) -> Self {
        let fits = |(at, one): &(usize, char)| at + one.len_utf8() <= OBJECT_BYTES_MAX;
        Self(name.char_indices().take_while(fits).map(|(_, one)| one).collect())
    }

    /// Several things by their names, as many as fit.
    pub(crate) fn listing<'n>(names: impl IntoIterator<Item = &'n String>) -> Self {
        let mut listed = String::new();
        let mut names = names.into_iter();
        while let Some(name) = names.next() {
            if listed.len() + name.len() + 2 > OBJECT_BYTES_MAX - MORE_BYTES {
                let more = names.count() + 1;
                let lead = if listed.is_empty() { "" } else { " and " };
                return Self(format!("{listed}{lead}{more} more"));
            }
            if !listed.is_empty() {
                listed.push_str(", ");
            }
            listed.push_str(name);
        }
        Self(listed)
    }
}

/// That a request only wanted to know what it would do, where its query doesn't say so: a handler puts
/// it beside its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rehearsed;

/// Whom a request let in, where nobody was before: a sign-in puts it beside its answer.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn {
    pub who: String,
    pub role: Option<String>,
}

/// Reports come by the million, and are a log of their own.
const REPORTS: &str = "/api/v1/playback/report";
/// What only works something out, and is a `POST` for the size of what is asked.
const PREVIEW: &str = "/api/v1/royalty/terms/preview";
const DRAFTS: &str = "/api/v1/royalty/terms/drafts";
const IDENTIFY: &str = "/api/v1/identify";
/// What listeners keep is their own affair, and an erasure doesn't reach this log.
const COLLECTIONS: [&str; 3] = ["/api/v1/me/saved/", "/api/v1/me/queue", "/api/v1/playlists"];
/// Where people get in.
const DOORS: [&str; 3] = ["/api/v1/session", "/api/v1/set-up", "/api/v1/sign-up"];
const UNAUTHORIZED: StatusCode = StatusCode::UNAUTHORIZED;
/// A parameter of a path that names a person: the log must not know it.
const PERSON: &str = "{user_id}";
/// So many bytes of what a path names are noted.
const OBJECT_BYTES_MAX: usize = 200;
/// Room for how many things weren't listed.
const MORE_BYTES: usize = 30;

/// What is to be noted of a request once it is answered; nothing of one that changes nothing.
pub(crate) fn deed(
    service: &Service,
    endpoint: &Endpoint,
    (path, query): (&str, Option<&str>),
    caller: Option<&Caller>,
    response: &Response,
) -> Option<Deed> {
    let reads = matches!(endpoint.method, Method::GET | Method::HEAD);
    let rehearses = query.is_some_and(|query| query.split('&').any(|pair| pair == "dry_run=true"));
    let rehearsed = response.extensions().get::<Rehearsed>().is_some();
    if reads
        || rehearses
        || rehearsed
        || [REPORTS, PREVIEW, DRAFTS, IDENTIFY].contains(&endpoint.path)
    {
        return None;
    }
    if COLLECTIONS.iter().any(|collection| endpoint.path.starts_with(collection)) {
        return None;
    }
    let signed_in = response.extensions().get::<SignedIn>();
    let (who, role) = match (caller, signed_in) {
        (Some(caller), _) => (caller.id.clone(), caller.role.map(|role| role.as_str().to_owned())),
        (None, Some(signed_in)) => (signed_in.who.clone(), signed_in.role.clone()),
        // A wrong secret. What is refused before it is looked at comes as often as anybody likes.
        (None, None) if tries_to_sign_in(endpoint) && response.status() == UNAUTHORIZED => {
            ("nobody".to_owned(), None)
        }
        // Nobody in particular changed nothing of ours.
        (None, None) => return None,
    };
    let made = response.extensions().get::<Object>().map(|made| made.0.clone());
    let made = made.map(|made| made.replace(char::is_control, " ")).filter(|made| !made.is_empty());
    Some(Deed {
        at: service.deployment.now(),
        who,
        role,
        method: endpoint.method.to_string(),
        path: endpoint.path.to_owned(),
        object: made.or_else(|| named(endpoint.path, path)),
        status: response.status().as_u16(),
    })
}

fn tries_to_sign_in(endpoint: &Endpoint) -> bool {
    DOORS.contains(&endpoint.path) && endpoint.method == Method::POST
}

/// What stands in a path where its template has parameters.
fn named(template: &str, path: &str) -> Option<String> {
    if template.contains(PERSON) {
        return None;
    }
    let pairs = template.split('/').zip(path.split('/'));
    let found: Vec<&str> =
        pairs.filter(|(part, _)| part.starts_with('{')).map(|(_, found)| found).collect();
    let named = found.join("/");
    let printable = named.bytes().all(|byte| byte.is_ascii_graphic());
    (!named.is_empty() && named.len() <= OBJECT_BYTES_MAX && printable).then_some(named)
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn a_path_names_things_and_no_person() {
        for (template, path, expected) in [
            ("/api/v1/royalty/terms", "/api/v1/royalty/terms", None),
            ("/api/v1/royalty/closes/{period}", "/api/v1/royalty/closes/2026-10", Some("2026-10")),
            ("/api/v1/a/{x}/b/{y}", "/api/v1/a/1/b/%C3%A5", Some("1/%C3%A5")),
            ("/api/v1/privacy/{user_id}/erase", "/api/v1/privacy/anna/erase", None),
        ] {
            assert_eq!(named(template, path).as_deref(), expected, "{path}");
        }
        let long = format!("/x/{}", "a".repeat(201));
        assert_eq!(named("/x/{y}", &long), None);
    }
}
