//! Text as glyphs: Noto Sans for Latin, Greek and Cyrillic with all of their marks, the bitmap font
//! for every other script, and a number for what neither has or nobody can see.
//!
//! Letters are set one by one, without kerning and ligatures: figures stand below each other, and
//! what is copied is what was written. Text is composed first (NFC).

use krilla::text::{Font, GlyphId, KrillaGlyph};
use ledgerline_app::ports::PrintError;
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use unicode_normalization::UnicodeNormalization as _;

use crate::bitmap;

/// How strong a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

/// The fonts of one paper.
pub(crate) struct Fonts {
    regular: Face,
    bold: Face,
    /// Which letters the bitmap font must have.
    wanted: RefCell<BTreeSet<char>>,
    /// What it had to have when it was made, and the font.
    bitmaps: Option<(Vec<char>, Font)>,
}

struct Face {
    font: Font,
    letters: Charmap<'static>,
    metrics: GlyphMetrics<'static>,
    units_per_em: f32,
}

/// A piece of a line that one font has all of.
pub(crate) struct Piece {
    pub(crate) font: Font,
    pub(crate) text: String,
    pub(crate) glyphs: Vec<KrillaGlyph>,
    /// In ems.
    pub(crate) width: f32,
}

/// What sets a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Setter {
    Text,
    Bitmaps,
    /// The same, from right to left.
    Leftwards,
}

impl Fonts {
    /// The fonts that come with the program.
    pub(crate) fn new() -> Result<Self, PrintError> {
        Ok(Self {
            regular: Face::of(notosans::REGULAR_TTF)?,
            bold: Face::of(notosans::BOLD_TTF)?,
            wanted: RefCell::default(),
            bitmaps: None,
        })
    }

    /// Makes the bitmap font of all letters that were measured so far.
    pub(crate) fn make_bitmaps(&mut self) -> Result<(), PrintError> {
        let wanted = self.wanted.borrow();
        if wanted.is_empty() {
            return Ok(());
        }
        let font = Font::new(bitmap::font_of(&wanted).into(), 0).ok_or_else(unreadable)?;
        self.bitmaps = Some((wanted.iter().copied().collect(), font));
        Ok(())
    }

    /// A text as it is printed: composed, and with `[U+202E]` in the place of what can't be seen.
    pub(crate) fn shown(&self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        for letter in text.nfc() {
            let seen = !is_unseen(letter) && (self.regular.has(letter) || bitmap::has(letter));
            if seen {
                shown.push(letter);
            } else {
                shown.push_str(&format!("[U+{:04X}]", u32::from(letter)));
            }
        }
        shown
    }

    /// How wide a text is, in ems.
    pub(crate) fn width(&self, text: &str, weight: Weight) -> f32 {
        let face = self.face(weight);
        text.chars().map(|letter| self.advance(face, letter)).sum()
    }

    /// A text in lines of at most `width` ems: broken at spaces, and within a word that is too long.
    pub(crate) fn lines(&self, text: &str, weight: Weight, width: f32) -> Vec<String> {
        let face = self.face(weight);
        let mut lines = Vec::new();
        let (mut line, mut reached) = (String::new(), 0.0);
        for word in text.split_inclusive(' ') {
            let of_word: f32 = word.trim_end().chars().map(|it| self.advance(face, it)).sum();
            if reached + of_word > width && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                reached = 0.0;
            }
            for letter in word.chars() {
                let advance = self.advance(face, letter);
                if reached + advance > width && letter != ' ' && !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                    reached = 0.0;
                }
                line.push(letter);
                reached += advance;
            }
        }
        lines.push(line);
        lines
    }

    /// The pieces of a line, from left to right.
    pub(crate) fn pieces(&self, line: &str, weight: Weight) -> Vec<Piece> {
        let mut pieces: Vec<(Setter, Vec<char>)> = Vec::new();
        let letters: Vec<char> = line.chars().collect();
        for (at, letter) in letters.iter().enumerate() {
            let mut setter = self.setter(*letter);
            // A space between two words of a script belongs to both.
            let before = pieces.last().map(|(setter, _)| *setter);
            let after = letters[at + 1..].iter().find(|letter| **letter != ' ');
            if *letter == ' ' && before.is_some() && before == after.map(|it| self.setter(*it)) {
                setter = before.unwrap_or(setter);
            }
            match pieces.last_mut() {
                Some((last, letters)) if *last == setter => letters.push(*letter),
                _ => pieces.push((setter, vec![*letter])),
            }
        }
        pieces.into_iter().filter_map(|(setter, it)| self.piece(setter, &it, weight)).collect()
    }

    fn face(&self, weight: Weight) -> &Face {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    fn setter(&self, letter: char) -> Setter {
        match self.regular.has(letter) {
            true => Setter::Text,
            false if is_leftwards(letter) => Setter::Leftwards,
            false => Setter::Bitmaps,
        }
    }

    /// In ems. What the font of the text doesn't have is remembered for the bitmap font.
    fn advance(&self, face: &Face, letter: char) -> f32 {
        if letter != ' ' && face.has(letter) {
            return face.advance(letter);
        }
        if !face.has(letter) {
            // With the space that may stand within a run of such letters.
            self.wanted.borrow_mut().extend([letter, ' ']);
            return bitmap_advance(letter);
        }
        face.advance(letter)
    }

    fn piece(&self, setter: Setter, letters: &[char], weight: Weight) -> Option<Piece> {
        let face = self.face(weight);
        let mut text = String::new();
        let mut glyphs = Vec::with_capacity(letters.len());
        for letter in letters {
            let from = text.len();
            text.push(*letter);
            let range = from..text.len();
            glyphs.push(match setter {
                Setter::Text => glyph(face.glyph(*letter)?, face.advance(*letter), range),
                Setter::Bitmaps | Setter::Leftwards => {
                    let (known, _) = self.bitmaps.as_ref()?;
                    let number = known.binary_search(letter).ok()?;
                    let number = u32::try_from(number + 1).expect("a plane has no more letters");
                    glyph(number, bitmap_advance(*letter), range)
                }
            });
        }
        if setter == Setter::Leftwards {
            glyphs.reverse();
        }
        let width = glyphs.iter().map(|glyph| glyph.x_advance).sum();
        let font = match setter {
            Setter::Text => face.font.clone(),
            Setter::Bitmaps | Setter::Leftwards => self.bitmaps.as_ref()?.1.clone(),
        };
        Some(Piece { font, text, glyphs, width })
    }
}

