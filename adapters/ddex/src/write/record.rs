//! One row, by the names of its cells.

use ledgerline_money::Micros;

use crate::cell::escape;
use crate::records::RecordType;

/// A row that is being filled.
#[derive(Debug, Clone)]
pub(super) struct Record {
    of: &'static RecordType,
    cells: Vec<Vec<String>>,
}

impl Record {
    /// With all cells empty.
    pub(super) fn new(of: &'static RecordType) -> Self {
        Self { of, cells: vec![Vec::new(); of.cells.len()] }
    }

    /// Fills a cell; an empty text leaves it empty.
    pub(super) fn text(self, cell: &str, text: &str) -> Self {
        self.texts(cell, [text])
    }

    /// Fills a cell where there is something.
    pub(super) fn maybe(self, cell: &str, text: Option<&str>) -> Self {
        self.texts(cell, text)
    }

    /// Fills a cell with several values.
    pub(super) fn texts<'a>(
        mut self,
        cell: &str,
        texts: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let at = self.of.position(cell).expect("the record has a cell of this name");
        let texts = texts.into_iter().filter(|text| !text.is_empty());
        self.cells[at] = texts.map(str::to_owned).collect();
        self
    }

    /// Fills a cell with a whole number.
    pub(super) fn number(self, cell: &str, number: impl Into<i128>) -> Self {
        self.text(cell, &number.into().to_string())
    }

    /// Fills a cell with an amount, to the millionth.
    pub(super) fn amount(self, cell: &str, amount: Micros) -> Self {
        self.text(cell, &amount.to_string())
    }

    /// What is wrong with its cells.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (cell, values) in self.of.cells.iter().zip(&self.cells) {
            if cell.required && values.is_empty() {
                faults.push(format!("{} of {} is missing", cell.name, self.of.name));
            }
            let wrong = values.iter().filter_map(|value| cell.kind.fault(value));
            faults.extend(wrong.map(|why| format!("{} {why}", cell.name)));
        }
        faults
    }

    /// The row with its line end.
    pub(super) fn line(&self) -> String {
        let mut line = self.of.name.to_owned();
        for values in &self.cells {
            line.push('\t');
            let values: Vec<String> = values.iter().map(|value| escape(value)).collect();
            line.push_str(&values.join("|"));
        }
        line.push('\n');
        line
    }
}
