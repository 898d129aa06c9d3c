//! `ledger`: entries, balances, the signed end of the chain, and whether it is all as it was booked.

use ledgerline_app::money::ledger::{Verification, Witnesses, verify};
use ledgerline_app::ports::{
    EntryQuery, HeadKeeper as _, HeadSigner as _, LedgerStore, Random as _,
};
use ledgerline_http_api::dto::LedgerVerification;
use ledgerline_ids::HashKey;
use ledgerline_ledger::{Finding, SignedHead};
use ledgerline_local_disk::{KeyFile, SystemRandom};
use ledgerline_sql_store::SqlStore;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use super::encoded;
use crate::cli::ledger::{
    BalancesArgs, EntriesArgs, KeyAction, LedgerAction, LedgerArgs, VerifyArgs,
};
use crate::cluster;
use crate::data_folder::{head_file, must_exist, signing_key};
use crate::failure::Failure;
use crate::output::{print, print_json, table, thousands};
use crate::session::Session;
use crate::{ledger_file, progress};

/// How many findings a person is shown.
const SHOWN_MAX: usize = 50;

pub(super) async fn run(data: &Path, args: LedgerArgs, as_json: bool) -> Result<u8, Failure> {
    let named = args.signing_key.as_deref();
    match args.action {
        LedgerAction::Verify(args) => return verify_all(data, named, args, as_json).await,
        LedgerAction::Key { action: KeyAction::Show } => {
            let node = cluster::of(data)?;
            let named = named.or(node.as_ref().and_then(|node| node.ledger_key.as_deref()));
            return show_key(&signing_key(data, named), as_json);
        }
        LedgerAction::Post { file } => {
            return post(data, named, &file, as_json).await;
        }
        LedgerAction::Entries(args) => {
            let session = Session::begin_reading(data).await?;
            let done = list(&session, &entries_path(&args), as_json, &entry_rows).await;
            session.end().await?;
            done?;
        }
        LedgerAction::Balances(args) => {
            let session = Session::begin_reading(data).await?;
            let mut totals = BTreeMap::new();
            let mut rows = |page: &Value, header| balance_rows(page, header, &mut totals);
            let done = list_with(&session, &balances_path(&args), as_json, &mut rows).await;
            session.end().await?;
            done?;
            if !as_json {
                print(&totals_line(&totals))?;
            }
        }
        LedgerAction::Checkpoint { out } => checkpoint(data, out.as_deref(), as_json).await?,
    }
    Ok(0)
}

fn entries_path(args: &EntriesArgs) -> String {
    let mut path = "/api/v1/ledger/entries?limit=1000".to_owned();
    let asked = [
        ("account", args.account.as_ref().map(ToString::to_string)),
        ("party", args.party.clone()),
        ("period", args.period.map(|period| period.to_string())),
        ("corrects", args.corrects.as_ref().map(ToString::to_string)),
    ];
    push_query(&mut path, &asked);
    path
}

fn balances_path(args: &BalancesArgs) -> String {
    let mut path = "/api/v1/ledger/balances?limit=1000".to_owned();
    let asked = [
        ("as_of", args.as_of.map(|day| day.to_string())),
        ("booked_by", args.booked_by.map(|instant| instant.to_string())),
        ("party", args.party.clone()),
    ];
    push_query(&mut path, &asked);
    path
}

fn push_query(path: &mut String, asked: &[(&str, Option<String>)]) {
    for (name, value) in asked {
        if let Some(value) = value {
            write!(path, "&{name}={}", encoded(value)).expect("a String takes everything");
        }
    }
}

/// The rows of a page; whether it is the first, and so has the header.
type Rows<'a> = dyn FnMut(&Value, bool) -> Vec<Vec<String>> + 'a;

async fn list(
    session: &Session,
    path: &str,
    as_json: bool,
    rows: &dyn Fn(&Value, bool) -> Vec<Vec<String>>,
) -> Result<(), Failure> {
    list_with(session, path, as_json, &mut |page, is_first| rows(page, is_first)).await
}

/// Prints a list page by page, so that a long one needs no memory.
async fn list_with(
    session: &Session,
    path: &str,
    as_json: bool,
    rows: &mut Rows<'_>,
) -> Result<(), Failure> {
    let (mut after, mut is_first) = (String::new(), true);
    loop {
        let page = session.get(&format!("{path}{after}")).await?;
        let next = page["next"].as_str();
        if as_json {
            print_page(&page, is_first, next.is_none())?;
        } else {
            print(&table(&rows(&page, is_first)))?;
        }
        let Some(next) = next else { return Ok(()) };
        after = format!("&after={}", encoded(next));
        is_first = false;
    }
}

