//! Files that change behind the program's back: it says which, and never counts on.
//!
//! What is derived from the report log (`plays`, `index`) can be built again; the report log,
//! `state.db` and `deployment.json` come from a backup or not at all.

use crate::support::reports::with;
use crate::support::{DIMENSIONS, Folder, Ran, Server};
use serde_json::{Value, json};
use std::fs;
use std::sync::LazyLock;

/// A deployment with a little of everything, closed in order; and how it stood before its last
/// reports came.
struct Base {
    folder: Folder,
    earlier: Folder,
    counts: String,
    keys: String,
}

static BASE: LazyLock<Base> = LazyLock::new(|| {
    let folder = Folder::new();
    let devices = folder.write("bots.txt", "bot-1\nbot-2\n");
    folder.ok(&["catalog", "devices", "add", &devices]);
    let tracks = (0..40).fold("track_id,duration_ms,title,artists\n".to_owned(), |all, n| {
        format!("{all}t{n},{},Title {n},Artist {};Guest {}\n", 20_000 + n, n % 7, n % 5)
    });
    let tracks = folder.write("tracks.csv", tracks);
    folder.ok(&["catalog", "import", &tracks]);
    let key = ["keys", "create", "--scope", "reports:write", "--source", "web-player"];
    folder.ok(&key);
    let earlier = [0..300, 300..600].map(|plays| {
        let lines: String = plays.map(report).collect();
        let mut command = folder.command(&["replay", "-", "--clock", "event"]);
        command.env("LEDGERLINE_TABLE_ENTRIES_MAX", "30");
        let ran = crate::support::folder::finish(command, Some(lines.as_bytes()));
        ran.good(&["replay"]);
        folder.copy()
    });
    let counts = folder.all_counts();
    let keys = folder.ok(&["keys", "list", "--json"]);
    folder.balanced();
    // Nothing runs any more that could write: what lies there is all that there is.
    let runs = folder.files("index").iter().filter(|name| name.ends_with(".run")).count();
    assert!(runs >= 4, "{runs} runs");
    let [earlier, _] = earlier;
    Base { folder, earlier, counts, keys }
});

fn report(number: u64) -> String {
    let further = json!({
        "started_at": 1_772_368_496_789 + number * 1_800_000,
        "territory": (["DE", "SE", "US"])[usize::try_from(number % 3).expect("small")],
        "tier": if number.is_multiple_of(2) { "free" } else { "premium" },
        "device_id": if number.is_multiple_of(50) { "bot-1" } else { "phone" },
    });
    let (user, track) = (format!("u{}", number % 37), format!("t{}", number % 45));
    with(&format!("p{number}"), &user, &track, number * 700 % 60_000, &further)
}

/// What is done to a file.
#[derive(Debug, Clone, Copy)]
enum Harm {
    /// The bits of this byte, at so many thousandths of the file, are exclusive-ored.
    Flip(usize, u8),
    /// Only so many thousandths of it are left, less the bytes.
    Cut(usize, usize),
    /// Bytes stand behind it.
    Longer,
    /// It is gone.
    Remove,
    /// It is as it was before the last reports.
    Earlier,
}

/// Flips at the beginning, in between and at the end, and cuts.
const EVERYWHERE: [Harm; 11] = [
    Harm::Flip(0, 0x01),
    Harm::Flip(30, 0x20),
    Harm::Flip(250, 0x80),
    Harm::Flip(499, 0x04),
    Harm::Flip(760, 0x40),
    Harm::Flip(999, 0x10),
    Harm::Flip(1000, 0x02),
    Harm::Cut(0, 0),
    Harm::Cut(500, 0),
    Harm::Cut(1000, 1),
    Harm::Remove,
];

