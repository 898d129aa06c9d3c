//! The signing key and the head's file.

use ledgerline_app::ports::{HeadKeeper, HeadSigner};
use ledgerline_ids::Period;
use ledgerline_ledger::{Digest, Head};
use ledgerline_local_disk::{HeadFile, KeyFile};
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

fn head(seq: u64) -> Head {
    Head { seq, hash: Digest::of(&seq.to_le_bytes()), ..Head::EMPTY }
}

fn period() -> Period {
    Period::parse("2026-10").expect("a month")
}

#[test]
fn a_key_is_made_once_and_its_owner_alone_may_read_it() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("keys/ledger.ed25519");
    let key = KeyFile::new(path.clone());
    assert_eq!(key.public_key().unwrap(), None);
    assert!(key.sign(head(1), period()).is_err(), "there is no key to sign with");
    assert!(!path.exists(), "looking makes none");
    let public_key = key.make_key().unwrap();
    assert_eq!(key.make_key().unwrap(), public_key);
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&path) & 0o777, 0o600);
    assert_eq!(mode(path.parent().unwrap()) & 0o777, 0o700);
    // Another process reads the same.
    let again = KeyFile::new(path.clone());
    assert_eq!(again.public_key().unwrap(), Some(public_key));
    let signed = again.sign(head(1), period()).unwrap();
    assert_eq!(signed, key.sign(head(1), period()).unwrap());
    assert_eq!(signed.verify(&public_key), Ok(()));
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left");

    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let error = KeyFile::new(path.clone()).public_key().unwrap_err().to_string();
    assert!(error.contains("chmod 600") && error.contains("ledger.ed25519"), "{error}");
}

#[test]
fn a_damaged_key_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ledger.ed25519");
    KeyFile::new(path.clone()).make_key().unwrap();
    let sound = std::fs::read_to_string(&path).unwrap();
    for damaged in ["", "x", &sound[..sound.len() - 2], &sound.replace("/1", "/2")] {
        std::fs::write(&path, damaged).unwrap();
        let key = KeyFile::new(path.clone());
        for error in [key.public_key().unwrap_err(), key.make_key().unwrap_err()] {
            assert!(error.to_string().contains("restore it"), "{error}");
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), damaged);
    }
}

#[test]
fn the_newest_head_takes_the_place_of_the_last() {
    let folder = TempDir::new().unwrap();
    let key = KeyFile::new(folder.path().join("ledger.ed25519"));
    key.make_key().unwrap();
    let path = folder.path().join("keys/ledger.head");
    let file = HeadFile::new(path.clone());
    assert_eq!(file.kept().unwrap(), None);
    for seq in 1..4 {
        let signed = key.sign(head(seq), period()).unwrap();
        file.keep(&signed).unwrap();
        assert_eq!(file.kept().unwrap(), Some(format!("{signed}\n")));
    }
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}