/// A page's part of one object `{"items": [..]}`.
fn print_page(page: &Value, is_first: bool, is_last: bool) -> Result<(), Failure> {
    let items = page["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut text = if is_first { "{\n  \"items\": [".to_owned() } else { String::new() };
    for (index, item) in items.iter().enumerate() {
        let comma = if is_first && index == 0 { "" } else { "," };
        write!(text, "{comma}\n    {item}").expect("a String takes everything");
    }
    if is_last {
        text.push_str("\n  ]\n}\n");
    }
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A line for each posting; what they share stands at the first.
fn entry_rows(page: &Value, _: bool) -> Vec<Vec<String>> {
    let header = ["entry", "effective", "period", "reason", "key", "account", "amount"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for entry in page["items"].as_array().into_iter().flatten() {
        for (index, posting) in entry["postings"].as_array().into_iter().flatten().enumerate() {
            let shared = ["seq", "effective", "period", "reason", "key"];
            let mut row: Vec<String> = match index {
                0 => shared.iter().map(|field| text_of(&entry[*field])).collect(),
                _ => vec![String::new(); shared.len()],
            };
            row.extend([text_of(&posting["account"]), text_of(&posting["amount"])]);
            rows.push(row);
        }
    }
    rows
}

fn balance_rows(page: &Value, _: bool, totals: &mut BTreeMap<String, i128>) -> Vec<Vec<String>> {
    let mut rows = vec![["account", "balance"].map(str::to_owned).to_vec()];
    for item in page["items"].as_array().into_iter().flatten() {
        let balance = text_of(&item["balance"]);
        let micros = ledgerline_money::Micros::parse(&balance).unwrap_or_default();
        *totals.entry(text_of(&item["currency"])).or_default() += i128::from(micros.get());
        rows.push(vec![text_of(&item["account"]), balance]);
    }
    rows
}

fn totals_line(totals: &BTreeMap<String, i128>) -> String {
    let sums: Vec<String> = totals
        .iter()
        .map(|(currency, sum)| match sum {
            0 => format!("{currency} 0"),
            sum => format!("{currency} {sum} millionths"),
        })
        .collect();
    format!(
        "\nSum of these accounts: {}",
        if sums.is_empty() { "0".into() } else { sums.join(", ") }
    )
}

async fn post(
    data: &Path,
    named: Option<&Path>,
    file: &Path,
    as_json: bool,
) -> Result<u8, Failure> {
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        let read = std::io::stdin().lock().read_to_end(&mut bytes);
        read.map_err(|error| Failure::from_error(&error))?;
    } else {
        bytes = std::fs::read(file).map_err(|error| Failure::io(file, &error))?;
    }
    // Everything is read and checked before anything is opened.
    ledger_file::read(&bytes)
        .map_err(|error| Failure::failed(format!("{}: {error}", file.display())))?;
    let session = Session::begin_signing(data, named).await?;
    let method = axum::http::Method::POST;
    let path = "/control/v1/ledger/entries";
    let posted = session.call(method, path, "application/json", bytes).await;
    session.end().await?;
    let posted: Value =
        serde_json::from_slice(&posted?).map_err(|error| Failure::from_error(&error))?;
    if as_json {
        print_json(&posted)?;
        return Ok(0);
    }
    let head = posted["signed"].as_str().unwrap_or_default();
    print(&format!(
        "{} entries posted, {} were there already\n{head}",
        posted["posted"], posted["already_there"]
    ))?;
    Ok(0)
}

async fn checkpoint(data: &Path, out: Option<&Path>, as_json: bool) -> Result<(), Failure> {
    let session = Session::begin_reading(data).await?;
    let head = session.get("/api/v1/ledger/head").await;
    session.end().await?;
    let head = head?;
    let (Some(signed), Some(key)) = (head["signed"].as_str(), head["public_key"].as_str()) else {
        return Err(Failure::missing("the ledger is empty: there is no end of a chain to sign"));
    };
    let text = format!(
        "# A checkpoint of a ledger. Keep it where whoever keeps the ledger can't change it;\n\
         # ledgerline ledger verify --against THIS-FILE holds the ledger against it.\n\
         public-key {key}\n\
         {signed}\n"
    );
    if let Some(path) = out {
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(|error| Failure::io(path, &error))?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(|error| Failure::io(path, &error))?;
    }
    match (as_json, out) {
        (true, _) => print_json(&head),
        (false, None) => print(text.trim_end()),
        (false, Some(path)) => print(&format!(
            "the ledger's end at entry {} is written to {}",
            head["entries"],
            path.display()
        )),
    }
}

fn show_key(key: &KeyFile, as_json: bool) -> Result<u8, Failure> {
    let Some(public_key) = key.public_key()? else {
        return Err(Failure::missing(format!(
            "there is no signing key in {}; the first posting makes one",
            key.path().display()
        )));
    };
    if as_json {
        print_json(&json!({
            "public_key": public_key.to_string(),
            "key_id": public_key.id_text(),
            "algorithm": "Ed25519",
            "file": key.path().display().to_string(),
        }))?;
    } else {
        print(&format!(
            "public key  {public_key} (Ed25519)\nkey id      {}\nfile        {}",
            public_key.id_text(),
            key.path().display()
        ))?;
    }
    Ok(0)
}

async fn verify_all(
    data: &Path,
    named: Option<&Path>,
    args: VerifyArgs,
    as_json: bool,
) -> Result<u8, Failure> {
    must_exist(data)?;
    let checkpoint = match &args.against {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| Failure::io(path, &error))?;
            let head = SignedHead::find_in(&text)
                .map_err(|error| Failure::failed(format!("{}: {error}", path.display())))?;
            Some(head.to_string())
        }
        None => None,
    };
    let store = open_to_verify(data).await?;
    let node = cluster::of(data)?;
    let head_file = match &node {
        Some(config) => cluster::kept_head(config).await?,
        None => head_file(data).kept()?,
    };
    let named = named.or(node.as_ref().and_then(|node| node.ledger_key.as_deref()));
    let public_key = match args.public_key {
        Some(key) => Some(key),
        None => signing_key(data, named).public_key()?,
    };
    let Some(public_key) = public_key else {
        let one = EntryQuery { limit: 1, ..EntryQuery::default() };
        let is_empty =
            store.newest_heads(1).await?.is_empty() && store.entries(&one).await?.is_empty();
        if is_empty && head_file.is_none() && checkpoint.is_none() {
            return said(&Said::empty(), as_json);
        }
        return Err(Failure::missing(
            "the ledger was signed, and the key is not there: restore its file, name it with \
             --signing-key, or give the public key with --public-key",
        ));
    };
    let witnesses = Witnesses { public_key, head_file, checkpoint };
    let mut seed = [0; 16];
    SystemRandom.fill(&mut seed);
    let bar = progress::count("rows verified");
    let told = &mut |rows| bar.inc(rows);
    let verified = verify(&*store, &witnesses, HashKey::new(seed), told).await;
    bar.finish_and_clear();
    let verified = verified?;
    drop(store);
    let mut outcome = Said { verified: Some((verified, witnesses)), renewed: false };
    if args.renew_head_file && outcome.lacks_the_head_file_only() {
        let session = Session::begin_signing(data, named).await?;
        let renewed = session.post("/control/v1/ledger/head-file", &json!({})).await;
        session.end().await?;
        renewed?;
        outcome.renewed = true;
    }
    said(&outcome, as_json)
}

