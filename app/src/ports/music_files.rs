//! Files of music on a disk: which there are, and what they say of themselves.

use std::io;
use std::path::Path;

use super::library::{AudioFormat, Lyrics, ReleaseKind, Role};

/// An artist as a file's tags name it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaggedArtist {
    /// As it is written.
    pub name: String,
    /// As it is sorted, where that is said.
    pub sort_name: Option<String>,
    /// Its id at MusicBrainz, a UUID in lower case.
    pub musicbrainz_id: Option<String>,
}

/// What somebody did for a recording, as its tags say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaggedCredit {
    /// Who.
    pub artist: TaggedArtist,
    /// What.
    pub role: Role,
    /// More of it, such as an instrument; may be empty.
    pub detail: String,
}

/// What a file says of itself. What isn't said is `None` or empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AudioTags {
    /// The recording's title.
    pub title: Option<String>,
    /// Who did what, the main artists first.
    pub credits: Vec<TaggedCredit>,
    /// The release's title.
    pub album: Option<String>,
    /// Whose release it is.
    pub album_artists: Vec<TaggedArtist>,
    /// On which disc.
    pub disc: Option<u32>,
    /// Its number there.
    pub number: Option<u32>,
    /// Whether the release is a compilation.
    pub compilation: bool,
    /// What kind the release is.
    pub kind: Option<ReleaseKind>,
    /// Genres, each once.
    pub genres: Vec<String>,
    /// `2026`, `2026-10` or `2026-10-31`.
    pub released_on: Option<String>,
    /// The label.
    pub label: Option<String>,
    /// The ISRC, valid.
    pub isrc: Option<String>,
    /// The UPC or EAN, valid.
    pub upc: Option<String>,
    /// Whether it is explicit.
    pub explicit: bool,
    /// The words.
    pub lyrics: Lyrics,
    /// The recording's id at MusicBrainz.
    pub recording_musicbrainz_id: Option<String>,
    /// The release's id at MusicBrainz.
    pub release_musicbrainz_id: Option<String>,
}

/// A file of music that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadAudio {
    /// What it says of itself.
    pub tags: AudioTags,
    /// How it is encoded.
    pub format: AudioFormat,
    /// How long it plays.
    pub duration_ms: u64,
    /// Its mean bitrate.
    pub bitrate_kbps: u32,
    /// Samples in a second.
    pub sample_rate_hz: u32,
    /// Channels.
    pub channels: u32,
    /// Bits of a sample, where the format has such.
    pub bits_per_sample: Option<u32>,
    /// SHA-256 of what is heard of it, which tags, covers and layout change nothing of.
    pub audio_sha256: [u8; 32],
    /// The bytes of the picture in it that shows the front, else of the first one.
    pub picture: Option<Vec<u8>>,
}

/// Why a file can't be used, as a sentence for whoever looks after the folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(pub String);

/// Reads files of music. A broken one is refused; none may bring the process down.
pub trait AudioReader: Send + Sync + 'static {
    /// Whether a file of this name would be one of music; `Some(false)` where it is, and of a kind that
    /// can't be used.
    fn takes(&self, name: &Path) -> Option<bool>;

    /// Reads a file.
    ///
    /// # Errors
    /// [`Unusable`] says why.
    fn read(&self, path: &Path) -> Result<ReadAudio, Unusable>;

    /// The text of a file, whatever its encoding is.
    ///
    /// # Errors
    /// [`Unusable`] says why.
    fn text(&self, path: &Path) -> Result<String, Unusable>;
}

/// What a picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureKind {
    /// Its media type, such as `image/jpeg`.
    pub media_type: &'static str,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
}

/// Looks at pictures, and makes smaller ones. Equal bytes give equal bytes.
pub trait Pictures: Send + Sync + 'static {
    /// What a picture is, by its first bytes; refused where it is too large to be shown.
    ///
    /// # Errors
    /// [`Unusable`] says why.
    fn look(&self, bytes: &[u8]) -> Result<PictureKind, Unusable>;

    /// A picture as JPEG that fits into a square of `edge` pixels; never larger than it was.
    ///
    /// # Errors
    /// [`Unusable`] says why.
    fn shrink(&self, bytes: &[u8], edge: u32) -> Result<Vec<u8>, Unusable>;
}

/// What an entry of a folder is, links followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundKind {
    /// A folder. Two paths to one folder have one identity.
    Folder {
        /// What tells this folder from all others of the machine.
        identity: (u64, u64),
    },
    /// A file.
    File {
        /// Its length.
        bytes: u64,
        /// When it was changed last, in milliseconds since 1970.
        modified_ms: u64,
    },
    /// Neither, or a link that leads nowhere.
    Other,
}

/// An entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundEntry {
    /// Its name, as bytes of the system.
    pub name: std::ffi::OsString,
    /// Whether it is a link.
    pub is_link: bool,
    /// What it is, or why that can't be told.
    pub kind: Result<FoundKind, String>,
}

/// A file that is open, of which any part can be read.
pub trait OpenedFile: Send + Sync + 'static {
    /// Its length.
    fn bytes(&self) -> u64;

    /// When it was changed last, in milliseconds since 1970.
    fn modified_ms(&self) -> u64;

    /// So many bytes from a place on.
    ///
    /// # Errors
    /// Those of the system; of kind `UnexpectedEof` where it ends before.
    fn read_at(&self, at: u64, bytes: usize) -> io::Result<Vec<u8>>;
}

/// A disk with music on it.
pub trait MusicDisk: Send + Sync + 'static {
    /// What stands in a folder, in no order.
    ///
    /// # Errors
    /// Those of the system.
    fn list(&self, folder: &Path) -> io::Result<Vec<FoundEntry>>;

    /// What stands at a path, links followed; `None` where nothing does.
    ///
    /// # Errors
    /// Those of the system.
    fn look(&self, path: &Path) -> io::Result<Option<FoundKind>>;

    /// The bytes of a file, which has at most `bytes_max`.
    ///
    /// # Errors
    /// Those of the system; of kind `InvalidData` where it is longer.
    fn read(&self, path: &Path, bytes_max: u64) -> io::Result<Vec<u8>>;

    /// Opens a file below a folder. Links are followed as long as they stay in the folder.
    ///
    /// # Errors
    /// Those of the system; of kind `NotFound` also where the path leads out of the folder, or to what is no
    /// file: there is nothing to be had at it.
    fn open(&self, folder: &Path, path: &Path) -> io::Result<Box<dyn OpenedFile>>;

    /// An absolute path, without links.
    ///
    /// # Errors
    /// Those of the system.
    fn canonical(&self, path: &Path) -> io::Result<std::path::PathBuf>;
}

/// Something that is watched until this is dropped.
pub trait Watching: Send {}

/// Tells of changes in folders.
pub trait FolderWatcher: Send + Sync + 'static {
    /// Calls `changed` whenever something changes in a folder or below it, until what comes back is dropped.
    /// It may be called often, and too often.
    ///
    /// # Errors
    /// [`Unusable`] says why nobody tells.
    fn watch(
        &self,
        folder: &Path,
        changed: Box<dyn Fn() + Send + Sync>,
    ) -> Result<Box<dyn Watching>, Unusable>;
}
