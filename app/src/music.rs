//! The music of a deployment: its library, its covers, what scans its folders; what listeners keep of it, and
//! what they hear most.

use std::sync::Arc;

use crate::Deployment;
use crate::catalogue::Catalogue;
use crate::charts::Charts;
use crate::collection::Collection;
use crate::covers::Covers;
use crate::ingest::Ingest;
use crate::library::Library;
use crate::ports::{BlobStore, Clock, CollectionStore, MusicLibrary, Random, ReportLog};
use crate::scan::{ScanParts, Scanner, ScannerWires};

/// What a deployment with music is made of besides its library.
pub struct MusicParts {
    /// What reads folders.
    pub scan: ScanParts,
    /// Where covers are kept, if anywhere.
    pub covers: Option<Arc<dyn BlobStore>>,
    /// What makes renditions of files, where that is done here.
    pub ingest: Option<Arc<Ingest>>,
}

/// The music of a deployment.
pub(crate) struct Music {
    library: Arc<Library>,
    pub(crate) collection: Collection,
    pub(crate) charts: Charts,
    covers: Option<Arc<Covers>>,
    scanner: Option<Arc<Scanner>>,
    ingest: Option<Arc<Ingest>>,
}

/// What the music of a deployment shares with the rest of it.
pub(crate) struct MusicWires {
    pub catalogue: Arc<Catalogue>,
    pub log: Arc<dyn ReportLog>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    /// Whether other nodes write to the same stores.
    pub is_shared: bool,
}

impl Music {
    pub(crate) fn new(
        (store, kept): (Arc<dyn MusicLibrary>, Arc<dyn CollectionStore>),
        parts: Option<MusicParts>,
        wires: MusicWires,
    ) -> Self {
        let MusicWires { catalogue, log, clock, random, is_shared } = wires;
        let library = Arc::new(Library::new(store, !is_shared));
        let collection = Collection::new(kept, library.clone(), clock.clone(), random.clone());
        let charts = Charts::default();
        let Some(MusicParts { scan, covers, ingest }) = parts else {
            return Self { library, collection, charts, covers: None, scanner: None, ingest: None };
        };
        let covers = covers.map(|blobs| Arc::new(Covers::new(blobs, scan.pictures.clone())));
        let (of, kept) = (library.clone(), covers.clone());
        let ingesting = ingest.clone();
        let wires =
            ScannerWires { library: of, catalogue, log, covers: kept, ingesting, clock, random };
        let scanner = Some(Arc::new(Scanner::new(scan, wires)));
        Self { library, collection, charts, covers, scanner, ingest }
    }

    /// Has the scan that goes on end, and waits until it has.
    pub(crate) async fn stop(&self) {
        if let Some(scanner) = &self.scanner {
            scanner.stop().await;
        }
    }
}

impl Deployment {
    /// The music library.
    #[must_use]
    pub fn library(&self) -> &Arc<Library> {
        &self.music.library
    }

    /// Its covers, where they are kept.
    #[must_use]
    pub fn covers(&self) -> Option<&Arc<Covers>> {
        self.music.covers.as_ref()
    }

    /// What makes renditions of files of music, where that is done here.
    #[must_use]
    pub fn ingest(&self) -> Option<&Arc<Ingest>> {
        self.music.ingest.as_ref()
    }

    /// What scans music folders, where this process can.
    #[must_use]
    pub fn scanner(&self) -> Option<&Arc<Scanner>> {
        self.music.scanner.as_ref()
    }
}
