//! Every `202` comes after the disk said that the reports are on it: seen from outside.

use super::trace::{calls, check_durable_before_answer};
use crate::support::http::{NDJSON, REPORT};
use crate::support::reports::line;
use crate::support::strace::Strace;
use crate::support::{Api, Connection, Folder, Server, measured};
use serde_json::json;

/// What is looked at: everything that writes, makes durable, receives or answers.
const CALLS: &str = "pwrite64,pwritev,write,writev,fdatasync,fsync,read,readv,recvfrom,recvmsg,\
                     sendto,sendmsg";

/// The names of plays in a text: `durable-12`, between whatever bytes.
fn names(text: &str) -> Vec<String> {
    let parts = text.split("durable-").skip(1);
    let digits = parts.map(|part| {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        format!("durable-{}", &part[..end])
    });
    digits.collect()
}

/// Sends batches of several sizes, each client on a connection that stays.
fn send_some(api: &Api, client: usize) -> usize {
    let mut connection = Connection::open(api.address).expect("it listens");
    let kind = format!("Content-Type: {NDJSON}");
    let mut number = client * 10_000;
    let sizes = [1, 2, 7, 30, 1, 1, 90, 3, 1, 1];
    for size in sizes {
        let plays = number..number + size;
        let lines: String = plays
            // The digits end with the name: in the log another field follows at once.
            .map(|n| line(&format!("durable-{n}_"), &format!("u{n}"), &format!("t{n}"), 31_000))
            .collect();
        number += size;
        let request = api.request("POST", REPORT, &[&kind], lines.as_bytes());
        connection.call(&request).expect("an answer").is(202);
    }
    sizes.len()
}

#[test]
fn every_acknowledgement_follows_a_sync_of_its_reports() {
    let folder = Folder::new();
    let Some(strace) = Strace::new(folder.path("trace")) else { return };
    let strace = strace.calls(CALLS);
    let server = Server::spawn_under(&folder, &strace.words(), &[]).listening().expect("it starts");
    let api = server.api(&folder, "reports:write");
    let clients: Vec<_> = (0..4)
        .map(|client| {
            let api = api.clone();
            std::thread::spawn(move || send_some(&api, client))
        })
        .collect();
    let sent: usize = clients.into_iter().map(|it| it.join().expect("it doesn't panic")).sum();
    server.end();
    let calls = calls(&strace.written());
    assert_eq!(check_durable_before_answer(&calls, &names), Ok(sent));
    let syncs =
        calls.iter().filter(|call| call.name == "fdatasync" && call.on.contains("reports/"));
    measured("durable", &json!({ "acknowledgements": sent, "syncs_of_the_log": syncs.count() }));

    // A checker that can't fail proves nothing: the same trace with one thing changed.
    let syncless = calls.iter().filter(|call| !call.name.contains("sync")).cloned();
    let syncless: Vec<_> = syncless.collect();
    let refused = check_durable_before_answer(&syncless, &names).expect_err("no sync is left");
    assert!(refused.contains("not made durable"), "{refused}");
}

/// A trace in small, as strace writes it.
const SOUND: &str = r#"
7 recvfrom(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, "POST … durable-1_", 512, 0, NULL, NULL) = 400
8 pwrite64(5</d/reports/p000/0.log>, "\1durable-1_", 30, 40 <unfinished ...>
7 recvfrom(10<TCP:[127.0.0.1:1->127.0.0.1:3]>, "POST … durable-2_", 512, 0, NULL, NULL) = 400
8 <... pwrite64 resumed>) = 30
8 fdatasync(5</d/reports/p000/0.log> <unfinished ...>
6 pwrite64(6</d/reports/p001/0.log>, "\1durable-2_", 30, 40) = 30
8 <... fdatasync resumed>) = 0
6 fdatasync(6</d/reports/p001/0.log>) = 0
7 sendto(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, "HTTP/1.1 202 Accepted\r\n", 22, 0, NULL, 0) = 22
7 writev(10<TCP:[127.0.0.1:1->127.0.0.1:3]>, [{iov_base="HTTP/1.1 202 Accepted\r\n", iov_len=22}], 1) = 22
"#;

#[test]
fn a_doctored_trace_is_refused() {
    let check = |text: &str| check_durable_before_answer(&calls(text), &names);
    assert_eq!(check(SOUND), Ok(2));
    let (sync, end) =
        ("8 <... fdatasync resumed>) = 0\n", "6 fdatasync(6</d/reports/p001/0.log>) = 0\n");
    let answer = SOUND.lines().find(|line| line.contains("sendto")).expect("it is there");
    let rows = [
        ("a sync that is missing", SOUND.replace(end, ""), "durable-2 was not made durable"),
        (
            "a sync that failed",
            SOUND.replace(end, &end.replace("= 0", "= -1 EIO (Input/output error)")),
            "durable-2 was not made durable",
        ),
        (
            "a sync that ends after the answer",
            SOUND.replace(sync, "").replace(answer, &format!("{answer}\n{}", sync.trim_end())),
            "durable-1 was not made durable",
        ),
        (
            "a sync that began before the write had ended",
            SOUND
                .replace("8 <... pwrite64 resumed>) = 30\n", "")
                .replace("6 pwrite64", "8 <... pwrite64 resumed>) = 30\n6 pwrite64")
                .replace("8 pwrite64(5", "9 pwrite64(5")
                .replace("8 <... pwrite64", "9 <... pwrite64"),
            "durable-1 was not made durable",
        ),
        (
            "a sync of another log",
            SOUND.replace(end, &end.replace("p001", "p002")),
            "durable-2 was not made durable",
        ),
        (
            "reports that are not written",
            SOUND.replace("\\1durable-2_", "\\1durable-3_"),
            "durable-2 was written to no log",
        ),
        ("an answer to nothing", SOUND.replace("durable-1_\", 512", "\", 512"), "a 202 to nothing"),
    ];
    for (what, text, expected) in rows {
        assert_ne!(text, SOUND, "{what}");
        let refused = check(&text).expect_err(what);
        assert!(refused.contains(expected), "{what}: {refused}");
    }
}
