//! Rust source as tokens and paths: enough to see what a file uses, without its comments, strings
//! and tests.

/// One word, number or mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// As it is written; `::` is one mark.
    pub text: String,
    /// From 1.
    pub line: usize,
    /// What it is.
    pub kind: TokenKind,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A name or keyword; a raw one without its `r#`.
    Word,
    /// A whole number.
    Integer,
    /// A number with a fraction, an exponent or a float's suffix.
    Float,
    /// A string, byte string or character; its text is empty.
    Quoted,
    /// Anything else.
    Mark,
}

/// A name with what leads to it: `std::fs::File`, also out of `use std::{fs::File, io}`.
#[derive(Debug, PartialEq, Eq)]
pub struct NamePath {
    /// Its parts; a glob ends in `*`.
    pub parts: Vec<String>,
    /// The line of the last part.
    pub line: usize,
    /// Whether a `use` declares it.
    pub is_use: bool,
}

/// A file taken apart.
#[derive(Debug, Default)]
pub struct RustSource {
    /// Without comments.
    pub tokens: Vec<Token>,
    /// Line and text of each `//` comment.
    pub comments: Vec<(usize, String)>,
}

impl RustSource {
    /// Takes `text` apart. Source that doesn't compile is read as far as it makes sense.
    pub fn read(text: &str) -> RustSource {
        let mut lexer =
            Lexer { chars: text.chars().collect(), at: 0, line: 1, source: RustSource::default() };
        while lexer.at < lexer.chars.len() {
            lexer.step();
        }
        lexer.source
    }

    /// The tokens without items that only tests see (`#[cfg(test)]`).
    pub fn without_tests(&self) -> Vec<Token> {
        let mut kept = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            if is_cfg_test(&self.tokens[at..]) {
                at = end_of_item(&self.tokens, at + CFG_TEST.len());
            } else {
                kept.push(self.tokens[at].clone());
                at += 1;
            }
        }
        kept
    }
}

const CFG_TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];

fn is_cfg_test(tokens: &[Token]) -> bool {
    tokens.len() >= CFG_TEST.len() && tokens.iter().zip(CFG_TEST).all(|(t, text)| t.text == text)
}

/// Behind the item that starts at `at`: after its `;`, or after its braces.
fn end_of_item(tokens: &[Token], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while at < tokens.len() {
        match tokens[at].text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
        at += 1;
    }
    at
}

/// All paths in `tokens`, those of `use` declarations unfolded.
pub fn paths(tokens: &[Token]) -> Vec<NamePath> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let token = &tokens[at];
        let is_use = token.text == "use" && tokens.get(at + 1).is_some_and(|t| t.text != "<");
        if token.kind != TokenKind::Word {
            at += 1;
        } else if is_use {
            at = use_tree(tokens, at + 1, &[], &mut found);
        } else {
            at = plain_path(tokens, at, &mut found);
        }
    }
    found
}

/// `a::b::c` in code; a method or a field is no path.
fn plain_path(tokens: &[Token], start: usize, found: &mut Vec<NamePath>) -> usize {
    let is_member = start > 0 && tokens[start - 1].text == ".";
    let mut parts = vec![tokens[start].text.clone()];
    let mut at = start;
    while let [.., separator, next] = tokens.get(at..at + 3).unwrap_or_default() {
        if separator.text != "::" || next.kind != TokenKind::Word {
            break;
        }
        parts.push(next.text.clone());
        at += 2;
    }
    if !is_member {
        found.push(NamePath { parts, line: tokens[at].line, is_use: false });
    }
    at + 1
}

