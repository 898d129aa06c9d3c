//! What a grant is worth to a report.

use ledgerline_delivery::grant::{Checked, GRANT_LASTS_MS, GRANT_TEXT_MAX};
use ledgerline_delivery::{GrantRefusal, KeyRing, StreamGrant};
use ledgerline_ids::{PlayId, Territory, Tier, TrackId, UserId};

use super::{NOW, at, key, ring};

pub(crate) fn grant() -> StreamGrant<'static> {
    StreamGrant {
        play_id: PlayId::new("01890a5d-ac96-774b-bcce-b302099a8057").expect("a key"),
        listener: Some(UserId::new("L1").expect("a user")),
        track: TrackId::new("T1").expect("a track"),
        tier: Some(Tier::new("premium").expect("a tier")),
        territory: Some(Territory::new("SE").expect("a country")),
        preview: false,
        issued_at: at(NOW),
        valid_until: at(NOW + GRANT_LASTS_MS),
    }
}

/// Listener, track and play of a report.
type Report = (&'static str, &'static str, &'static str);

/// What a report of listener, track and play is told.
fn check(
    text: &str,
    keys: &KeyRing,
    (listener, track, play): (&str, &str, &str),
    expected: Result<(), GrantRefusal>,
) {
    let worth = Checked::read(text, keys).and_then(|checked| {
        let listener = (!listener.is_empty()).then(|| UserId::new(listener).expect("a user"));
        let play = (!play.is_empty()).then(|| PlayId::new(play).expect("a key"));
        checked.grant().is_for(listener, TrackId::new(track).expect("a track"), play)
    });
    assert_eq!(worth, expected, "{listener} {track} {play} {text}");
}

#[test]
fn a_grant_is_worth_one_play_of_one_listener() {
    use GrantRefusal::{Forged, Malformed, OtherListener, OtherPlay, OtherTrack, UnknownKey};
    let text = grant().signed_by(&key(1));
    let own = ("L1", "T1", "01890a5d-ac96-774b-bcce-b302099a8057");
    let keys = ring(&[1]);
    let mut forged = text.clone();
    let at = forged.len() - 9;
    forged.replace_range(at..=at, if forged.as_bytes()[at] == b'A' { "B" } else { "A" });
    let rows: &[(&str, Report, Result<(), GrantRefusal>)] = &[
        (&text, own, Ok(())),
        // Sent again it is the same play: what it pays, it pays once.
        (&text, own, Ok(())),
        (&text, ("L2", own.1, own.2), Err(OtherListener)),
        (&text, ("", own.1, own.2), Err(OtherListener)),
        (&text, ("L1", "T2", own.2), Err(OtherTrack)),
        (&text, ("L1", "T1", "another-play"), Err(OtherPlay)),
        (&text, ("L1", "T1", ""), Err(OtherPlay)),
        (&text, ("L2", "T2", ""), Err(OtherListener)),
        ("", own, Err(Malformed)),
        ("bot", own, Err(Malformed)),
        (&forged, own, Err(Forged)),
        (&text[..text.len() - 4], own, Err(Malformed)),
        (&format!("{text}AAAA"), own, Err(Malformed)),
        (&"A".repeat(GRANT_TEXT_MAX + 1), own, Err(Malformed)),
    ];
    for (text, report, expected) in rows {
        check(text, &keys, *report, *expected);
    }
    check(&text, &ring(&[3, 2, 1]), own, Ok(()));
    check(&text, &ring(&[2]), own, Err(UnknownKey));
    // Whoever has the key that nodes at the edge have makes no grant of it.
    let edge = ledgerline_delivery::SigningKey::new(key(1).id(), key(1).url_key());
    check(&grant().signed_by(&edge), &keys, own, Err(Forged));
}

#[test]
fn what_is_absent_stays_absent() {
    let anonymous =
        StreamGrant { listener: None, tier: None, territory: None, preview: true, ..grant() };
    let text = anonymous.signed_by(&key(1));
    let read = Checked::read(&text, &ring(&[1])).expect("it is good");
    assert_eq!(read.grant(), anonymous);
    check(&text, &ring(&[1]), ("", "T1", grant().play_id.as_str()), Ok(()));
    check(&text, &ring(&[1]), ("L1", "T1", "x"), Err(GrantRefusal::OtherListener));
}

#[test]
fn the_longest_ids_fit() {
    let long = "x".repeat(256);
    let grant = StreamGrant {
        play_id: PlayId::new(&long[..64]).expect("a key"),
        listener: Some(UserId::new(&long[..128]).expect("a user")),
        track: TrackId::new(&long).expect("a track"),
        tier: Some(Tier::new(&long[..32]).expect("a tier")),
        ..grant()
    };
    let text = grant.signed_by(&key(1));
    assert!(text.len() <= GRANT_TEXT_MAX, "{}", text.len());
    assert_eq!(Checked::read(&text, &ring(&[1])).expect("it is good").grant(), grant);
}
