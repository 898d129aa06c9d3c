//! What files of music say of themselves, and the pictures in them.

use ledgerline_app::ports::music_files::{AudioTags, Pictures};
use ledgerline_audio_tags::read_bytes;
use ledgerline_cover_images::CoverImages;
use std::path::Path;

use crate::memory::within;

/// Tables of the readers, a picture, and what is in proportion to the file.
const HELD_BYTES_MAX: usize = 64 << 20;
/// No text of a file is longer.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// Any bytes as a file of music: the same values each time, of texts that can be stored, or a sentence that says
/// why not.
pub fn audio_tags(bytes: &[u8]) {
    for name in ["a.mp3", "a.m4a"] {
        let read = || within(HELD_BYTES_MAX, || read_bytes(bytes, Path::new(name)));
        let found = read();
        assert_eq!(found, read(), "the same file is read twice");
        match found {
            Ok(found) => {
                assert!(found.duration_ms > 0);
                storable(&found.tags);
                assert!(found.picture.is_none_or(|picture| picture.len() <= bytes.len()));
            }
            Err(why) => assert!(!why.0.is_empty() && !why.0.contains("report the file"), "{why}"),
        }
    }
}

fn storable(tags: &AudioTags) {
    let texts = [&tags.title, &tags.album, &tags.label, &tags.isrc, &tags.upc, &tags.released_on];
    let texts = texts.into_iter().flatten().chain(&tags.genres);
    let names = tags.credits.iter().map(|credit| &credit.artist.name);
    let names = names.chain(tags.album_artists.iter().map(|artist| &artist.name));
    for text in texts.chain(names) {
        assert!(
            !text.trim().is_empty() && text.len() <= TEXT_BYTES_MAX && !text.contains('\0'),
            "{text:?}"
        );
    }
}

/// Any bytes as a picture: a smaller one that can be looked at again, or a sentence that says why not.
pub fn picture(bytes: &[u8]) {
    let looked = within(HELD_BYTES_MAX, || CoverImages.look(bytes));
    match within(512 << 20, || CoverImages.shrink(bytes, 64)) {
        Ok(small) => {
            assert!(looked.is_ok());
            assert!(CoverImages.look(&small).is_ok());
        }
        Err(why) => assert!(!why.0.is_empty() && !why.0.contains("report the"), "{why}"),
    }
}
