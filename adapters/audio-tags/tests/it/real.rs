//! Files that people made, where they are at hand: beside the checkout, never in it.

use ledgerline_app::ports::library::AudioFormat;
use ledgerline_app::ports::music_files::AudioReader;
use ledgerline_audio_tags::TagReader;
use std::path::Path;

#[test]
fn real_files_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/audio");
    let Ok(files) = folder.read_dir() else {
        println!("skipped: there is no {}", folder.display());
        return;
    };
    for file in files {
        let path = file.unwrap().path();
        let read =
            TagReader.read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(read.format, AudioFormat::Vorbis, "{}", path.display());
        assert!(read.duration_ms > 5_000 && read.sample_rate_hz > 0 && read.channels > 0);
        println!("{}: {} ms, {:?}", path.display(), read.duration_ms, read.tags);
    }
}
