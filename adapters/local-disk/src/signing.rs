//! The key that signs the ledger's head, and the file that knows the newest head: two small files
//! outside of the database, readable by their owner only.

use ledgerline_app::ports::{HeadKeeper, HeadSigner, Random as _, StoreError};
use ledgerline_ids::Period;
use ledgerline_ledger::{Head, PublicKey, SecretKey, SignedHead};
use std::fmt::Write as _;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::SystemRandom;

/// The first word of a key's file; 64 hex digits follow, in lower case.
const FORM: &str = "ledgerline-signing-key/1 ";
/// The most bytes of either file.
const BYTES_MAX: u64 = 4_096;

/// An Ed25519 key in a file of its own, made at first need, with mode 0600.
#[derive(Debug)]
pub struct KeyFile {
    path: PathBuf,
    read: Mutex<Option<Arc<SecretKey>>>,
}

/// The newest signed head in a file of its own.
#[derive(Debug)]
pub struct HeadFile {
    path: PathBuf,
}

impl KeyFile {
    /// The key in the file `path`, which needn't be there yet; nor its folder.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path, read: Mutex::new(None) }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The key; read once, so that a file that is exchanged while the process runs does nothing.
    fn secret(&self) -> Result<Option<Arc<SecretKey>>, StoreError> {
        let mut read = self.read.lock().expect("no holder panics");
        if read.is_none() {
            *read = self.load()?.map(Arc::new);
        }
        Ok(read.clone())
    }

    fn load(&self) -> Result<Option<SecretKey>, StoreError> {
        let refused = |detail: &str| Err(error_at(&self.path, "reading the signing key", &detail));
        let text = match read_private(&self.path) {
            Ok(Some((text, mode))) if mode & 0o077 == 0 => text,
            Ok(Some(_)) => return refused("others may read it: chmod 600, or make a new key"),
            Ok(None) => return Ok(None),
            Err(error) => return refused(&error.to_string()),
        };
        let digits = text.strip_prefix(FORM).map(str::trim_end);
        match digits.and_then(parse_seed) {
            Some(seed) => Ok(Some(SecretKey::new(&seed))),
            None => refused("it is no signing key, or damaged: restore it from a backup"),
        }
    }
}

impl HeadSigner for KeyFile {
    fn public_key(&self) -> Result<Option<PublicKey>, StoreError> {
        Ok(self.secret()?.map(|secret| secret.public_key()))
    }

    fn make_key(&self) -> Result<PublicKey, StoreError> {
        if let Some(secret) = self.secret()? {
            return Ok(secret.public_key());
        }
        let mut seed = [0; 32];
        SystemRandom.fill(&mut seed);
        let mut text = FORM.to_owned();
        for byte in seed {
            write!(text, "{byte:02x}").expect("a String takes everything");
        }
        text.push('\n');
        replace(&self.path, text.as_bytes())
            .map_err(|error| error_at(&self.path, "making the signing key", &error))?;
        let secret = Arc::new(SecretKey::new(&seed));
        let public_key = secret.public_key();
        *self.read.lock().expect("no holder panics") = Some(secret);
        Ok(public_key)
    }

    fn sign(&self, head: Head, period: Period) -> Result<SignedHead, StoreError> {
        match self.secret()? {
            Some(secret) => Ok(secret.sign(head, period)),
            None => Err(error_at(&self.path, "signing the ledger's head", &"the key isn't there")),
        }
    }
}

impl HeadFile {
    /// The file `path`, which needn't be there yet; nor its folder.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }
}

impl HeadKeeper for HeadFile {
    fn kept(&self) -> Result<Option<String>, StoreError> {
        let read = read_private(&self.path);
        let read = read.map_err(|error| error_at(&self.path, "reading the ledger's head", &error));
        Ok(read?.map(|(text, _)| text))
    }

    fn keep(&self, head: &SignedHead) -> Result<(), StoreError> {
        replace(&self.path, format!("{head}\n").as_bytes())
            .map_err(|error| error_at(&self.path, "keeping the ledger's head", &error))
    }
}

fn error_at(path: &Path, what: &'static str, detail: &dyn std::fmt::Display) -> StoreError {
    StoreError { what, detail: format!("{}: {detail}", path.display()) }
}

/// A file's text and mode; `None` where there is none.
fn read_private(path: &Path) -> io::Result<Option<(String, u32)>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mode = file.metadata()?.mode();
    let mut bytes = Vec::new();
    file.take(BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(Some((String::from_utf8_lossy(&bytes).into_owned(), mode)))
}

/// Writes a file anew: all of it or nothing, durable when this returns.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    if !folder.exists() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        if let Some(above) = folder.parent().filter(|above| !above.as_os_str().is_empty()) {
            File::open(above)?.sync_all()?;
        }
    }
    let mut draft = path.as_os_str().to_owned();
    draft.push(".draft");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&draft, path)?;
    File::open(folder)?.sync_all()
}

fn parse_seed(digits: &str) -> Option<[u8; 32]> {
    let mut seed = [0; 32];
    if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (index, byte) in seed.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(seed)
}