/// The ledger where it lies: a verification that asked the server would verify nothing.
async fn open_to_verify(data: &Path) -> Result<Arc<dyn LedgerStore>, Failure> {
    match cluster::of(data)? {
        Some(config) => cluster::ledger(&config).await,
        None => Ok(Arc::new(SqlStore::open_read_only(&data.join("state.db")).await?)),
    }
}

/// What a verification has to say.
struct Said {
    /// What was found, and what it was held against; nothing of an empty ledger.
    verified: Option<(Verification, Witnesses)>,
    renewed: bool,
}

impl Said {
    fn empty() -> Self {
        Self { verified: None, renewed: false }
    }

    fn found(&self) -> &[Finding] {
        self.verified.as_ref().map_or(&[], |(verified, _)| &verified.findings)
    }

    fn lacks_the_head_file_only(&self) -> bool {
        let lacks = self.verified.as_ref().is_some_and(|(_, known)| known.head_file.is_none());
        lacks && self.found().iter().all(|finding| finding.kind() == "head_file")
    }

    fn is_sound(&self) -> bool {
        self.found().is_empty() || self.renewed
    }

    fn to_json(&self) -> Value {
        let mut said = LedgerVerification::of(self.verified.as_ref());
        if self.renewed {
            said.sound = true;
            said.findings_total = 0;
            said.findings.clear();
        }
        json!(said)
    }

    fn to_text(&self) -> String {
        let Some((verified, known)) = &self.verified else {
            return "The ledger is empty, and nothing says that it ever wasn't.".to_owned();
        };
        let count = |number: u64| thousands(i64::try_from(number).unwrap_or(i64::MAX));
        let size = format!(
            "{} entries, {} signed transactions, {} accounts",
            count(verified.entries),
            count(verified.heads),
            count(verified.accounts)
        );
        if self.is_sound() {
            let key = known.public_key.id_text();
            let checkpoint = if known.checkpoint.is_some() { ", the checkpoint" } else { "" };
            let renewed = if self.renewed { "\nThe head's file was written anew." } else { "" };
            return format!(
                "The ledger is sound: {size}.\nHeld against the key {key}, the head's \
                 file{checkpoint}; it ends with hash {}.{renewed}",
                verified.head.hash
            );
        }
        let mut text = format!(
            "The ledger is not what was booked and signed ({size}). What is wrong, {} in all:",
            count(verified.found)
        );
        for finding in verified.findings.iter().take(SHOWN_MAX) {
            write!(text, "\n  {finding}").expect("a String takes everything");
        }
        if verified.found > SHOWN_MAX as u64 {
            text.push_str("\n  …; --json names more of them");
        }
        text
    }
}

fn said(outcome: &Said, as_json: bool) -> Result<u8, Failure> {
    if as_json {
        print_json(&outcome.to_json())?;
    } else {
        print(&outcome.to_text())?;
    }
    Ok(u8::from(!outcome.is_sound()))
}
