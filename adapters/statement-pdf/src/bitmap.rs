//! A font for what the font of the text doesn't have: GNU Unifont's bitmaps of 16 pixels, as a
//! TrueType font of squares that holds the letters of one paper.
//!
//! It is not pretty, and it is legible: a name in any script of the Basic Multilingual Plane is seen,
//! found and copied as what it is. The tables are those that OpenType 1.9 asks of a TrueType font.

use std::collections::BTreeSet;
use unifont::Glyph;

/// Units of an em: 16 pixels of 64.
pub(crate) const UNITS_PER_EM: i16 = 1024;
const PIXEL: i16 = 64;
/// Rows above the baseline.
const ROWS_ABOVE: i16 = 14;
const NAME: &str = "StatementBitmap";

/// Whether there is a bitmap of it.
pub(crate) fn has(letter: char) -> bool {
    unifont::get_glyph(letter).is_some()
}

/// How wide it is, in units of an em.
pub(crate) fn advance(letter: char) -> u16 {
    let pixels = unifont::get_glyph(letter).map_or(8, Glyph::get_width);
    u16::try_from(pixels).expect("8 or 16") * PIXEL.unsigned_abs()
}

/// A font that has `letters`, in their order, from glyph 1 on. Those without a bitmap are empty.
pub(crate) fn font_of(letters: &BTreeSet<char>) -> Vec<u8> {
    let (mut glyf, mut loca) = (Vec::new(), vec![0, 0]);
    let mut hmtx = metric(UNITS_PER_EM.unsigned_abs() / 2, 0);
    let (mut points_max, mut contours_max) = (0, 0);
    for letter in letters {
        let squares = unifont::get_glyph(*letter).map(squares).unwrap_or_default();
        let left = squares.iter().map(|square| square.left).min().unwrap_or_default();
        outline(&mut glyf, &squares);
        loca.push(length(&glyf));
        hmtx.extend(metric(advance(*letter), left));
        let contours = u16::try_from(squares.len()).expect("at most 8 in each of 16 rows");
        contours_max = contours_max.max(contours);
        points_max = points_max.max(contours * 4);
    }
    let glyphs = u16::try_from(letters.len() + 1).expect("a plane has no more letters");
    let mut maxp = words(&[1, 0, glyphs, points_max, contours_max, 0, 0, 2]);
    maxp.extend(words(&[0; 8]));
    assemble(&[
        (*b"cmap", cmap(letters)),
        (*b"glyf", glyf),
        (*b"head", head()),
        (*b"hhea", hhea(glyphs)),
        (*b"hmtx", hmtx),
        (*b"loca", loca.iter().flat_map(|at| at.to_be_bytes()).collect()),
        (*b"maxp", maxp),
        (*b"name", name()),
        (*b"post", words(&[3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])),
    ])
}

/// A run of pixels in a row.
#[derive(Debug, Clone, Copy)]
struct Square {
    left: i16,
    right: i16,
    bottom: i16,
}

fn squares(glyph: &Glyph) -> Vec<Square> {
    let mut squares: Vec<Square> = Vec::new();
    for row in 0..16_u8 {
        let bottom = (ROWS_ABOVE - 1 - i16::from(row)) * PIXEL;
        for column in 0..16_u8 {
            if !glyph.get_pixel(usize::from(column), usize::from(row)) {
                continue;
            }
            let left = i16::from(column) * PIXEL;
            match squares.last_mut() {
                Some(last) if last.bottom == bottom && last.right == left => last.right += PIXEL,
                _ => squares.push(Square { left, right: left + PIXEL, bottom }),
            }
        }
    }
    squares
}

/// The table `glyf`'s description of one glyph; nothing for an empty one.
fn outline(glyf: &mut Vec<u8>, squares: &[Square]) {
    if squares.is_empty() {
        return;
    }
    let bounds = |pick: fn(&Square) -> i16| squares.iter().map(pick);
    let least = |pick| bounds(pick).min().unwrap_or_default();
    let most = |pick| bounds(pick).max().unwrap_or_default();
    let contours = i16::try_from(squares.len()).expect("at most 8 in each of 16 rows");
    let top = |square: &Square| square.bottom + PIXEL;
    for value in
        [contours, least(|it| it.left), least(|it| it.bottom), most(|it| it.right), most(top)]
    {
        glyf.extend(value.to_be_bytes());
    }
    for contour in 0..contours {
        glyf.extend((contour * 4 + 3).to_be_bytes());
    }
    // No instructions; every point is on its curve and has two bytes for each coordinate.
    glyf.extend([0, 0]);
    glyf.extend(std::iter::repeat_n(1, squares.len() * 4));
    let (mut xs, mut ys) = (Vec::new(), Vec::new());
    let (mut x, mut y) = (0_i16, 0_i16);
    for square in squares {
        let (top, bottom) = (square.bottom + PIXEL, square.bottom);
        for (to_x, to_y) in
            [(square.left, bottom), (square.left, top), (square.right, top), (square.right, bottom)]
        {
            xs.extend((to_x - x).to_be_bytes());
            ys.extend((to_y - y).to_be_bytes());
            (x, y) = (to_x, to_y);
        }
    }
    glyf.extend(xs);
    glyf.extend(ys);
    glyf.resize(glyf.len().next_multiple_of(4), 0);
}