impl Harm {
    fn on(self, folder: &Folder, name: &str) {
        let path = folder.data().join(name);
        let mut bytes = fs::read(&path).expect("the file is there");
        let place = |thousandths: usize| (bytes.len() * thousandths / 1000).min(bytes.len() - 1);
        match self {
            Self::Flip(thousandths, bits) => {
                let at = place(thousandths);
                bytes[at] ^= bits;
            }
            Self::Cut(thousandths, less) => bytes.truncate(bytes.len() * thousandths / 1000 - less),
            Self::Longer => bytes.extend([0x5a; 100]),
            Self::Remove => return fs::remove_file(&path).expect("it can be removed"),
            Self::Earlier => {
                bytes = fs::read(BASE.earlier.data().join(name)).expect("it was there")
            }
        }
        fs::write(&path, bytes).expect("it can be written");
    }
}

/// Everything is done to the first file of a kind, and to each other one a part of it in turn.
fn harms(number: usize) -> Vec<Harm> {
    let all = EVERYWHERE.into_iter().enumerate();
    let chosen = all.filter(|(index, _)| number == 0 || (index + number).is_multiple_of(4));
    chosen.map(|(_, harm)| harm).collect()
}

/// A copy of the deployment with a file harmed.
fn harmed(name: &str, harm: Harm) -> Folder {
    let folder = BASE.folder.copy();
    harm.on(&folder, name);
    folder
}

/// What was found wrong, all of it: the first damage that isn't noticed doesn't hide the next.
#[derive(Default)]
struct Findings(Vec<String>);

impl Findings {
    /// Notes what a command said where `holds` doesn't.
    fn check(&mut self, holds: bool, what: &str, ran: &Ran) {
        if !holds {
            let said: String = ran.all().chars().take(500).collect();
            self.0.push(format!("{what}: exit code {}: {said}", ran.code));
        }
    }

    /// A command fails, and names the file.
    fn check_fails(&mut self, ran: &Ran, what: &str, name: &str) {
        self.check(ran.code == 1, &format!("{what} is exit code 1"), ran);
        self.check(ran.all().contains(name), &format!("{what} names {name}"), ran);
        self.check(!ran.all().contains("panicked"), &format!("{what} panics"), ran);
    }

    /// The audit fails and names the file; and whatever is counted then is right.
    fn check_named(&mut self, folder: &Folder, what: &str, name: &str) {
        let audit = folder.run(&["audit", "--json"]);
        self.check_fails(&audit, what, name);
        let said: Value = serde_json::from_str(&audit.out).unwrap_or_default();
        self.check(said["balanced"] == false, &format!("{what} isn't balanced"), &audit);
        self.check_counts(folder, what);
    }

    /// Counts are refused, or right; where the same reports are taken again, they change nothing.
    fn check_counts(&mut self, folder: &Folder, what: &str) {
        let lines: String = (0..600).map(report).collect();
        for again in [false, true] {
            if again {
                let args = ["replay", "-", "--clock", "event"];
                let sent = folder.run_with_input(&args, lines.as_bytes());
                self.check(!sent.all().contains("panicked"), what, &sent);
            }
            let counts = folder.run(&["counts", "--by", "user", "--format", "csv"]);
            let right = counts.code == 1 || BASE.counts.contains(&counts.out);
            self.check(right, &format!("{what}: counts are right (sent again: {again})"), &counts);
        }
    }

    /// `doctor --rebuild` heals it: the recount balances again, with the same counts.
    fn check_healed(&mut self, folder: &Folder, what: &str) {
        let doctor = folder.run(&["doctor", "--rebuild"]);
        self.check(doctor.code == 0, &format!("{what} is healed"), &doctor);
        if doctor.code == 0 {
            folder.balanced();
            let same = ["artist", "user"].iter().all(|by| BASE.counts.contains(&folder.csv(by)));
            self.check(same, &format!("{what} is healed with the same counts"), &doctor);
        }
    }

