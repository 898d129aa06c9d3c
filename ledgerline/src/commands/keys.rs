//! `keys`: make, list and revoke API keys.

use serde_json::json;
use std::path::Path;

use super::encoded;
use crate::cli::keys::KeysAction;
use crate::failure::Failure;
use crate::output::{print, print_json, table};
use crate::session::Session;
use ledgerline_app::ports::Scope;

pub(super) async fn run(data: &Path, action: KeysAction, as_json: bool) -> Result<u8, Failure> {
    if let KeysAction::Create { scope, .. } = &action {
        for name in scope {
            if Scope::from_name(name).is_none() {
                let names = Scope::ALL.map(Scope::as_str).join(", ");
                return Err(Failure::usage(format!("{name:?} is no scope; there are {names}")));
            }
        }
    }
    let session = Session::begin(data).await?;
    let done = act(&session, action, as_json).await;
    session.end().await?;
    done.map(|()| 0)
}

async fn act(session: &Session, action: KeysAction, as_json: bool) -> Result<(), Failure> {
    match action {
        KeysAction::Create { scope, source, user_prefix, rate, pseudonymise } => {
            let body = json!({
                "scopes": scope,
                "source": source,
                "user_prefix": user_prefix,
                "reports_per_second": rate,
                "pseudonymise": pseudonymise,
            });
            let key = session.post("/control/v1/keys", &body).await?;
            if as_json {
                return print_json(&key);
            }
            let text = |field: &str| key[field].as_str().unwrap_or_default().to_owned();
            eprintln!("{} of source {}; keep it: it is shown only now", text("id"), text("source"));
            print(&text("key"))
        }
        KeysAction::List => {
            let keys = session.get("/control/v1/keys").await?;
            if as_json {
                return print_json(&keys);
            }
            let mut rows =
                vec![["id", "source", "scopes", "made", "revoked"].map(str::to_owned).to_vec()];
            for key in keys["keys"].as_array().into_iter().flatten() {
                let text = |field: &str| key[field].as_str().unwrap_or("").to_owned();
                let scopes = key["scopes"].as_array().into_iter().flatten();
                let scopes: Vec<&str> = scopes.filter_map(|scope| scope.as_str()).collect();
                rows.push(vec![
                    text("id"),
                    text("source"),
                    scopes.join(","),
                    text("created_at"),
                    text("revoked_at"),
                ]);
            }
            if rows.len() == 1 {
                return print(
                    "There is no key yet. Make one: ledgerline keys create --scope reports:write",
                );
            }
            print(&table(&rows))
        }
        KeysAction::ListSigning => {
            let keys = session.get("/control/v1/signing-keys").await?;
            if as_json {
                return print_json(&keys);
            }
            let mut rows = vec![["id", "made", "signs from", ""].map(str::to_owned).to_vec()];
            for key in keys["keys"].as_array().into_iter().flatten() {
                let text = |field: &str| key[field].as_str().unwrap_or("").to_owned();
                let signs = if key["signs"] == true { "signs now" } else { "" };
                rows.push(vec![text("id"), text("made_at"), text("signs_from"), signs.to_owned()]);
            }
            print(&table(&rows))
        }
        KeysAction::RotateSigning => {
            let key = session.post("/control/v1/signing-keys", &json!({})).await?;
            if as_json {
                return print_json(&key);
            }
            let text = |field: &str| key[field].as_str().unwrap_or_default().to_owned();
            eprintln!("nodes at the edge need it before it signs: ledgerline keys export-signing");
            print(&format!("{} signs from {} on", text("id"), text("signs_from")))
        }
        KeysAction::ExportSigning => {
            let keys = session.get("/control/v1/signing-keys/urls").await?;
            if as_json {
                return print_json(&keys);
            }
            for key in keys["keys"].as_array().into_iter().flatten() {
                let text = |field: &str| key[field].as_str().unwrap_or("").to_owned();
                print(&format!("{} {}", text("id"), text("url_key")))?;
            }
            Ok(())
        }
        KeysAction::Revoke { id } => {
            let path = format!("/control/v1/keys/{}/revoke", encoded(&id));
            let revoked = session.post(&path, &json!({})).await?;
            if as_json { print_json(&revoked) } else { print(&format!("{id} is revoked")) }
        }
    }
}