fn metric(advance: u16, left: i16) -> Vec<u8> {
    [advance.to_be_bytes(), left.to_be_bytes()].concat()
}

fn words(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("a plane of bitmaps is smaller than 4 GiB")
}

/// From letters to glyphs: format 12, of Unicode's whole range.
fn cmap(letters: &BTreeSet<char>) -> Vec<u8> {
    let mut table = words(&[0, 1, 3, 10, 0, 12, 12, 0]);
    let groups = u32::try_from(letters.len()).expect("a plane has no more letters");
    for value in [16 + 12 * groups, 0, groups] {
        table.extend(value.to_be_bytes());
    }
    for (glyph, letter) in (1_u32..).zip(letters) {
        for value in [u32::from(*letter), u32::from(*letter), glyph] {
            table.extend(value.to_be_bytes());
        }
    }
    table
}

fn head() -> Vec<u8> {
    let mut table = words(&[1, 0, 1, 0, 0, 0, 0x5F0F, 0x3CF5, 0, UNITS_PER_EM.unsigned_abs()]);
    // Created and changed on no day, so that the same letters give the same bytes.
    table.extend([0; 16]);
    let (top, bottom) = (ROWS_ABOVE * PIXEL, (ROWS_ABOVE - 16) * PIXEL);
    for value in [0, bottom, UNITS_PER_EM, top, 0, 8, 2, 1, 0] {
        table.extend(value.to_be_bytes());
    }
    table
}

fn hhea(glyphs: u16) -> Vec<u8> {
    let mut table = words(&[1, 0]);
    let (top, bottom) = (ROWS_ABOVE * PIXEL, (ROWS_ABOVE - 16) * PIXEL);
    for value in [top, bottom, 0, UNITS_PER_EM, 0, 0, UNITS_PER_EM, 1, 0, 0, 0, 0, 0, 0, 0] {
        table.extend(value.to_be_bytes());
    }
    table.extend(glyphs.to_be_bytes());
    table
}

fn name() -> Vec<u8> {
    let text: Vec<u8> = NAME.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let bytes = u16::try_from(text.len()).expect("a short name");
    let named = [1_u16, 4, 6];
    let count = u16::try_from(named.len()).expect("three");
    let mut table = words(&[0, count, 6 + 12 * count]);
    for id in named {
        table.extend(words(&[3, 1, 0x409, id, bytes, 0]));
    }
    table.extend(text);
    table
}

fn sum(bytes: &[u8]) -> u32 {
    bytes.chunks(4).fold(0_u32, |sum, chunk| {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        sum.wrapping_add(u32::from_be_bytes(word))
    })
}

/// The tables behind their directory, with the sums that readers compare.
fn assemble(tables: &[([u8; 4], Vec<u8>)]) -> Vec<u8> {
    const WHOLE: u32 = 0xB1B0_AFBA;
    let count = u16::try_from(tables.len()).expect("nine");
    let below = 1_u16 << count.ilog2();
    let power = u16::try_from(count.ilog2()).expect("three");
    let mut font = words(&[1, 0, count, below * 16, power, (count - below) * 16]);
    let mut at = length(&font) + u32::from(count) * 16;
    let mut head_at = 0;
    for (tag, table) in tables {
        if tag == b"head" {
            head_at = at;
        }
        font.extend(tag);
        for value in [sum(table), at, length(table)] {
            font.extend(value.to_be_bytes());
        }
        at += length(table).next_multiple_of(4);
    }
    for (_, table) in tables {
        font.extend(table);
        font.resize(font.len().next_multiple_of(4), 0);
    }
    let adjustment = WHOLE.wrapping_sub(sum(&font)).to_be_bytes();
    let from = usize::try_from(head_at).expect("within the font") + 8;
    font[from..from + 4].copy_from_slice(&adjustment);
    font
}

#[cfg(test)]
mod tests {
    use super::*;
    use skrifa::instance::{LocationRef, Size};
    use skrifa::{FontRef, MetadataProvider};

    #[test]
    fn it_reads_as_a_font() {
        let letters: BTreeSet<char> = "音楽ก א".chars().collect();
        let bytes = font_of(&letters);
        assert_eq!(sum(&bytes), 0xB1B0_AFBA);
        let font = FontRef::new(&bytes).expect("a font");
        let metrics = font.glyph_metrics(Size::unscaled(), LocationRef::default());
        for (number, letter) in (1..).zip(&letters) {
            let glyph = font.charmap().map(*letter).expect("it is there");
            assert_eq!(glyph.to_u32(), number);
            assert_eq!(metrics.advance_width(glyph), Some(f32::from(advance(*letter))));
            assert!(font.outline_glyphs().get(glyph).is_some(), "{letter}");
        }
        assert!(font.charmap().map('x').is_none());
    }
}