    /// A balanced audit means that every count and every key is as it was. Says whether the
    /// damage was noticed.
    fn check_state(&mut self, folder: &Folder, what: &str) -> bool {
        let audit = folder.run(&["audit"]);
        if audit.code == 0 {
            let same = all_that_is_read(folder) == format!("{}{}", BASE.counts, BASE.keys);
            self.check(same, &format!("{what} changes nothing in silence"), &audit);
            return false;
        }
        self.check_fails(&audit, what, "state.db");
        true
    }

    #[track_caller]
    fn none(self) {
        assert!(self.0.is_empty(), "{} findings:\n{}", self.0.len(), self.0.join("\n"));
    }
}

/// All counts and all keys, as far as they can be read.
fn all_that_is_read(folder: &Folder) -> String {
    let counts = DIMENSIONS.map(|by| folder.run(&["counts", "--by", by, "--format", "csv"]).out);
    format!("{}{}", counts.concat(), folder.run(&["keys", "list", "--json"]).out)
}

#[test]
fn damage_to_the_report_log_is_named() {
    let files = BASE.folder.files("reports");
    assert!(files.len() >= 8, "{files:?}");
    let mut findings = Findings::default();
    for (number, name) in files.iter().enumerate() {
        let segment = name.ends_with(".log");
        let number = number.saturating_sub(1); // The first partition's segment and its mark.
        for harm in harms(number).into_iter().chain([Harm::Longer, Harm::Earlier]) {
            // Without the mark it was not closed in order: that is no damage.
            if !segment && matches!(harm, Harm::Remove) {
                continue;
            }
            let what = format!("{name} {harm:?}");
            let folder = harmed(name, harm);
            // A mark that is of an earlier end contradicts the segment.
            let named = if segment { name } else { name.trim_end_matches("/closed") };
            findings.check_named(&folder, &what, named);
        }
    }
    findings.none();
}

#[test]
fn damage_to_the_plays_log_is_named_and_healed() {
    let mut findings = Findings::default();
    for (number, name) in BASE.folder.files("plays").into_iter().enumerate() {
        for harm in harms(number).into_iter().chain([Harm::Earlier]) {
            let what = format!("{name} {harm:?}");
            let folder = harmed(&name, harm);
            // It is healed by the partition, so that is what is named.
            findings.check_named(&folder, &what, &name[.."plays/p000".len()]);
            findings.check_healed(&folder, &what);
        }
    }
    findings.none();
}

#[test]
fn damage_to_the_index_is_named_and_healed() {
    let mut findings = Findings::default();
    let mut files = BASE.folder.files("index");
    files.sort_by_key(|name| name.ends_with("manifest"));
    let runs = files.iter().position(|name| name.ends_with("manifest")).expect("manifests");
    for (number, name) in files.into_iter().enumerate() {
        for harm in harms(number % runs) {
            let what = format!("{name} {harm:?}");
            let folder = harmed(&name, harm);
            let rebuilt = name.ends_with("manifest") && matches!(harm, Harm::Remove);
            if rebuilt || name.ends_with(".stretches") {
                // There is no snapshot: everything is built again from the log. Or a sieve lacks
                // stretches, which whoever opens the folder forgets: plays are looked up without.
                folder.balanced();
                assert_eq!(folder.all_counts(), BASE.counts);
                continue;
            }
            findings.check_named(&folder, &what, &name);
            findings.check_healed(&folder, &what);
        }
    }
    findings.none();
}

#[test]
fn damage_to_the_deployment_file_is_named() {
    let mut findings = Findings::default();
    for harm in EVERYWHERE.into_iter().chain([Harm::Longer]) {
        let folder = harmed("deployment.json", harm);
        let what = format!("{harm:?}");
        findings.check_fails(&folder.run(&["audit"]), &what, "deployment.json");
        // Nothing makes a new one, which would give every play another hash.
        let sent = folder.run_with_input(&["replay", "-"], report(1).as_bytes());
        findings.check_fails(&sent, &what, "deployment.json");
    }
    findings.none();
}

