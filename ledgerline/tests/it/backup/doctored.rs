//! A backup of which anything was changed is refused, and the file is named.

use super::names_in;
use crate::support::Folder;
use crate::support::folder::text;
use crate::support::reports::line;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What is done to a backup, and what the refusal must say.
const CANARIES: &str = "
    flip     reports/p000/00000000000000000000.log  -> reports/p000/00000000000000000000.log
    flip     state.db                               -> state.db
    flip     deployment.json                        -> deployment.json
    flip     index/p000/manifest                    -> index/p000/manifest
    flip     plays/p001/00000000000000000000.log    -> plays/p001/00000000000000000000.log
    remove   reports/p002/00000000000000000000.log  -> reports/p002/00000000000000000000.log
    remove   state.db                               -> state.db
    cut      reports/p000/00000000000000000000.log  -> reports/p000/00000000000000000000.log
    cut      state.db                               -> state.db
    extend   plays/p000/00000000000000000000.log    -> plays/p000/00000000000000000000.log
    swap     reports/p000/00000000000000000000.log  -> reports/p00
    swap     plays/p000/00000000000000000000.log    -> plays/p00
    flip     the-manifest                           -> it is not what its name says
    remove   the-manifest                           -> there is no whole backup
    cut      the-manifest                           -> it is not what its name says
    renumber the-manifest                           -> another backup's
    newer    the-manifest                           -> newer
    escape   the-manifest                           -> no path in a data folder
";

struct Backup {
    folder: Folder,
    path: PathBuf,
}

impl Backup {
    fn new() -> Self {
        let folder = Folder::new();
        let lines: String = (0..600)
            .map(|n| line(&format!("p{n}"), &format!("u{}", n % 90), "t", 31_000))
            .collect();
        folder.run_with_input(&["replay", "-"], lines.as_bytes()).good(&["replay"]);
        let path = folder.path("backup");
        folder.ok(&["backup", &text(&path)]);
        Self { folder, path }
    }

    fn manifest(&self) -> PathBuf {
        let names = names_in(&self.path);
        let name = names.iter().find(|name| name.ends_with(".json")).expect("there is one");
        self.path.join(name)
    }

    fn part(&self, path: &str) -> PathBuf {
        if path == "the-manifest" {
            return self.manifest();
        }
        let manifest: Value =
            serde_json::from_slice(&fs::read(self.manifest()).expect("it is there")).expect("JSON");
        let sha256 = manifest["files"][path][0]["sha256"].as_str();
        self.path.join("parts").join(sha256.unwrap_or_else(|| panic!("{path} isn't in it")))
    }

    /// Gives the manifest other contents, and the name that they are to have.
    fn rewrite(&self, number: u32, change: impl FnOnce(&str) -> String) {
        let path = self.manifest();
        let bytes = change(&fs::read_to_string(&path).expect("it is text")).into_bytes();
        let digest: String =
            Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        fs::remove_file(path).expect("it can be removed");
        fs::write(self.path.join(format!("{number:06}-{digest}.json")), bytes).expect("written");
    }

    fn doctor(&self, what: &str, path: &str) {
        let file = self.part(path);
        let bytes = || fs::read(&file).expect("it is there");
        let write = |bytes: Vec<u8>| fs::write(&file, bytes).expect("it can be written");
        match what {
            "flip" => {
                let mut bytes = bytes();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                write(bytes);
            }
            "remove" => fs::remove_file(&file).expect("it can be removed"),
            "cut" => write(bytes()[..bytes().len() - 1].to_vec()),
            "extend" => write([bytes(), vec![0]].concat()),
            "swap" => {
                let other = self.part(&path.replace("p000", "p001"));
                let (here, there) = (bytes(), fs::read(&other).expect("it is there"));
                write(there);
                fs::write(other, here).expect("it can be written");
            }
            "renumber" => self.rewrite(7, str::to_owned),
            "newer" => self.rewrite(1, |text| text.replace("\"format\": 1", "\"format\": 2")),
            "escape" => self.rewrite(1, |text| text.replace("\"state.db\"", "\"../state.db\"")),
            other => panic!("nobody knows how to {other}"),
        }
    }
}

#[test]
fn a_doctored_backup_is_refused_and_the_file_named() {
    let backup = Backup::new();
    for row in CANARIES.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let (act, expected) = row.split_once("->").expect("a row has an arrow");
        let words: Vec<&str> = act.split_whitespace().collect();
        let before = contents(&backup.path);
        backup.doctor(words[0], words[1]);
        let from = text(&backup.path);
        let verified = backup.folder.run(&["backup", "verify", &from]);
        assert!(matches!(verified.code, 1 | 3), "{row}: {}", verified.all());
        assert!(verified.all().contains(expected.trim()), "{row}: {}", verified.all());
        let other = Folder::new();
        let restored = other.run(&["restore", &from]);
        assert!(matches!(restored.code, 1 | 3), "{row}: {}", restored.all());
        assert!(restored.err.contains(expected.trim()), "{row}: {}", restored.err);
        assert!(!other.data().exists(), "{row}: nothing is restored");
        assert_eq!(names_in(&other.path("")), Vec::<String>::new(), "{row}: nothing is left");
        put_back(&backup.path, &before);
    }
    // The same backup, as it was, is good: the refusals were for what was done to it.
    backup.folder.ok(&["backup", "verify", &text(&backup.path)]);
    let other = Folder::new();
    other.ok(&["restore", &text(&backup.path)]);
    other.balanced();
}

fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for inner in [folder.to_owned(), folder.join("parts")] {
        for name in names_in(&inner) {
            let path = inner.join(name);
            if path.is_file() {
                found.insert(path.clone(), fs::read(&path).expect("it can be read"));
            }
        }
    }
    found
}

fn put_back(folder: &Path, before: &BTreeMap<PathBuf, Vec<u8>>) {
    for path in contents(folder).keys().filter(|path| !before.contains_key(*path)) {
        fs::remove_file(path).expect("it can be removed");
    }
    for (path, bytes) in before {
        fs::write(path, bytes).expect("it can be written");
    }
}
