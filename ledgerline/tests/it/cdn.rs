//! A node at the edge: the configuration of `deploy/cdn` in a real nginx in front of a real server.

use crate::playing::{TRACK, bytes, play, prepared};
use crate::support::{Api, DEADLINE, Folder, Ran, Server, reports, skip};
use serde_json::{Value, json};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

const NGINX: &str = include_str!("../../../deploy/cdn/nginx.conf");
const AUDIO: &str = include_str!("../../../deploy/cdn/audio.js");
/// Where Debian has what brings HMAC to nginx.
const NJS: &str = "/usr/lib/nginx/modules/ngx_http_js_module.so";

/// A running nginx; it ends with the test.
struct Edge {
    child: Child,
    address: SocketAddr,
}

impl Edge {
    /// The committed configuration, with this folder's paths and these ports in the place of its own.
    fn start(folder: &Folder, origin: SocketAddr) -> Option<Self> {
        Self::start_at(folder, origin, free_address())
    }

    fn start_at(folder: &Folder, origin: SocketAddr, address: SocketAddr) -> Option<Self> {
        let is_there = |program: &str| {
            let asked = Command::new(program).arg("-v").stderr(Stdio::null()).status();
            asked.is_ok_and(|status| status.success())
        };
        if !is_there("nginx") || !std::path::Path::new(NJS).exists() {
            skip("nginx with njs isn't here (Debian: nginx, libnginx-mod-http-js)");
            return None;
        }
        let root = folder.path("edge");
        for part in ["conf", "logs", "cache"] {
            std::fs::create_dir_all(root.join(part)).expect("a folder");
        }
        let root = root.to_str().expect("temporary folders have plain names");
        let replaced = |text: &str, pairs: &[(&str, String)]| {
            pairs.iter().fold(text.to_owned(), |text, (from, to)| {
                assert!(text.contains(from), "{from} is in it");
                text.replace(from, to)
            })
        };
        let conf = replaced(
            NGINX,
            &[
                ("modules/ngx_http_js_module.so", NJS.to_owned()),
                ("pid /run/nginx.pid;", format!("pid {root}/pid;")),
                ("/var/log/nginx", format!("{root}/logs")),
                ("/etc/ledgerline/", format!("{root}/conf/")),
                ("/var/cache/ledgerline", format!("{root}/cache")),
                ("127.0.0.1:8080", origin.to_string()),
                ("listen 8081;", format!("listen {address};")),
                ("buffer=64k flush=5s", String::new()),
            ],
        );
        let keys_file = format!("{root}/conf/url-keys");
        let script = replaced(AUDIO, &[("/etc/ledgerline/url-keys", keys_file.clone())]);
        let conf_file = format!("{root}/conf/nginx.conf");
        let keys = folder.ok(&["keys", "export-signing"]);
        let audio_file = format!("{root}/conf/audio.js");
        for (file, text) in [(&conf_file, conf), (&audio_file, script), (&keys_file, keys)] {
            std::fs::write(file, text).expect("the folder can be written");
        }
        // Workers of root's would be somebody else's, who may not read a temporary folder.
        let mut globals = "daemon off; master_process off;".to_owned();
        if rustix::process::geteuid().is_root() {
            globals.push_str(" user root;");
        }
        let mut command = Command::new("nginx");
        command.args(["-c", &conf_file, "-p", root, "-g", &globals]).stderr(Stdio::null());
        let edge = Self { child: command.spawn().expect("nginx can be started"), address };
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(began.elapsed() < DEADLINE, "nginx doesn't listen");
            std::thread::yield_now();
        }
        Some(edge)
    }

    fn api(&self) -> Api {
        Api { address: self.address, key: None }
    }
}

fn free_address() -> SocketAddr {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    free.expect("there is a free port")
}

