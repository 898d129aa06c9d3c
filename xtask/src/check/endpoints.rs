//! A reminder that no endpoint may be outside of the authorisation table.
//!
//! Only a test of the HTTP adapter can know its routes. Here we make sure that there is one.

use super::rust_source::{RustSource, Token, TokenKind};
use super::tree::Tree;
use super::{Check, Finding};

/// The check.
pub const CHECK: Check = Check {
    name: "authorisation table",
    run,
    bad_example: &[(
        "adapters/http-api/src/lib.rs",
        "fn f() { Router::new().route(\"/\", get(g)) }",
    )],
};

const FOLDER: &str = "adapters/http-api/";
/// The test's name contains this.
const TEST: &str = "authorisation_table";

fn run(tree: &Tree) -> Vec<Finding> {
    let mut with_route = None;
    let mut is_tested = false;
    for (path, text) in tree.files() {
        if path.starts_with(FOLDER) && path.ends_with(".rs") {
            let tokens = RustSource::read(text).tokens;
            is_tested |= has_test(&tokens);
            if with_route.is_none() && has_route(&tokens) {
                with_route = Some(path);
            }
        }
    }
    match with_route {
        Some(path) if !is_tested => {
            let reason = format!(
                "there are routes, but {FOLDER} has no test named …{TEST}… that compares them with \
                 the table of who may call what"
            );
            vec![Finding::new(path, 0, reason)]
        }
        _ => Vec::new(),
    }
}

/// A call of `.route(`, or of utoipa-axum's `routes!`.
fn has_route(tokens: &[Token]) -> bool {
    tokens.windows(2).any(|pair| {
        let call = (pair[0].text.as_str(), pair[1].text.as_str());
        matches!(call, ("route", "(") | ("routes", "!"))
    })
}

fn has_test(tokens: &[Token]) -> bool {
    tokens.windows(2).any(|pair| {
        let is_named = pair[1].kind == TokenKind::Word && pair[1].text.contains(TEST);
        pair[0].text == "fn" && is_named
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_ask_for_a_test() {
        let found = |text: &str| run(&Tree::of(&[("adapters/http-api/src/a.rs", text)])).len();
        assert_eq!(found("// .route("), 0);
        assert_eq!(found("fn f() { r.route(x) }"), 1);
        assert_eq!(
            found("fn f() { r.route(x) } fn every_route_is_in_the_authorisation_table() {}"),
            0
        );
        assert_eq!(found("fn f() { r.route(x) } // fn authorisation_table"), 1);
    }
}
