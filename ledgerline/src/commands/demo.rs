//! `demo`: the whole way of a small service's plays, from reports to an audited count.

mod money;
mod music;
mod serving;
mod songs;

pub(super) use serving::{Shown as Served, parent_is_gone};

use ledgerline_ids::{DayNo, Period, UnixMs};
use ledgerline_population::{Population, Profile, Truth, ZIPF_HUNDREDTHS};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs::DirBuilder;
use std::io::Cursor;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::audit;
use crate::chunks::Chunks;
use crate::failure::Failure;
use crate::feed::{self, FeedClock};
use crate::output::{print, print_json, table, thousands};
use crate::sending::{Sent, send};
use crate::session::Session;
use crate::summary::{Sums, rate};

/// How many reports the demonstration's service sends.
const REPORTS: u64 = 60_000;
const SEED: u64 = 7;
/// Recordings that there are to be heard.
const RECORDINGS: u64 = 5_000;
/// How many it has sent in the month that goes on.
const REPORTS_GOING_ON: u64 = 30_000;
/// Whom they come from: sent again by the same, they are the same reports.
const SOURCE: &str = "replay:demo";

/// Shows the demonstration; then serves it on `listen`, where it is named.
pub(super) async fn run(listen: Option<SocketAddr>, as_json: bool) -> Result<u8, Failure> {
    let folder = Folder::make()?;
    let data = folder.0.join("data");
    // It is played while everything else is shown, and what isn't ready then while it is served.
    let music = listen.map(|_| songs::Folder::fill(&folder.0.join("music"))).transpose()?;
    let (good, object) = show(&data, as_json, listen.is_some()).await?;
    match (listen, &music) {
        (Some(listen), Some(music)) if good => {
            let reports = folder.0.join("reports.ndjson");
            go_on(&data, &reports).await?;
            let what = serving::Folders { data: &data, reports: &reports, music: music.path() };
            serving::serve(what, listen, as_json.then_some(object)).await
        }
        _ => {
            if as_json {
                print_json(&object)?;
            }
            Ok(u8::from(!good))
        }
    }
}

/// Whoever looks at the demonstration in a browser sees a month that goes on, too. Writes what was
/// reported in all to `reports`, to be sent again.
async fn go_on(data: &Path, reports: &Path) -> Result<(), Failure> {
    let (mut all, _) = made_up()?;
    let session = Session::begin(data).await?;
    let now = session.deployment().map_or(UnixMs::EPOCH, |deployment| deployment.now());
    let month = Period::of(now);
    // Days that are over: nobody hears anything in the future.
    let days = now.day().0 - month.first_day().0;
    let gone_on = async {
        if days == 0 {
            return Ok(());
        }
        let population = Population {
            seed: SEED + 1,
            reports: REPORTS_GOING_ON,
            start: month.start().get(),
            days,
            ..population(REPORTS_GOING_ON, days)
        };
        let (going_on, truth) = generated(&population)?;
        let devices = json!({ "devices": truth.bot_devices, "listed": true });
        session.post("/control/v1/catalogue/devices", &devices).await?;
        send_all(&session, &going_on).await?;
        // What is held is held before anybody looks.
        session.post("/control/v1/settle?tick=true", &json!({})).await?;
        all.extend(going_on);
        money::earns(&session, &[&month.to_string()]).await
    };
    let outcome = gone_on.await;
    session.end().await?;
    outcome?;
    std::fs::write(reports, all).map_err(|error| Failure::io(reports, &error))
}

/// A folder of the demonstration's own, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn make() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("ledgerline-demo-{}", std::process::id()));
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| Failure::io(&path, &error))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn show(data: &Path, as_json: bool, goes_on: bool) -> Result<(bool, Value), Failure> {
    let say = |text: &str| if as_json { Ok(()) } else { print(text) };
    say("A small service: listeners with retries, phones that were offline for days, players\n\
         that send no key, and a bot farm. Their reports go into an empty deployment.\n")?;
    let (reports, truth) = made_up()?;
    let session = Session::begin(data).await?;
    if goes_on {
        let catalogue = songs::catalogue(RECORDINGS);
        session.post("/control/v1/catalogue/tracks", &catalogue).await?;
    }
    let shown = send_twice(&session, &reports, &truth, &say).await;
    session.end().await?;
    let shown = shown?;
    say("\nNow everything is recounted from the raw log, by code that shares nothing with the\n\
         counting, and compared: every play, every count, every sum.\n")?;
    let audit = audit::audit(data, None).await?;
    say(&audit.to_text())?;
    say(
        "\nThese counts become money. A licence, two labels, an artist with a record deal and the\n\
         month's revenue come in; then March is closed, and so is April after a dispute.\n",
    )?;
    let session = Session::begin(data).await?;
    let paid = money::show(&session, &tracks_of(&reports)?).await;
    session.end().await?;
    let paid = paid?;
    paid.text.iter().try_for_each(|text| say(text))?;
    let counted = shown.first_agrees && shown.nothing_changed && audit.balanced();
    let good = counted && paid.good;
    say(match (good, goes_on) {
        (true, true) => "",
        (true, false) => {
            "\nThat was the whole way. Next: ledgerline demo --serve, which shows it in a browser, or \
             ledgerline serve --listen 127.0.0.1:8080, ledgerline keys create --scope \
             reports:write,counts:read, and the first five minutes in the README."
        }
        (false, _) => {
            "\nSomething differs: this is a bug. Please report it with what stands above."
        }
    })?;
    let object = json!({
        "good": good,
        "truth_agrees": shown.first_agrees,
        "nothing_changed": shown.nothing_changed,
        "closes_verify": paid.good,
        "audit": audit.to_json(),
    });
    Ok((good, object))
}

