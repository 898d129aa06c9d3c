//! `invite`: let people in, list and revoke invitations.

use axum::http::Method;
use serde_json::{Value, json};
use std::path::Path;

use super::encoded;
use crate::cli::invite::{InviteAction, InviteArgs};
use crate::failure::Failure;
use crate::output::{print, print_json, table};
use crate::session::Session;

pub(super) async fn run(data: &Path, args: InviteArgs, as_json: bool) -> Result<u8, Failure> {
    let session = Session::begin(data).await?;
    let done = match args.action {
        None => invite(&session, args, as_json).await,
        Some(InviteAction::List) => list(&session, as_json).await,
        Some(InviteAction::Revoke { id }) => revoke(&session, &id, as_json).await,
    };
    session.end().await?;
    done.map(|()| 0)
}

async fn invite(session: &Session, args: InviteArgs, as_json: bool) -> Result<(), Failure> {
    let body = json!({
        "role": args.role,
        "parties": args.party,
        "days": args.days,
        "note": args.note,
        "plan": args.plan,
        "plan_until": args.until,
    });
    let mut made = session.post("/api/v1/invitations", &body).await?;
    let link = format!("{}{}", args.url.trim_end_matches('/'), text(&made["link"]));
    if as_json {
        made["link"] = link.into();
        return print_json(&made);
    }
    let until = text(&made["invitation"]["expires_at"]);
    eprintln!(
        "{} opens one account or session until {until}; it is shown only now",
        text(&made["id"])
    );
    print(&link)
}

async fn list(session: &Session, as_json: bool) -> Result<(), Failure> {
    let list = session.get("/api/v1/invitations").await?;
    if as_json {
        return print_json(&list);
    }
    let head = ["id", "role", "parties", "state", "made", "by", "note"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for item in list["items"].as_array().into_iter().flatten() {
        let parties = item["parties"].as_array().into_iter().flatten();
        let parties: Vec<&str> = parties.filter_map(Value::as_str).collect();
        rows.push(vec![
            text(&item["id"]),
            text(&item["role"]),
            parties.join(","),
            text(&item["state"]),
            text(&item["created_at"]),
            text(&item["created_by"]),
            text(&item["note"]),
        ]);
    }
    if rows.len() == 1 {
        return print("Nobody was invited yet. Do so: ledgerline invite --role finance");
    }
    print(&table(&rows))
}

async fn revoke(session: &Session, id: &str, as_json: bool) -> Result<(), Failure> {
    let path = format!("/api/v1/invitations/{}", encoded(id));
    session.call(Method::DELETE, &path, "", Vec::new()).await?;
    if as_json { print_json(&json!({ "revoked": id })) } else { print(&format!("{id} is revoked")) }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
