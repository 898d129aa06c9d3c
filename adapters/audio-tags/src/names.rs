//! Artists in texts: several in one, guests, instruments.

/// A name, and whether it is a guest's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub name: String,
    pub is_guest: bool,
}

/// What stands before guests, in lower case, without brackets.
const GUEST_WORDS: [&str; 5] = ["featuring", "feat.", "feat", "ft.", "ft"];

/// The artists of a text such as `A; B feat. C & D`. Names with `&`, `,` or `and` in them stay whole: most are
/// those of bands. Of guests, these part one from the next.
pub(crate) fn artists(text: &str) -> Vec<Named> {
    let (mains, guests) = split_guests(text);
    let named = |name: String, is_guest: bool| Named { name, is_guest };
    let mut all: Vec<Named> = listed(mains).into_iter().map(|name| named(name, false)).collect();
    all.extend(guests.map(guest_names).unwrap_or_default().into_iter().map(|it| named(it, true)));
    all
}

/// The names of a list: by `;`, by ` / `, or by lines.
pub(crate) fn listed(text: &str) -> Vec<String> {
    let parts = text.split([';', '\n', '\0']).flat_map(|part| part.split(" / "));
    let parts = parts.map(str::trim).filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

/// The guests that a title names in brackets or behind a dash: `Song (feat. C)`.
pub(crate) fn guests_in_title(title: &str) -> Vec<String> {
    let (_, Some(guests)) = split_guests(title) else { return Vec::new() };
    let end = guests.find([')', ']']).unwrap_or(guests.len());
    guest_names(&guests[..end])
}

/// Names with what is in brackets behind each: `Ada (violin); Ben (drums)`.
pub(crate) fn with_detail(text: &str) -> Vec<(String, String)> {
    let pair = |name: String| match name.rsplit_once('(') {
        Some((before, detail)) if name.ends_with(')') && !before.trim().is_empty() => {
            (before.trim().to_owned(), detail.trim_end_matches(')').trim().to_owned())
        }
        _ => (name, String::new()),
    };
    listed(text).into_iter().map(pair).collect()
}

fn guest_names(text: &str) -> Vec<String> {
    let text = text.trim().trim_end_matches([')', ']']);
    let parts = text.split([';', ',', '&']).flat_map(|part| part.split(" and "));
    let parts = parts.flat_map(|part| part.split(" / ")).map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// What stands before and behind a word for guests. The word stands alone: `Daft` has no guest.
fn split_guests(text: &str) -> (&str, Option<&str>) {
    let mut words = Vec::new();
    let mut start = None;
    for (at, letter) in text.char_indices() {
        if letter.is_whitespace() {
            words.extend(start.take().map(|start| (start, at)));
        } else {
            start.get_or_insert(at);
        }
    }
    words.extend(start.map(|start| (start, text.len())));
    for (start, end) in words.into_iter().filter(|(start, end)| *start > 0 && *end < text.len()) {
        let word = text[start..end].trim_start_matches(['(', '[']).to_lowercase();
        if GUEST_WORDS.contains(&word.as_str()) {
            let before = text[..start].trim().trim_end_matches(['(', '[', '-', ',']).trim_end();
            return (before, Some(text[end..].trim()));
        }
    }
    (text, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artists_are_told_apart() {
        for (text, expected) in [
            ("Ada", "Ada"),
            ("Ada; Ben", "Ada | Ben"),
            ("Ada / Ben", "Ada | Ben"),
            ("AC/DC", "AC/DC"),
            ("Ada & Ben", "Ada & Ben"),
            ("Earth, Wind & Fire", "Earth, Wind & Fire"),
            ("Ada feat. Ben", "Ada | +Ben"),
            ("Ada (ft. Ben, Cleo & Dan)", "Ada | +Ben | +Cleo | +Dan"),
            ("Ada; Ben Featuring Cleo and Dan", "Ada | Ben | +Cleo | +Dan"),
            ("Daft Ada", "Daft Ada"),
            ("Ft. Worth", "Ft. Worth"),
            ("Ada feat.", "Ada feat."),
            ("Σίγμα ΣΊΓΜΑ feat. Ёж", "Σίγμα ΣΊΓΜΑ | +Ёж"),
            ("", ""),
            (" ; ;", ""),
        ] {
            let found: Vec<String> = (artists(text).into_iter())
                .map(|it| format!("{}{}", if it.is_guest { "+" } else { "" }, it.name))
                .collect();
            assert_eq!(found.join(" | "), expected, "{text:?}");
        }
    }

    #[test]
    fn guests_of_titles_and_instruments_are_found() {
        assert_eq!(guests_in_title("Song (feat. Ben & Cleo) [Remix]"), ["Ben", "Cleo"]);
        assert_eq!(guests_in_title("Song [ft. Ben]"), ["Ben"]);
        assert_eq!(guests_in_title("A Feature"), [""; 0]);
        assert_eq!(
            with_detail("Ada (violin); Ben; (solo)"),
            [("Ada", "violin"), ("Ben", ""), ("(solo)", "")]
                .map(|(name, detail)| (name.to_owned(), detail.to_owned()))
        );
    }
}
