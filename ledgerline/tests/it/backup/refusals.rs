//! What `backup` and `restore` refuse, and with which exit code.

use crate::support::Folder;
use crate::support::folder::text;
use crate::support::reports::line;

fn with_a_play() -> Folder {
    let folder = Folder::new();
    folder
        .run_with_input(&["replay", "-"], line("p", "u", "t", 31_000).as_bytes())
        .good(&["replay"]);
    folder
}

/// What is said, and the exit code.
#[track_caller]
fn check(folder: &Folder, args: &[&str], code: i32, words: &str) {
    let ran = folder.run(args);
    assert_eq!(ran.code, code, "{args:?}: {}", ran.all());
    assert!(ran.err.contains(words), "{args:?}: {}", ran.err);
}

#[test]
fn what_is_refused() {
    let folder = with_a_play();
    let to = text(&folder.path("backup"));
    check(&Folder::new(), &["backup", &to], 3, "no deployment");
    check(&folder, &["backup"], 2, "");
    check(&folder, &["backup", &to, "--keep", "0"], 2, "");
    check(&folder, &["backup", "verify", &to], 3, "isn't there");
    check(&folder, &["restore", &to], 3, "isn't there");
    let inside = text(&folder.data().join("backup"));
    check(&folder, &["backup", &inside], 2, "must not be within");
    let other = folder.write("file", "something");
    check(&folder, &["backup", &other], 1, "");
    std::fs::create_dir(folder.path("full")).expect("it can be made");
    folder.write("full/letter.txt", "something");
    check(&folder, &["backup", &text(&folder.path("full"))], 1, "no backup");

    folder.ok(&["backup", &to]);
    check(&folder, &["restore", &to], 1, "not empty");
    check(&folder, &["backup", "verify", &to, "--number", "9"], 1, "");
    check(&Folder::new(), &["restore", &to, "--number", "9"], 3, "there are 1");
    check(&with_a_play(), &["backup", &to], 1, "another deployment");

    // An empty folder is as good as none.
    let empty = Folder::new();
    std::fs::create_dir(empty.data()).expect("it can be made");
    empty.ok(&["restore", &to]);
    empty.balanced();
}
