//! `import`: listening histories from elsewhere, as backfills.

use ledgerline_app::intake::{LISTENED_MS_MAX, Origin};
use ledgerline_ids::UserId;
use ledgerline_listening_exports::{Export, ExportedPlay, Kind, listenbrainz, spotify};
use serde_json::{Map, Value, json};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Instant;

use super::encoded;
use crate::chunks::Chunk;
use crate::cli::{ImportArgs, ImportFrom};
use crate::failure::Failure;
use crate::feed::{self, FeedClock};
use crate::output::{print, print_json};
use crate::progress;
use crate::sending::{Sent, send};
use crate::session::Session;
use crate::summary::{Sums, json_of, text_of};

/// About how many bytes of reports are sent at once.
const CHUNK_BYTES: usize = 1 << 20;
/// How many skipped rows are shown.
const SKIPPED_SHOWN: usize = 10;

pub(super) async fn run(data: &Path, from: ImportFrom, as_json: bool) -> Result<u8, Failure> {
    let (exports, args) = match &from {
        ImportFrom::Spotify(args) => (spotify(&args.paths), args),
        ImportFrom::Listenbrainz(args) => (listenbrainz(&args.paths), args),
    };
    let exports = exports.map_err(|error| {
        let failure = Failure::from_error(&error);
        match std::error::Error::source(&error)
            .and_then(|cause| cause.downcast_ref::<std::io::Error>())
        {
            Some(io) if io.kind() == std::io::ErrorKind::NotFound => {
                Failure::missing(failure.to_string())
            }
            _ => failure,
        }
    })?;
    UserId::new(&args.user).map_err(|error| {
        Failure::usage(format!("--user {:?} is not valid: it {error}", args.user))
    })?;
    warn_of_both_kinds(&exports, args);

    let session = Session::begin(data).await?;
    let done = import(&session, &exports, args).await;
    session.end().await?;
    let done = done?;
    if as_json {
        let mut object = json_of(&done.sent, &done.added, done.seconds);
        object["rows"] = done.rows.into();
        object["skipped"] = done.skipped.len().into();
        print_json(&object)?;
    } else {
        print(&format!("{} rows read", done.rows))?;
        print(&text_of(&done.sent, &done.added, done.seconds))?;
        if !done.skipped.is_empty() {
            print(&format!("\n{} rows were skipped:", done.skipped.len()))?;
            for skipped in done.skipped.iter().take(SKIPPED_SHOWN) {
                print(&format!("  {skipped}"))?;
            }
        }
        if !args.payable {
            print("\nNothing of this counts: say --payable if these plays are to be paid.")?;
        }
    }
    Ok(0)
}

/// Two kinds of export of one service tell of the same plays, and no key says so.
fn warn_of_both_kinds(exports: &[Export], args: &ImportArgs) {
    let kinds: std::collections::BTreeSet<Kind> = exports.iter().map(Export::kind).collect();
    if kinds.len() > 1 && args.payable {
        eprintln!(
            "ledgerline: these files hold both an account and an extended history; plays that are \
             in both will count twice. Import one of them."
        );
    }
}

struct Done {
    sent: Sent,
    added: Sums,
    rows: u64,
    skipped: Vec<String>,
    seconds: f64,
}

async fn import(session: &Session, exports: &[Export], args: &ImportArgs) -> Result<Done, Failure> {
    let before = Sums::now(session).await?;
    let began = Instant::now();
    let mut done = Done {
        sent: Sent::default(),
        added: Sums::default(),
        rows: 0,
        skipped: Vec::new(),
        seconds: 0.0,
    };
    let bar = progress::count("plays imported");
    for export in exports {
        let source = source_of(export.kind(), args);
        let origin = feed::origin(&source, FeedClock::Event)?;
        if args.pseudonymise {
            let body = json!({ "source": source });
            session.post("/control/v1/sources/pseudonymise", &body).await?;
        }
        import_one(session, export, args, &origin, &mut done, &|plays| bar.inc(plays)).await?;
    }
    bar.finish_and_clear();
    done.added = Sums::now(session).await?.since(&before);
    done.seconds = began.elapsed().as_secs_f64();
    Ok(done)
}