impl Drop for Edge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How many answers of audio the origin gave.
fn asked(folder: &Folder, server: &Server) -> u64 {
    let text = String::from_utf8(server.api(folder, "counts:read").get("/metrics").body);
    let text = text.expect("metrics are text");
    let lines = text.lines().filter(|line| {
        line.starts_with("ledgerline_http_requests_total") && line.contains("/audio/")
    });
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

#[test]
fn a_node_at_the_edge_keeps_what_is_good_and_asks_for_nothing_else() {
    let folder = prepared();
    let server = Server::start(&folder);
    let (_, path) = play(&server.anyone());
    let Some(edge) = Edge::start(&folder, server.address()) else { return };
    let api = edge.api();
    assert!(api.get(&path).body == bytes());
    let before = asked(&folder, &server);
    assert!(before > 0, "the first one comes from here");
    // Another play of the same recording has another address, and the same copy.
    let (_, other) = play(&server.anyone());
    assert_ne!(path, other);
    let part = api.send("GET", &other, &["Range: bytes=5-9"], &[]);
    assert_eq!((part.status, part.body), (206, bytes()[5..10].to_vec()));
    assert!(api.get(&other).body == bytes());
    for bad in [
        other.replacen("preview.abababab", "opus-96.cdcdcdcd", 1),
        other.replacen("&l=", "&l=x", 1),
        other.replacen("?e=1", "?e=2", 1),
        other.split('?').next().unwrap_or_default().to_owned(),
        "/audio/x/flac?e=1&l=&p=p&k=00000001&s=0000000000000000000000000000000000000000000"
            .to_owned(),
    ] {
        let refused = api.get(&bad);
        assert_eq!(refused.status, 403, "{bad}");
        assert_eq!(refused.json()["code"], "url_refused", "{bad}");
    }
    assert_eq!(api.send("POST", &other, &[], &[]).status, 405);
    assert_eq!(api.get("/api/v1/session").status, 404);
    assert_eq!(asked(&folder, &server), before, "the origin was asked for nothing of that");
    // What it wrote says what was sent.
    let log = folder.path("edge/logs/deliveries.log").display().to_string();
    let read = folder.json(&["deliveries", "read", &log]);
    assert_eq!((&read["added"], &read["lines"]), (&true.into(), &3.into()), "{read}");
    // With the origin gone, what is kept is served.
    server.end();
    assert!(api.get(&other).body == bytes());
}

#[test]
fn what_is_played_most_is_at_the_edge_before_anybody_asks() {
    let folder = prepared();
    let address = free_address();
    let cdn = format!("http://{address}");
    let server = Server::spawn_with(&folder, &[("LEDGERLINE_CDN", &cdn)]).listening();
    let server = server.expect("it starts");
    let warm = || folder.run(&["deliveries", "warm", "--json"]);
    let round = |ran: &Ran| serde_json::from_str::<Value>(&ran.out).expect("it prints JSON");
    // Nothing was played, so nothing is fetched.
    let Some(edge) = Edge::start_at(&folder, server.address(), address) else { return };
    let ran = warm();
    assert_eq!((ran.code, &round(&ran)["tracks"]), (0, &json!(0)), "{}", ran.all());

    let report = json!({
        "play_id": "p", "user_id": "u", "track_id": TRACK, "duration_listened_ms": 31_000,
        "started_at": reports::now_ms() - 60_000,
    });
    let program = server.api(&folder, "reports:write,counts:read");
    program.report(&report.to_string());
    let began = Instant::now();
    let ran = loop {
        let ran = warm();
        if round(&ran)["tracks"] == 1 {
            break ran;
        }
        assert!(began.elapsed() < DEADLINE, "{}", ran.all());
    };
    // The rung of the ladder, here and there; the preview isn't.
    let bytes = bytes().len();
    let place = |base: &str, fetched: u32, warm: u32| {
        let bytes = usize::try_from(fetched).expect("few") * bytes;
        json!({
            "base": base, "fetched": fetched, "bytes": bytes, "warm": warm, "failed": 0, "why": null,
        })
    };
    assert_eq!(round(&ran)["places"], json!([place("", 1, 0), place(&cdn, 1, 0)]));
    assert_eq!(round(&warm())["places"], json!([place("", 1, 0), place(&cdn, 0, 1)]));
    assert!(asked(&folder, &server) > 0, "the node fetched it here");
    // What it sent ahead is no play's.
    let log = folder.path("edge/logs/deliveries.log").display().to_string();
    assert_eq!(folder.run(&["deliveries", "read", &log]).code, 1);

    drop(edge);
    let ran = folder.run(&["deliveries", "warm"]);
    server.end();
    assert!(ran.out.contains("this server: 1 renditions fetched"), "{}", ran.all());
}
