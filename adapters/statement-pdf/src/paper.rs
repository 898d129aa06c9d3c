//! What stands on a statement's paper, section by section.

use krilla::metadata::{DateTime, Metadata, PageLayout};
use krilla::tagging::Tag;
use ledgerline_app::ports::{PrintError, StatementPaper};
use ledgerline_ids::{Period, UnixMs};
use ledgerline_ledger::SignedHead;
use ledgerline_money::{Currency, Micros};
use ledgerline_royalty::statement::{AccountStatement, AdjustmentSummary, BalanceStatement};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU16;

use crate::fonts::Fonts;
use crate::lines;
use crate::pages::{LEFT, Node, Pages, RIGHT, ROOT, Style};
use crate::table::{Cell, Column, Kind, Table};
use crate::totals::{Totals, too_large};
use crate::words;

/// So many recordings with plays that are not paid are printed; the others are summed up.
pub const UNPAID_PRINTED_MAX: usize = 1_000;

/// So many artists of a recording are named.
const ARTISTS_NAMED: usize = 4;
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const FIGURE: Style = Style::BODY;
/// Where values begin that stand beside their names.
const VALUES: f32 = LEFT + 118.0;

/// What is told, and how.
pub(crate) struct Telling<'a> {
    pub(crate) paper: &'a StatementPaper<'a>,
    pub(crate) totals: &'a Totals,
    fonts: &'a Fonts,
    address: Option<&'a str>,
}

/// Makes the paper.
pub(crate) fn print(
    paper: &StatementPaper<'_>,
    address: Option<&str>,
) -> Result<Vec<u8>, PrintError> {
    let totals = Totals::of(paper)?;
    let mut fonts = Fonts::new()?;
    let (name, total) = {
        let telling = Telling { paper, totals: &totals, fonts: &fonts, address };
        let name = telling.name();
        let mut pages = Pages::counting(&fonts, &name);
        telling.all(&mut pages)?;
        (name, pages.count())
    };
    fonts.make_bitmaps()?;
    let telling = Telling { paper, totals: &totals, fonts: &fonts, address };
    let mut pages = Pages::drawing(&fonts, &name, total)?;
    telling.all(&mut pages)?;
    pages.finish(telling.metadata())
}

