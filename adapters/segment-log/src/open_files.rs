//! The segments' files that are open for reading: a few of them, the ones used last.

use ledgerline_app::ports::{Disk, DiskFile};
use std::io;
use std::sync::{Arc, Mutex};

/// How many files of one partition of one log are kept open.
const OPEN_MAX: usize = 32;

pub(crate) struct OpenFiles {
    disk: Arc<dyn Disk>,
    // By what the segment is named for; used last stands last.
    open: Mutex<Vec<(u64, Arc<dyn DiskFile>)>>,
}

impl OpenFiles {
    pub(crate) fn new(disk: Arc<dyn Disk>) -> Self {
        Self { disk, open: Mutex::new(Vec::new()) }
    }

    /// The file of the segment that is named for `base` and stands at `path`.
    pub(crate) fn get(&self, base: u64, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut open = self.open.lock().expect(UNBROKEN);
        if let Some(at) = open.iter().rposition(|(other, _)| *other == base) {
            open[at..].rotate_left(1);
        } else {
            let file = self.disk.open(path)?;
            if open.len() == OPEN_MAX {
                open.remove(0);
            }
            open.push((base, file));
        }
        let (_, file) = open.last().expect("it was just put there");
        Ok(Arc::clone(file))
    }

    /// Closes the file of a segment that is gone.
    pub(crate) fn forget(&self, base: u64) {
        self.open.lock().expect(UNBROKEN).retain(|(other, _)| *other != base);
    }
}

const UNBROKEN: &str = "no thread panics while it holds the list of open files";
