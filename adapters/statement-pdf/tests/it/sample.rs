//! Statements that are made up, and what makes papers of them.

use ledgerline_app::money::close::CloseError;
use ledgerline_app::ports::{
    PaperNames, PrintError, RecordingName, StatementPaper, StatementPrinter,
};
use ledgerline_ids::{Period, UnixMs};
use ledgerline_ledger::{Digest, Head, SecretKey};
use ledgerline_money::{Currency, Fraction, Micros};
use ledgerline_royalty::month_plays::Standing;
use ledgerline_royalty::statement::{
    AccountStatement, AdjustmentSummary, BalanceStatement, Cause, PayoutStatement, Statement,
    StatementLine, UnpaidPlays,
};
use ledgerline_royalty::terms::Right;
use ledgerline_statement_pdf::PdfStatements;
use std::cell::Cell;
use std::collections::BTreeMap;

pub fn micros(text: &str) -> Micros {
    Micros::parse(text).expect("an amount")
}

pub fn period(text: &str) -> Period {
    Period::parse(text).expect("a month")
}

pub fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("a currency")
}

/// A statement, its lines and what its ids stand for.
pub struct Sample {
    pub statement: Statement,
    pub lines: Vec<StatementLine>,
    pub parties: BTreeMap<String, String>,
    pub recordings: BTreeMap<String, RecordingName>,
    /// How many lines were read, and how many at once at most.
    pub read: Cell<(usize, usize)>,
}

impl PaperNames for Sample {
    fn party(&self, id: &str) -> Option<String> {
        self.parties.get(id).cloned()
    }

    fn recording(&self, track_id: &str) -> Option<RecordingName> {
        self.recordings.get(track_id).cloned()
    }
}

impl Sample {
    /// The paper, with links to `address`.
    pub fn print(&self, address: Option<&str>) -> Result<Vec<u8>, PrintError> {
        let lines = |from: u64, limit: usize| -> Result<Vec<StatementLine>, CloseError> {
            let (read, most) = self.read.get();
            let from = usize::try_from(from - 1).expect("few");
            let until = self.lines.len().min(from + limit);
            let found = self.lines.get(from..until).unwrap_or_default().to_vec();
            self.read.set((read + found.len(), most.max(found.len())));
            Ok(found)
        };
        let paper = StatementPaper { statement: &self.statement, names: self, lines: &lines };
        PdfStatements::new(address).print(&paper)
    }

    /// The paper, which there must be.
    pub fn printed(&self) -> Vec<u8> {
        self.print(None).expect("a paper")
    }
}

/// Lines of March 2024 in euros, then late plays of February, so many of both; a tenth of them in
/// crowns where there is another currency.
pub fn lines(count: u64, adjusted: u64, other: Option<&str>) -> Vec<StatementLine> {
    let line = |number: u64| {
        let cause = (number > count).then_some(Cause::LatePlays);
        let plays =
            i64::try_from(number * 7 % 90).expect("few") - if cause.is_some() { 40 } else { 0 };
        let amount = Micros::new(plays * 3_511_111 + i64::try_from(number).expect("few"));
        let elsewhere = other.filter(|_| number % 10 == 3);
        StatementLine {
            number,
            period: period(if cause.is_some() { "2024-02" } else { "2024-03" }),
            cause,
            track_id: format!("trk_{}", number % 97),
            right: if number.is_multiple_of(4) { Right::Mechanical } else { Right::Master },
            territory: (!number.is_multiple_of(3)).then(|| "SE".to_owned()),
            tier: (!number.is_multiple_of(5)).then(|| "premium".to_owned()),
            licence: "licence/all".to_owned(),
            holder: "northern".to_owned(),
            passed: Vec::new(),
            account: "licence".to_owned(),
            plays,
            currency: currency(elsewhere.unwrap_or("EUR")),
            amount,
            sentence: format!(
                "{plays} plays by northern's share of the master right, out of the pool of licence/all \
                 (1234.567890 EUR for 98765 plays)."
            ),
        }
    };
    (1..=count + adjusted).map(line).collect()
}

