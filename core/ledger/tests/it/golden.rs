//! Golden bytes: what was written by an earlier version must be read by this one, and have the same
//! hash, so a change of these bytes is a new version of the entry, not a new golden file.

use ledgerline_ledger::{DecodeError, Entry};
use std::fmt::Write as _;
use std::path::Path;

use crate::samples::{chain, secret};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a String takes everything");
        out
    })
}

fn written() -> String {
    let mut out = String::new();
    for entry in chain() {
        writeln!(out, "{}", entry.draft().key).expect("a String takes everything");
        writeln!(out, "bytes {}", hex(&entry.to_bytes())).expect("a String takes everything");
        writeln!(out, "hash {}", entry.hash()).expect("a String takes everything");
        let head = secret().sign(entry.head(), entry.draft().period);
        writeln!(out, "head {head}\n").expect("a String takes everything");
    }
    writeln!(out, "public key {}", secret().public_key()).expect("a String takes everything");
    out
}

#[test]
fn the_bytes_are_the_golden_ones() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, written()).expect("the golden file can be written");
    }
    let golden = std::fs::read_to_string(&path).expect("there is a golden file");
    assert_eq!(written(), golden, "a change of an entry's bytes needs a new version of it");
}

#[test]
fn an_entry_is_read_as_it_was_written() {
    for entry in chain() {
        assert_eq!(Entry::from_bytes(&entry.to_bytes()), Ok(entry));
    }
}

/// Every byte is told, and each has one meaning: no other bytes are the same entry.
#[test]
fn no_other_bytes_are_an_entry_with_this_hash() {
    for entry in chain() {
        let bytes = entry.to_bytes();
        for at in 0..bytes.len() {
            assert!(Entry::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                if let Ok(other) = Entry::from_bytes(&changed) {
                    assert_ne!(other.hash(), entry.hash());
                    assert_eq!(other.to_bytes(), changed, "an entry has one form only");
                }
            }
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(Entry::from_bytes(&longer), Err(DecodeError::Length));
    }
}