impl Telling<'_> {
    /// A text that is somebody else's, as it is printed.
    pub(crate) fn shown(&self, text: &str) -> String {
        self.fonts.shown(text)
    }

    /// The number of this payee's statement of a month.
    pub(crate) fn number_of(&self, period: Period) -> String {
        self.shown(&format!("{period}/{}", self.paper.statement.payee))
    }

    /// The title of a recording, or its id where it has none, and its artists.
    pub(crate) fn recording(&self, track_id: &str) -> (String, String) {
        let Some(name) = self.paper.names.recording(track_id) else {
            return (self.shown(track_id), String::new());
        };
        let mut artists = name.artists;
        let others = artists.len().saturating_sub(ARTISTS_NAMED);
        artists.truncate(ARTISTS_NAMED);
        let mut artists = artists.join(", ");
        if others > 0 {
            artists.push_str(&format!(" and {}", words::count(others as u64, "other", "others")));
        }
        let title = if name.title.is_empty() { track_id } else { &*name.title };
        (self.shown(title), self.shown(&artists))
    }

    /// The reference by which a line is explained, and where it is, if that is known.
    pub(crate) fn explained(&self, line: u64) -> (String, Option<String>) {
        let statement = self.paper.statement;
        let reference = format!("{}/{line}", self.number_of(statement.period));
        let address = self.address.map(|address| {
            let payee = utf8_percent_encode(&statement.payee, UNRESERVED);
            format!("{address}/#/explain/{}/{payee}/{line}", statement.period)
        });
        (reference, address)
    }

    fn payee(&self) -> String {
        let id = &self.paper.statement.payee;
        self.shown(&self.paper.names.party(id).unwrap_or_else(|| id.clone()))
    }

    /// What stands at the foot of each page.
    fn name(&self) -> String {
        format!("Statement {} · {}", self.number_of(self.paper.statement.period), self.payee())
    }

    fn metadata(&self) -> Metadata {
        let statement = self.paper.statement;
        let month = words::month(statement.period);
        let number = self.number_of(statement.period);
        let mut keywords = vec![format!("lines sha256 {}", statement.lines_sha256)];
        keywords.extend(statement.ledger_head.as_deref().map(|head| self.shown(head)));
        Metadata::new()
            .title(format!("Royalty statement {number}: {}, {month}", self.payee()))
            .description(format!("What {} earned in {month}, line by line", self.payee()))
            .keywords(keywords)
            .language("en".to_owned())
            .creator("Ledgerline".to_owned())
            .producer("Ledgerline".to_owned())
            .document_id(number)
            .creation_date(date(statement.booked_at))
            .page_layout(PageLayout::OneColumn)
    }

    fn all(&self, pages: &mut Pages<'_>) -> Result<(), PrintError> {
        self.head(pages);
        self.payable(pages);
        self.balances(pages)?;
        self.exchanges(pages);
        self.accounts(pages)?;
        self.adjustments(pages)?;
        self.unpaid(pages);
        lines::lines(self, pages)?;
        self.proof(pages);
        Ok(())
    }

    fn head(&self, pages: &mut Pages<'_>) {
        let statement = self.paper.statement;
        let title = Style::BODY.sized(20.0).bold();
        let level = NonZeroU16::new(1).expect("one");
        let node = pages.node(ROOT, Tag::Hn(level, Some("Royalty statement".to_owned())));
        let mark = pages.mark(node);
        pages.text((LEFT, pages.y + 8.0), "Royalty statement", title, mark);
        let node = pages.node(ROOT, Tag::P);
        let mark = pages.mark(node);
        let month = words::month(statement.period);
        pages.text_to((RIGHT, pages.y + 8.0), &month, Style::BODY.sized(14.0), mark);
        pages.y += 20.0;
        pages.rule(LEFT, RIGHT, pages.y, 1.0);
        pages.y += 10.0;
        let currencies: BTreeSet<String> = self.currencies().map(|it| it.to_string()).collect();
        let currencies: Vec<String> = currencies.into_iter().collect();
        let payee = Style::BODY.sized(12.0).bold();
        self.field(pages, ROOT, "Payee", &self.payee(), payee);
        self.field(pages, ROOT, "Payee's id", &self.shown(&statement.payee), Style::BODY);
        self.field(pages, ROOT, "Statement", &self.number_of(statement.period), Style::BODY);
        self.field(pages, ROOT, "Month", &words::days(statement.period), Style::BODY);
        self.field(pages, ROOT, "Booked", &words::instant(statement.booked_at), Style::BODY);
        self.field(pages, ROOT, "Currency", &currencies.join(", "), Style::BODY);
        self.field(pages, ROOT, "Lines", &statement.lines.to_string(), Style::BODY);
        if let Some(head) = self.signed_head() {
            let says = format!("entry {}, signed by key {}", head.head.seq, head.key_id_text());
            self.field(pages, ROOT, "Ledger checkpoint", &says, Style::BODY);
        }
        pages.y += 4.0;
    }

    fn currencies(&self) -> impl Iterator<Item = Currency> {
        let statement = self.paper.statement;
        let balances = statement.balances.iter().map(|balance| balance.currency);
        let accounts = statement.accounts.iter().map(|account| account.currency);
        balances.chain(accounts).chain([statement.payout.currency])
    }

    /// A name with its value beside it.
    fn field(&self, pages: &mut Pages<'_>, parent: Node, name: &str, value: &str, style: Style) {
        let lines = self.fonts.lines(value, style.weight, (RIGHT - VALUES) / style.size);
        pages.need(style.leading());
        let node = pages.node(parent, Tag::P);
        let mark = pages.mark(node);
        let label = Style::BODY.sized(8.5);
        let label = Style { ink: Style::SMALL.ink, ..label };
        pages.text((LEFT, pages.y + style.size), &format!("{name} "), label, mark);
        for line in lines {
            pages.need(style.leading());
            pages.text((VALUES, pages.y + style.size), &line, style, mark);
            pages.y += style.leading();
        }
        pages.y += 1.5;
    }

    /// What it comes to, at one glance.
    fn payable(&self, pages: &mut Pages<'_>) {
        let statement = self.paper.statement;
        let section = pages.heading("What is paid", 60.0);
        let payout = &statement.payout;
        let strong = Style::BODY.sized(13.0).bold();
        match &payout.reason {
            None => {
                let says = format!("{} {}", payout.amount, payout.currency);
                self.field(pages, section, "To be paid", &says, strong);
            }
            Some(reason) => {
                let says = format!("nothing ({} {})", payout.amount, payout.currency);
                self.field(pages, section, "To be paid", &says, strong);
                self.field(pages, section, "Why", &self.shown(reason), Style::BODY);
            }
        }
        for balance in statement.balances.iter().filter(|it| it.closing != Micros::ZERO) {
            let says = format!("{} {}", balance.closing, balance.currency);
            self.field(pages, section, "Carried forward", &says, Style::BODY.bold());
        }
    }

    fn balances(&self, pages: &mut Pages<'_>) -> Result<(), PrintError> {
        for balance in &self.paper.statement.balances {
            let currency = balance.currency;
            let section = pages.heading(&format!("Balance in {currency}"), 110.0);
            let BalanceStatement { opening, due, exchanged, paid, closing, .. } = *balance;
            let rows = [
                Moved::added("Brought forward from the statement before", opening).always(),
                Moved::added("Due with this statement", due).always(),
                Moved::taken("Exchanged into another currency, or out of it", exchanged),
                Moved::taken("To be paid", paid).always(),
                Moved::taken("Carried forward to the next statement", closing).always(),
            ];
            two_sided(pages, section, currency, &rows)?;
        }
        Ok(())
    }

    fn exchanges(&self, pages: &mut Pages<'_>) {
        let payout = &self.paper.statement.payout;
        if payout.exchanged.is_empty() {
            return;
        }
        let section = pages.heading("Exchanged", 60.0);
        let columns = vec![
            Column::left("From", 60.0),
            Column::right("Amount", 110.0),
            Column::right("Rate", 189.0),
            Column::right(&format!("Result {}", payout.currency), 110.0),
        ];
        let mut table = Table::begin(pages, section, columns, 20.0);
        for (from, amount, rate, result) in &payout.exchanged {
            let cells =
                [from.to_string(), amount.to_string(), rate.to_string(), result.to_string()];
            table.row(pages, &cells.map(|text| Cell::of(text, FIGURE)), Kind::Plain);
        }
    }

    fn accounts(&self, pages: &mut Pages<'_>) -> Result<(), PrintError> {
        for account in &self.paper.statement.accounts {
            let currency = account.currency;
            let contract = self.shown(&account.contract);
            let title = format!("Account with contract {contract} in {currency}");
            let section = pages.heading(&title, 120.0);
            two_sided(pages, section, currency, &movements(account))?;
            standing(pages, section, account);
        }
        Ok(())
    }

    fn adjustments(&self, pages: &mut Pages<'_>) -> Result<(), PrintError> {
        let adjustments = &self.paper.statement.adjustments;
        if adjustments.is_empty() {
            return Ok(());
        }
        let section = pages.heading("Adjustments of earlier statements", 80.0);
        let columns = vec![
            Column::left("Corrects", 112.0),
            Column::left("What changed", 141.0),
            Column::right("Plays", 42.0),
            Column::right("Lines", 36.0),
            Column::left("In", 24.0),
            Column::right("Amount", 94.0),
        ];
        let mut table = Table::begin(pages, section, columns, 50.0);
        let mut sums: BTreeMap<Currency, Micros> = BTreeMap::new();
        for adjustment in adjustments {
            for (currency, amount) in &adjustment.amounts {
                let sum = sums.entry(*currency).or_default();
                *sum = sum.plus(*amount).map_err(too_large)?;
            }
            for cells in self.adjustment(adjustment) {
                table.row(pages, &cells, Kind::Plain);
            }
        }
        let bold = FIGURE.bold();
        for (currency, sum) in sums {
            let cells = [
                Cell::of(format!("All adjustments in {currency}"), bold).over(4),
                Cell::of(currency.to_string(), bold),
                Cell::of(sum.to_string(), bold),
            ];
            table.row(pages, &cells, Kind::Sum);
        }
        Ok(())
    }

    /// A row for each currency; the first says what changed.
    fn adjustment(&self, adjustment: &AdjustmentSummary) -> Vec<[Cell; 6]> {
        let AdjustmentSummary { period, cause, detail, plays, amounts, lines } = adjustment;
        let mut rows = Vec::new();
        for (number, (currency, amount)) in amounts.iter().enumerate() {
            let told = [
                Cell::of(self.number_of(*period), FIGURE),
                Cell::of(words::cause(*cause), FIGURE).and(self.shown(detail), Style::SMALL),
                Cell::of(plays.to_string(), FIGURE),
                Cell::of(lines.to_string(), FIGURE),
            ];
            let empty = [Cell::empty(), Cell::empty(), Cell::empty(), Cell::empty()];
            let [corrects, what, plays, lines] = if number == 0 { told } else { empty };
            let amount = Cell::of(amount.to_string(), FIGURE);
            rows.push([
                corrects,
                what,
                plays,
                lines,
                Cell::of(currency.to_string(), FIGURE),
                amount,
            ]);
        }
        rows
    }

    fn unpaid(&self, pages: &mut Pages<'_>) {
        let unpaid = &self.paper.statement.unpaid;
        if unpaid.is_empty() {
            return;
        }
        let section = pages.heading("Plays that are not paid", 80.0);
        let columns = vec![
            Column::left("Recording", 158.0),
            Column::left("They are", 62.0),
            Column::right("Plays", 54.0),
            Column::left("Why", 195.0),
        ];
        let mut table = Table::begin(pages, section, columns, 40.0);
        let small = FIGURE.sized(8.5);
        let (mut all, mut rest) = (0_u64, 0_u64);
        for (number, found) in unpaid.iter().enumerate() {
            all = all.saturating_add(found.plays);
            if number >= UNPAID_PRINTED_MAX {
                rest = rest.saturating_add(found.plays);
                continue;
            }
            let (title, artists) = self.recording(&found.track_id);
            let mut facts = self.shown(&found.track_id);
            if !artists.is_empty() {
                facts = format!("{artists} · {facts}");
            }
            let cells = [
                Cell::of(title, small.bold()).and(facts, Style::SMALL),
                Cell::of(words::standing(found.standing), small),
                Cell::of(found.plays.to_string(), small),
                Cell::of(self.shown(&found.sentence), Style::SMALL),
            ];
            table.row(pages, &cells, Kind::Plain);
            let figures = [String::new(), String::new(), all.to_string(), String::new()];
            table.carry(figures.to_vec());
        }
        let bold = small.bold();
        let sums = [("More, which the statement's JSON lists", rest), ("All", all)];
        for (says, plays) in sums.iter().skip(usize::from(rest == 0)) {
            let says = Cell::of(*says, bold).over(2);
            table.row(pages, &[says, Cell::of(plays.to_string(), bold), Cell::empty()], Kind::Sum);
        }
    }

    fn signed_head(&self) -> Option<SignedHead> {
        SignedHead::parse(self.paper.statement.ledger_head.as_deref()?).ok()
    }

    fn proof(&self, pages: &mut Pages<'_>) {
        let statement = self.paper.statement;
        let section = pages.heading("Proof", 130.0);
        let style = Style::BODY.sized(8.5);
        match (self.signed_head(), &statement.ledger_head) {
            (Some(head), _) => {
                let says = "This statement binds the ledger up to the entry below: whoever keeps the paper \
                            can tell whether the ledger still is the one that it was made from. The same \
                            figures stand in the statement's JSON and CSV, and its JSON has the checkpoint \
                            as the one line that “ledgerline ledger verify --against” reads.";
                pages.paragraph(section, says, Style::SMALL);
                let fields = [
                    ("Ledger entry", head.head.seq.to_string()),
                    ("Head's hash", head.head.hash.to_string()),
                    ("Booked", head.head.booked_at.to_string()),
                    ("Period", head.period.to_string()),
                    ("Signing key's id", head.key_id_text()),
                    ("Signature", signature(&head)),
                ];
                for (name, value) in fields {
                    self.field(pages, section, name, &value, style);
                }
            }
            (None, Some(head)) => {
                self.field(pages, section, "Ledger checkpoint", &self.shown(head), style);
            }
            (None, None) => {
                let says =
                    "The close booked nothing, so no checkpoint of the ledger belongs to it.";
                pages.paragraph(section, says, Style::SMALL);
            }
        }
        self.field(pages, section, "Lines, SHA-256", &statement.lines_sha256, style);
        self.field(pages, section, "Close, SHA-256", &statement.manifest_sha256, style);
    }
}

