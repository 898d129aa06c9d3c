//! The demonstration that is served: everything is sent again, the server is killed, and no count
//! changes.

use crate::support::folder::pid_of;
use crate::support::{Api, Connection, DEADLINE, Folder, Server, pass};
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

/// A demonstration that goes on.
struct Demo {
    child: Child,
    out: BufReader<ChildStdout>,
    said: Value,
    // It has its folder in here.
    folder: Folder,
}

impl Demo {
    fn start() -> Self {
        let folder = Folder::new();
        let mut command = of(&folder);
        command.args(["demo", "--serve", "--listen", "127.0.0.1:0", "--json"]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the binary can be started");
        let mut out = BufReader::new(child.stdout.take().expect("its output is piped"));
        let said = object(&mut out);
        Self { child, out, said, folder }
    }

    /// The API with a key of its own.
    fn api(&self) -> Api {
        let mut command = of(&self.folder);
        let data = self.said["data"].as_str().expect("its folder");
        let scopes = "counts:read,royalty:read,fraud:write";
        command.args(["--data", data, "keys", "create", "--scope", scopes, "--json"]);
        let made = command.output().expect("the binary can be started");
        let made: Value = serde_json::from_slice(&made.stdout).expect("an object");
        let key = made["key"].as_str().expect("a key").to_owned();
        let address = self.said["serving"].as_str().expect("an address");
        let address = address.trim_start_matches("http://").parse().expect("an address");
        Api { address, key: Some(key) }
    }

    /// Asks it to end as Ctrl-C does; nothing of it is left.
    fn end(mut self) {
        kill_process(pid_of(&self.child), Signal::INT).expect("it runs");
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).expect("its output can be read");
        assert!(self.child.wait().expect("it ends").success(), "{rest}");
        let data = self.said["data"].as_str().expect("its folder").to_owned();
        let folder = Path::new(&data).parent().expect("it is in a folder");
        assert!(!folder.exists(), "{data} is left");
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary, with its temporary folders in ours.
fn of(folder: &Folder) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ledgerline"));
    let temporary = folder.path("tmp");
    std::fs::create_dir_all(&temporary).expect("the folder can be made");
    command.env("TMPDIR", temporary).env_remove("LEDGERLINE_DATA").stdin(Stdio::null());
    command
}

/// The first object of what a command prints while it goes on.
fn object(out: &mut impl Read) -> Value {
    let mut values = serde_json::Deserializer::from_reader(out).into_iter();
    values.next().expect("an object").expect("it is JSON")
}

fn counts(api: &Api) -> BTreeMap<&'static str, Value> {
    let by = |by: &'static str| {
        (by, api.get(&format!("/api/v1/counts?by={by}")).is(200)["rows"].clone())
    };
    ["track", "user", "day"].map(by).into()
}

/// Where everything stands once all is judged.
fn glance(api: &Api, reports: i64) -> Value {
    let began = Instant::now();
    loop {
        let overview = api.get("/api/v1/overview").is(200);
        if overview["reports"] == reports && overview["waiting"] == 0 {
            return overview;
        }
        assert!(began.elapsed() < DEADLINE, "{overview}");
        pass(20_000);
    }
}

/// Waits until the process is gone and another one answers in its place.
fn back(api: &Api, killed: &Value) {
    let began = Instant::now();
    let process = format!("{}", killed["process"]);
    let is_gone = || !Path::new("/proc").join(&process).exists();
    let answers = || {
        let request = api.request("GET", "/readyz", &[], &[]);
        let answer = Connection::open(api.address).and_then(|mut it| it.call(&request));
        answer.is_ok_and(|answer| answer.status == 200)
    };
    while !(is_gone() && answers()) {
        assert!(began.elapsed() < DEADLINE, "{killed}");
        pass(20_000);
    }
}

/// Each link that was printed opens one session, to what its guest may see.
fn links_sign_in(demo: &Demo, api: &Api) {
    let anyone = Api { key: None, ..api.clone() };
    let link = demo.said["invitations"]["listener"].as_str().expect("a link");
    assert!(link.contains("/#/invitation/") && !link.ends_with("/once"), "{link}");
    let parties = [("admin", Value::Null), ("label", json!(["northern-lights"]))];
    for (role, parties) in parties.into_iter().chain([("rights_holder", json!(["comet"]))]) {
        let link = demo.said["invitations"][role].as_str().expect("a link");
        let (address, secret) = link.split_once("/#/invitation/").expect("a secret");
        assert_eq!(address, demo.said["serving"]);
        let secret = secret.strip_suffix("/once").expect("it opens a session at once");
        let session = anyone.post("/api/v1/session", &json!({ "invitation": secret })).is(200);
        assert_eq!((&session["role"], &session["parties"]), (&json!(role), &parties));
        assert_eq!(session["demo"], true);
    }
}

/// In the end all of the music is there to be heard, as the recordings that the labels have rights of.
fn music_is_there(api: &Api) {
    let began = Instant::now();
    let tracks = |albums: &Value| {
        let items = albums["items"].as_array().into_iter().flatten();
        items.filter_map(|album| album["track_count"].as_u64()).sum::<u64>()
    };
    loop {
        let albums = api.get("/api/v1/albums").is(200);
        if tracks(&albums) == 8 {
            break;
        }
        assert!(began.elapsed() < DEADLINE, "{albums}");
        pass(100_000);
    }
    let ferry = api.get("/api/v1/tracks/t1").is(200);
    assert_eq!((&ferry["title"], &ferry["isrc"]), (&json!("Night Ferry"), &json!("XXLDG2600001")));
    assert_eq!(api.get("/api/v1/tracks/t6").is(200)["title"], "Landfall (Live)");
}

#[test]
fn everything_is_sent_again_and_the_server_is_killed() {
    let demo = Demo::start();
    assert_eq!(demo.said["good"], true, "{}", demo.said);
    let api = demo.api();
    let reports = |overview: &Value| overview["reports"].as_i64().expect("a number");
    let all = reports(&api.get("/api/v1/overview").is(200));
    let (first, before) = (glance(&api, all), counts(&api));
    let sent = api.post("/api/v1/demo/resend", &json!({})).is(200)["accepted"].clone();
    let sent = sent.as_i64().expect("a number");
    // Before the month that goes on, everything was sent twice.
    assert_eq!(all - 60_000, sent, "{first}");
    let again = glance(&api, all + sent);
    assert_eq!(again["statuses"], first["statuses"], "a play stands elsewhere");
    assert_eq!(again["verdicts"]["counted"], first["verdicts"]["counted"]);
    assert_eq!(counts(&api), before, "a count changed");

    let killed = api.post("/api/v1/demo/kill", &json!({})).is(202);
    back(&api, &killed);
    assert_eq!(glance(&api, all + sent)["statuses"], first["statuses"]);
    api.post("/api/v1/demo/resend", &json!({})).is(200);
    assert_eq!(glance(&api, all + 2 * sent)["statuses"], first["statuses"]);
    assert_eq!(counts(&api), before, "a count changed");
    let earned = "/api/v1/royalty/earnings?period=2026-03&party=comet";
    assert_eq!(api.get(earned).is(200)["state"], "closed");
    links_sign_in(&demo, &api);
    music_is_there(&api);
    demo.end();
}

#[test]
fn nobody_else_has_the_buttons() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let api = server.api(&folder, "counts:read,fraud:write");
    for button in ["resend", "kill"] {
        api.post(&format!("/api/v1/demo/{button}"), &json!({})).refused(404, "not_found");
    }
    server.end();
}
