//! Covers: what they are, and smaller copies of them.
//!
//! What it is for: JPEG, PNG, WebP and GIF, looked at by their first bytes, and shrunk to JPEG; equal bytes give
//! equal bytes on every machine.
//! What it refuses: pictures that take more memory than anything that is shown is worth, and those that are broken.

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageBuffer, ImageFormat, ImageReader, Limits, Rgb};
use ledgerline_app::ports::music_files::{PictureKind, Pictures, Unusable};
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// No side of a picture may be longer.
const EDGE_PIXELS_MAX: u32 = 8_192;
/// So many pixels are decoded at most: a square of 5 000.
const PIXELS_MAX: u64 = 25_000_000;
/// So much memory decoding may take.
const DECODED_BYTES_MAX: u64 = 256 << 20;
/// As good as one sees on a cover.
const JPEG_QUALITY: u8 = 85;
/// What shines through a picture.
const BEHIND: [f32; 3] = [24.0, 24.0, 24.0];

/// Pictures by the crate `image`.
#[derive(Debug, Clone, Copy, Default)]
pub struct CoverImages;

impl Pictures for CoverImages {
    fn look(&self, bytes: &[u8]) -> Result<PictureKind, Unusable> {
        guarded(|| look(bytes))
    }

    fn shrink(&self, bytes: &[u8], edge: u32) -> Result<Vec<u8>, Unusable> {
        guarded(|| shrink(bytes, edge))
    }
}

/// A decoder that panics has a defect, which costs this picture and nothing else.
fn guarded<T>(of: impl FnOnce() -> Result<T, Unusable>) -> Result<T, Unusable> {
    catch_unwind(AssertUnwindSafe(of))
        .unwrap_or_else(|_| Err(Unusable("the picture's reader broke off".to_owned())))
}

fn broken(error: impl std::fmt::Display) -> Unusable {
    Unusable(format!("the picture is broken: {error}"))
}

/// What reads a picture, and the type that it is sent as.
type Found<'b> = (ImageReader<Cursor<&'b [u8]>>, &'static str);

fn reader(bytes: &[u8]) -> Result<Found<'_>, Unusable> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(broken)?;
    let media_type = match reader.format() {
        Some(ImageFormat::Jpeg) => "image/jpeg",
        Some(ImageFormat::Png) => "image/png",
        Some(ImageFormat::WebP) => "image/webp",
        Some(ImageFormat::Gif) => "image/gif",
        _ => return Err(Unusable("the picture is none of JPEG, PNG, WebP and GIF".to_owned())),
    };
    Ok((reader, media_type))
}

fn look(bytes: &[u8]) -> Result<PictureKind, Unusable> {
    let (reader, media_type) = reader(bytes)?;
    let (width, height) = reader.into_dimensions().map_err(broken)?;
    let is_large = width > EDGE_PIXELS_MAX || height > EDGE_PIXELS_MAX;
    if is_large || u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(Unusable(format!(
            "the picture has {width} by {height} pixels, which is too many"
        )));
    }
    if width == 0 || height == 0 {
        return Err(Unusable("the picture is empty".to_owned()));
    }
    Ok(PictureKind { media_type, width, height })
}

fn shrink(bytes: &[u8], edge: u32) -> Result<Vec<u8>, Unusable> {
    let kind = look(bytes)?;
    let (mut reader, _) = reader(bytes)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(EDGE_PIXELS_MAX);
    limits.max_image_height = Some(EDGE_PIXELS_MAX);
    limits.max_alloc = Some(DECODED_BYTES_MAX);
    reader.limits(limits);
    let picture = reader.decode().map_err(broken)?;
    let edge = edge.max(1);
    let picture = if kind.width > edge || kind.height > edge {
        // In two steps: a large picture is averaged first, which is fast, and then made sharp.
        let rough = edge.saturating_mul(2);
        let picture = if kind.width.max(kind.height) > rough.saturating_mul(2) {
            picture.thumbnail(rough, rough)
        } else {
            picture
        };
        picture.resize(edge, edge, FilterType::Lanczos3)
    } else {
        picture
    };
    let mut out = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut out, JPEG_QUALITY);
    opaque(&picture).write_with_encoder(encoder).map_err(broken)?;
    Ok(out)
}

/// JPEG has no transparency.
fn opaque(picture: &DynamicImage) -> ImageBuffer<Rgb<u8>, Vec<u8>> {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let picture = picture.to_rgba8();
    ImageBuffer::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0;
        let part = f32::from(alpha) / 255.0;
        let mixed = |colour: u8, behind: f32| {
            let value = f32::from(colour).mul_add(part, behind * (1.0 - part));
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between two bytes"
            )]
            let value = value.round() as u8;
            value
        };
        Rgb([mixed(red, BEHIND[0]), mixed(green, BEHIND[1]), mixed(blue, BEHIND[2])])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let picture = ImageBuffer::from_fn(width, height, |x, y| {
            let byte = |it: u32| u8::try_from(it % 256).unwrap();
            image::Rgba([byte(x), byte(y), byte(x * y), if x < width / 2 { 255 } else { 0 }])
        });
        let mut bytes = Vec::new();
        picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
        bytes
    }

    #[test]
    fn pictures_are_shrunk_and_come_out_the_same() {
        let bytes = png(300, 200);
        let kind = CoverImages.look(&bytes).unwrap();
        assert_eq!((kind.media_type, kind.width, kind.height), ("image/png", 300, 200));
        for (edge, width, height) in [(96, 96, 64), (300, 300, 200), (640, 300, 200)] {
            let small = CoverImages.shrink(&bytes, edge).unwrap();
            let kind = CoverImages.look(&small).unwrap();
            assert_eq!((kind.media_type, kind.width, kind.height), ("image/jpeg", width, height));
            assert_eq!(CoverImages.shrink(&bytes, edge).unwrap(), small);
        }
    }

    #[test]
    fn pictures_that_are_broken_or_too_large_are_refused() {
        let sound = png(64, 64);
        for bytes in [&b""[..], b"no picture", &sound[..sound.len() / 2]] {
            assert!(CoverImages.shrink(bytes, 96).is_err());
        }
        // A picture that says that it has a million by a million pixels.
        let mut bomb = sound;
        bomb[16..24].copy_from_slice(&[0, 15, 66, 64, 0, 15, 66, 64]);
        assert!(CoverImages.look(&bomb).is_err());
    }
}
