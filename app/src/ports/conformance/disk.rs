//! What every [`Disk`] does.

use crate::ports::{Disk, DiskFile};
use std::io::ErrorKind;
use std::sync::Arc;

/// Runs every case on an empty disk of its own.
///
/// # Panics
/// Where the disk does something else.
pub fn suite(empty: &dyn Fn() -> Arc<dyn Disk>) {
    let cases: [fn(&dyn Disk); 9] = [
        files_are_read_as_they_were_written,
        reads_end_at_the_end,
        a_gap_reads_as_zeros,
        files_are_cut,
        what_is_let_go_of_is_read_again,
        what_is_missing_is_not_found,
        folders_list_their_files,
        renaming_replaces,
        an_open_file_outlives_its_name,
    ];
    for case in cases {
        let disk = empty();
        disk.create_folder("").expect("the data folder itself can be created");
        case(&*disk);
    }
}

fn write(disk: &dyn Disk, path: &str, bytes: &[u8]) -> Arc<dyn DiskFile> {
    let file = disk.open_or_create(path).expect("a file is created");
    file.write_at(0, bytes).expect("bytes are written");
    file
}

fn read(file: &dyn DiskFile, offset: u64, length: usize) -> Vec<u8> {
    let mut buffer = vec![0xee; length];
    let read = file.read_at(offset, &mut buffer).expect("bytes are read");
    buffer.truncate(read);
    buffer
}

fn files_are_read_as_they_were_written(disk: &dyn Disk) {
    let file = write(disk, "a", b"one two");
    file.write_at(4, b"three").expect("a file grows");
    file.sync().expect("a file is synced");
    disk.sync_folder("").expect("a folder is synced");
    assert_eq!(read(&*file, 0, 9), b"one three");
    let other = disk.open("a").expect("a file is opened a second time");
    assert_eq!(read(&*other, 4, 5), b"three");
    file.write_at(0, b"ONE").expect("bytes are written over");
    assert_eq!(read(&*other, 0, 9), b"ONE three", "both are the same file");
    assert!(other.write_at(0, b"x").is_err(), "opened for reading only");
    let again = disk.open_or_create("a").expect("a file that exists is opened");
    assert_eq!(again.length().expect("a length"), 9, "and not emptied");
}

fn reads_end_at_the_end(disk: &dyn Disk) {
    let file = write(disk, "a", b"12345");
    assert_eq!(read(&*file, 3, 10), b"45");
    assert_eq!(read(&*file, 5, 10), b"");
    assert_eq!(read(&*file, 500, 10), b"");
    assert_eq!(read(&*file, 0, 0), b"");
}

fn a_gap_reads_as_zeros(disk: &dyn Disk) {
    let file = write(disk, "a", b"1");
    file.write_at(4, b"5").expect("bytes are written beyond the end");
    assert_eq!(read(&*file, 0, 5), b"1\0\0\x005");
}

fn files_are_cut(disk: &dyn Disk) {
    let file = write(disk, "a", b"12345");
    file.truncate(2).expect("a file is cut");
    assert_eq!(file.length().expect("a length"), 2);
    file.truncate(4).expect("a file is made longer");
    assert_eq!(read(&*file, 0, 9), b"12\0\0", "what was cut off doesn't come back");
}

fn what_is_let_go_of_is_read_again(disk: &dyn Disk) {
    let bytes = [7; 10_000];
    let file = write(disk, "a", &bytes);
    // Before it is durable, and after.
    file.let_go(0, 10_000);
    assert_eq!(read(&*file, 0, 10_000), bytes);
    file.sync().expect("synced");
    for (offset, length) in [(0, 10_000), (4096, 1), (0, 0), (9_999, 100)] {
        file.let_go(offset, length);
        assert_eq!(read(&*file, 0, 10_000), bytes);
    }
}

fn what_is_missing_is_not_found(disk: &dyn Disk) {
    let kind = |error: std::io::Error| error.kind();
    assert_eq!(disk.open("a").map(|_| ()).map_err(kind), Err(ErrorKind::NotFound));
    assert_eq!(disk.open("x/a").map(|_| ()).map_err(kind), Err(ErrorKind::NotFound));
    assert_eq!(disk.open_or_create("x/a").map(|_| ()).map_err(kind), Err(ErrorKind::NotFound));
    assert_eq!(disk.rename("a", "b").map_err(kind), Err(ErrorKind::NotFound));
    disk.remove("a").expect("a file that doesn't exist is removed");
    assert_eq!(disk.list("x").expect("a missing folder is listed"), Vec::<String>::new());
}

fn folders_list_their_files(disk: &dyn Disk) {
    for _ in 0..2 {
        disk.create_folder("x/y").expect("folders are created, or exist");
    }
    for path in ["x/2", "x/10", "x/1", "x/y/3", "4"] {
        write(disk, path, b"");
    }
    for (folder, names) in [("", vec!["4"]), ("x", vec!["1", "10", "2"]), ("x/y", vec!["3"])] {
        assert_eq!(disk.list(folder).expect("a folder is listed"), names, "in `{folder}`");
        disk.sync_folder(folder).expect("a folder is synced");
    }
    disk.remove("x/10").expect("a file is removed");
    assert_eq!(disk.list("x").expect("a folder is listed"), ["1", "2"]);
}

fn renaming_replaces(disk: &dyn Disk) {
    disk.create_folder("x").expect("a folder is created");
    write(disk, "x/a", b"new");
    write(disk, "x/b", b"old");
    disk.rename("x/a", "x/b").expect("a file is renamed");
    assert_eq!(disk.list("x").expect("a folder is listed"), ["b"]);
    let file = disk.open("x/b").expect("a file is opened");
    assert_eq!(read(&*file, 0, 9), b"new");
    // A folder goes with what is in it, and replaces one that is empty; never one with files.
    disk.create_folder("z").expect("a folder is created");
    disk.rename("x", "z").expect("a folder is renamed");
    assert_eq!(disk.list("z").expect("a folder is listed"), ["b"]);
    assert_eq!(disk.list("x").expect("a folder is listed"), Vec::<String>::new());
    disk.create_folder("x").expect("a folder is created");
    write(disk, "x/c", b"stays");
    let refused = disk.rename("z", "x").map_err(|error| error.kind());
    assert_eq!(refused, Err(ErrorKind::DirectoryNotEmpty));
    assert_eq!(disk.list("x").expect("a folder is listed"), ["c"]);
}

fn an_open_file_outlives_its_name(disk: &dyn Disk) {
    write(disk, "a", b"still here");
    let file = disk.open("a").expect("a file is opened");
    disk.remove("a").expect("a file is removed");
    assert_eq!(read(&*file, 0, 99), b"still here");
    assert_eq!(disk.list("").expect("a folder is listed"), Vec::<String>::new());
}
