//! A track as a file: FLAC with its tags and its cover.

use flacenc::bitsink::ByteSink;
use flacenc::component::BitRepr as _;
use flacenc::config::Encoder;
use flacenc::error::Verify as _;
use flacenc::source::MemSource;
use lofty::config::WriteOptions;
use lofty::ogg::VorbisComments;
use lofty::picture::{MimeType, Picture, PictureType};
use lofty::prelude::{Accessor as _, ItemKey, TagExt as _};
use lofty::tag::{ItemValue, Tag, TagItem};
use std::io::Cursor;

use crate::noise::Noise;
use crate::releases::{COMPOSER, Release, Track, YEAR};
use crate::sound::{RATE_HZ, Stereo};

/// Bits of a sample.
const BITS: usize = 16;
const BLOCK_FRAMES: usize = 4_096;

/// The file of a track, of what was played, with its cover as PNG. Equal sounds give equal bytes.
#[must_use]
pub fn flac(sound: &Stereo, release: &Release, track: &Track, cover: &[u8]) -> Vec<u8> {
    let mut file = Cursor::new(encoded(sound));
    tags(release, track, cover)
        .save_to(&mut file, WriteOptions::default())
        .expect("a file that was just encoded takes tags");
    file.into_inner()
}

fn encoded(sound: &Stereo) -> Vec<u8> {
    let mut config = Encoder::default();
    config.multithread = false;
    config.block_size = BLOCK_FRAMES;
    // Fixed predictors only: several times as fast, and little longer.
    config.subframe_coding.use_lpc = false;
    let config = config.into_verified().expect("these settings are allowed");
    let source = MemSource::from_samples(&samples(sound), 2, BITS, RATE_HZ as usize);
    let stream = flacenc::encode_with_fixed_block_size(&config, source, BLOCK_FRAMES)
        .expect("what is in memory can be read");
    let mut sink = ByteSink::new();
    stream.write(&mut sink).expect("memory takes everything");
    sink.as_slice().to_vec()
}

/// Whole samples, with the noise that hides their steps (triangular dither).
fn samples(sound: &Stereo) -> Vec<i32> {
    let mut noise = Noise::of(sound.frames() as u64);
    let whole = |sample: f32| {
        let dither = noise.unit() - noise.unit();
        (sample * 32_767.0 + dither).round().clamp(-32_768.0, 32_767.0) as i32
    };
    sound.interleaved().into_iter().map(whole).collect()
}

fn tags(release: &Release, track: &Track, cover: &[u8]) -> VorbisComments {
    let mut tag = Tag::new(lofty::tag::TagType::VorbisComments);
    let number = track.number.to_string();
    let total = release.tracks().count().to_string();
    let mut say = |key, text: &str| tag.push(TagItem::new(key, ItemValue::Text(text.to_owned())));
    say(ItemKey::TrackTitle, track.title);
    say(ItemKey::TrackArtist, track.artist);
    say(ItemKey::AlbumTitle, release.title);
    say(ItemKey::AlbumArtist, release.artist);
    say(ItemKey::TrackNumber, &number);
    say(ItemKey::TrackTotal, &total);
    say(ItemKey::Composer, COMPOSER);
    say(ItemKey::Genre, track.genre);
    say(ItemKey::RecordingDate, YEAR);
    say(ItemKey::Isrc, track.isrc);
    say(ItemKey::Label, release.label);
    say(ItemKey::MusicBrainzReleaseType, release.kind);
    if let Some(lyrics) = track.lyrics() {
        say(ItemKey::Lyrics, &lyrics);
    }
    let mut comments = VorbisComments::from(tag);
    comments.set_comment("Composed and synthesised by Ledgerline for its demonstration".to_owned());
    let cover = Picture::unchecked(cover.to_vec())
        .pic_type(PictureType::CoverFront)
        .mime_type(MimeType::Png)
        .build();
    let edge = crate::covers::EDGE;
    let information = lofty::picture::PictureInformation {
        width: edge,
        height: edge,
        color_depth: 24,
        num_colors: 0,
    };
    lofty::ogg::OggPictureStorage::insert_picture(&mut comments, cover, Some(information))
        .expect("what a picture is was said");
    comments
}
