//! Pages: where text goes, their heads and feet, and the tree that says what each thing is.
//!
//! A paper is laid out twice by the same code. The first time nothing is drawn: it shows how many
//! pages there are and which letters the bitmap font needs. Only one page is kept as drawing steps.

use krilla::Document;
use krilla::action::{Action, LinkAction};
use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::color::rgb;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{Path, PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, SpanTag, Tag, TagGroup, TagKind, TagTree,
};
use ledgerline_app::ports::PrintError;
use std::num::NonZeroU16;

use crate::fonts::{Fonts, Weight};

/// A4, in points.
const WIDTH: f32 = 595.28;
const HEIGHT: f32 = 841.89;
/// Where text begins and ends.
pub(crate) const LEFT: f32 = 48.0;
pub(crate) const RIGHT: f32 = WIDTH - 48.0;
const TOP: f32 = 60.0;
pub(crate) const BOTTOM: f32 = HEIGHT - 62.0;
/// How high a page's part for text is.
pub(crate) const ROOM: f32 = BOTTOM - TOP;
const HEAD_BASELINE: f32 = 38.0;
const FOOT_BASELINE: f32 = HEIGHT - 36.0;

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Style {
    pub(crate) size: f32,
    pub(crate) weight: Weight,
    pub(crate) ink: Ink,
}

/// In which colour; all have a contrast of 7:1 with paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    Black,
    Grey,
    Link,
    Line,
}

impl Style {
    pub(crate) const BODY: Self = Self { size: 9.0, weight: Weight::Regular, ink: Ink::Black };
    pub(crate) const SMALL: Self = Self { size: 7.5, weight: Weight::Regular, ink: Ink::Grey };
    pub(crate) const LINK: Self = Self { size: 6.5, weight: Weight::Regular, ink: Ink::Link };

    pub(crate) fn bold(self) -> Self {
        Self { weight: Weight::Bold, ..self }
    }

    pub(crate) const fn sized(self, size: f32) -> Self {
        Self { size, ..self }
    }

    /// From one baseline to the next.
    pub(crate) fn leading(self) -> f32 {
        self.size * 1.35
    }
}

impl Ink {
    fn fill(self) -> Fill {
        let color = match self {
            Self::Black => rgb::Color::new(17, 17, 17),
            Self::Grey => rgb::Color::new(82, 82, 82),
            Self::Link => rgb::Color::new(20, 60, 140),
            Self::Line => rgb::Color::new(190, 190, 190),
        };
        Fill { paint: color.into(), opacity: NormalizedF32::ONE, rule: FillRule::NonZero }
    }
}

/// A node of the tree of what is what, by number; 0 is its root.
pub(crate) type Node = usize;
pub(crate) const ROOT: Node = 0;

/// What a drawing step belongs to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Mark {
    /// A place among a node's children.
    Content(Node, usize),
    /// What a reader doesn't read aloud.
    Artifact(ArtifactType),
}

enum Step {
    Text { at: (f32, f32), text: String, style: Style, mark: Mark },
    Rule { from: (f32, f32), to: f32, thick: f32, mark: Mark },
    Link { from: (f32, f32), to: (f32, f32), address: String, says: String, node: Node },
}

enum Child {
    Node(Node),
    /// What is on a page; `None` until the page is drawn.
    Leaf(Option<Identifier>),
}

struct Drawing {
    document: Document,
    nodes: Vec<(TagKind, Vec<Child>)>,
    outline: Vec<(String, usize, f32)>,
}

/// The pages of a paper while it is laid out.
pub(crate) struct Pages<'a> {
    pub(crate) fonts: &'a Fonts,
    drawing: Option<Drawing>,
    steps: Vec<Step>,
    /// Where the next thing goes, from the top.
    pub(crate) y: f32,
    page: usize,
    /// How many pages there are; known where it is drawn.
    total: usize,
    name: String,
}

impl<'a> Pages<'a> {
    /// To be counted only.
    pub(crate) fn counting(fonts: &'a Fonts, name: &str) -> Self {
        let name = name.to_owned();
        Self { fonts, drawing: None, steps: Vec::new(), y: TOP, page: 1, total: 0, name }
    }

    /// To be drawn, where there are `total` pages; `name` stands on each.
    pub(crate) fn drawing(fonts: &'a Fonts, name: &str, total: usize) -> Result<Self, PrintError> {
        let configuration = ConfigurationBuilder::new()
            .with_archival_validator(Archival::A2_A)
            .with_accessibility_validator(Accessibility::UA1)
            .finish()
            .map_err(|error| PrintError::Failed(format!("{error:?}")))?;
        let settings =
            krilla::SerializeSettings { configuration, ..krilla::SerializeSettings::default() };
        let drawing = Drawing {
            document: Document::new_with(settings),
            nodes: vec![(Tag::Part.into(), Vec::new())],
            outline: Vec::new(),
        };
        Ok(Self { drawing: Some(drawing), total, ..Self::counting(fonts, name) })
    }

