//! The made-up service as files that an operator would bring: who holds what, contracts, revenue,
//! and plays that another system counted. Everything follows from the sizes; nothing is drawn.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// Recordings of the service.
pub const RECORDINGS: u32 = 1_000_000;
/// Who is paid: a tenth are labels.
pub const PARTIES: u32 = 100_000;
/// Licences and agreements.
pub const CONTRACTS: u32 = 1_000;
const TERRITORIES: [&str; 20] = [
    "SE", "NO", "DK", "FI", "IS", "DE", "AT", "CH", "FR", "ES", "PT", "IT", "NL", "BE", "PL", "CZ",
    "GB", "IE", "US", "CA",
];
const TIERS: [&str; 3] = ["premium", "family", "student"];
/// A sheet may have so many rows; one who brings more brings them in several goes.
const SHEET_ROWS: u64 = 5_000_000;

/// Numbers that look drawn: the finaliser of MurmurHash3.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    mixed ^ (mixed >> 33)
}

fn below(number: u64, limit: u32) -> u32 {
    u32::try_from(mixed(number) % u64::from(limit)).expect("below a small limit")
}

/// A tenth of all parties are labels, which have most; the product of two draws favours few.
fn label_of(recording: u32) -> u32 {
    let crowd = u64::from(below(u64::from(recording), PARTIES / 10));
    let favoured = crowd * u64::from(below(u64::from(recording) << 1, 1_000)) / 1_000;
    u32::try_from(favoured).expect("below the crowd")
}

fn artist_of(recording: u32) -> u32 {
    PARTIES / 10 + below(u64::from(recording) << 2, PARTIES - PARTIES / 10)
}

fn party(number: u32) -> String {
    format!("party{number:07}")
}

fn create(path: &Path) -> Result<BufWriter<File>, String> {
    let file = File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(BufWriter::with_capacity(1 << 20, file))
}

/// Writes a file line by line.
fn sheet(
    path: PathBuf,
    head: &str,
    lines: impl Iterator<Item = String>,
) -> Result<PathBuf, String> {
    let wrong = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut out = create(&path)?;
    writeln!(out, "{head}").map_err(wrong)?;
    for line in lines {
        writeln!(out, "{line}").map_err(wrong)?;
    }
    out.flush().map_err(wrong)?;
    Ok(path)
}

/// Parties, recordings and shares.
///
/// # Errors
/// They can't be written.
pub fn rights(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let parties = (0..PARTIES).map(|number| format!("{},Party {number},EUR", party(number)));
    let parties = sheet(folder.join("parties.csv"), "party_id,name,payout_currency", parties)?;
    let recordings = (0..RECORDINGS).map(|number| {
        let (label, artist) = (party(label_of(number)), party(artist_of(number)));
        format!("track{number:07},Recording {number},200000,{label},{artist}")
    });
    let head = "track_id,title,duration_ms,label,artists";
    let recordings = sheet(folder.join("recordings.csv"), head, recordings)?;
    let shares = (0..RECORDINGS).map(|number| {
        let (label, artist) = (party(label_of(number)), party(artist_of(number)));
        // A third is the artist's own; of some the artist holds a part.
        match number % 6 {
            0 | 1 => format!("master,track{number:07},{artist},100%"),
            2 => {
                let first = format!("master,track{number:07},{label},80%");
                format!("{first}\nmaster,track{number:07},{artist},20%")
            }
            _ => format!("master,track{number:07},{label},100%"),
        }
    });
    let shares = sheet(folder.join("shares.csv"), "right,track_id,holder,share", shares)?;
    Ok(vec![parties, recordings, shares])
}

/// A default licence, a fifth of licences of labels, and agreements by which labels pay artists,
/// some for one country or plan alone; a file each in a folder.
///
/// # Errors
/// They can't be written.
pub fn contracts(folder: &Path) -> Result<PathBuf, String> {
    let folder = folder.join("contracts");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for number in 0..CONTRACTS {
        let path = folder.join(format!("contract{number:07}.toml"));
        let wrong = |error: std::io::Error| format!("{}: {error}", path.display());
        fs::write(&path, contract(number)).map_err(wrong)?;
    }
    Ok(folder)
}

