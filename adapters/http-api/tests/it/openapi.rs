//! The committed contract is the one that the code makes, and says the same as the table.

use std::collections::BTreeSet;
use std::path::Path;

use ledgerline_http_api::authorisation::{ENDPOINTS, Needs};
use ledgerline_http_api::openapi;
use serde_json::{Value, json};

#[test]
fn the_committed_contract_is_the_one_that_the_code_makes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi/ledgerline.json");
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, openapi::json()).expect("the contract can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == openapi::json(),
        "openapi/ledgerline.json is out of date: run the tests once with UPDATE_OPENAPI=1"
    );
}

#[test]
fn the_contract_is_the_authorisation_table() {
    let document: Value = serde_json::from_str(openapi::json()).expect("it is JSON");
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    let mut operations = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("it has paths") {
        for (method, operation) in item.as_object().expect("a path has methods") {
            operations.insert((method.to_uppercase(), path.clone()));
            let responses = operation["responses"].as_object().expect("it has responses");
            for (status, response) in responses {
                let refusal = status.as_str() >= "400";
                let problem = &response["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(refusal, *problem == "#/components/schemas/Problem", "{path} {status}");
            }
        }
    }
    let table: BTreeSet<_> = ENDPOINTS
        .iter()
        .map(|endpoint| (endpoint.method.to_string(), endpoint.path.to_owned()))
        .collect();
    assert_eq!(table.len(), ENDPOINTS.len(), "no endpoint stands in the table twice");
    assert_eq!(operations, table);
    for endpoint in ENDPOINTS {
        let method = endpoint.method.as_str().to_lowercase();
        let operation = &document["paths"][endpoint.path][&method];
        let security = &operation["security"];
        match endpoint.needs {
            Needs::Nothing => assert!(security.is_null(), "{}", endpoint.path),
            Needs::Somebody => {
                assert_eq!(*security, json!([{ "key": [] }, { "session": [] }]));
            }
            Needs::Scope(scope) => {
                let scopes = [scope.as_str()];
                let either = json!([{ "key": scopes }, { "session": scopes }]);
                assert_eq!(*security, either, "{}", endpoint.path);
            }
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document: Value = serde_json::from_str(openapi::json()).expect("it is JSON");
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("it is within the document");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

fn collect<'v>(value: &'v Value, references: &mut BTreeSet<&'v str>) {
    match value {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                references.insert(reference);
            }
            fields.values().for_each(|value| collect(value, references));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, references)),
        _ => {}
    }
}
