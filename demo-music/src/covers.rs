//! Covers: pictures that are reckoned, point by point.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder as _};

use crate::noise::Noise;

/// Width and height.
pub(crate) const EDGE: u32 = 800;

/// Red, green and blue, from 0 to 1.
type Colour = [f32; 3];

/// A colour as it is usually written.
fn rgb(hex: u32) -> Colour {
    [16, 8, 0].map(|shift| ((hex >> shift) & 255) as f32 / 255.0)
}

fn blend(one: Colour, other: Colour, share: f32) -> Colour {
    let share = share.clamp(0.0, 1.0);
    std::array::from_fn(|at| one[at] + (other[at] - one[at]) * share)
}

/// How much of a point is inside of a shape, by how far it is from its edge: soft over a pixel and a half.
fn inside(distance: f32) -> f32 {
    let soft = 1.5 / EDGE as f32;
    ((soft - distance) / (2.0 * soft)).clamp(0.0, 1.0)
}

fn smooth(from: f32, to: f32, x: f32) -> f32 {
    let x = ((x - from) / (to - from)).clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

/// Draws each point, from the left and from above, from 0 to 1; a little grain keeps even colours from banding.
fn drawn(seed: u64, grain: f32, point: impl Fn(f32, f32) -> Colour) -> Vec<u8> {
    let mut noise = Noise::of(seed);
    let mut bytes = Vec::with_capacity((EDGE * EDGE * 3) as usize);
    for row in 0..EDGE {
        for column in 0..EDGE {
            let place = |at: u32| (at as f32 + 0.5) / EDGE as f32;
            let colour = point(place(column), place(row));
            let speck = noise.white() * grain;
            bytes.extend(colour.map(|part| ((part + speck).clamp(0.0, 1.0) * 255.0).round() as u8));
        }
    }
    let mut png = Vec::new();
    PngEncoder::new_with_quality(&mut png, CompressionType::Fast, FilterType::Adaptive)
        .write_image(&bytes, EDGE, EDGE, ExtendedColorType::Rgb8)
        .expect("memory takes every picture");
    png
}

/// Dusk over water: a moon, its path, and five lines that are staff and sea at once.
pub(crate) fn night_ferry() -> Vec<u8> {
    let (top, middle, low) = (rgb(0x0f_1d3a), rgb(0x4b_4a7a), rgb(0xf0_a58a));
    let (sea, deep, moon) = (rgb(0x1d_2f52), rgb(0x08_1226), rgb(0xff_ead0));
    drawn(1, 0.008, move |x, y| {
        let horizon = 0.58;
        let mut colour = if y < horizon {
            let sky = blend(top, middle, smooth(0.0, 0.4, y));
            blend(sky, low, smooth(0.30, horizon, y) * 0.9)
        } else {
            blend(blend(sea, low, 0.25 * smooth(0.70, horizon, y)), deep, smooth(horizon, 1.0, y))
        };
        let (dx, dy) = (x - 0.64, y - 0.36);
        let far = dx.hypot(dy);
        if y < horizon {
            colour = blend(colour, moon, 0.35 * (-far * 9.0).exp());
            colour = blend(colour, moon, inside(far - 0.105));
        } else {
            // The moon's path breaks up as it comes nearer.
            let depth = (y - horizon) / (1.0 - horizon);
            let ripple =
                (y * 260.0 / (0.4 + depth)).sin() * 0.5 + (y * 97.0 + x * 13.0).sin() * 0.5;
            let wide = 0.05 + 0.16 * depth;
            let path = (1.0 - (dx.abs() / wide)).clamp(0.0, 1.0);
            colour =
                blend(colour, moon, path * smooth(-0.1, 0.7, ripple) * 0.55 * (1.0 - 0.6 * depth));
        }
        for line in 0..5_u8 {
            let line = f32::from(line);
            let base = horizon + 0.07 + line * 0.065;
            let wave = 0.012 * (1.0 + line * 0.4) * (x * (7.0 - line * 0.6) + line * 1.7).sin();
            let width = 0.0016 + 0.0005 * line;
            colour = blend(colour, rgb(0xf7_d9c4), 0.55 * inside((y - base - wave).abs() - width));
        }
        // The ferry: a hull, a house, three lit windows.
        let hull = (x - 0.27).abs() - 0.075 + (y - 0.565) * 0.9;
        let hull = hull.max((y - 0.567).abs() - 0.014);
        let house = ((x - 0.262).abs() - 0.038).max((y - 0.541).abs() - 0.013);
        colour = blend(colour, deep, inside(hull.min(house)));
        for window in 0..3_u8 {
            let at = 0.242 + f32::from(window) * 0.02;
            let lit = ((x - at).abs() - 0.005).max((y - 0.541).abs() - 0.005);
            colour = blend(colour, rgb(0xff_cf87), inside(lit));
        }
        colour
    })
}

/// A beam over hills of sound: each ridge is a line of the ledger, and the light goes across all of them.
pub(crate) fn landfall() -> Vec<u8> {
    let (night, glow) = (rgb(0x12_0f2b), rgb(0x7a_2f6b));
    let (beam, lamp) = (rgb(0xff_d9a0), rgb(0xff_f4dc));
    drawn(2, 0.01, move |x, y| {
        let mut colour = blend(night, glow, smooth(0.1, 0.75, y) * 0.8);
        let (dx, dy) = (x - 0.2, y - 0.27);
        let angle = dy.atan2(dx);
        let far = dx.hypot(dy);
        let open = (angle - 0.22).abs();
        let light = (1.0 - open / 0.16).clamp(0.0, 1.0).powf(1.4) * (1.0 - 0.55 * far);
        colour = blend(colour, beam, 0.75 * light.max(0.0) * smooth(0.0, 0.05, far));
        for ridge in 0..7_u8 {
            let n = f32::from(ridge);
            let base = 0.42 + n * 0.085;
            let wave = |speed: f32, tall: f32, late: f32| tall * (x * speed + late).sin();
            let hill = wave(5.0 + n, 0.05, n * 2.1)
                + wave(13.0 - n, 0.022, n * 0.7)
                + wave(29.0, 0.006, n * 3.0);
            let edge = base - hill * (0.4 + 0.12 * n);
            let ground = blend(rgb(0x3a_1d52), rgb(0x07_0816), n / 6.0);
            colour = blend(colour, ground, inside(edge - y));
            let lit = 0.25 + 0.65 * (1.0 - ((x - 0.25 - n * 0.09).abs() * 2.2)).clamp(0.0, 1.0);
            colour = blend(colour, beam, lit * inside((y - edge).abs() - 0.0017));
        }
        // The tower stands before all of it.
        let tower = (dx.abs() - 0.012 - (y - 0.27) * 0.035).max((y - 0.56).abs() - 0.27);
        colour = blend(colour, rgb(0x07_0816), inside(tower));
        colour = blend(colour, lamp, 0.8 * (-far * 26.0).exp());
        blend(colour, lamp, inside(far - 0.013))
    })
}

/// Lanterns of paper that overlap, in warm colours on cream.
pub(crate) fn paper_lanterns() -> Vec<u8> {
    let paper = rgb(0xf4_ead6);
    let inks = [rgb(0xe0_6f4f), rgb(0xe9_a23b), rgb(0x2f_7f86), rgb(0x8c_3b4a), rgb(0xd9_8a6a)];
    let lanterns = [
        (0.30, 0.34, 0.190),
        (0.60, 0.26, 0.140),
        (0.70, 0.55, 0.205),
        (0.36, 0.68, 0.165),
        (0.55, 0.80, 0.105),
        (0.16, 0.56, 0.080),
        (0.86, 0.30, 0.070),
    ];
    drawn(3, 0.018, move |x, y| {
        let mut colour = blend(paper, rgb(0xe6_d3b0), smooth(0.3, 0.9, (x - 0.5).hypot(y - 0.5)));
        for (number, (cx, cy, size)) in lanterns.into_iter().enumerate() {
            let ink = inks[number % inks.len()];
            let (dx, dy) = ((x - cx) / size, (y - cy) / (size * 1.12));
            let far = dx.hypot(dy);
            let cord = ((x - cx).abs() - 0.0012).max(y - cy + size);
            colour = blend(colour, rgb(0x4a_3a33), 0.55 * inside(cord));
            // Folds run round it, closer at its edge; the light is inside, below the middle.
            let folds = 0.5 + 0.5 * (dy.clamp(-1.0, 1.0).asin() * 16.0).cos();
            let lit = (-((dx * dx) + (dy - 0.25) * (dy - 0.25)) * 2.2).exp();
            let skin = blend(blend(ink, rgb(0x2b_1d1d), 0.18 * folds), rgb(0xff_f0c8), 0.6 * lit);
            colour = blend(colour, skin, 0.84 * inside((far - 1.0) * size));
            for end in [-1.0_f32, 1.0] {
                let cap = (dx.abs() - 0.30).max((dy - end * 0.985).abs() - 0.045) * size;
                colour = blend(colour, rgb(0x33_2622), inside(cap));
            }
        }
        colour
    })
}