/// The statement that such lines are of, with something on each account.
pub fn sample(lines: Vec<StatementLine>) -> Sample {
    let mut sums: BTreeMap<Currency, (Micros, Micros, i64, u64)> = BTreeMap::new();
    for line in &lines {
        let sum = sums.entry(line.currency).or_default();
        if line.cause.is_none() {
            sum.0 = sum.0.plus(line.amount).expect("small");
        } else {
            sum.1 = sum.1.plus(line.amount).expect("small");
            sum.2 += line.plays;
            sum.3 += 1;
        }
    }
    let (mut accounts, mut balances) = (Vec::new(), Vec::new());
    for (currency, (earned, adjusted, ..)) in &sums {
        let account = account(*currency, *earned, *adjusted);
        balances.push(balance(&account));
        accounts.push(account);
    }
    let euros = currency("EUR");
    let paid = balances.iter().find(|balance| balance.currency == euros);
    let amounts: Vec<_> = sums.iter().map(|(of, (_, adjusted, ..))| (*of, *adjusted)).collect();
    let adjustment = AdjustmentSummary {
        period: period("2024-02"),
        cause: Cause::LatePlays,
        detail: "plays that came after the close".to_owned(),
        plays: sums.values().map(|sum| sum.2).sum(),
        amounts,
        lines: sums.values().map(|sum| sum.3).sum(),
    };
    let adjustments = if adjustment.lines == 0 { Vec::new() } else { vec![adjustment] };
    let statement = Statement {
        period: period("2024-03"),
        payee: "northern".to_owned(),
        booked_at: UnixMs::parse_rfc3339("2024-04-02T09:30:15Z").expect("an instant"),
        payout: PayoutStatement {
            currency: euros,
            amount: paid.map(|balance| balance.paid).unwrap_or_default(),
            reason: paid.is_none().then(|| "nothing is owed".to_owned()),
            exchanged: vec![(
                currency("USD"),
                micros("12.340000"),
                Fraction::parse("0.92").expect("a rate"),
                micros("11.352800"),
            )],
        },
        accounts,
        balances,
        adjustments,
        unpaid: [(Standing::Held, 3), (Standing::Short, 41)]
            .map(|(standing, plays)| UnpaidPlays {
                track_id: format!("trk_{plays}"),
                standing,
                plays,
                sentence: "These plays are held by the fraud rule loop.".to_owned(),
            })
            .to_vec(),
        lines: lines.len() as u64,
        lines_sha256: "ab".repeat(32),
        manifest_sha256: "cd".repeat(32),
        ledger_head: Some(head()),
    };
    let name = |number: u64| RecordingName {
        title: format!("Song number {number}"),
        artists: vec!["Comet".to_owned(), "Ólafur & Şule".to_owned()],
    };
    Sample {
        statement,
        lines,
        parties: [("northern".to_owned(), "Northern Lights".to_owned())].into(),
        recordings: (0..90).map(|number| (format!("trk_{number}"), name(number))).collect(),
        read: Cell::default(),
    }
}

fn head() -> String {
    let key = SecretKey::new(&[7; 32]);
    let booked_at = UnixMs::parse_rfc3339("2024-04-02T09:30:15Z").expect("an instant");
    let head = Head { seq: 4711, hash: Digest::of(b"a ledger"), booked_at };
    key.sign(head, period("2024-03")).to_string()
}

fn account(currency: Currency, earned: Micros, adjusted: Micros) -> AccountStatement {
    let zero = Micros::ZERO;
    let came = earned.plus(adjusted).expect("small").plus(micros("2.500000")).expect("small");
    let went = micros("27.625001");
    let credited = came.minus(went).expect("small");
    AccountStatement {
        contract: "licence".to_owned(),
        currency,
        earned,
        adjusted,
        topped_up: zero,
        costs: micros("10.000000"),
        advance: micros("15.125000"),
        withheld: vec![("SE".to_owned(), micros("2.500001"))],
        held: zero,
        released: micros("2.500000"),
        drawn: zero,
        credited,
        due: credited,
        pending: zero,
        costs_open: micros("90.000000"),
        advance_open: micros("484.875000"),
        reserve: micros("33.000001"),
    }
}

fn balance(account: &AccountStatement) -> BalanceStatement {
    let (opening, due) = (micros("0.004321"), account.due);
    let owed = opening.plus(due).expect("small");
    let (paid, closing) = owed.paid_and_carried(account.currency);
    BalanceStatement {
        currency: account.currency,
        opening,
        due,
        exchanged: Micros::ZERO,
        paid,
        closing,
    }
}
