//! Signed heads: one text, and one signature for it.

use ledgerline_ledger::{HeadError, PublicKey, SecretKey, SignedHead};

use crate::samples::{chain, secret};

fn sample() -> SignedHead {
    let last = chain().pop().expect("three entries");
    secret().sign(last.head(), last.draft().period)
}

#[test]
fn a_head_is_read_as_it_is_written_and_verified() {
    let head = sample();
    let read = SignedHead::parse(&head.to_string()).expect("its own text");
    assert_eq!(read, head);
    assert_eq!(read.verify(&secret().public_key()), Ok(()));
    let statement = format!("Statement of P1\n\n  {head}\r\nPage 1 of 1\n");
    assert_eq!(SignedHead::find_in(&statement), Ok(head));
    assert_eq!(SignedHead::find_in("Statement of P1"), Err(HeadError::Form));
    let key = secret().public_key();
    assert_eq!(PublicKey::parse(&key.to_string()), Ok(key));
}

#[test]
fn another_key_is_told_from_a_forged_text() {
    let head = sample();
    let other = SecretKey::new(&[9; 32]);
    assert_eq!(head.verify(&other.public_key()), Err(HeadError::OtherKey));
    let resigned = other.sign(head.head, head.period);
    assert_eq!(resigned.verify(&secret().public_key()), Err(HeadError::OtherKey));
    let forged = SignedHead { key_id: head.key_id, ..resigned };
    assert_eq!(forged.verify(&secret().public_key()), Err(HeadError::Signature));
}

/// Whatever character of the line is changed: it is no head, or another key's, or not signed.
#[test]
fn no_character_can_be_changed() {
    let (line, key) = (sample().to_string(), secret().public_key());
    for at in 0..line.len() {
        for to in ["0", "1", "a", "f", " ", "=", "+", "Z"] {
            let mut changed = line.clone();
            changed.replace_range(at..=at, to);
            if changed == line {
                continue;
            }
            if let Ok(head) = SignedHead::parse(&changed) {
                assert!(head.verify(&key).is_err(), "{changed}");
            }
        }
    }
    for changed in [
        line[1..].to_owned(),
        format!("{line} "),
        format!(" {line}"),
        line.replace(" seq=3", " seq=03"),
    ] {
        assert_eq!(SignedHead::parse(&changed), Err(HeadError::Form), "{changed}");
    }
}