/// One branch of a `use` declaration; returns where it ended.
fn use_tree(tokens: &[Token], mut at: usize, lead: &[String], found: &mut Vec<NamePath>) -> usize {
    let mut parts = lead.to_vec();
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            "{" => {
                at += 1;
                while tokens.get(at).is_some_and(|t| t.text != "}") {
                    at = use_tree(tokens, at, &parts, found);
                    if tokens.get(at).is_some_and(|t| t.text == ",") {
                        at += 1;
                    }
                }
                return at + 1;
            }
            "::" => at += 1,
            "*" => {
                parts.push("*".to_owned());
                found.push(NamePath { parts, line: token.line, is_use: true });
                return at + 1;
            }
            "as" => at += 2,
            "self" if !parts.is_empty() => at += 1,
            _ if token.kind == TokenKind::Word => {
                parts.push(token.text.clone());
                at += 1;
            }
            _ => break,
        }
    }
    let line = tokens.get(at.saturating_sub(1)).map_or(0, |token| token.line);
    found.push(NamePath { parts, line, is_use: true });
    // `,` and `}` belong to the group; anything else ends the declaration.
    match tokens.get(at).map(|token| token.text.as_str()) {
        Some("," | "}") => at,
        _ => at + 1,
    }
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    line: usize,
    source: RustSource,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    /// Moves on by one character, minding the line.
    fn advance(&mut self) -> char {
        let c = self.peek(0);
        if c == '\n' {
            self.line += 1;
        }
        self.at += 1;
        c
    }

    fn push(&mut self, kind: TokenKind, text: String, line: usize) {
        self.source.tokens.push(Token { text, line, kind });
    }

    fn step(&mut self) {
        let line = self.line;
        match (self.peek(0), self.peek(1)) {
            (c, _) if c.is_whitespace() => {
                self.advance();
            }
            ('/', '/') => self.line_comment(),
            ('/', '*') => self.block_comment(),
            ('"', _) => self.string(),
            ('\'', _) => self.character_or_lifetime(),
            (c, _) if c.is_ascii_digit() => self.number(),
            (c, _) if c == '_' || c.is_alphabetic() => self.word(),
            (':', ':') => {
                self.at += 2;
                self.push(TokenKind::Mark, "::".to_owned(), line);
            }
            _ => {
                let c = self.advance();
                self.push(TokenKind::Mark, c.to_string(), line);
            }
        }
    }

    fn line_comment(&mut self) {
        let line = self.line;
        let mut text = String::new();
        while self.at < self.chars.len() && self.peek(0) != '\n' {
            text.push(self.advance());
        }
        self.source.comments.push((line, text[2..].to_owned()));
    }

    /// They nest.
    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        while self.at < self.chars.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => {
                    depth += 1;
                    self.at += 2;
                }
                ('*', '/') => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                _ => {
                    self.advance();
                }
            }
        }
    }

    /// From an opening quote to the closing one.
    fn string(&mut self) {
        let line = self.line;
        self.advance();
        while self.at < self.chars.len() {
            match self.advance() {
                '\\' => {
                    self.advance();
                }
                '"' => break,
                _ => {}
            }
        }
        self.push(TokenKind::Quoted, String::new(), line);
    }

    /// From the first `#` or quote of `r#"…"#`.
    fn raw_string(&mut self) {
        let line = self.line;
        let mut hashes = 0;
        while self.peek(0) == '#' {
            hashes += 1;
            self.at += 1;
        }
        self.advance();
        while self.at < self.chars.len() {
            let closes = self.advance() == '"' && (0..hashes).all(|ahead| self.peek(ahead) == '#');
            if closes {
                self.at += hashes;
                break;
            }
        }
        self.push(TokenKind::Quoted, String::new(), line);
    }

    /// `'a'` and `'\n'` are characters, `'a` is a lifetime.
    fn character_or_lifetime(&mut self) {
        let line = self.line;
        if self.peek(1) == '\\' {
            self.at += 1;
            while self.at < self.chars.len() {
                match self.advance() {
                    '\\' => {
                        self.advance();
                    }
                    '\'' => break,
                    _ => {}
                }
            }
            self.push(TokenKind::Quoted, String::new(), line);
        } else if self.peek(2) == '\'' {
            self.advance();
            self.advance();
            self.advance();
            self.push(TokenKind::Quoted, String::new(), line);
        } else {
            self.at += 1;
            while self.peek(0) == '_' || self.peek(0).is_alphanumeric() {
                self.at += 1;
            }
            self.push(TokenKind::Mark, "'".to_owned(), line);
        }
    }

    fn number(&mut self) {
        let line = self.line;
        // `pair.0.1` are two members, not a fraction.
        let is_member = self.source.tokens.last().is_some_and(|token| token.text == ".");
        let mut text = String::new();
        let mut is_float = false;
        loop {
            let c = self.peek(0);
            let is_prefixed = text.starts_with("0x") || text.starts_with("0b");
            if c == '_' || c.is_ascii_alphanumeric() {
                is_float |= !is_prefixed && matches!(c, 'e' | 'E');
                text.push(c);
                self.at += 1;
            } else if c == '.' && !is_member && !is_float && self.ends_in_a_fraction() {
                is_float = true;
                text.push(c);
                self.at += 1;
            } else {
                break;
            }
        }
        let is_prefixed = text.starts_with("0x") || text.starts_with("0b");
        is_float |= !is_prefixed && (text.ends_with("f32") || text.ends_with("f64"));
        // The `e` of a suffix, as in `1usize`, is no exponent.
        let suffixed = ["usize", "isize"].iter().any(|suffix| text.ends_with(suffix));
        let kind = if is_float && !suffixed { TokenKind::Float } else { TokenKind::Integer };
        self.push(kind, text, line);
    }

    /// `1.5` and `1.` are fractions; `1..2` and `1.max(2)` are not.
    fn ends_in_a_fraction(&self) -> bool {
        let next = self.peek(1);
        next != '.' && next != '_' && !next.is_alphabetic()
    }

    fn word(&mut self) {
        let line = self.line;
        let mut text = String::new();
        while self.peek(0) == '_' || self.peek(0).is_alphanumeric() {
            text.push(self.advance());
        }
        let is_raw = matches!(text.as_str(), "r" | "br" | "cr");
        match self.peek(0) {
            '"' | '#' if is_raw && self.opens_a_raw_string() => self.raw_string(),
            '"' if matches!(text.as_str(), "b" | "c") => self.string(),
            '\'' if text == "b" => self.character_or_lifetime(),
            // `r#type` is the name `type`.
            '#' if text == "r" && self.peek(1).is_alphabetic() => {
                self.at += 1;
                self.word();
            }
            _ => self.push(TokenKind::Word, text, line),
        }
    }

    fn opens_a_raw_string(&self) -> bool {
        let rest = self.chars.get(self.at..).unwrap_or_default();
        rest.iter().find(|c| **c != '#') == Some(&'"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let tokens = RustSource::read(text).tokens;
        tokens.into_iter().filter(|t| t.kind == TokenKind::Word).map(|t| t.text).collect()
    }

    fn found_paths(text: &str) -> Vec<String> {
        paths(&RustSource::read(text).tokens).iter().map(|p| p.parts.join("::")).collect()
    }

    #[test]
    fn comments_and_strings_are_not_code() {
        let cases: &[(&str, &[&str])] = &[
            ("a // b\nc", &["a", "c"]),
            ("/// std::fs\nfn f", &["fn", "f"]),
            ("a /* b /* c */ d */ e", &["a", "e"]),
            (r#"a "b \" c" d"#, &["a", "d"]),
            (r##"a r#"b " c"# d"##, &["a", "d"]),
            (r#"b"x" br"y" c"z" r"\" e"#, &["e"]),
            (r"'a' b '\'' c 'd: e", &["b", "c", "e"]),
            (r"b'\\' x", &["x"]),
            ("r#type x", &["type", "x"]),
            ("'\"' a '\"'", &["a"]),
        ];
        for (text, expected) in cases {
            assert_eq!(words(text), *expected, "{text}");
        }
    }

    #[test]
    fn floats_are_told_from_whole_numbers() {
        let floats = ["1.5", "1.", "1e3", "2f64", "1_0.2_5", "1.0f32"];
        let whole = ["1", "0x1e3", "1usize", "0b1", "1_000_u64", "0xf64"];
        for text in floats.iter().chain(&whole) {
            let token = &RustSource::read(text).tokens[0];
            assert_eq!(token.kind == TokenKind::Float, floats.contains(text), "{text}");
        }
        for text in ["1..2", "p.0.1", "1.max(2)", "x.0"] {
            let tokens = RustSource::read(text).tokens;
            assert!(tokens.iter().all(|t| t.kind != TokenKind::Float), "{text}");
        }
    }

    #[test]
    fn paths_are_unfolded() {
        let cases: &[(&str, &[&str])] = &[
            ("use a::b;", &["a::b"]),
            ("use a::{b, c::{d, self}, e as f};", &["a::b", "a::c::d", "a::c", "a::e"]),
            ("use ::a::*; use b;", &["a::*", "b"]),
            ("pub use a::{b,};", &["pub", "a::b"]),
            ("x.std::<a::b>().fs", &["x", "a::b"]),
            ("-> impl A + use<'a> {", &["impl", "A", "use"]),
        ];
        for (text, expected) in cases {
            assert_eq!(found_paths(text), *expected, "{text}");
        }
        let lines: Vec<usize> = paths(&RustSource::read("use a::{\n b,\n c,\n};").tokens)
            .iter()
            .map(|p| p.line)
            .collect();
        assert_eq!(lines, [2, 3]);
    }

    #[test]
    fn tests_are_left_out() {
        let text = "a #[cfg(test)] mod tests { b { c } } d #[cfg(test)] mod e; f
            #[cfg(test)] #[x(y)] fn g(h: [u8; 3]) { i } j #[cfg(all(test, k))] mod l {}";
        let left: Vec<String> = RustSource::read(text)
            .without_tests()
            .into_iter()
            .filter(|t| t.kind == TokenKind::Word)
            .map(|t| t.text)
            .collect();
        assert_eq!(left, ["a", "d", "f", "j", "cfg", "all", "test", "k", "mod", "l"]);
    }

    #[test]
    fn lines_are_counted() {
        let source = RustSource::read("a\n\"x\ny\" b // c: d\n/*\n*/ e 'f' '\n' g");
        let lines: Vec<(String, usize)> = source
            .tokens
            .iter()
            .filter(|t| t.kind == TokenKind::Word)
            .map(|t| (t.text.clone(), t.line))
            .collect();
        let expected = [("a", 1), ("b", 3), ("e", 5), ("g", 6)];
        assert_eq!(lines, expected.map(|(text, line)| (text.to_owned(), line)));
        assert_eq!(source.comments, [(3, " c: d".to_owned())]);
    }
}
