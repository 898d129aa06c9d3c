//! What happens to files on a disk.

use ledgerline_app::ports::Disk as _;
use ledgerline_app::ports::memory_disk::MemoryDisk;

use crate::script::Script;

/// One thing that happened to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Damage {
    /// Some bits of one byte changed.
    Flipped { path: String, at: usize },
    /// Everything else.
    Other { path: String },
}

/// At most so many things happen at once.
const DAMAGES_MAX: usize = 3;

/// A copy of `disk` to which something happened, or nothing: what, in order.
pub(crate) fn damaged(disk: &MemoryDisk, script: &mut Script<'_>) -> (MemoryDisk, Vec<Damage>) {
    let disk = disk.copy();
    let mut damages = Vec::new();
    for _ in 0..script.below(DAMAGES_MAX + 1) {
        damages.extend(one(&disk, script));
    }
    // What was removed is gone for good.
    (disk.copy(), damages)
}

fn one(disk: &MemoryDisk, script: &mut Script<'_>) -> Option<Damage> {
    let files = disk.files();
    let path = files.get(script.below(files.len()))?.clone();
    let before = disk.contents(&path)?;
    let mut bytes = before.clone();
    match script.below(8) {
        0..3 => {
            let at = script.below(bytes.len());
            *bytes.get_mut(at)? ^= script.byte().max(1);
            disk.tamper(&path, bytes);
            return Some(Damage::Flipped { path, at });
        }
        3 => bytes.truncate(script.below(before.len())),
        4 => {
            let length = script.below(80);
            bytes.extend_from_slice(script.take(length));
        }
        5 => {
            // A sector that was never written.
            let (from, length) = (script.below(before.len()), script.below(64));
            bytes.iter_mut().skip(from).take(length).for_each(|byte| *byte = 0);
        }
        6 => {
            disk.remove(&path).expect("it is a file");
            return Some(Damage::Other { path });
        }
        // Another file's content, as after a slip of somebody's hand.
        _ => bytes = disk.contents(&files[script.below(files.len())])?,
    }
    (bytes != before).then(|| {
        disk.tamper(&path, bytes);
        Damage::Other { path }
    })
}

/// Every file with its content.
pub(crate) fn contents(disk: &MemoryDisk) -> Vec<(String, Option<Vec<u8>>)> {
    disk.files().into_iter().map(|path| (path.clone(), disk.contents(&path))).collect()
}
