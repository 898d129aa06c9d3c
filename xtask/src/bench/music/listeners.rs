//! Listeners with accounts, each with the app password of a device.

use crate::bench::ask;
use crate::bench::place::Place;
use crate::bench::running;
use crate::json::Json;
use std::net::SocketAddr;
use std::path::Path;

/// Makes so many in the deployment of `data`, which is served at `address`: by turns with a plan that plays in one
/// place at a time, and with one that plays everywhere. Their app passwords.
///
/// # Errors
/// A sentence: what was refused.
pub fn make(
    place: &Place,
    data: &Path,
    address: SocketAddr,
    count: usize,
) -> Result<Vec<String>, String> {
    let make = |number: usize| {
        let (name, plan) = (format!("listener{number}"), ["free", "premium"][number % 2]);
        let mut add = place.product();
        add.arg("--data").arg(data).args(["accounts", "add", &name, "--plan", plan]);
        let said = running::run(add.args(["--territory", "SE"]))?;
        let password = said.output.lines().last().unwrap_or_default();
        app_password(address, &name, password)
    };
    (0..count).map(make).collect()
}

/// Signs in by a name and its password, and makes an app password.
fn app_password(address: SocketAddr, name: &str, password: &str) -> Result<String, String> {
    let text = |text: &str| Json::Text(text.to_owned()).to_string();
    let body = format!("{{\"name\":{},\"password\":{}}}", text(name), text(password));
    let entered = said(address, "/api/v1/session", &[], &body)?;
    let cookie = entered.0.header("set-cookie").and_then(|cookie| cookie.split(';').next());
    let Some(Json::Text(token)) = entered.1.at("csrf_token") else {
        return Err("the session has no csrf_token".to_owned());
    };
    let shown = [("Cookie", cookie.unwrap_or_default()), ("X-CSRF-Token", token.as_str())];
    let made = said(address, "/api/v1/me/app-passwords", &shown, "{\"label\":\"bench\"}")?;
    match made.1.at("secret") {
        Some(Json::Text(secret)) => Ok(secret.clone()),
        _ => Err("the app password has no secret".to_owned()),
    }
}

fn said(
    address: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<(ask::Answer, Json), String> {
    let answer = ask::call(address, "POST", path, headers, body);
    let answer = answer.map_err(|error| format!("{path}: {error}"))?;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    if !matches!(answer.status, 200 | 201) {
        return Err(format!("{path} was answered {}: {text}", answer.status));
    }
    let json = Json::parse(&text)?;
    Ok((answer, json))
}