/// An amount on one of an account's two sides.
struct Moved {
    says: String,
    added: bool,
    amount: Micros,
    always: bool,
}

impl Moved {
    fn added(says: &str, amount: Micros) -> Self {
        Self { says: says.to_owned(), added: true, amount, always: false }
    }

    fn taken(says: &str, amount: Micros) -> Self {
        Self { added: false, ..Self::added(says, amount) }
    }

    /// Told also where it is nothing.
    fn always(mut self) -> Self {
        self.always = true;
        self
    }
}

fn movements(account: &AccountStatement) -> Vec<Moved> {
    let mut rows = vec![
        Moved::added("Earned by the month's own lines", account.earned).always(),
        Moved::added("Adjustments of earlier statements", account.adjusted),
        Moved::added("Added, so that the guarantee is reached", account.topped_up),
        Moved::added("Freed of the reserve", account.released),
        Moved::added("Taken out of the reserve for a correction", account.drawn),
        Moved::taken("Costs recouped", account.costs),
        Moved::taken("Advance recouped", account.advance),
    ];
    for (territory, amount) in &account.withheld {
        rows.push(Moved::taken(&format!("Tax withheld for {territory}"), *amount));
    }
    rows.push(Moved::taken("Held in reserve", account.held));
    rows.push(Moved::taken("Credited to the payee", account.credited).always());
    rows
}

