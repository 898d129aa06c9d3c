//! Writes all tracks and covers into a folder, to be listened to:
//! `cargo run -p ledgerline-demo-music --example write -- FOLDER`.

use ledgerline_demo_music::{flac, releases};
use std::path::PathBuf;
use std::time::Instant;

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "demo-music".to_owned()));
    let only = std::env::args().nth(2);
    let began = Instant::now();
    std::thread::scope(|scope| {
        let mut writing = Vec::new();
        for release in releases() {
            for take in release.takes {
                if only.as_ref().is_some_and(|only| !take.tracks[0].title.contains(only.as_str())) {
                    continue;
                }
                let folder = folder.join(release.title);
                writing.push(scope.spawn(move || {
                    std::fs::create_dir_all(&folder)?;
                    let began = Instant::now();
                    let performance = take.perform();
                    let played = began.elapsed();
                    let cover = release.cover();
                    for (at, track) in take.tracks.iter().enumerate() {
                        let bytes = flac(&performance.track(at), release, track, &cover);
                        let name = format!("{:02} {}.flac", track.number, track.title);
                        std::fs::write(folder.join(name), bytes)?;
                    }
                    std::fs::write(folder.join("cover.png"), &cover)?;
                    println!(
                        "{}: played in {played:.2?}, written in {:.2?}",
                        take.tracks[0].title,
                        began.elapsed()
                    );
                    Ok(())
                }));
            }
        }
        writing.into_iter().try_for_each(|it| it.join().expect("no piece panics"))
    })
    .inspect(|()| println!("all of it in {:.2?}", began.elapsed()))
}