/// Files of one time belong together: what is restored alone from an older backup is noticed.
#[test]
fn files_of_another_time_or_place_are_noticed() {
    let mut findings = Findings::default();
    let swap = |one: &str, other: &str| {
        let folder = BASE.folder.copy();
        let [one, other] = [one, other].map(|name| folder.data().join(name));
        let bytes = fs::read(&one).expect("it is there");
        fs::copy(&other, &one).expect("it can be copied");
        fs::write(&other, bytes).expect("it can be written");
        folder
    };
    for kind in ["reports", "plays"] {
        let names = BASE.folder.files(kind);
        let segments: Vec<&String> = names.iter().filter(|name| name.ends_with(".log")).collect();
        let folder = swap(segments[0], segments[1]);
        let named = &segments[0][..kind.len() + 5];
        findings.check_named(&folder, &format!("{kind} swapped"), named);
    }
    let folder = swap("index/p000/manifest", "index/p001/manifest");
    findings.check_named(&folder, "manifests swapped", "index/p000/manifest");
    findings.check_healed(&folder, "manifests swapped");

    let folder = BASE.folder.copy();
    Harm::Earlier.on(&folder, "state.db");
    findings.check_named(&folder, "an earlier state.db", "state.db");
    findings.none();

    // What is derived may be older than the rest: it catches up by itself.
    let folder = BASE.folder.copy();
    for name in ["plays", "index"] {
        fs::remove_dir_all(folder.data().join(name)).expect("it can be removed");
        for file in BASE.earlier.files(name) {
            let path = folder.data().join(&file);
            fs::create_dir_all(path.parent().expect("it has a folder")).expect("it can be made");
            fs::copy(BASE.earlier.data().join(&file), path).expect("it can be copied");
        }
    }
    folder.balanced();
    assert_eq!(folder.all_counts(), BASE.counts);
}

/// Where `words` stand in `state.db`, each byte from `before` it to `behind` it.
fn places(words: &[&str], before: usize, behind: usize) -> Vec<usize> {
    let bytes = fs::read(BASE.folder.data().join("state.db")).expect("it is there");
    let mut places = Vec::new();
    for word in words {
        let found = bytes.windows(word.len()).enumerate();
        for (at, _) in found.filter(|(_, window)| *window == word.as_bytes()) {
            places.extend(at.saturating_sub(before)..(at + word.len() + behind).min(bytes.len()));
        }
    }
    places.sort_unstable();
    places.dedup();
    places
}

fn flipped(at: usize) -> Folder {
    let folder = BASE.folder.copy();
    let path = folder.data().join("state.db");
    let mut bytes = fs::read(&path).expect("it is there");
    bytes[at] ^= 1 << (at % 8);
    fs::write(&path, bytes).expect("it can be written");
    folder
}

#[test]
fn a_broken_state_is_named() {
    let mut findings = Findings::default();
    for harm in [
        Harm::Flip(0, 0x01),
        Harm::Cut(0, 0),
        Harm::Cut(5, 0),
        Harm::Cut(500, 0),
        Harm::Cut(1000, 1),
        Harm::Remove,
    ] {
        let folder = harmed("state.db", harm);
        findings.check_named(&folder, &format!("{harm:?}"), "state.db");
    }
    // The header: magic, page size, versions, schema, encoding.
    for at in [0, 7, 15, 16, 18, 20, 44, 56, 59] {
        findings.check_state(&flipped(at), &format!("byte {at} of state.db"));
    }
    findings.none();
}

/// The sums: each byte of a row's key and number.
#[test]
fn a_flipped_byte_in_a_sum_is_noticed() {
    let words = ["accepted", "counted", "progress", "not_payable", "excluded", "pending"];
    let places = places(&words, 6, 3);
    assert!(places.len() > 200, "{}", places.len());
    let step = places.len() / 100;
    let mut findings = Findings::default();
    let mut noticed = 0;
    for at in places.iter().step_by(step) {
        let what = format!("byte {at} of state.db");
        noticed += u32::from(findings.check_state(&flipped(*at), &what));
    }
    findings.none();
    assert!(noticed > 60, "{noticed}");
}

