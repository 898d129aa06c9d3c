//! No bit of what is signed can be changed, and no bytes make a reader stumble.

use ledgerline_delivery::SignedUrl;
use ledgerline_delivery::grant::Checked;
use proptest::prelude::*;

use super::grants::grant;
use super::{NOW, at, key, ring};

proptest! {
    #[test]
    fn a_changed_character_of_a_grant_is_noticed(place in any::<prop::sample::Index>(), to in "[A-Za-z0-9_-]") {
        let text = grant().signed_by(&key(1));
        let at = place.index(text.len());
        let mut changed = text.clone();
        changed.replace_range(at..=at, &to);
        prop_assert_eq!(Checked::read(&changed, &ring(&[1])).is_ok(), changed == text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,900}", query in "[a-z0-9=&%-]{0,300}") {
        let _ = Checked::read(&text, &ring(&[1]));
        prop_assert!(SignedUrl::check(&text, &query, &ring(&[1]), at(NOW)).is_err());
    }
}