/// Reads one export on a thread of its own while what was read is sent.
async fn import_one(
    session: &Session,
    export: &Export,
    args: &ImportArgs,
    origin: &Arc<Origin>,
    done: &mut Done,
    told: &(dyn Fn(u64) + Sync),
) -> Result<(), Failure> {
    let (give, take) = mpsc::sync_channel::<Chunk>(4);
    let mut skipped = Vec::new();
    let (read, sent) = std::thread::scope(|scope| {
        let skipped = &mut skipped;
        let reader = scope.spawn(move || {
            let mut chunks = Writer { give, bytes: Vec::new(), number: 0, lines: 0, before: 0 };
            let summary = export
                .for_each(&mut |play| chunks.write(&report_of(&play, args)), &mut |row| {
                    skipped.push(row.to_string())
                });
            // Whoever sends has failed and says so, where this isn't taken.
            let _ = chunks.flush();
            summary
        });
        // The channel's end is the end of the export.
        let mut next = move || Ok(take.recv().ok());
        let sending = send(session, origin, FeedClock::Event, &mut next, told);
        let sent =
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(sending));
        drop(next);
        (reader.join().expect("reading doesn't panic"), sent)
    });
    let summary = read.map_err(|error| Failure::from_error(&error))?;
    done.rows += summary.rows;
    done.skipped.extend(skipped);
    done.sent.add(sent?);
    Ok(())
}

struct Writer {
    give: mpsc::SyncSender<Chunk>,
    bytes: Vec<u8>,
    number: u64,
    lines: u64,
    before: u64,
}

impl Writer {
    fn write(&mut self, report: &Value) -> ControlFlow<()> {
        serde_json::to_writer(&mut self.bytes, report).expect("memory can be written");
        self.bytes.push(b'\n');
        self.lines += 1;
        if self.bytes.len() >= CHUNK_BYTES { self.flush() } else { ControlFlow::Continue(()) }
    }

    fn flush(&mut self) -> ControlFlow<()> {
        if self.bytes.is_empty() {
            return ControlFlow::Continue(());
        }
        let bytes = std::mem::take(&mut self.bytes);
        let chunk = Chunk::of(self.number, self.before, bytes);
        (self.number, self.before) = (self.number + 1, self.lines);
        match self.give.send(chunk) {
            Ok(()) => ControlFlow::Continue(()),
            // Whoever sends has failed and says so.
            Err(_) => ControlFlow::Break(()),
        }
    }
}

/// The source of a kind's histories of a user: the same again, so that importing twice
/// changes nothing. What is payable and what isn't are apart: as one play they would
/// disagree on what was played.
fn source_of(kind: Kind, args: &ImportArgs) -> String {
    if args.pseudonymise {
        // Of all users: a name in it would say who they are.
        let payable = if args.payable { "+payable" } else { "" };
        return format!("import:pseudonymised:{}{payable}", kind.as_str());
    }
    let user = encoded(&args.user).replace('%', "+").replace('~', "+7E");
    let payable = if args.payable { "+payable" } else { "" };
    let source = format!("import:{}{payable}:{user}", kind.as_str());
    if source.len() <= ledgerline_ids::SourceName::MAX_BYTES {
        return source;
    }
    // A name that is too long keeps its beginning and is told apart by a checksum of the whole.
    let cut = &source[..ledgerline_ids::SourceName::MAX_BYTES - 17];
    let (low, high) = (crc32fast::hash(user.as_bytes()), crc32fast::hash(source.as_bytes()));
    format!("{cut}:{low:08x}{high:08x}")
}

fn report_of(play: &ExportedPlay, args: &ImportArgs) -> Value {
    let mut report = Map::new();
    let mut put = |field: &str, value: Value| report.insert(field.to_owned(), value);
    put("play_id", play.play_id.as_str().into());
    put("user_id", args.user.as_str().into());
    put("track_id", play.track_id.as_str().into());
    put("duration_listened_ms", play.listened_ms.min(LISTENED_MS_MAX).into());
    put("started_at", play.started_at.get().into());
    if let Some(territory) = &play.territory {
        put("territory", territory.as_str().into());
    }
    if let Some(completed) = play.completed {
        put("completed", completed.into());
    }
    if let Some(offline) = play.offline {
        put("offline", offline.into());
    }
    if play.skipped == Some(true) {
        put("event", "skip".into());
    }
    if !args.payable {
        put("imported", json!(true));
    }
    Value::Object(report)
}