/// Every page, wherever there is something in it.
#[test]
fn a_flipped_byte_anywhere_in_the_state_never_changes_a_count_in_silence() {
    let bytes = fs::read(BASE.folder.data().join("state.db")).expect("it is there");
    let page_bytes = 4096;
    let mut findings = Findings::default();
    let others = places(&["Artist", "Guest", "web-player"], 12, 2);
    let used = |at: &usize| bytes[*at] != 0 && others.binary_search(at).is_err();
    for page in 0..bytes.len() / page_bytes {
        let places: Vec<usize> =
            (page * page_bytes..(page + 1) * page_bytes).filter(used).collect();
        for at in places.iter().step_by(places.len() / 4 + 1) {
            findings.check_state(&flipped(*at), &format!("byte {at} of state.db"));
        }
    }
    findings.none();
}

/// Whom a play is credited to, and which source a key stamps: with another artist the counts by
/// artist are wrong, with another source every play of that key is counted a second time.
#[test]
fn a_flipped_byte_in_an_artist_or_in_a_key_is_noticed() {
    let mut findings = Findings::default();
    for word in ["Artist 3", "Guest 2", "web-player"] {
        let places = places(&[word], 0, 0);
        for at in [places[0], places[word.len() - 1]] {
            findings.check_state(&flipped(at), &format!("byte {at}, of {word:?} in state.db"));
        }
    }
    findings.none();
}

/// After a crash the newest commits stand in the write-ahead log. A flipped byte there may take
/// commits back, which are then made again from the report log; it never makes others of them.
#[test]
fn a_flipped_byte_in_the_write_ahead_log_changes_no_count() {
    let folder = BASE.folder.copy();
    let server = Server::start(&folder);
    let api = server.api(&folder, "reports:write,counts:read");
    for number in 0..20 {
        let lines: String = (0..20)
            .map(|n| with(&format!("w{n}"), "wal", &format!("t{n}"), 31_000 + number, &json!({})))
            .collect();
        api.report(&lines).is(202);
        api.get("/api/v1/counts?by=user").is(200);
    }
    server.kill();
    let mut findings = Findings::default();
    let counts = folder.copy().all_counts();
    let bytes = fs::read(folder.data().join("state.db-wal")).expect("it is there");
    assert!(bytes.len() > 10_000, "{}", bytes.len());
    for part in 0..24 {
        let at = bytes.len() * part / 24 + part;
        let copy = folder.copy();
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x10;
        fs::write(copy.data().join("state.db-wal"), bytes).expect("it can be written");
        let audit = copy.run(&["audit"]);
        let what = format!("byte {at} of the write-ahead log");
        if audit.code == 0 {
            findings.check(copy.all_counts() == counts, &what, &audit);
        } else {
            findings.check_fails(&audit, &what, "state.db");
        }
    }
    findings.none();
}

/// A rebuild removes what the counts could be read from: it must not do so where the report log
/// can't give it back.
#[test]
fn nothing_is_removed_for_a_rebuild_that_can_not_succeed() {
    let segment = &BASE.folder.files("reports/p001/0")[0];
    let folder = harmed(segment, Harm::Flip(400, 0x08));
    let before = folder.files("plays");
    let doctor = folder.run(&["doctor", "--rebuild"]);
    let mut findings = Findings::default();
    findings.check_fails(&doctor, "doctor", segment);
    findings.check(folder.files("plays") == before, "the plays log is still there", &doctor);
    // With the segment from a backup everything is as it was.
    let whole = BASE.folder.data().join(segment);
    fs::copy(whole, folder.data().join(segment)).expect("it can be copied");
    findings.check_healed(&folder, "restored");
    findings.none();
}
