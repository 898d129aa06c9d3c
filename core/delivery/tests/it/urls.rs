//! Whether a URL opens anything.

use ledgerline_delivery::{KeyId, KeyRing, SignedUrl, SigningKey, UrlRefusal};

use super::{NOW, at, key, ring};

const PATH: &str = "/audio/trk_1/opus-96";

fn good() -> String {
    let url = SignedUrl {
        path: PATH,
        expires_at_s: NOW / 1000 + 3_600,
        listener: "0123abcd",
        play_id: "01890a5d-ac96-774b-bcce-b302099a8057",
    };
    url.signed_by(&key(1))
}

fn check(url: &str, keys: &KeyRing, now: u64, expected: Result<(), UrlRefusal>) {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let checked = SignedUrl::check(path, query, keys, at(now)).map(drop);
    assert_eq!(checked, expected, "{url}");
}

#[test]
fn a_url_opens_what_it_was_signed_for() {
    use UrlRefusal::{Expired, Forged, UnknownKey, Unsigned};
    let url = good();
    let keys = ring(&[1]);
    let changed = |from: &str, to: &str| {
        assert!(url.contains(from), "{from} is in {url}");
        url.replacen(from, to, 1)
    };
    let rows = [
        (url.clone(), Ok(())),
        // Another's path, rung, listener, play, or end.
        (changed("trk_1", "trk_2"), Err(Forged)),
        (changed("opus-96", "opus-320"), Err(Forged)),
        (changed("trk_1/", "trk_1/../trk_1/"), Err(Forged)),
        (changed("0123abcd", "0123abce"), Err(Forged)),
        (changed("l=0123abcd", "l="), Err(Forged)),
        (changed("01890a5d", "01890a5e"), Err(Forged)),
        (changed("?e=179", "?e=199"), Err(Forged)),
        (changed("k=00000001", "k=00000002"), Err(UnknownKey)),
        // Not in the one form.
        (PATH.to_owned(), Err(Unsigned)),
        (changed("&s=", "&s=A"), Err(Unsigned)),
        (changed("&k=00000001", ""), Err(Unsigned)),
        (changed("?e=", "?e=0"), Err(Unsigned)),
        (changed("?e=", "?e=+"), Err(Unsigned)),
        (changed("k=00000001", "k=1"), Err(Unsigned)),
        (format!("{url}&x=1"), Err(Unsigned)),
        (format!("{url}&"), Err(Unsigned)),
        (changed("&p=", "&l=0123abcd&p="), Err(Unsigned)),
        (changed("?e=", "?x=1&e="), Err(Unsigned)),
        (changed("0123abcd", &"x".repeat(4_000)), Err(Unsigned)),
    ];
    for (url, expected) in rows {
        check(&url, &keys, NOW, expected);
    }
    check(&url, &keys, NOW + 3_599_999, Ok(()));
    check(&url, &keys, NOW + 3_600_000, Err(Expired));
    // A forged one isn't told that it would have expired.
    check(&changed("trk_1", "trk_2"), &keys, NOW + 3_600_000, Err(Forged));
}

#[test]
fn keys_take_each_others_place() {
    let url = good();
    check(&url, &ring(&[2, 1]), NOW, Ok(()));
    check(&url, &ring(&[2]), NOW, Err(UrlRefusal::UnknownKey));
    // Another deployment's key of the same id.
    let other = KeyRing::new(vec![SigningKey::new(KeyId(1), [1; 32])]).expect("one");
    check(&url, &other, NOW, Err(UrlRefusal::Forged));
}
