use ledgerline_app::ports::{Disk, conformance};
use ledgerline_local_disk::LocalDisk;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};

#[test]
fn is_a_disk() {
    // The folders live until the suite has ended.
    let folders = Mutex::new(Vec::new());
    conformance::disk::suite(&|| {
        let folder = tempfile::tempdir().unwrap();
        let disk = LocalDisk::new(folder.path().to_owned());
        folders.lock().unwrap().push(folder);
        Arc::new(disk)
    });
}

#[test]
fn only_the_owner_may_read_what_people_listened_to() {
    let folder = tempfile::tempdir().unwrap();
    let disk = LocalDisk::new(folder.path().join("data"));
    disk.create_folder("").unwrap();
    disk.create_folder("reports/p000").unwrap();
    disk.open_or_create("reports/p000/a.log").unwrap();
    let rows = [
        ("data", 0o700),
        ("data/reports", 0o700),
        ("data/reports/p000", 0o700),
        ("data/reports/p000/a.log", 0o600),
    ];
    for (path, mode) in rows {
        let found = folder.path().join(path).metadata().unwrap().permissions().mode();
        assert_eq!(found & 0o777, mode, "{path}");
    }
}