impl Face {
    fn of(bytes: &'static [u8]) -> Result<Self, PrintError> {
        let read = FontRef::new(bytes).map_err(|_| unreadable())?;
        let metrics = read.glyph_metrics(Size::unscaled(), LocationRef::default());
        let units_per_em = read.metrics(Size::unscaled(), LocationRef::default()).units_per_em;
        Ok(Self {
            font: Font::new(bytes.into(), 0).ok_or_else(unreadable)?,
            letters: read.charmap(),
            metrics,
            units_per_em: f32::from(units_per_em),
        })
    }

    fn has(&self, letter: char) -> bool {
        self.letters.map(letter).is_some()
    }

    fn glyph(&self, letter: char) -> Option<u32> {
        self.letters.map(letter).map(skrifa::GlyphId::to_u32)
    }

    fn advance(&self, letter: char) -> f32 {
        let advance = self.letters.map(letter).and_then(|glyph| self.metrics.advance_width(glyph));
        advance.unwrap_or_default() / self.units_per_em
    }
}

fn glyph(number: u32, advance: f32, text: Range<usize>) -> KrillaGlyph {
    KrillaGlyph::new(GlyphId::new(number), advance, 0.0, 0.0, 0.0, text, None)
}

fn bitmap_advance(letter: char) -> f32 {
    f32::from(bitmap::advance(letter)) / f32::from(bitmap::UNITS_PER_EM)
}

fn unreadable() -> PrintError {
    PrintError::Failed("a font that comes with the program can't be read".to_owned())
}

/// What nobody can see, or what turns the text around it: it could make a figure look like another.
fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{AD}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{3164}'
                | '\u{E000}'..='\u{F8FF}'
                | '\u{FEFF}'
                | '\u{FFA0}'
                | '\u{FFF0}'..='\u{FFFB}'
                | '\u{FFFE}'..
        )
}

/// Scripts that are read from right to left, of those that the bitmap font has.
fn is_leftwards(letter: char) -> bool {
    matches!(letter, '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_shown() {
        let fonts = Fonts::new().expect("fonts");
        for (text, shown) in [
            ("Ełżbieta Ąčķşňů ß", "Ełżbieta Ąčķşňů ß"),
            ("e\u{301}", "é"),
            ("Ελλάδα Київ", "Ελλάδα Київ"),
            ("東京 서울 กรุงเทพ", "東京 서울 กรุงเทพ"),
            ("<b>&amp;</b>", "<b>&amp;</b>"),
            ("a\nb\0c", "a[U+000A]b[U+0000]c"),
            ("\u{202E}1.00", "[U+202E]1.00"),
            ("\u{1F3B5}", "[U+1F3B5]"),
        ] {
            assert_eq!(fonts.shown(text), shown);
        }
    }

    #[test]
    fn figures_have_one_width() {
        let fonts = Fonts::new().expect("fonts");
        for weight in [Weight::Regular, Weight::Bold] {
            let widths = ('0'..='9').map(|digit| fonts.width(&digit.to_string(), weight));
            let widths: Vec<f32> = widths.collect();
            assert!(widths.iter().all(|width| (width - widths[0]).abs() < 1e-6), "{widths:?}");
        }
    }

    #[test]
    fn lines_lose_nothing() {
        let fonts = Fonts::new().expect("fonts");
        let text = "a few words and Averylongwordwithoutanyspaces 東京東京東京東京 at the end";
        let lines = fonts.lines(text, Weight::Regular, 8.0);
        assert_eq!(lines.concat(), text);
        assert_eq!(lines.len(), 5, "{lines:?}");
        for line in &lines {
            assert!(fonts.width(line.trim_end(), Weight::Regular) <= 8.0, "{line}");
        }
        assert_eq!(fonts.lines("", Weight::Bold, 8.0), [""]);
    }

    #[test]
    fn pieces_are_of_one_font() {
        let mut fonts = Fonts::new().expect("fonts");
        let line = "Band שלום עולם 東京 end";
        fonts.width(line, Weight::Bold);
        fonts.make_bitmaps().expect("a font");
        let pieces = fonts.pieces(line, Weight::Bold);
        let texts: Vec<&str> = pieces.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(texts, ["Band ", "שלום עולם", " ", "東京", " end"]);
        // What is read from right to left begins on the right.
        assert_eq!(pieces[1].glyphs[0].text_range, 15..17);
    }
}
