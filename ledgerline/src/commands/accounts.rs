//! `accounts`: list, make, change and delete them.

use axum::http::Method;
use serde_json::{Value, json};
use std::io;
use std::path::Path;

use super::encoded;
use crate::cli::accounts::{AccountsAction, AddArgs};
use crate::failure::Failure;
use crate::output::{print, print_json, table};
use crate::session::Session;

const ACCOUNTS: &str = "/api/v1/accounts";
/// So many are asked for at once.
const PAGE: u32 = 1000;

pub(super) async fn run(data: &Path, action: AccountsAction, as_json: bool) -> Result<u8, Failure> {
    let session = Session::begin(data).await?;
    let done = act(&session, action, as_json).await;
    session.end().await?;
    done.map(|()| 0)
}

async fn act(session: &Session, action: AccountsAction, as_json: bool) -> Result<(), Failure> {
    match action {
        AccountsAction::List { containing } => list(session, containing.as_deref(), as_json).await,
        AccountsAction::Add(args) => add(session, args, as_json).await,
        AccountsAction::Disable { name } => {
            change(session, &name, &json!({ "enabled": false }), "is disabled", as_json).await
        }
        AccountsAction::Enable { name } => {
            change(session, &name, &json!({ "enabled": true }), "is enabled", as_json).await
        }
        AccountsAction::Role { name, role, party } => {
            let told = format!("is a {role} now");
            let body = json!({ "role": role, "parties": party });
            change(session, &name, &body, &told, as_json).await
        }
        AccountsAction::Plan { name, plan, until, family_of } => {
            let family_of = match family_of {
                Some(owner) => Some(id_of(session, &owner).await?),
                None => None,
            };
            let told = format!("has the plan {plan} now");
            let body = json!({ "plan": plan, "plan_until": until, "family_of": family_of });
            change(session, &name, &body, &told, as_json).await
        }
        AccountsAction::ResetPassword { name, password_stdin } => {
            let password = if password_stdin { Some(read_password()?) } else { None };
            let path = format!("{ACCOUNTS}/{}/password", encoded(&id_of(session, &name).await?));
            let reset = session.post(&path, &json!({ "password": password })).await?;
            told_of(&reset, "has another password; its sessions have ended", as_json)
        }
        AccountsAction::Delete { name } => {
            let id = id_of(session, &name).await?;
            let path = format!("{ACCOUNTS}/{}", encoded(&id));
            session.call(Method::DELETE, &path, "", Vec::new()).await?;
            if as_json {
                return print_json(&json!({ "deleted": id }));
            }
            print(&format!(
                "{name} is deleted: nothing says any more whose its plays were; they count as before"
            ))
        }
    }
}

async fn list(session: &Session, containing: Option<&str>, as_json: bool) -> Result<(), Failure> {
    let mut items = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let mut path = format!("{ACCOUNTS}?limit={PAGE}");
        for (name, value) in [("containing", containing), ("after", after.as_deref())] {
            if let Some(value) = value {
                path.push_str(&format!("&{name}={}", encoded(value)));
            }
        }
        let mut page = session.get(&path).await?;
        if let Some(found) = page["items"].as_array_mut() {
            items.append(found);
        }
        after = page["next"].as_str().map(str::to_owned);
        if after.is_none() {
            break;
        }
    }
    if as_json {
        return print_json(&json!({ "items": items }));
    }
    if items.is_empty() {
        return print("There is no account. Make one: ledgerline accounts add anna --role admin");
    }
    let head = ["id", "name", "role", "parties", "plan", "until", "territory", "enabled", "made"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for item in &items {
        let parties = item["parties"].as_array().into_iter().flatten();
        let parties: Vec<&str> = parties.filter_map(Value::as_str).collect();
        rows.push(vec![
            text(&item["account_id"]),
            text(&item["name"]),
            text(&item["role"]),
            parties.join(","),
            text(&item["plan"]),
            text(&item["plan_until"]),
            text(&item["territory"]),
            if item["enabled"] == true { "yes" } else { "no" }.to_owned(),
            text(&item["created_at"]),
        ]);
    }
    print(&table(&rows))
}

async fn add(session: &Session, args: AddArgs, as_json: bool) -> Result<(), Failure> {
    let AddArgs { name, role, party, plan, until, territory, email, password_stdin } = args;
    let password = if password_stdin { Some(read_password()?) } else { None };
    let body = json!({
        "name": name,
        "password": password,
        "email": email,
        "role": role,
        "parties": party,
        "plan": plan,
        "plan_until": until,
        "territory": territory,
    });
    let added = session.post(ACCOUNTS, &body).await?;
    told_of(&added, "has an account", as_json)
}

async fn change(
    session: &Session,
    name: &str,
    body: &Value,
    told: &str,
    as_json: bool,
) -> Result<(), Failure> {
    let path = format!("{ACCOUNTS}/{}", encoded(&id_of(session, name).await?));
    let body = serde_json::to_vec(body).expect("a value is JSON");
    let answer = session.call(Method::PATCH, &path, "application/json", body).await?;
    let account: Value =
        serde_json::from_slice(&answer).map_err(|error| Failure::from_error(&error))?;
    if as_json {
        print_json(&account)
    } else {
        print(&format!("{} {told}", text(&account["name"])))
    }
}

/// Says of whom it is, and the password alone on the last line where one was made up.
fn told_of(answer: &Value, told: &str, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return print_json(answer);
    }
    let account = &answer["account"];
    let (name, id) = (text(&account["name"]), text(&account["account_id"]));
    match answer["password"].as_str() {
        Some(password) => {
            eprintln!("{name} ({id}) {told}; the password is shown only now");
            print(password)
        }
        None => print(&format!("{name} ({id}) {told}")),
    }
}

/// The id of an account that is named by it, or by its name.
async fn id_of(session: &Session, name: &str) -> Result<String, Failure> {
    if name.starts_with("acc_") {
        return Ok(name.to_owned());
    }
    let found = session.get(&format!("{ACCOUNTS}?name={}", encoded(name))).await?;
    let id = found["items"][0]["account_id"].as_str();
    id.map(str::to_owned).ok_or_else(|| {
        Failure::missing(format!(
            "no account is called {name:?}; ledgerline accounts list has them"
        ))
    })
}

fn read_password() -> Result<String, Failure> {
    let mut line = String::new();
    io::stdin().read_line(&mut line).map_err(|error| Failure::from_error(&error))?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
