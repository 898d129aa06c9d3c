//! Rows that break between pages: the head is repeated, and what is summed up is carried forward and
//! brought forward.

use krilla::tagging::{ArtifactType, TableHeaderScope, Tag, TagKind};
use std::num::NonZeroU32;

use crate::pages::{BOTTOM, LEFT, Mark, Node, Pages, ROOM, Style};

/// Between two columns.
const GAP: f32 = 10.0;
/// Above and below the text of a row.
const PADDING: f32 = 2.5;
/// How high a row of sums is.
const SUMS: f32 = 17.0;
const HEAD: f32 = 17.0;

/// A column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) title: String,
    pub(crate) width: f32,
    /// Whether its texts end below each other; figures have six digits behind the point, so their
    /// points stand below each other too.
    pub(crate) right: bool,
}

impl Column {
    pub(crate) fn left(title: &str, width: f32) -> Self {
        Self { title: title.to_owned(), width, right: false }
    }

    pub(crate) fn right(title: &str, width: f32) -> Self {
        Self { title: title.to_owned(), width, right: true }
    }
}

/// A text of a cell, in as many lines as it needs.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) text: String,
    pub(crate) style: Style,
    /// Where it leads.
    pub(crate) address: Option<String>,
}

/// A cell.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) parts: Vec<Part>,
    /// Over how many columns.
    pub(crate) columns: u32,
}

impl Cell {
    pub(crate) fn of(text: impl Into<String>, style: Style) -> Self {
        Self { parts: vec![Part { text: text.into(), style, address: None }], columns: 1 }
    }

    pub(crate) fn empty() -> Self {
        Self::of("", Style::BODY)
    }

    /// With a text below.
    pub(crate) fn and(mut self, text: impl Into<String>, style: Style) -> Self {
        self.parts.push(Part { text: text.into(), style, address: None });
        self
    }

    /// With a text below that leads somewhere.
    pub(crate) fn and_link(mut self, text: impl Into<String>, address: Option<String>) -> Self {
        self.parts.push(Part { text: text.into(), style: Style::LINK, address });
        self
    }

    pub(crate) fn over(mut self, columns: u32) -> Self {
        self.columns = columns;
        self
    }
}

/// What a row is among others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One of many.
    Plain,
    /// The title of those below, which stays with the first of them.
    Title,
    /// The sum of those above.
    Sum,
}

/// A line of a cell: its text, where it is put, what it leads to and the number of its part.
struct Line {
    text: String,
    style: Style,
    below: f32,
    part: usize,
}

/// A table that is being laid out.
pub(crate) struct Table {
    columns: Vec<Column>,
    body: Node,
    /// What is carried forward, by column.
    carried: Option<Vec<String>>,
}

impl Table {
    /// Begins a table, with its head where at least one row of `keep` points follows on the page.
    pub(crate) fn begin(
        pages: &mut Pages<'_>,
        parent: Node,
        columns: Vec<Column>,
        keep: f32,
    ) -> Self {
        pages.need(HEAD + keep);
        let table = pages.node(parent, Tag::Table);
        let head = pages.node(table, Tag::THead);
        let body = pages.node(table, Tag::TBody);
        let this = Self { columns, body, carried: None };
        let row = pages.node(head, Tag::TR);
        this.head(pages, Some(row));
        this
    }

    /// What is to be carried forward where the page ends behind the rows so far: a figure for each
    /// column, empty where there is none.
    pub(crate) fn carry(&mut self, figures: Vec<String>) {
        self.carried = Some(figures);
    }

    /// A row.
    pub(crate) fn row(&mut self, pages: &mut Pages<'_>, cells: &[Cell], kind: Kind) {
        let mut lines: Vec<Vec<Line>> = Vec::with_capacity(cells.len());
        let mut column = 0;
        for cell in cells {
            lines.push(self.lines(pages, cell, column));
            column += usize::try_from(cell.columns).expect("a few");
        }
        let row = pages.node(self.body, Tag::TR);
        let nodes: Vec<Node> = cells.iter().map(|cell| pages.node(row, tag(cell, kind))).collect();
        let room = ROOM - HEAD - 2.0 * SUMS - 2.0 * PADDING;
        loop {
            // A cell may hold more than a page does.
            let rest: Vec<Vec<Line>> = lines.iter_mut().map(|cell| beyond(cell, room)).collect();
            let height = lines.iter().flatten().map(end).fold(0.0, f32::max) + 2.0 * PADDING;
            let with = match kind {
                Kind::Title => 48.0,
                Kind::Plain | Kind::Sum => 0.0,
            };
            self.break_page(pages, height + with);
            self.put(pages, (cells, &nodes), &lines, kind);
            pages.y += height;
            if rest.iter().all(Vec::is_empty) {
                break;
            }
            lines = rest;
        }
        match kind {
            Kind::Plain => pages.rule(LEFT, LEFT + self.width(), pages.y - 0.25, 0.25),
            Kind::Sum => pages.y += 3.0,
            Kind::Title => {}
        }
    }

    fn width(&self) -> f32 {
        let gaps = GAP * (self.columns.len() - 1) as f32;
        self.columns.iter().map(|column| column.width).sum::<f32>() + gaps
    }

    /// Where a column begins, and the one that ends `over` columns later ends.
    fn place(&self, column: usize, over: usize) -> (f32, f32) {
        let before = &self.columns[..column];
        let from = LEFT + before.iter().map(|it| it.width + GAP).sum::<f32>();
        let within = &self.columns[column..(column + over).min(self.columns.len())];
        (from, from + within.iter().map(|it| it.width + GAP).sum::<f32>() - GAP)
    }

