//! How many report lines a core reads in a second, and how that compares with `serde_json`
//! reading the same lines in the same run: `cargo bench -p ledgerline-http-api`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use ledgerline_http_api::reports::{decode_line, ndjson_lines};

/// What `serde_json` reads: a tree, as a generic service does, and the derived struct, which
/// checks much less than `decode_line` does.
#[derive(serde::Deserialize)]
#[allow(dead_code, reason = "it is only read into")]
struct Derived<'a> {
    play_id: Option<&'a str>,
    user_id: Option<&'a str>,
    track_id: &'a str,
    duration_listened_ms: u64,
    started_at: Option<&'a str>,
    event: Option<&'a str>,
    device_id: Option<&'a str>,
    tier: Option<&'a str>,
    territory: Option<&'a str>,
}

fn main() {
    let mut body = String::new();
    for n in 0..20_000_u32 {
        let line = format!(
            "{{\"play_id\":\"019e0c5e-{:04x}-7cc3-98c4-dc0c0c07398f\",\"user_id\":\"listener-{n:06}\",\
             \"track_id\":\"track-{:05}\",\"duration_listened_ms\":{},\
             \"started_at\":\"2026-03-{:02}T12:{:02}:56.789Z\",\"event\":\"play_end\",\
             \"device_id\":\"dev-{:04}\",\"tier\":\"free\",\"territory\":\"SE\"}}\n",
            n % 65_536,
            n % 10_000,
            30_000 + n,
            n % 28 + 1,
            n % 60,
            n % 9999,
        );
        body.push_str(&line);
    }
    let lines: Vec<&[u8]> = ndjson_lines(body.as_bytes()).map(|(_, line)| line).collect();
    println!(
        "{} lines of {} bytes",
        lines.len(),
        lines.iter().map(|line| line.len()).sum::<usize>() / lines.len()
    );
    let own = rate(&lines, |line| {
        let line = decode_line(line).expect("a good line");
        black_box(line.report().expect("a good report"));
    });
    let derived = rate(&lines, |line| {
        black_box(serde_json::from_slice::<Derived>(line).expect("a good line"));
    });
    let tree = rate(&lines, |line| {
        black_box(serde_json::from_slice::<serde_json::Value>(line).expect("a good line"));
    });
    println!("decode_line + report   {own:>10.0} lines/s");
    println!(
        "serde_json, derived    {derived:>10.0} lines/s   ours is {:.2} times as fast",
        own / derived
    );
    println!(
        "serde_json, tree       {tree:>10.0} lines/s   ours is {:.2} times as fast",
        own / tree
    );
}

fn rate(lines: &[&[u8]], read: impl Fn(&[u8])) -> f64 {
    let mut best = 0.0_f64;
    for _ in 0..5 {
        let start = Instant::now();
        let mut count = 0_u32;
        while start.elapsed() < Duration::from_millis(400) {
            lines.iter().for_each(|line| read(line));
            count += u32::try_from(lines.len()).expect("a small number");
        }
        best = best.max(f64::from(count) / start.elapsed().as_secs_f64());
    }
    best
}
