//! Files of music are opened, and nothing else is.

use ledgerline_app::ports::music_files::MusicDisk;
use ledgerline_local_disk::LocalMusic;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;

#[test]
fn a_file_is_opened_within_its_folder_alone() {
    let outer = tempfile::tempdir().unwrap();
    let (music, secret) = (outer.path().join("music"), outer.path().join("secret.flac"));
    fs::create_dir_all(music.join("album")).unwrap();
    fs::write(&secret, "nobody's").unwrap();
    let file = music.join("album/1.flac");
    fs::write(&file, "0123456789").unwrap();
    symlink(&file, music.join("within.flac")).unwrap();
    symlink(&secret, music.join("out.flac")).unwrap();
    symlink(outer.path(), music.join("up")).unwrap();
    symlink("nowhere", music.join("broken.flac")).unwrap();
    // The folder itself may be reached by a link.
    symlink(&music, outer.path().join("link")).unwrap();

    for path in ["album/1.flac", "within.flac"] {
        for folder in [&music, &outer.path().join("link")] {
            let opened = LocalMusic.open(folder, &folder.join(path)).unwrap();
            assert_eq!((opened.bytes(), opened.read_at(3, 4).unwrap()), (10, b"3456".to_vec()));
            assert_eq!(opened.read_at(9, 2).unwrap_err().kind(), ErrorKind::UnexpectedEof);
        }
    }
    for path in ["out.flac", "up/secret.flac", "../secret.flac", "broken.flac", "album", "none"] {
        let refused = LocalMusic.open(&music, &music.join(path)).err().map(|it| it.kind());
        assert_eq!(refused, Some(ErrorKind::NotFound), "{path}");
    }
    let absolute = LocalMusic.open(&music, &secret).err().map(|it| it.kind());
    assert_eq!(absolute, Some(ErrorKind::NotFound));
}

/// Whoever opens a pipe waits for somebody to write; a server must not.
#[test]
fn nobody_waits_for_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("1.flac");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.is_ok_and(|made| made.success()), "mkfifo is a part of every system");
    let refused = LocalMusic.open(folder.path(), &pipe).err().map(|it| it.kind());
    assert_eq!(refused, Some(ErrorKind::NotFound));
}
