//! What names and paths say where tags say nothing, and how names are sorted.

use crate::ports::library::fold;

/// Whose name it is where nobody is named.
pub(super) const UNKNOWN_ARTIST: &str = "Unknown artist";
/// What MusicBrainz calls all artists of a compilation.
const VARIOUS_ARTISTS_ID: &str = "89ad4ac3-39f7-470e-963a-56509c546377";

/// What a path says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct PathNames {
    pub title: String,
    pub number: Option<u32>,
    pub disc: Option<u32>,
    /// The folder, without that of a disc.
    pub album: Option<String>,
    /// The folder above that.
    pub artist: Option<String>,
}

/// What a path within the folder says: `Artist/Album/CD 2/03 - Title.flac`.
pub(super) fn of_path(path: &str) -> PathNames {
    let mut parts: Vec<&str> = path.split('/').collect();
    let name = parts.pop().unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let (number, title) = numbered(stem);
    let disc = parts.last().and_then(|folder| disc_of(folder));
    if disc.is_some() {
        parts.pop();
    }
    let album = parts.pop().map(str::to_owned);
    let artist = parts.pop().map(str::to_owned);
    PathNames { title: title.to_owned(), number, disc, album, artist }
}

/// The folder that a path's release is in: without the folder of a disc.
pub(super) fn release_folder(path: &str) -> &str {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    match folder.rsplit_once('/') {
        Some((above, last)) if disc_of(last).is_some() => above,
        None if disc_of(folder).is_some() => "",
        _ => folder,
    }
}

/// `03 - Title`, `03. Title`, `03 Title`.
fn numbered(stem: &str) -> (Option<u32>, &str) {
    let digits = stem.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = stem.split_at(digits);
    let title = rest.trim_start_matches([' ', '.', '-', '_', ')']);
    match number.parse() {
        Ok(number @ 1..=999) if digits <= 3 && title.len() < rest.len() && !title.is_empty() => {
            (Some(number), title)
        }
        _ => (None, stem),
    }
}

/// `CD 2`, `Disc2`, `Disk 02`.
fn disc_of(folder: &str) -> Option<u32> {
    let folder = folder.to_ascii_lowercase();
    let rest = ["disc", "disk", "cd"].into_iter().find_map(|word| folder.strip_prefix(word))?;
    let digits = rest.trim_start_matches([' ', '-', '_', '.']);
    digits.parse().ok().filter(|disc| (1..100).contains(disc))
}

/// As a name is sorted where nobody says it.
pub(super) fn sort_name(name: &str) -> String {
    for article in ["The ", "A ", "An "] {
        if let Some(rest) = name.strip_prefix(article)
            && !rest.trim().is_empty()
        {
            return format!("{rest}, {}", article.trim());
        }
    }
    name.to_owned()
}

/// Whether a name is put for many.
pub(super) fn is_various(name: &str, musicbrainz_id: Option<&str>) -> bool {
    musicbrainz_id == Some(VARIOUS_ARTISTS_ID)
        || matches!(
            fold(name).as_str(),
            "various artists" | "various" | "va" | "diverse" | "varios artistas"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_say_what_they_can() {
        let names = |path: &str| {
            let PathNames { title, number, disc, album, artist } = of_path(path);
            let figure = |it: Option<u32>| it.map_or("-".to_owned(), |it| it.to_string());
            let text = |it: Option<String>| it.unwrap_or("-".to_owned());
            format!(
                "{title} | {} | {} | {} | {}",
                figure(number),
                figure(disc),
                text(album),
                text(artist)
            )
        };
        assert_eq!(names("Ada/Songs/CD 2/03 - Rain.flac"), "Rain | 3 | 2 | Songs | Ada");
        assert_eq!(names("Songs/12. Rain.mp3"), "Rain | 12 | - | Songs | -");
        assert_eq!(names("99 Balloons.mp3"), "Balloons | 99 | - | - | -");
        assert_eq!(names("1999.mp3"), "1999 | - | - | - | -");
        assert_eq!(names("a.b/.mp3"), " | - | - | a.b | -");
        assert_eq!(release_folder("Ada/Songs/disc2/x.mp3"), "Ada/Songs");
        assert_eq!(release_folder("CD1/x.mp3"), "");
        assert_eq!(release_folder("Ada/x.mp3"), "Ada");
        assert_eq!(sort_name("The Rain"), "Rain, The");
        assert_eq!(sort_name("A "), "A ");
        assert!(is_various("V.A.", None) && !is_various("Vanessa", None));
    }
}
