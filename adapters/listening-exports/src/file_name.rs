//! Which files are histories, by the names that the services give them.

use crate::Kind;

/// A file name that was recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recognised {
    pub(crate) kind: Kind,
    /// Files of one folder with one series are slices of one export. Empty where the
    /// format's files need no such tie.
    pub(crate) series: String,
}

/// Recognises a service's files by their names.
#[derive(Clone, Copy)]
pub(crate) struct Naming {
    pub(crate) recognise: fn(&str) -> Option<Recognised>,
    /// For messages: the names that are recognised.
    pub(crate) expected: &'static str,
}

pub(crate) const SPOTIFY: Naming = Naming {
    recognise: spotify,
    expected: "StreamingHistory*.json, StreamingHistory_music_*.json, endsong_*.json, \
               Streaming_History_Audio_*.json, a folder with such files or Spotify's zip",
};

pub(crate) const LISTENBRAINZ: Naming = Naming {
    recognise: listenbrainz,
    expected: "listens/YEAR/MONTH.jsonl or another .jsonl file, a folder with such files \
               or ListenBrainz's zip",
};

fn spotify(file_name: &str) -> Option<Recognised> {
    let lower = file_name.to_lowercase();
    let stem = lower.strip_suffix(".json")?;
    if stem == "endsong"
        || stem.starts_with("endsong_")
        || stem.starts_with("streaming_history_audio")
    {
        return Some(Recognised { kind: Kind::SpotifyExtended, series: String::new() });
    }
    let rest = stem.strip_prefix("streaminghistory")?;
    let (content, rest) = ["_music_", "_podcast_"]
        .iter()
        .find_map(|content| Some((*content, rest.strip_prefix(content)?)))
        .unwrap_or(("", rest));
    let copy_mark = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    // "StreamingHistory0 (1).json" is a copy of another file, not a slice beside it.
    // A letter there is another content, such as `_audiobook_0`.
    if copy_mark.trim_start_matches('_').starts_with(char::is_alphabetic) {
        return None;
    }
    Some(Recognised { kind: Kind::SpotifyAccount, series: format!("{content}{copy_mark}") })
}

fn listenbrainz(file_name: &str) -> Option<Recognised> {
    let lower = file_name.to_lowercase();
    let stem = lower.strip_suffix(".jsonl")?;
    // The export's other files of lines. A name with a leading dot is macOS's shadow of a file.
    if stem.starts_with('.') || matches!(stem, "feedback" | "pinned_recording") {
        return None;
    }
    Some(Recognised { kind: Kind::ListenBrainz, series: String::new() })
}

/// A key that puts `endsong_10` after `endsong_9`: texts and the numbers that follow them.
pub(crate) fn natural_key(name: &str) -> Vec<(String, u128)> {
    let mut key = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let digits_at = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (text, tail) = rest.split_at(digits_at);
        let digits_end = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
        let (digits, tail) = tail.split_at(digits_end);
        // More than 38 digits are no file number; such names keep some order, that's all.
        key.push((text.to_owned(), digits.parse().unwrap_or(0)));
        rest = tail;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_recognised() {
        let account = |series: &str| Some((Kind::SpotifyAccount, series.to_owned()));
        let extended = Some((Kind::SpotifyExtended, String::new()));
        let rows = [
            ("StreamingHistory0.json", account("")),
            ("StreamingHistory12.json", account("")),
            ("streaminghistory.JSON", account("")),
            ("StreamingHistory_music_0.json", account("_music_")),
            ("StreamingHistory_podcast_1.json", account("_podcast_")),
            ("StreamingHistory0 (1).json", account(" (1)")),
            ("StreamingHistory_audiobook_0.json", None),
            ("StreamingHistoryX.json", None),
            ("._StreamingHistory0.json", None),
            ("StreamingHistory0.json.bak", None),
            ("endsong.json", extended.clone()),
            ("endsong_3.json", extended.clone()),
            ("endvideo.json", None),
            ("Streaming_History_Audio_2018-2019_0.json", extended.clone()),
            ("Streaming_History_Video_2018-2019.json", None),
            ("Userdata.json", None),
        ];
        for (name, expected) in rows {
            assert_eq!(spotify(name).map(|r| (r.kind, r.series)), expected, "{name}");
        }
        for (name, expected) in [
            ("4.jsonl", true),
            ("listens.jsonl", true),
            ("feedback.jsonl", false),
            ("pinned_recording.jsonl", false),
            ("user.json", false),
            ("._4.jsonl", false),
        ] {
            assert_eq!(listenbrainz(name).is_some(), expected, "{name}");
        }
    }

    #[test]
    fn numbers_sort_as_numbers() {
        let mut names = ["a_10", "a_9", "a", "a_9_2", "2020/10.jsonl", "2020/9.jsonl"];
        names.sort_by_key(|name| natural_key(name));
        assert_eq!(names, ["2020/9.jsonl", "2020/10.jsonl", "a", "a_9", "a_9_2", "a_10"]);
    }
}
