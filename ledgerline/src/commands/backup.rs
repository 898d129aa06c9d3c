//! `backup` and `restore`: a whole data folder, copied while a server runs, and made of it again.

use serde_json::{Value, json};
use std::path::Path;

use crate::backup::{
    ErasureList, Manifest, Options, Restored, Shelf, Taken, restore as restore_from, take,
};
use crate::cli::backup::{BackupAction, BackupArgs, RestoreArgs};
use crate::data_folder::must_exist;
use crate::failure::Failure;
use crate::output::{print, print_json, table, thousands};
use crate::progress;
use crate::session::Session;

pub(super) async fn run(data: &Path, args: BackupArgs, as_json: bool) -> Result<u8, Failure> {
    match (args.action, args.to) {
        (Some(BackupAction::Verify { from, number }), _) => verify(&from, number, as_json),
        (Some(BackupAction::List { from }), _) => list(&from, as_json),
        (None, Some(to)) => {
            let options = Options { with_keys: args.with_keys, keep: args.keep };
            make(data, &to, options, as_json).await
        }
        (None, None) => Err(Failure::usage("name the folder to put the backup into")),
    }
}

async fn make(data: &Path, to: &Path, options: Options, as_json: bool) -> Result<u8, Failure> {
    must_exist(data)?;
    // What was acknowledged until now is judged and committed, and so it is in the backup.
    let session = Session::begin(data).await?;
    let settled = session.post("/control/v1/settle?tick=true", &json!({})).await;
    session.end().await?;
    settled?;
    let Taken { manifest, new_bytes, removed } = take(data, to, options).await?;
    if as_json {
        let mut said = described(&manifest);
        said["new_bytes"] = new_bytes.into();
        said["removed"] = removed.into();
        print_json(&said)?;
        return Ok(0);
    }
    print(&format!(
        "backup {} in {}: {} files, {} bytes, of which {} were new",
        manifest.number,
        to.display(),
        manifest.files.len(),
        grouped(manifest.bytes()),
        grouped(new_bytes),
    ))?;
    if removed > 0 {
        print(&format!("{removed} older ones were removed"))?;
    }
    if !options.with_keys {
        eprintln!(
            "the keys that sign the ledger are not in it: whoever finds the backup can't sign in \
             your name. Keep them apart, or say --with-keys"
        );
    }
    Ok(0)
}

pub(super) async fn restore(data: &Path, args: RestoreArgs, as_json: bool) -> Result<u8, Failure> {
    let shelf = Shelf::open(&args.from)?;
    let mut erasures = shelf.erasures()?;
    if let Some(path) = &args.erasures {
        if !path.is_file() {
            return Err(Failure::missing(format!("{} isn't there", path.display())));
        }
        erasures.add(ErasureList::read(path)?);
    }
    let Restored { manifest, erased } = restore_from(&shelf, args.number, data, &erasures).await?;
    if as_json {
        let mut said = described(&manifest);
        said["erased"] = erased.into();
        said["restored_to"] = data.display().to_string().into();
        print_json(&said)?;
        return Ok(0);
    }
    print(&format!(
        "backup {} of {} is restored in {}: {} files, {} bytes, each compared with its checksum",
        manifest.number,
        manifest.taken_at,
        data.display(),
        manifest.files.len(),
        grouped(manifest.bytes()),
    ))?;
    if erased > 0 {
        print(&format!("{erased} listeners who were erased since are erased in it"))?;
    }
    if !manifest.with_keys {
        eprintln!("the keys that sign the ledger were not in it; put them into keys/ again");
    }
    print("ledgerline audit, on this folder, recounts all of it")?;
    Ok(0)
}

fn verify(from: &Path, number: Option<u32>, as_json: bool) -> Result<u8, Failure> {
    let shelf = Shelf::open(from)?;
    let numbers = match number {
        Some(number) => vec![number],
        None => shelf.names()?.iter().map(|named| named.number).collect(),
    };
    let mut wrong = Vec::new();
    let mut read = std::collections::BTreeSet::new();
    let mut bytes = 0;
    let bar = progress::count("bytes compared");
    for number in &numbers {
        let manifest = match shelf.read(Some(*number)) {
            Ok(manifest) => manifest,
            Err(failure) => {
                wrong.push(failure.to_string());
                continue;
            }
        };
        for (path, parts) in &manifest.files {
            // Backups share what didn't change.
            for part in parts.iter().filter(|part| read.insert((*part).clone())) {
                let compared = shelf.read_part(path, part, &mut |block| {
                    bar.inc(block.len() as u64);
                    Ok(())
                });
                bytes += part.bytes;
                wrong.extend(compared.err().map(|failure| failure.to_string()));
            }
        }
    }
    bar.finish_and_clear();
    if as_json {
        print_json(&json!({
            "good": wrong.is_empty(),
            "backups": numbers,
            "bytes": bytes,
            "wrong": wrong,
        }))?;
    } else {
        for sentence in &wrong {
            print(sentence)?;
        }
        let outcome = if wrong.is_empty() { "all as it was taken" } else { "damaged" };
        print(&format!("{} backups, {} bytes: {outcome}", numbers.len(), grouped(bytes)))?;
    }
    Ok(u8::from(!wrong.is_empty()))
}

fn list(from: &Path, as_json: bool) -> Result<u8, Failure> {
    let shelf = Shelf::open(from)?;
    let mut backups = Vec::new();
    for named in shelf.names()? {
        backups.push(match shelf.read(Some(named.number)) {
            Ok(manifest) => described(&manifest),
            Err(failure) => json!({ "number": named.number, "damaged": failure.to_string() }),
        });
    }
    if as_json {
        print_json(&json!({ "backups": backups }))?;
        return Ok(0);
    }
    let mut rows = vec![["number", "taken", "files", "bytes"].map(str::to_owned).to_vec()];
    for backup in &backups {
        let taken = backup["taken_at"].as_str().unwrap_or("damaged");
        rows.push(vec![
            backup["number"].to_string(),
            taken.to_owned(),
            backup["files"].as_u64().map_or_else(String::new, grouped),
            backup["bytes"].as_u64().map_or_else(String::new, grouped),
        ]);
    }
    print(&table(&rows))?;
    Ok(0)
}

fn described(manifest: &Manifest) -> Value {
    json!({
        "number": manifest.number,
        "taken_at": manifest.taken_at,
        "files": manifest.files.len(),
        "bytes": manifest.bytes(),
        "with_keys": manifest.with_keys,
        "positions": manifest.positions,
        "ledger_head": manifest.ledger_head,
    })
}

fn grouped(bytes: u64) -> String {
    thousands(i64::try_from(bytes).unwrap_or(i64::MAX))
}
