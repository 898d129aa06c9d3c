//! Rows of a spreadsheet to contracts, for people to review: one row, one payee of one deal.

use ledgerline_app::ports::{ContractFault, DealField, DealMapping};
use ledgerline_ids::{DayNo, PartyId};
use ledgerline_money::{Currency, Fraction, Micros};
use ledgerline_royalty::terms::{
    AccountTerms, Contract, Dates, Parties, PassedOn, Right, Rule, Scope, Term,
};
use std::collections::{BTreeMap, BTreeSet};

/// A spreadsheet has at most so many rows.
pub const ROWS_MAX: usize = 100_000;

/// What a column may be mapped to, with what it means.
pub const FIELDS: &[(&str, &str)] = &[
    (
        "contract",
        "the contract's id; rows with the same one are one contract. Else label and artist",
    ),
    ("label", "who passes on"),
    ("artist", "whose recordings the deal is about; also who is paid, where payee isn't mapped"),
    ("payee", "who is paid"),
    ("share", "which part of what the label is paid: 50%, 0.5 or 1/2"),
    ("recordings", "only these recordings, by track id; several with ;"),
    ("releases", "only recordings on these releases; several with ;"),
    ("territories", "only these countries; several with ;"),
    ("rights", "master where it isn't mapped; several with ;"),
    ("signed_on", "a day, such as 2025-12-01"),
    ("from", "the first day on which it holds: the first of a month"),
    ("until", "the first day on which it no longer holds: the first of a month"),
    ("currency", "an ISO 4217 code"),
    ("recoup_share", "which part of what is earned pays off advances"),
    ("minimum_payout", "nothing is paid out below this"),
];

/// Those that every row must say, in a column or by what all rows say alike.
const NEEDED: [&str; 4] = ["label", "share", "from", "currency"];

/// What a column may be mapped to.
pub(crate) fn deal_fields() -> Vec<DealField> {
    let field =
        |&(name, what): &(_, _)| DealField { name, what, is_needed: NEEDED.contains(&name) };
    FIELDS.iter().map(field).collect()
}

/// Which column is which field, and what all rows say alike.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    columns: BTreeMap<&'static str, String>,
    fixed: BTreeMap<&'static str, String>,
}

impl Mapping {
    /// Reads `label=Label,share="Artist share"`; a value that is no column's heading, behind `:=`, is
    /// the same in every row: `currency:=EUR`.
    ///
    /// # Errors
    /// What is wrong in the text, as a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut mapping = Self::default();
        for part in parts(text)? {
            let (key, value) = part.split_once('=').ok_or_else(|| {
                format!("{part:?} is no mapping: write FIELD=COLUMN, or FIELD:=VALUE for every row")
            })?;
            let (key, fixed) = key.strip_suffix(':').map_or((key, false), |key| (key, true));
            let field = known_field(key.trim())?;
            let into = if fixed { &mut mapping.fixed } else { &mut mapping.columns };
            into.insert(field, value.trim().to_owned());
        }
        Ok(mapping)
    }

    /// The same, out of what somebody chose on a page.
    ///
    /// # Errors
    /// Which name is no field's, as a sentence.
    pub fn of(chosen: &DealMapping) -> Result<Self, String> {
        let known = |all: &BTreeMap<String, String>| {
            let said = all.iter().filter(|(_, value)| !value.trim().is_empty());
            let one =
                |(key, value): (&String, &String)| Ok((known_field(key)?, value.trim().to_owned()));
            said.map(one).collect::<Result<BTreeMap<&'static str, String>, String>>()
        };
        Ok(Self { columns: known(&chosen.columns)?, fixed: known(&chosen.fixed)? })
    }
}

fn known_field(key: &str) -> Result<&'static str, String> {
    let field = FIELDS.iter().find(|(field, _)| *field == key);
    field.map(|(field, _)| *field).ok_or_else(|| {
        let known: Vec<&str> = FIELDS.iter().map(|(field, _)| *field).collect();
        format!("{key:?} is no field: known are {}", known.join(", "))
    })
}

/// Splits at commas outside of quotes, which are dropped.
fn parts(text: &str) -> Result<Vec<String>, String> {
    let (mut parts, mut quoted) = (vec![String::new()], false);
    for one in text.chars() {
        match one {
            '"' => quoted = !quoted,
            ',' if !quoted => parts.push(String::new()),
            other => parts.last_mut().expect("there is one from the start").push(other),
        }
    }
    if quoted {
        return Err("a quote is not closed in the mapping".to_owned());
    }
    Ok(parts.into_iter().filter(|part| !part.trim().is_empty()).collect())
}

/// What came of a spreadsheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drafted {
    /// Contracts, by id.
    pub contracts: Vec<Contract>,
    /// Names that are no ids, with the ids made of them, for review.
    pub renamed: BTreeMap<String, String>,
}

/// One row's cells by field.
struct Row<'a> {
    line: usize,
    mapping: &'a Mapping,
    columns: &'a BTreeMap<&'static str, usize>,
    cells: csv::StringRecord,
}

