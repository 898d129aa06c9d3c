//! Every door, tried by everybody: the table of endpoints is walked through against a running server,
//! each endpoint with nobody, with wrong and ended secrets, with a key of each scope, and with an account
//! of each role. What is expected stands in a page that people read.

use crate::support::guest::Guest;
use crate::support::{Answer, Api, Folder, Server};
use serde_json::json;

const PAGE: &str = include_str!("../../../adapters/http-api/tests/spec/endpoints.txt");
const ROLES: [&str; 6] = ["listener", "creator", "rights_holder", "label", "finance", "admin"];
const SCOPES: [&str; 10] = [
    "reports:write",
    "counts:read",
    "adjudication:write",
    "fraud:write",
    "appeals:write",
    "royalty:read",
    "royalty:write",
    "ledger:read",
    "privacy:write",
    "access:write",
];

/// An endpoint, as the page has it.
struct Row {
    method: &'static str,
    path: &'static str,
    key: &'static str,
    nobody: &'static str,
    roles: [&'static str; 6],
}

fn rows() -> Vec<Row> {
    let lines = PAGE.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let [method, path, key, nobody, ref roles @ ..] = columns[..] else {
                panic!("no row: {line}")
            };
            let roles = roles.try_into().expect("a column for each role");
            Row { method, path, key, nobody, roles }
        })
        .collect()
}

impl Row {
    /// A request of this endpoint about something that isn't there, so that whoever gets in changes
    /// nothing.
    fn target(&self) -> String {
        let mut path = self.path.to_owned();
        for (name, value) in [
            ("{user_id}", "nobody"),
            ("{play_id}", "nothing"),
            ("{period}", "1999-01"),
            ("{payee}", "nobody"),
            ("{number}", "4000000"),
            ("{file}", "nobody.json"),
            ("{id}", "inv_0"),
        ] {
            path = path.replace(name, value);
        }
        // A name that isn't known here is a text like any other.
        while let (Some(from), Some(to)) = (path.find('{'), path.find('}')) {
            path.replace_range(from..=to, "nothing");
        }
        path
    }

    fn changes(&self) -> bool {
        self.method != "GET"
    }

    fn by_key(&self, api: &Api) -> Answer {
        api.send(self.method, &self.target(), &["Content-Type: application/json"], b"{}")
    }

    fn by_guest(&self, guest: &Guest) -> Answer {
        if self.changes() {
            return guest.change(self.method, &self.target(), b"{}");
        }
        guest.get(&self.target())
    }

    #[track_caller]
    fn is_let_in(&self, who: &str, answer: &Answer) {
        let Self { method, path, .. } = self;
        let body = String::from_utf8_lossy(&answer.body);
        assert!(![401, 403].contains(&answer.status), "{who} {method} {path}: {body}");
        assert!(answer.status < 500 || *path == "/readyz", "{who} {method} {path}: {body}");
    }

    #[track_caller]
    fn is_kept_out(&self, who: &str, answer: &Answer, status: u16, codes: &[&str]) {
        let Self { method, path, .. } = self;
        let body = answer.json();
        assert_eq!(answer.status, status, "{who} {method} {path}: {body}");
        let code = body["code"].as_str().unwrap_or_default();
        assert!(codes.contains(&code), "{who} {method} {path}: {body}");
    }
}

#[test]
fn each_endpoint_lets_in_whom_the_page_says() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let anyone = server.anyone();
    let unknown = Api { key: Some("ll_0".to_owned()), ..anyone.clone() };
    let whole = server.api(&folder, &SCOPES.join(","));
    let keys = SCOPES.map(|scope| (scope, server.api(&folder, scope)));
    let guest = |role: &str, name: &str| {
        let parties: &[&str] =
            if matches!(role, "rights_holder" | "label") { &["somebody"] } else { &[] };
        Guest::with_account(&folder, &server, (name, role), parties)
    };
    let ended = guest("admin", "left");
    ended.delete("/api/v1/session").is(204);
    let guests = ROLES.map(|role| (role, guest(role, role)));
    let rows = rows();
    assert!(rows.len() >= 70, "the page has every endpoint");
    for row in &rows {
        // An address of audio is its own permission, whoever shows it.
        if row.path.starts_with("/audio/") {
            row.is_kept_out("nobody", &row.by_key(&anyone), 403, &["url_refused"]);
            row.is_kept_out("a key", &row.by_key(&whole), 403, &["url_refused"]);
            continue;
        }
        // Nobody hears a preview; somebody who isn't believed is told so.
        let plays = row.path.ends_with("/play") || row.path.ends_with("/renew");
        let open = row.nobody == "yes";
        for (who, answer) in [
            ("nobody", row.by_key(&anyone)),
            ("an unknown key", row.by_key(&unknown)),
            ("an ended session", row.by_guest(&ended)),
        ] {
            match open && (who == "nobody" || !plays) {
                true => row.is_let_in(who, &answer),
                false => row.is_kept_out(who, &answer, 401, &["unauthorized"]),
            }
        }
        row.is_let_in("a key of every scope", &row.by_key(&whole));
        for (scope, api) in &keys {
            let answer = row.by_key(api);
            if ["nothing", "somebody", *scope].contains(&row.key) {
                row.is_let_in(scope, &answer);
            } else {
                row.is_kept_out(scope, &answer, 403, &["forbidden"]);
                assert_eq!(answer.json()["scope"], row.key, "{}", row.path);
            }
        }
        for ((role, known), expected) in guests.iter().zip(&row.roles) {
            // Signing out is the one thing that a session does once.
            let signs_out = row.method == "DELETE" && row.path == "/api/v1/session";
            let own = signs_out.then(|| guest(role, &format!("leaves.{role}")));
            let guest = own.as_ref().unwrap_or(known);
            if row.changes() && !open {
                let forged = guest.send(
                    row.method,
                    &row.target(),
                    &["Content-Type: application/json"],
                    b"{}",
                );
                row.is_kept_out(role, &forged, 403, &["csrf"]);
            }
            let answer = row.by_guest(guest);
            match *expected {
                "yes" | "own" => row.is_let_in(role, &answer),
                _ => row.is_kept_out(role, &answer, 403, &["forbidden", "not_yours"]),
            }
        }
    }
    // Nothing of all this was more than a try.
    let counts = whole.get("/api/v1/counts?by=user").is(200);
    assert_eq!(counts["rows"], json!([]));
    server.end();
}