/// What came in beside what went out; both sides come to the same.
fn two_sided(
    pages: &mut Pages<'_>,
    section: Node,
    currency: Currency,
    rows: &[Moved],
) -> Result<(), PrintError> {
    let columns = vec![
        Column::left("What happened", 259.0),
        Column::right(&format!("Added {currency}"), 110.0),
        Column::right(&format!("Taken off {currency}"), 110.0),
    ];
    let mut table = Table::begin(pages, section, columns, 40.0);
    let (mut added, mut taken) = (Micros::ZERO, Micros::ZERO);
    for row in rows {
        let side = if row.added { &mut added } else { &mut taken };
        *side = side.plus(row.amount).map_err(too_large)?;
        if row.amount == Micros::ZERO && !row.always {
            continue;
        }
        let figure = Cell::of(row.amount.to_string(), FIGURE);
        let (left, right) =
            if row.added { (figure, Cell::empty()) } else { (Cell::empty(), figure) };
        table.row(pages, &[Cell::of(row.says.clone(), FIGURE), left, right], Kind::Plain);
    }
    if added != taken {
        let says = format!("{added} {currency} were added to an account and {taken} taken off it");
        return Err(PrintError::Differs(says));
    }
    let bold = FIGURE.bold();
    let sums = [Cell::of("Sum", bold), Cell::of(added.to_string(), bold)];
    let [says, sum] = sums;
    table.row(pages, &[says, sum.clone(), sum], Kind::Sum);
    Ok(())
}