impl Row<'_> {
    fn get(&self, field: &'static str) -> Option<&str> {
        let cell = self.columns.get(field).and_then(|at| self.cells.get(*at));
        let cell = cell.map(str::trim).filter(|cell| !cell.is_empty());
        cell.or_else(|| self.mapping.fixed.get(field).map(String::as_str))
    }

    fn set(&self, field: &'static str) -> BTreeSet<String> {
        let cell = self.get(field).unwrap_or_default().split(';').map(str::trim);
        cell.filter(|one| !one.is_empty()).map(str::to_owned).collect()
    }

    fn fault(&self, file: &str, field: &'static str, what: &str) -> ContractFault {
        let column = self.columns.get(field).map_or(1, |at| at + 1);
        let heading = self.mapping.columns.get(field).map_or(field, String::as_str);
        let what = format!("{heading}: {what}");
        ContractFault { file: file.to_owned(), line: self.line, column, what }
    }

    fn needed(&self, file: &str, field: &'static str) -> Result<&str, ContractFault> {
        self.get(field).ok_or_else(|| {
            let what = format!("is needed: fill it, or give it to every row with {field}:=VALUE");
            self.fault(file, field, &what)
        })
    }

    fn read<T, E: std::fmt::Display>(
        &self,
        file: &str,
        field: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Option<T>, ContractFault> {
        let Some(text) = self.get(field) else { return Ok(None) };
        let read = parse(text);
        read.map(Some).map_err(|error| self.fault(file, field, &format!("{text:?} {error}")))
    }
}

/// Reads a spreadsheet, saved as CSV with a row of headings, into agreements.
///
/// # Errors
/// Every fault with row (as line, the headings being line 1) and column; nothing is drafted then.
pub fn draft(file: &str, bytes: &[u8], mapping: &Mapping) -> Result<Drafted, Vec<ContractFault>> {
    let fault = |line, what: String| ContractFault { file: file.to_owned(), line, column: 1, what };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.flexible(true).delimiter(separator(bytes)).from_reader(bytes);
    let headings = reader.headers().map_err(|error| vec![fault(1, error.to_string())])?.clone();
    let mut columns = BTreeMap::new();
    for (field, heading) in &mapping.columns {
        let Some(at) = headings.iter().position(|known| known.trim() == heading) else {
            let known: Vec<&str> = headings.iter().collect();
            let what = format!("no column {heading:?}: there are {}", known.join(", "));
            return Err(vec![fault(1, what)]);
        };
        columns.insert(*field, at);
    }
    let mut drafts = Drafts { file, contracts: BTreeMap::new(), renamed: BTreeMap::new() };
    let mut faults = Vec::new();
    for (number, cells) in reader.records().enumerate() {
        let line = line_of(&cells, bytes).unwrap_or(number + 2);
        if number >= ROWS_MAX {
            faults.push(fault(line, format!("at most {ROWS_MAX} rows: split the spreadsheet")));
            break;
        }
        match cells {
            Err(error) => faults.push(fault(line, error.to_string())),
            Ok(cells) if cells.iter().all(|cell| cell.trim().is_empty()) => {}
            Ok(cells) => {
                let row = Row { line, mapping, columns: &columns, cells };
                faults.extend(drafts.add(&row).err());
            }
        }
    }
    drafts.finish(faults)
}

/// What the first line has most of, of the separators that spreadsheets write.
fn separator(bytes: &[u8]) -> u8 {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let times = |separator: u8| first.iter().filter(|byte| **byte == separator).count();
    // Of equally many the last: a comma where there is none of them.
    b"\t;,".iter().copied().max_by_key(|separator| times(*separator)).unwrap_or(b',')
}

/// In which line a row begins, or couldn't be read: cells may hold lines, and empty ones are no rows.
fn line_of(cells: &Result<csv::StringRecord, csv::Error>, bytes: &[u8]) -> Option<usize> {
    let place = match cells {
        Ok(cells) => cells.position(),
        Err(error) => error.position(),
    }?;
    // The reader's place is behind the row before, in front of empty lines.
    let from = bytes.get(usize::try_from(place.byte()).ok()?..)?;
    let empty = from.iter().take_while(|byte| b"\r\n".contains(byte));
    let empty = empty.filter(|byte| **byte == b'\n').count();
    usize::try_from(place.line()).ok().map(|line| line + empty)
}

/// Contracts in the making.
struct Drafts<'a> {
    file: &'a str,
    /// With the line of each contract's first row.
    contracts: BTreeMap<String, (Contract, usize)>,
    renamed: BTreeMap<String, String>,
}

