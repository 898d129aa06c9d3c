//! A node at the edge: the configuration of `deploy/cdn` in a real nginx in front of a real server.

use crate::playing::{bytes, play, prepared};
use crate::support::{Api, DEADLINE, Folder, Server, skip};
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
        let free = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
        let address = free.expect("there is a free port");
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