/// Where an account stands afterwards.
fn standing(pages: &mut Pages<'_>, section: Node, account: &AccountStatement) {
    let columns = vec![
        Column::left("Where the account stands now", 379.0),
        Column::right(&account.currency.to_string(), 110.0),
    ];
    pages.y += 6.0;
    let mut table = Table::begin(pages, section, columns, 20.0);
    let rows = [
        ("Due with this statement", account.due),
        ("Waits for the end of the accounting period", account.pending),
        ("Costs that are not recouped yet", account.costs_open),
        ("Advances that are not recouped yet", account.advance_open),
        ("Held in reserve", account.reserve),
    ];
    for (number, (says, amount)) in rows.into_iter().enumerate() {
        if number == 0 || amount != Micros::ZERO {
            let cells = [Cell::of(says, FIGURE), Cell::of(amount.to_string(), FIGURE)];
            table.row(pages, &cells, Kind::Plain);
        }
    }
}

/// The last word of the line that a signed head is.
fn signature(head: &SignedHead) -> String {
    let line = head.to_string();
    line.rsplit('=').next().unwrap_or_default().to_owned()
}

/// The day of booking: a paper isn't dated by when it is printed.
fn date(at: UnixMs) -> DateTime {
    let text = at.to_string();
    let part = |from: usize, to: usize| text.get(from..to).and_then(|it| it.parse::<u16>().ok());
    let small = |from, to| part(from, to).and_then(|it| u8::try_from(it).ok()).unwrap_or_default();
    DateTime::new(part(0, 4).unwrap_or_default())
        .month(small(5, 7))
        .day(small(8, 10))
        .hour(small(11, 13))
        .minute(small(14, 16))
        .second(small(17, 19))
        .utc_offset_hour(0)
}
