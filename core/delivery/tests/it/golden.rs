//! Bytes that were issued must be read for as long as plays may be reported: a change of them is a new
//! version, not a new golden file.

use ledgerline_delivery::SignedUrl;
use std::path::Path;

use super::grants::grant;
use super::key;

fn written() -> String {
    let url = SignedUrl {
        path: "/audio/trk_1/opus-96",
        expires_at_s: 1_790_003_600,
        listener: "0123abcd",
        play_id: "01890a5d-ac96-774b-bcce-b302099a8057",
    };
    let anonymous = SignedUrl { listener: "", path: "/audio/Zo%C3%AB/preview", ..url };
    let (url, anonymous) = (url.signed_by(&key(1)), anonymous.signed_by(&key(0xfeed_beef)));
    let edge: String = key(1).url_key().iter().map(|byte| format!("{byte:02x}")).collect();
    let grant = grant().signed_by(&key(1));
    format!(
        "url\n{url}\n\nurl of nobody\n{anonymous}\n\nkey of the edge\n{edge}\n\ngrant\n{grant}\n"
    )
}

#[test]
fn what_is_signed_is_the_golden_text() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, written()).expect("the golden file can be written");
    }
    let golden = std::fs::read_to_string(&path).expect("there is a golden file");
    assert_eq!(written(), golden, "a change of what is signed needs a new version of it");
}