impl Drafts<'_> {
    fn add(&mut self, row: &Row<'_>) -> Result<(), ContractFault> {
        let file = self.file;
        let grantor = self.party(row.needed(file, "label")?);
        let artist = row.get("artist").map(|name| self.party(name));
        let payee = row.get("payee").map(|name| self.party(name)).or_else(|| artist.clone());
        let payee = payee.ok_or_else(|| {
            row.fault(file, "payee", "nobody is paid: map payee or artist, and fill it")
        })?;
        row.needed(file, "share")?;
        let share = row.read(file, "share", Fraction::parse)?.unwrap_or(Fraction::ZERO);
        let id = match row.get("contract") {
            Some(id) => self.party(id),
            None => format!("{grantor}-{}", artist.as_ref().unwrap_or(&payee)),
        };
        let new = contract(file, row, &id, grantor)?;
        let (contract, _) = self.contracts.entry(id).or_insert((new.clone(), row.line));
        for (field, same) in [
            ("label", contract.parties == new.parties),
            ("currency", contract.currency == new.currency),
            ("from", contract.dates.from == new.dates.from),
            ("until", contract.dates.until == new.dates.until),
            ("signed_on", contract.signed_on == new.signed_on),
        ] {
            if !same {
                let what = format!("differs from that of an earlier row of {}", contract.id);
                return Err(row.fault(file, field, &what));
            }
        }
        let scope = Scope {
            recordings: row.set("recordings"),
            releases: row.set("releases"),
            artists: artist.into_iter().collect(),
            territories: row.set("territories"),
            ..Scope::default()
        };
        let rights = rights(file, row)?;
        let part = PassedOn { payee, share, commissions: Vec::new() };
        let same = |term: &&mut Term| term.scope == scope && term.rights == rights;
        if let Some(Term { rule: Rule::PassOn(parts), .. }) = contract.terms.iter_mut().find(same) {
            parts.push(part);
            return Ok(());
        }
        let id = format!("t{}", contract.terms.len() + 1);
        let (rule, dates) = (Rule::PassOn(vec![part]), contract.dates);
        contract.terms.push(Term { id, rights, scope, dates, rule });
        Ok(())
    }

    /// A party's id of a cell: the cell itself where it is one.
    fn party(&mut self, name: &str) -> String {
        if PartyId::new(name).is_ok() {
            return name.to_owned();
        }
        let mut id = String::new();
        for one in name.chars() {
            match one.to_lowercase().next().filter(char::is_ascii_alphanumeric) {
                Some(letter) => id.push(letter),
                None if !id.ends_with('-') && !id.is_empty() => id.push('-'),
                None => {}
            }
        }
        let id = id.trim_end_matches('-').chars().take(PartyId::MAX_BYTES).collect::<String>();
        self.renamed.insert(name.to_owned(), id.clone());
        id
    }

    fn finish(self, mut faults: Vec<ContractFault>) -> Result<Drafted, Vec<ContractFault>> {
        // Two names that make one id would be one payee: somebody must tell them apart.
        let mut ids: BTreeMap<&str, &str> = BTreeMap::new();
        for (name, id) in &self.renamed {
            if let Some(other) = ids.insert(id, name).filter(|_| !id.is_empty()) {
                let what = format!("{other:?} and {name:?} would both become {id}: give them ids");
                faults.push(ContractFault { file: self.file.to_owned(), line: 1, column: 1, what });
            }
        }
        for (contract, line) in self.contracts.values() {
            for fault in contract.faults() {
                let what = format!("{}, {}: {}", contract.id, fault.field, fault.what);
                faults.push(ContractFault {
                    file: self.file.to_owned(),
                    line: *line,
                    column: 1,
                    what,
                });
            }
        }
        if !faults.is_empty() {
            faults.sort();
            return Err(faults);
        }
        let contracts = self.contracts.into_values().map(|(contract, _)| contract).collect();
        Ok(Drafted { contracts, renamed: self.renamed })
    }
}

fn contract(
    file: &str,
    row: &Row<'_>,
    id: &str,
    grantor: String,
) -> Result<Contract, ContractFault> {
    row.needed(file, "from")?;
    row.needed(file, "currency")?;
    let from = row.read(file, "from", DayNo::parse)?.unwrap_or(DayNo(0));
    let euro = Currency::parse("EUR").expect("a currency in use");
    Ok(Contract {
        id: id.to_owned(),
        title: id.to_owned(),
        parties: Parties::Agreement { grantor },
        signed_on: row.read(file, "signed_on", DayNo::parse)?.unwrap_or(from),
        dates: Dates { from, until: row.read(file, "until", DayNo::parse)? },
        currency: row.read(file, "currency", Currency::parse)?.unwrap_or(euro),
        terms: Vec::new(),
        account: AccountTerms {
            recoup_share: row.read(file, "recoup_share", Fraction::parse)?,
            minimum_payout: row.read(file, "minimum_payout", Micros::parse)?,
            ..AccountTerms::default()
        },
    })
}

fn rights(file: &str, row: &Row<'_>) -> Result<BTreeSet<Right>, ContractFault> {
    let words = row.set("rights");
    if words.is_empty() {
        return Ok(BTreeSet::from([Right::Master]));
    }
    let right = |word: &String| {
        Right::from_word(word).ok_or_else(|| {
            let what = format!("{word:?} is none of master, mechanical, performance");
            row.fault(file, "rights", &what)
        })
    };
    words.iter().map(right).collect()
}
