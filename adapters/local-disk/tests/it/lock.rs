use ledgerline_local_disk::{FolderLock, LockError};

#[test]
fn a_second_lock_is_refused_and_names_the_holder() {
    let folder = tempfile::tempdir().unwrap();
    let held = FolderLock::acquire(folder.path()).unwrap();
    let refused = FolderLock::acquire(folder.path()).unwrap_err();
    let this_process = std::process::id();
    assert!(
        matches!(&refused, LockError::Held { pid: Some(pid), .. } if *pid == this_process),
        "{refused:?}"
    );
    let text = refused.to_string();
    assert!(
        text.ends_with(&format!("is in use by process {this_process}; stop that first")),
        "{text}"
    );
    drop(held);
    FolderLock::acquire(folder.path()).unwrap();
}

#[test]
fn a_lock_file_that_a_crash_left_behind_locks_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("lock"), "1234567890\n").unwrap();
    let _held = FolderLock::acquire(folder.path()).unwrap();
    let text = std::fs::read_to_string(folder.path().join("lock")).unwrap();
    assert_eq!(text, format!("{}\n", std::process::id()));
}

#[test]
fn a_missing_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let refused = FolderLock::acquire(&folder.path().join("absent")).unwrap_err();
    assert!(refused.to_string().contains("absent/lock can't be locked"), "{refused}");
}