    fn lines(&self, pages: &Pages<'_>, cell: &Cell, column: usize) -> Vec<Line> {
        let over = usize::try_from(cell.columns).expect("a few");
        let (from, to) = self.place(column, over);
        let (mut lines, mut below) = (Vec::new(), 0.0);
        for (part, of) in cell.parts.iter().enumerate().filter(|(_, part)| !part.text.is_empty()) {
            let style = of.style;
            for text in pages.fonts.lines(&of.text, style.weight, (to - from) / style.size) {
                below += style.leading();
                lines.push(Line { text, style, below, part });
            }
        }
        lines
    }

    /// Ends the page where less than `height` is left, with what is carried on both.
    fn break_page(&self, pages: &mut Pages<'_>, height: f32) {
        let sums = if self.carried.is_some() { SUMS } else { 0.0 };
        if pages.y + height + sums <= BOTTOM {
            return;
        }
        self.carried_row(pages, "Carried forward");
        pages.end_page();
        self.head(pages, None);
        self.carried_row(pages, "Brought forward");
    }

    fn carried_row(&self, pages: &mut Pages<'_>, says: &str) {
        let Some(figures) = &self.carried else { return };
        let mark = Mark::Artifact(ArtifactType::PaginationOther);
        let style = Style::BODY.sized(8.0).bold();
        let baseline = pages.y + style.size + PADDING + 1.0;
        let (from, _) = self.place(1, 1);
        pages.text((from, baseline), says, style, mark);
        for (column, figure) in figures.iter().enumerate() {
            let (_, to) = self.place(column, 1);
            pages.text_to((to, baseline), figure, style, mark);
        }
        pages.y += SUMS;
        pages.rule(LEFT, LEFT + self.width(), pages.y - 0.75, 0.75);
    }

    /// The head: of the first page for everybody, of the others for the eye only.
    fn head(&self, pages: &mut Pages<'_>, row: Option<Node>) {
        let style = Style::SMALL.bold();
        let baseline = pages.y + style.size + PADDING;
        for (number, column) in self.columns.iter().enumerate() {
            let mark = match row {
                Some(row) => {
                    let node = pages.node(row, Tag::TH(TableHeaderScope::Column));
                    pages.mark(node)
                }
                None => Mark::Artifact(ArtifactType::PaginationOther),
            };
            let (from, to) = self.place(number, 1);
            match column.right {
                true => pages.text_to((to, baseline), &column.title, style, mark),
                false => pages.text((from, baseline), &column.title, style, mark),
            }
        }
        pages.y += HEAD;
        pages.rule(LEFT, LEFT + self.width(), pages.y - 1.5, 0.75);
    }

    fn put(
        &self,
        pages: &mut Pages<'_>,
        (cells, nodes): (&[Cell], &[Node]),
        lines: &[Vec<Line>],
        kind: Kind,
    ) {
        if kind == Kind::Sum {
            pages.rule(LEFT, LEFT + self.width(), pages.y, 0.75);
        }
        let top = pages.y + PADDING;
        let mut column = 0;
        for ((cell, node), lines) in cells.iter().zip(nodes).zip(lines) {
            let over = usize::try_from(cell.columns).expect("a few");
            let (from, to) = self.place(column, over);
            // One mark for each part; a link's is within a node of its own.
            let mut open: Option<(usize, Node, Mark)> = None;
            for line in lines {
                let address = cell.parts[line.part].address.as_ref();
                let (node, mark) = match open {
                    Some((part, node, mark)) if part == line.part => (node, mark),
                    _ => {
                        let within = match address {
                            Some(_) => pages.node(*node, Tag::Link),
                            None => *node,
                        };
                        (within, pages.mark(within))
                    }
                };
                open = Some((line.part, node, mark));
                let width = pages.fonts.width(line.text.trim_end(), line.style.weight);
                let width = width * line.style.size;
                let right = self.columns[column].right && over == 1;
                let left = if right { to - width } else { from };
                let baseline = top + line.below - line.style.leading() + line.style.size;
                pages.text((left, baseline), &line.text, line.style, mark);
                if let Some(address) = address {
                    let corners =
                        ((left, baseline - line.style.size), (left + width, baseline + 2.0));
                    pages.link(corners.0, corners.1, address.clone(), node);
                }
            }
            column += over;
        }
    }
}

/// Where a line ends, below the top of its row.
fn end(line: &Line) -> f32 {
    line.below
}

/// Takes the lines off that end below `room`, and puts them at the top.
fn beyond(lines: &mut Vec<Line>, room: f32) -> Vec<Line> {
    let kept = lines.iter().take_while(|line| line.below <= room).count().max(1);
    if kept >= lines.len() {
        return Vec::new();
    }
    let mut rest = lines.split_off(kept);
    let up = rest.first().map_or(0.0, |first| first.below - first.style.leading());
    rest.iter_mut().for_each(|line| line.below -= up);
    rest
}

fn tag(cell: &Cell, kind: Kind) -> TagKind {
    let columns = NonZeroU32::new(cell.columns).filter(|columns| columns.get() > 1);
    match kind {
        Kind::Title => Tag::TH(TableHeaderScope::Row).with_col_span(columns).into(),
        Kind::Plain | Kind::Sum => Tag::TD.with_col_span(columns).into(),
    }
}