fn contract(number: u32) -> String {
    let label = number.checked_sub(1).map(party);
    let licence = number % 5 == 0;
    let mut text = format!("id = \"contract{number:07}\"\n");
    match (&label, licence) {
        (None, _) => text.push_str("kind = \"licence\"\n"),
        (Some(label), true) => {
            let _ = writeln!(text, "kind = \"licence\"\nlicensor = \"{label}\"");
        }
        (Some(label), false) => {
            let _ = writeln!(text, "kind = \"agreement\"\ngrantor = \"{label}\"");
        }
    }
    text.push_str("signed_on = \"2020-01-01\"\nfrom = \"2020-01-01\"\ncurrency = \"EUR\"\n\n");
    text.push_str("[[terms]]\nid = \"all\"\nrights = [\"master\"]\n");
    if number > 0 && number % 7 == 0 {
        let territory = TERRITORIES[number as usize % TERRITORIES.len()];
        let _ = writeln!(text, "territories = [\"{territory}\"]");
    }
    if number > 0 && number % 11 == 0 {
        let _ = writeln!(text, "tiers = [\"{}\"]", TIERS[1]);
    }
    if licence {
        text.push_str("pro_rata = { share = \"55%\" }\n");
        if number > 0 && number % 2 == 0 {
            text.push_str("per_play_minimum = \"0.0001\"\n");
        }
    } else {
        text.push_str("pass_on = [\n");
        for at in 0..1 + number % 3 {
            let payee = party(PARTIES - 1 - number * 3 - at);
            let _ = writeln!(text, "    {{ payee = \"{payee}\", share = \"12.5%\" }},");
        }
        text.push_str("]\n");
    }
    text
}

/// What a month earned, by country and plan.
///
/// # Errors
/// It can't be written.
pub fn revenue(folder: &Path, period: &str) -> Result<PathBuf, String> {
    let rows = (1_u64..).zip(TERRITORIES).flat_map(|(place, territory)| {
        (0_u64..).zip(TIERS).map(move |(at, tier)| {
            let gross = 1_000_000 / (place + at);
            format!("{period},{territory},{tier},individual,{},EUR,{gross}", gross / 10 + 1)
        })
    });
    let head = "period,territory,tier,plan,subscribers,currency,gross";
    sheet(folder.join(format!("revenue-{period}.csv")), head, rows)
}

/// A month's plays by recording, country and plan, as so many rows of one or more sheets. Few
/// recordings are heard everywhere, most in some countries.
///
/// # Errors
/// They can't be written.
pub fn usage(folder: &Path, period: &str, rows: u64) -> Result<Vec<PathBuf>, String> {
    let all = u64::try_from(TERRITORIES.len() * TIERS.len()).expect("few");
    let mut left = rows;
    let places = (0..RECORDINGS).flat_map(move |track| {
        let rest = u64::from(RECORDINGS - track);
        let fair = left.div_ceil(rest);
        let drawn = if below(u64::from(track), 10) == 0 { fair * 4 } else { fair * 2 / 3 };
        let here = if rest == 1 { left } else { drawn.max(1).min(left) }.min(all);
        left -= here;
        let first = u64::from(below(u64::from(track) << 3, u32::try_from(all).expect("few")));
        (0..here).map(move |at| (track, (first + at) % all))
    });
    let mut lines = places.map(|(track, place)| {
        let place = usize::try_from(place).expect("few");
        let (territory, tier) = (TERRITORIES[place / TIERS.len()], TIERS[place % TIERS.len()]);
        let plays = 1 + mixed(u64::from(track) * all + place as u64) % 5_000;
        format!("{period},track{track:07},{territory},{tier},{plays}")
    });
    let mut sheets = Vec::new();
    for number in 0..rows.div_ceil(SHEET_ROWS) {
        let path = folder.join(format!("usage-{period}-{number}.csv"));
        let some = usize::try_from(SHEET_ROWS).expect("few");
        sheets.push(sheet(
            path,
            "period,track_id,territory,tier,plays",
            lines.by_ref().take(some),
        )?);
    }
    Ok(sheets)
}