struct Shown {
    first_agrees: bool,
    nothing_changed: bool,
}

async fn send_twice(
    session: &Session,
    reports: &[u8],
    truth: &Truth,
    say: &dyn Fn(&str) -> Result<(), Failure>,
) -> Result<Shown, Failure> {
    let devices = json!({ "devices": truth.bot_devices, "listed": true });
    session.post("/control/v1/catalogue/devices", &devices).await?;
    let before = Sums::now(session).await?;
    let began = Instant::now();
    let sent = send_all(session, reports).await?;
    let first = Sums::now(session).await?;
    let seconds = began.elapsed().as_secs_f64();
    let per_second = i64::try_from(rate(sent.accepted, seconds)).unwrap_or(i64::MAX);
    say(&format!(
        "{} reports were made durable, judged and committed in {seconds:.2} s ({} a second).",
        thousands(i64::try_from(sent.accepted).unwrap_or(i64::MAX)),
        thousands(per_second),
    ))?;
    say("What became of each of them, and where the plays stand:\n")?;
    say(&first.since(&before).table())?;
    let first_agrees = agrees(&first, truth);
    say(if first_agrees {
        "\nThat is, play for play, what the listeners really did."
    } else {
        "\nThat is NOT what the listeners really did."
    })?;

    say("\nNow everything is sent again, as a phone does that never got its answer:\n")?;
    send_all(session, reports).await?;
    let second = Sums::now(session).await?;
    let added = second.since(&first);
    let mut rows = vec![["reports", "first", "again"].map(str::to_owned).to_vec()];
    for verdict in first.verdicts.keys().chain(second.verdicts.keys()).collect::<BTreeSet<_>>() {
        let of = |sums: &Sums| sums.verdicts.get(verdict).copied().unwrap_or_default();
        rows.push(vec![verdict.clone(), thousands(of(&first)), thousands(of(&added))]);
    }
    rows.push(vec!["= accepted".to_owned(), thousands(first.accepted), thousands(added.accepted)]);
    say(&table(&rows))?;
    let nothing_changed = first.statuses == second.statuses && second.holds;
    say(if nothing_changed {
        "\nEvery report was taken, and not one count changed."
    } else {
        "\nA count has CHANGED."
    })?;
    Ok(Shown { first_agrees, nothing_changed })
}

/// Whether the plays stand as their makers know that they must.
fn agrees(sums: &Sums, truth: &Truth) -> bool {
    let same = |status: &String, plays: &u64| {
        let plays = i64::try_from(*plays).unwrap_or(i64::MAX);
        sums.statuses.get(status).copied().unwrap_or_default() == plays
    };
    truth.plays.iter().all(|(status, plays)| same(status, plays))
        && sums.plays() == i64::try_from(truth.plays_total).unwrap_or(i64::MAX)
}

async fn send_all(session: &Session, reports: &[u8]) -> Result<Sent, Failure> {
    let origin = feed::origin(SOURCE, FeedClock::Event)?;
    let mut chunks = Chunks::new(Cursor::new(reports));
    let mut next = || chunks.next().map_err(|error| Failure::from_error(&error));
    send(session, &origin, FeedClock::Event, &mut next, &|_| {}).await
}

/// Every recording that is reported.
fn tracks_of(reports: &[u8]) -> Result<BTreeSet<String>, Failure> {
    let lines = reports.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let mut tracks = BTreeSet::new();
    for line in lines {
        let report: Value =
            serde_json::from_slice(line).map_err(|error| Failure::from_error(&error))?;
        if let Some(track) = report["track_id"].as_str() {
            tracks.insert(track.to_owned());
        }
    }
    Ok(tracks)
}

fn made_up() -> Result<(Vec<u8>, Truth), Failure> {
    generated(&population(REPORTS, 10))
}

fn population(reports: u64, days: u32) -> Population {
    Population {
        seed: SEED,
        reports,
        listeners: Population::listeners_min(Profile::Service, reports, days).max(400),
        tracks: RECORDINGS,
        zipf_hundredths: ZIPF_HUNDREDTHS,
        listener_zipf_hundredths: None,
        start: DayNo::MS * 20_513,
        days,
        shuffle: None,
        // Reports with neither key nor start can be sent only once: nothing tells a retry apart.
        windows: false,
        profile: Profile::Service,
    }
}

fn generated(population: &Population) -> Result<(Vec<u8>, Truth), Failure> {
    let mut reports = Vec::new();
    let truth = population
        .generate(&mut reports, &mut |_| {})
        .map_err(|error| Failure::from_error(&error))?;
    Ok((reports, truth))
}
