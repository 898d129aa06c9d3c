//! A browser of the tests: a cookie, and the token that goes with it.

use serde_json::{Value, json};

use super::http::{Answer, Api, JSON};
use super::{Folder, Server};

/// Somebody with a session.
#[derive(Debug, Clone)]
pub struct Guest {
    api: Api,
    /// The session's secret.
    pub secret: String,
    /// What the server said of the session when it began.
    pub session: Value,
}

impl Guest {
    /// Signs in.
    #[track_caller]
    pub fn enter(server: &Server, with: &Value) -> Self {
        let api = server.anyone();
        let answer = api.post("/api/v1/session", with);
        let session = answer.is(200);
        let secret = secret_of(&answer).expect("signing in sets a cookie");
        Self { api, secret, session }
    }

    /// Signs in by an invitation that the operator makes.
    #[track_caller]
    pub fn invited(folder: &Folder, server: &Server, role: &str, parties: &[&str]) -> Self {
        let mut args = vec!["invite", "--role", role];
        for party in parties {
            args.extend(["--party", party]);
        }
        let made = folder.json(&args);
        let link = made["link"].as_str().expect("it has a link");
        let (_, secret) = link.split_once("#/invitation/").expect("the secret is in the fragment");
        Self::enter(server, &json!({ "invitation": secret }))
    }

    /// Signs in with an account that the operator makes.
    #[track_caller]
    pub fn with_account(
        folder: &Folder,
        server: &Server,
        (name, role): (&str, &str),
        parties: &[&str],
    ) -> Self {
        let mut args = vec!["accounts", "add", name, "--role", role];
        for party in parties {
            args.extend(["--party", party]);
        }
        let added = folder.json(&args);
        Self::enter(server, &json!({ "name": name, "password": added["password"] }))
    }

    /// Gets in by a request that makes an account.
    #[track_caller]
    pub fn by_answer(server: &Server, answer: &Answer) -> Self {
        let session = answer.is(201);
        let secret = secret_of(answer).expect("it sets a cookie");
        Self { api: server.anyone(), secret, session }
    }

    /// The same browser at a server that was started again.
    pub fn move_to(&mut self, server: &Server) {
        self.api = server.anyone();
    }

    /// The session's token.
    pub fn token(&self) -> &str {
        self.session["csrf_token"].as_str().expect("a session has a token")
    }

    /// `GET`.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], &[])
    }

    /// `POST` of JSON, as a page of ours sends it.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.change("POST", path, body.to_string().as_bytes())
    }

    /// `PATCH` of JSON, as a page of ours sends it.
    #[track_caller]
    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.change("PATCH", path, body.to_string().as_bytes())
    }

    /// `DELETE`, as a page of ours sends it.
    #[track_caller]
    pub fn delete(&self, path: &str) -> Answer {
        self.change("DELETE", path, &[])
    }

    /// Any method, as a page of ours sends it.
    #[track_caller]
    pub fn change(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let token = format!("X-CSRF-Token: {}", self.token());
        self.send(method, path, &[&token, &format!("Content-Type: {JSON}")], body)
    }

    /// Any request with the cookie, and no token but what the headers have.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Answer {
        let cookie = format!("Cookie: other=1; ledgerline_session={}", self.secret);
        self.api.send(method, path, &[&[&*cookie], headers].concat(), body)
    }
}

/// The secret in the cookie that an answer sets.
pub fn secret_of(answer: &Answer) -> Option<String> {
    let cookie = answer.header("set-cookie")?;
    let (name, rest) = cookie.split_once('=')?;
    let (value, _) = rest.split_once(';')?;
    (name == "ledgerline_session").then(|| value.to_owned())
}
