//! What the operator does by commands of its own, noted in the audit log as requests to the API are.

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use ledgerline_app::Deployment;
use ledgerline_app::ports::audit::Deed;
use ledgerline_http_api::OPERATOR;
use std::sync::Arc;

/// What was brought, made or changed: a handler puts it beside its answer.
#[derive(Debug, Clone)]
pub(super) struct Object(pub(super) String);

/// Reports are a log of their own, and waiting for counting changes nothing.
const UNNOTED: [&str; 3] = ["/control/v1/feed", "/control/v1/settle", DSR];
/// Sales reports are written from what is there; a `POST` for what is said in them.
const DSR: &str = "/control/v1/dsr/{period}";
/// So many characters of an object are noted.
const OBJECT_CHARS_MAX: usize = 200;

/// `routes`, each of whose deeds is noted once it is answered.
pub(super) fn noting(
    routes: Router<Arc<Deployment>>,
    deployment: &Arc<Deployment>,
) -> Router<Arc<Deployment>> {
    routes.route_layer(from_fn_with_state(deployment.clone(), note))
}

async fn note(State(deployment): State<Arc<Deployment>>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let query = request.uri().query().unwrap_or_default();
    let rehearses = query.split('&').any(|pair| pair == "dry_run=true");
    let named = named(path.as_deref().unwrap_or_default(), request.uri().path());
    let response = next.run(request).await;
    let Some(path) = path.filter(|path| !UNNOTED.contains(&path.as_str())) else { return response };
    if method == Method::GET || rehearses {
        return response;
    }
    let made = response.extensions().get::<Object>().map(|made| made.0.clone());
    let object = made.or(named).map(|object| printable(&object)).filter(|it| !it.is_empty());
    let deed = Deed {
        at: deployment.now(),
        who: OPERATOR.to_owned(),
        role: None,
        method: method.to_string(),
        path,
        object,
        status: response.status().as_u16(),
    };
    deployment.note_deed(deed).await;
    response
}

/// What stands in a path where its template has parameters.
fn named(template: &str, path: &str) -> Option<String> {
    let pairs = template.split('/').zip(path.split('/'));
    let found: Vec<&str> =
        pairs.filter(|(part, _)| part.starts_with('{')).map(|(_, found)| found).collect();
    (!found.is_empty()).then(|| found.join("/"))
}

/// Names of files may hold anything; the log is read on terminals.
fn printable(object: &str) -> String {
    object.chars().filter(|one| !one.is_control()).take(OBJECT_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::{named, printable};

    #[test]
    fn an_object_is_a_paths_part_or_a_name_in_one_line() {
        let path = "/control/v1/keys/key_1/revoke";
        assert_eq!(named("/control/v1/keys/{id}/revoke", path).as_deref(), Some("key_1"));
        assert_eq!(named("/control/v1/keys", "/control/v1/keys"), None);
        assert_eq!(printable("a\u{1b}[2Jb\n.csv"), "a[2Jb.csv");
        assert_eq!(printable(&"é".repeat(300)).chars().count(), 200);
    }
}
