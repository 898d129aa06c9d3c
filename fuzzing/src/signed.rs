//! What players send back of what was signed for them: addresses and grants.

use ledgerline_delivery::grant::Checked;
use ledgerline_delivery::{KeyId, KeyRing, SignedUrl, SigningKey};
use ledgerline_ids::UnixMs;

/// A key that nobody has.
fn key() -> SigningKey {
    SigningKey::new(KeyId(1), [7; 32])
}

/// Before everything, so that nothing has expired.
fn now() -> UnixMs {
    UnixMs::EPOCH
}

/// Any text as an address: it opens something only where it is, to the byte, what the key signs.
pub fn signed_address(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some((path, query)) = text.split_once('?') else { return };
    let ring = KeyRing::new(vec![key()]).expect("one key");
    if let Ok(url) = SignedUrl::check(path, query, &ring, now()) {
        assert_eq!(url.signed_by(&key()), text);
    }
}

/// Any text as a grant: it is read only where it is, to the byte, what the key signs.
pub fn stream_grant(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let ring = KeyRing::new(vec![key()]).expect("one key");
    if let Ok(checked) = Checked::read(text, &ring) {
        assert_eq!(checked.grant().signed_by(&key()), text);
    }
}
