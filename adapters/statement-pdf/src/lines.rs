//! The lines of a statement, by currency: how each came about, and the reference that explains it.

use ledgerline_app::ports::PrintError;
use ledgerline_money::{Currency, Micros};
use ledgerline_royalty::statement::StatementLine;

use crate::pages::{Pages, Style};
use crate::paper::Telling;
use crate::table::{Cell, Column, Kind, Table};
use crate::totals::{Origin, Sum, read};
use crate::words;

/// So many lines are printed; what is beyond is summed up, and stands in the sheets.
pub const LINES_PRINTED_MAX: u64 = 20_000;

const HEADING_KEEP: f32 = 120.0;
const FIGURE: Style = Style::BODY.sized(8.5);

/// All lines.
pub(crate) fn lines(telling: &Telling<'_>, pages: &mut Pages<'_>) -> Result<(), PrintError> {
    for currency in telling.totals.0.keys() {
        InCurrency::begin(telling, pages, *currency).all(pages)?;
    }
    Ok(())
}

/// The lines in one currency.
struct InCurrency<'a> {
    telling: &'a Telling<'a>,
    currency: Currency,
    table: Table,
    /// Of all that are printed so far.
    printed: Sum,
    /// What the lines that are printed now have in common, and their sum.
    group: Option<(Origin, Sum)>,
}

impl<'a> InCurrency<'a> {
    fn begin(telling: &'a Telling<'a>, pages: &mut Pages<'_>, currency: Currency) -> Self {
        let section = pages.heading(&format!("Lines in {currency}"), HEADING_KEEP);
        let says = "Each line is explained down to the plays and reports that it comes from: by its link, or \
                    by its reference, as in “ledgerline royalty explain line REFERENCE”.";
        pages.paragraph(section, says, Style::SMALL);
        let columns = vec![
            Column::right("Line", 32.0),
            Column::left("Recording, and how the line came about", 277.0),
            Column::right("Plays", 52.0),
            Column::right(&format!("Amount {currency}"), 108.0),
        ];
        let table = Table::begin(pages, section, columns, 60.0);
        Self { telling, currency, table, printed: Sum::default(), group: None }
    }

    fn all(mut self, pages: &mut Pages<'_>) -> Result<(), PrintError> {
        let telling = self.telling;
        read(telling.paper, LINES_PRINTED_MAX, |line| {
            if line.currency != self.currency {
                return Ok(());
            }
            let origin = (line.period, line.cause);
            if self.group.is_none_or(|(of, _)| of != origin) {
                self.end_group(pages);
                self.begin_group(pages, origin);
            }
            self.table.row(pages, &self.cells(line), Kind::Plain);
            if let Some((_, sum)) = &mut self.group {
                sum.add(line)?;
            }
            self.printed.add(line)?;
            let Sum { plays, amount, .. } = self.printed;
            let figures = [String::new(), String::new(), plays.to_string(), amount.to_string()];
            self.table.carry(figures.to_vec());
            Ok(())
        })?;
        self.end_group(pages);
        let total = telling.totals.total(self.currency)?;
        let rest = total.without(self.printed)?;
        if rest.lines > 0 {
            let says = format!(
                "{} more: see the CSV or the JSON",
                words::count(rest.lines, "line", "lines")
            );
            self.sum(pages, &says, rest);
        }
        self.sum(pages, &format!("All lines in {}", self.currency), total);
        Ok(())
    }

    fn begin_group(&mut self, pages: &mut Pages<'_>, origin: Origin) {
        let (period, cause) = origin;
        let text = match cause {
            None => format!("Plays of {}", words::month(period)),
            Some(cause) => format!(
                "Adjustment of statement {} ({})",
                self.telling.number_of(period),
                words::cause(cause).to_lowercase()
            ),
        };
        let title = Cell::of(text, Style::BODY.bold()).over(4);
        self.table.row(pages, &[title], Kind::Title);
        self.group = Some((origin, Sum::default()));
    }

    fn end_group(&mut self, pages: &mut Pages<'_>) {
        let Some(((period, cause), sum)) = self.group.take() else { return };
        let all = self.telling.totals.0.get(&self.currency).into_iter().flatten();
        let all = all.filter(|(of, _)| *of == (period, cause)).map(|(_, all)| all.lines).sum();
        let says = match cause {
            _ if sum.lines < all => format!("Printed of {}", words::month(period)),
            None => format!("Earned in {}", words::month(period)),
            Some(_) => format!("Adjusted of {}", words::month(period)),
        };
        self.sum(pages, &says, sum);
    }

    fn sum(&mut self, pages: &mut Pages<'_>, says: &str, sum: Sum) {
        let style = FIGURE.bold();
        let cells = [
            Cell::empty(),
            Cell::of(says, style),
            Cell::of(sum.plays.to_string(), style),
            Cell::of(sum.amount.to_string(), style),
        ];
        self.table.row(pages, &cells, Kind::Sum);
    }

    fn cells(&self, line: &StatementLine) -> [Cell; 4] {
        let telling = self.telling;
        let (title, artists) = telling.recording(&line.track_id);
        let place = line.territory.as_deref().unwrap_or("any territory");
        let tier = line.tier.as_deref().unwrap_or("any tier");
        let mut facts = Vec::new();
        if !artists.is_empty() {
            facts.push(artists);
        }
        for fact in [&*line.track_id, line.right.word(), place, tier, &*line.licence] {
            facts.push(telling.shown(fact));
        }
        if line.account != line.licence.split('/').next().unwrap_or_default() {
            facts.push(format!("account {}", telling.shown(&line.account)));
        }
        let (reference, address) = telling.explained(line.number);
        let amount: Micros = line.amount;
        [
            Cell::of(line.number.to_string(), FIGURE),
            Cell::of(title, FIGURE.bold())
                .and(facts.join(" · "), Style::SMALL)
                .and(telling.shown(&line.sentence), Style::SMALL),
            Cell::of(line.plays.to_string(), FIGURE),
            Cell::of(amount.to_string(), FIGURE).and_link(format!("explain: {reference}"), address),
        ]
    }
}