    /// Ends the last page, and says how many there are.
    pub(crate) fn count(mut self) -> usize {
        self.end_page();
        self.page - 1
    }

    /// Ends the last page and makes the file.
    pub(crate) fn finish(mut self, metadata: Metadata) -> Result<Vec<u8>, PrintError> {
        self.end_page();
        let drawn = || PrintError::Failed("a paper was counted and not drawn".to_owned());
        self.drawing.ok_or_else(drawn)?.finish(metadata)
    }

    /// A new node as the last child of another.
    pub(crate) fn node(&mut self, parent: Node, tag: impl Into<TagKind>) -> Node {
        let Some(drawing) = &mut self.drawing else { return ROOT };
        let node = drawing.nodes.len();
        drawing.nodes.push((tag.into(), Vec::new()));
        drawing.nodes[parent].1.push(Child::Node(node));
        node
    }

    /// A place for text among a node's children.
    pub(crate) fn mark(&mut self, node: Node) -> Mark {
        let Some(drawing) = &mut self.drawing else { return Mark::Content(ROOT, 0) };
        let children = &mut drawing.nodes[node].1;
        children.push(Child::Leaf(None));
        Mark::Content(node, children.len() - 1)
    }

    /// A line of text that begins at `x` and has its baseline at `y`.
    pub(crate) fn text(&mut self, (x, y): (f32, f32), text: &str, style: Style, mark: Mark) {
        // Measured also where nothing is drawn: the bitmap font has to know its letters.
        let width = self.fonts.width(text, style.weight);
        if width > 0.0 {
            self.steps.push(Step::Text { at: (x, y), text: text.to_owned(), style, mark });
        }
    }

    /// A line of text that ends at `x`.
    pub(crate) fn text_to(&mut self, (x, y): (f32, f32), text: &str, style: Style, mark: Mark) {
        let width = self.fonts.width(text, style.weight) * style.size;
        self.text((x - width, y), text, style, mark);
    }

    /// A line across, with its upper edge at `y`.
    pub(crate) fn rule(&mut self, from: f32, to: f32, y: f32, thick: f32) {
        let mark = Mark::Artifact(ArtifactType::Layout);
        self.steps.push(Step::Rule { from: (from, y), to, thick, mark });
    }

    /// Makes a link of what lies between two corners.
    pub(crate) fn link(&mut self, from: (f32, f32), to: (f32, f32), address: String, node: Node) {
        let says = format!("Opens {address}");
        self.steps.push(Step::Link { from, to, address, says, node });
    }

    /// Begins a new page where less than `height` is left.
    pub(crate) fn need(&mut self, height: f32) {
        if self.y + height > BOTTOM {
            self.end_page();
        }
    }

    /// A heading that stays with what follows it, of which `keep` points are to be on its page.
    pub(crate) fn heading(&mut self, text: &str, keep: f32) -> Node {
        const STYLE: Style = Style { size: 12.0, weight: Weight::Bold, ink: Ink::Black };
        self.need(30.0 + keep);
        if self.y > TOP {
            self.y += 16.0;
        }
        let level = NonZeroU16::new(2).expect("two");
        let section = self.node(ROOT, Tag::Section);
        let node = self.node(section, Tag::Hn(level, Some(text.to_owned())));
        let (page, y) = (self.page - 1, self.y);
        if let Some(drawing) = &mut self.drawing {
            drawing.outline.push((text.to_owned(), page, y));
        }
        let mark = self.mark(node);
        self.text((LEFT, self.y + STYLE.size), text, STYLE, mark);
        self.y += STYLE.size + 8.0;
        section
    }

    /// A paragraph over the whole width.
    pub(crate) fn paragraph(&mut self, parent: Node, text: &str, style: Style) {
        let lines = self.fonts.lines(text, style.weight, (RIGHT - LEFT) / style.size);
        let node = self.node(parent, Tag::P);
        let mut mark = self.mark(node);
        for line in lines {
            if self.y + style.leading() > BOTTOM {
                self.end_page();
                mark = self.mark(node);
            }
            self.text((LEFT, self.y + style.size), &line, style, mark);
            self.y += style.leading();
        }
        self.y += 3.0;
    }

