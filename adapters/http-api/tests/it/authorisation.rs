//! The table of endpoints, as people read it, is the one that the router is made from.

use std::collections::BTreeSet;

use ledgerline_app::access::accounts::scopes_of;
use ledgerline_app::ports::sign_in::Role;
use ledgerline_http_api::authorisation::{ENDPOINTS, Endpoint, Needs, Tenancy};

const PAGE: &str = include_str!("../spec/endpoints.txt");

/// The columns of an endpoint's line.
fn line(endpoint: &Endpoint) -> String {
    let (key, nobody) = match endpoint.needs {
        Needs::Nothing => ("nothing", "yes"),
        Needs::Somebody => ("somebody", "no"),
        Needs::Scope(scope) => (scope.as_str(), "no"),
    };
    let mut columns = vec![endpoint.method.as_str(), endpoint.path, key, nobody];
    columns.extend(Role::ALL.map(|role| of_role(endpoint, role)));
    columns.join(" ")
}

fn of_role(endpoint: &Endpoint, role: Role) -> &'static str {
    let may = match endpoint.needs {
        Needs::Nothing => return "yes",
        Needs::Somebody => true,
        Needs::Scope(scope) => scopes_of(role).contains(&scope),
    };
    match endpoint.tenancy {
        _ if !may => "no",
        _ if !role.is_bound() => "yes",
        Tenancy::Whole => "no",
        Tenancy::Own => "own",
        Tenancy::Public => "yes",
    }
}

#[test]
fn the_authorisation_table_is_the_one_that_people_read() {
    let lines = PAGE.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let read: BTreeSet<String> =
        lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let made: BTreeSet<String> = ENDPOINTS.iter().map(line).collect();
    let missing: Vec<&String> = made.difference(&read).collect();
    let wrong: Vec<&String> = read.difference(&made).collect();
    assert!(
        missing.is_empty() && wrong.is_empty(),
        "adapters/http-api/tests/spec/endpoints.txt lacks {missing:#?} and has {wrong:#?}, which \
         isn't so: decide who may, then write it into both"
    );
}

#[test]
fn whoever_is_nobody_can_only_get_in_and_try() {
    let open: Vec<(&str, &str)> = ENDPOINTS
        .iter()
        .filter(|endpoint| endpoint.needs == Needs::Nothing && endpoint.method != "GET")
        .map(|endpoint| (endpoint.method.as_str(), endpoint.path))
        .collect();
    // A trial is worked out and forgotten; a play of nobody is a preview; one that goes on has a grant.
    let ways_in = ["session", "set-up", "sign-up"].map(|way| format!("/api/v1/{way}"));
    let plays = ["/api/v1/tracks/{id}/play", "/api/v1/playback/renew"];
    let expected = ["/api/v1/royalty/trials"].into_iter().chain(plays);
    let expected = expected.chain(ways_in.iter().map(String::as_str));
    let expected: Vec<(&str, &str)> = expected.map(|path| ("POST", path)).collect();
    assert_eq!(open, expected);
}