    /// Ends a page and begins the next.
    pub(crate) fn end_page(&mut self) {
        let style = Style::SMALL;
        let foot = Mark::Artifact(ArtifactType::Footer);
        let number = match self.total {
            0 => String::new(),
            total => format!("Page {} of {total}", self.page),
        };
        self.rule(LEFT, RIGHT, FOOT_BASELINE - 12.0, 0.5);
        let room = (RIGHT - LEFT) / style.size - 12.0;
        let name = self.fonts.lines(&self.name, style.weight, room).swap_remove(0);
        self.text((LEFT, FOOT_BASELINE), &name, style, foot);
        self.text_to((RIGHT, FOOT_BASELINE), &number, style, foot);
        if self.page > 1 {
            let head = Mark::Artifact(ArtifactType::Header);
            self.text((LEFT, HEAD_BASELINE), &name, style, head);
            self.text_to((RIGHT, HEAD_BASELINE), "Royalty statement, continued", style, head);
            self.rule(LEFT, RIGHT, HEAD_BASELINE + 6.0, 0.5);
        }
        let steps = std::mem::take(&mut self.steps);
        if let Some(drawing) = &mut self.drawing {
            drawing.page(self.fonts, steps);
        }
        self.page += 1;
        self.y = TOP;
    }
}

impl Drawing {
    fn page(&mut self, fonts: &Fonts, steps: Vec<Step>) {
        let settings = PageSettings::from_wh(WIDTH, HEIGHT).expect("A4 has a size");
        let mut page = self.document.start_page_with(settings);
        let mut links = Vec::new();
        let mut surface = page.surface();
        let mut open: Option<Mark> = None;
        for step in steps {
            let mark = match &step {
                Step::Text { mark, .. } | Step::Rule { mark, .. } => *mark,
                Step::Link { .. } => {
                    links.push(step);
                    continue;
                }
            };
            if open != Some(mark) {
                if open.is_some() {
                    surface.end_tagged();
                }
                begin(&mut surface, &mut self.nodes, mark);
                open = Some(mark);
            }
            draw(&mut surface, fonts, &step);
        }
        if open.is_some() {
            surface.end_tagged();
        }
        surface.finish();
        for link in links {
            let Step::Link { from, to, address, says, node } = link else { continue };
            let Some(rect) = Rect::from_ltrb(from.0, from.1, to.0, to.1) else { continue };
            let target = Target::Action(Action::Link(LinkAction::new(address)));
            let annotation = Annotation::new_link(LinkAnnotation::new(rect, target), Some(says));
            let identifier = page.add_tagged_annotation(annotation);
            self.nodes[node].1.push(Child::Leaf(Some(identifier)));
        }
        page.finish();
    }

    fn finish(self, metadata: Metadata) -> Result<Vec<u8>, PrintError> {
        let Self { mut document, nodes, outline } = self;
        let mut tree = TagTree::new();
        // A node's children have greater numbers than it has.
        let mut groups: Vec<Option<TagGroup>> = nodes.iter().map(|_| None).collect();
        for (number, (tag, children)) in nodes.into_iter().enumerate().rev() {
            let mut group = TagGroup::new(tag);
            for child in children {
                match child {
                    Child::Leaf(Some(identifier)) => group.push(identifier),
                    Child::Node(node) => group.children.extend(groups[node].take().map(Into::into)),
                    Child::Leaf(None) => {}
                }
            }
            groups[number] = Some(group);
        }
        let root = groups.swap_remove(ROOT);
        root.into_iter().flat_map(|root| root.children).for_each(|child| tree.push(child));
        document.set_tag_tree(tree);
        let mut entries = Outline::new();
        for (text, page, y) in outline {
            let place = XyzDestination::new(page, Point::from_xy(LEFT, y));
            entries.push_child(OutlineNode::new(text, place));
        }
        document.set_outline(entries);
        document.set_metadata(metadata);
        document.finish().map_err(|error| PrintError::Failed(format!("{error:?}")))
    }
}

fn begin(surface: &mut Surface<'_>, nodes: &mut [(TagKind, Vec<Child>)], mark: Mark) {
    match mark {
        Mark::Content(node, place) => {
            let identifier = surface.start_tagged(ContentTag::Span(SpanTag::empty()));
            nodes[node].1[place] = Child::Leaf(Some(identifier));
        }
        Mark::Artifact(kind) => {
            surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(kind)));
        }
    }
}

fn draw(surface: &mut Surface<'_>, fonts: &Fonts, step: &Step) {
    match step {
        Step::Text { at, text, style, .. } => {
            surface.set_fill(Some(style.ink.fill()));
            let mut x = at.0;
            for piece in fonts.pieces(text, style.weight) {
                let (from, width) = (Point::from_xy(x, at.1), piece.width * style.size);
                surface.draw_glyphs(
                    from,
                    &piece.glyphs,
                    piece.font,
                    &piece.text,
                    style.size,
                    false,
                );
                x += width;
            }
        }
        Step::Rule { from, to, thick, .. } => {
            surface.set_fill(Some(Ink::Line.fill()));
            if let Some(path) = bar(*from, *to, *thick) {
                surface.draw_path(&path);
            }
        }
        Step::Link { .. } => {}
    }
}

fn bar((x, y): (f32, f32), to: f32, thick: f32) -> Option<Path> {
    let mut path = PathBuilder::new();
    path.push_rect(Rect::from_xywh(x, y, to - x, thick)?);
    path.finish()
}
