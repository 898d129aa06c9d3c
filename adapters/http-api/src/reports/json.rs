//! A scanner over JSON text: finds where values begin and end, and copies nothing.
//!
//! It accepts exactly what RFC 8259 does, in one pass and without recursion. Whether the
//! bytes are UTF-8 is not its business: everything that structures JSON is ASCII.

use std::ops::Range;

/// Why bytes are no JSON, with the offset at which that shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub at: usize,
    pub fault: Fault,
}

/// What is wrong with the JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The text ends where more was expected: it was cut.
    End,
    /// Something else was expected here.
    Expected(&'static str),
    /// More arrays and objects inside each other than are allowed.
    TooDeep,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::End => f.write_str("the JSON ends too early"),
            Self::Expected(what) => write!(f, "expected {what}"),
            Self::TooDeep => f.write_str("arrays and objects are nested too deep"),
        }
    }
}

/// What kind of value stands in a place, named as the sender should read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    Array,
    Text,
    Number,
    Bool,
    Null,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::Array => "an array",
            Self::Text => "a string",
            Self::Number => "a number",
            Self::Bool => "a boolean",
            Self::Null => "null",
        }
    }
}

/// A string as it stands in the text, without its quotes.
#[derive(Debug, Clone)]
pub(super) struct RawText {
    pub range: Range<usize>,
    /// Whether it holds a backslash, so that its value differs from its text.
    pub escaped: bool,
}

/// A number as it stands in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    /// Without fraction and exponent. `magnitude` is `None` beyond 64 bits.
    Integer { negative: bool, magnitude: Option<u64> },
    /// With a fraction or an exponent.
    Float,
}

/// Reads JSON from `text`, value by value, beginning at `at`.
pub(super) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    depth_max: usize,
}

type Scanned<T> = Result<T, SyntaxError>;

impl<'a> Scanner<'a> {
    /// A scanner that stands at the beginning of `text`, and refuses values in which more
    /// than `depth_max` arrays and objects stand inside each other.
    pub(super) fn new(text: &'a [u8], depth_max: usize) -> Self {
        Self { text, at: 0, depth_max }
    }

    /// Where the scanner stands.
    #[inline]
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The next byte that isn't white space, without passing it.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.get(self.at)?;
            if byte > b' ' || !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    /// Passes one byte that [`Scanner::peek`] has shown.
    #[inline]
    pub(super) fn pass(&mut self) {
        self.at += 1;
    }

    /// Passes `byte`, or says that `what` was expected.
    #[inline]
    pub(super) fn expect(&mut self, byte: u8, what: &'static str) -> Scanned<()> {
        match self.peek() {
            Some(found) if found == byte => {
                self.at += 1;
                Ok(())
            }
            Some(_) => self.fail(Fault::Expected(what)),
            None => self.fail(Fault::End),
        }
    }

    /// An error where the scanner stands.
    #[cold]
    pub(super) fn fail<T>(&self, fault: Fault) -> Scanned<T> {
        Err(SyntaxError { at: self.at, fault })
    }

    /// Only white space may be left.
    pub(super) fn end(&mut self, what: &'static str) -> Scanned<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => self.fail(Fault::Expected(what)),
        }
    }

    /// The kind of the value that begins here.
    #[inline]
    pub(super) fn kind(&mut self) -> Scanned<Kind> {
        match self.peek() {
            Some(b'"') => Ok(Kind::Text),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'n') => Ok(Kind::Null),
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(_) => self.fail(Fault::Expected("a value")),
            None => self.fail(Fault::End),
        }
    }

    /// Passes a string; the scanner stands at its opening quote.
    #[inline]
    pub(super) fn string(&mut self) -> Scanned<RawText> {
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at = plain_end(self.text, self.at);
            match self.text.get(self.at) {
                Some(b'"') => {
                    let range = start..self.at;
                    self.at += 1;
                    return Ok(RawText { range, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return self.fail(Fault::Expected("control characters to be escaped")),
                None => return self.fail(Fault::End),
            }
        }
    }

    fn escape(&mut self) -> Scanned<()> {
        self.at += 1;
        match self.text.get(self.at) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    match self.text.get(self.at) {
                        Some(byte) if byte.is_ascii_hexdigit() => self.at += 1,
                        Some(_) => return self.fail(Fault::Expected("four hex digits after \\u")),
                        None => return self.fail(Fault::End),
                    }
                }
            }
            Some(_) => return self.fail(Fault::Expected("one of \"\\/bfnrtu after a backslash")),
            None => return self.fail(Fault::End),
        }
        Ok(())
    }

    /// Passes a number; the scanner stands at its first character.
    #[inline]
    pub(super) fn number(&mut self) -> Scanned<Number> {
        let negative = self.text.get(self.at) == Some(&b'-');
        if negative {
            self.at += 1;
        }
        let start = self.at;
        let mut magnitude = Some(0u64);
        while let Some(byte @ b'0'..=b'9') = self.text.get(self.at) {
            let digit = u64::from(byte - b'0');
            magnitude = magnitude.and_then(|value| value.checked_mul(10)?.checked_add(digit));
            self.at += 1;
        }
        let digits = self.at - start;
        if digits == 0 {
            let fault =
                if self.at < self.text.len() { Fault::Expected("a digit") } else { Fault::End };
            return self.fail(fault);
        }
        if digits > 1 && self.text[start] == b'0' {
            self.at = start + 1;
            return self.fail(Fault::Expected("no digit after a leading zero"));
        }
        if !matches!(self.text.get(self.at), Some(b'.' | b'e' | b'E')) {
            return Ok(Number::Integer { negative, magnitude });
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.text.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.text.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Number::Float)
    }

    fn digits(&mut self) -> Scanned<()> {
        let start = self.at;
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        if self.at > start {
            return Ok(());
        }
        let fault = if self.at < self.text.len() { Fault::Expected("a digit") } else { Fault::End };
        self.fail(fault)
    }

    /// Passes `true`, `false` or `null`; the scanner stands at its first letter.
    #[inline]
    pub(super) fn word(&mut self, word: &'static str) -> Scanned<()> {
        for &letter in word.as_bytes() {
            match self.text.get(self.at) {
                Some(&found) if found == letter => self.at += 1,
                Some(_) => return self.fail(Fault::Expected(word)),
                None => return self.fail(Fault::End),
            }
        }
        Ok(())
    }

    /// Passes a boolean; the scanner stands at its first letter.
    #[inline]
    pub(super) fn boolean(&mut self) -> Scanned<bool> {
        let value = self.text.get(self.at) == Some(&b't');
        self.word(if value { "true" } else { "false" })?;
        Ok(value)
    }

    /// Passes the value that begins here, whatever it is, and says what it was.
    pub(super) fn skip_value(&mut self) -> Scanned<Kind> {
        let kind = self.kind()?;
        match kind {
            Kind::Object | Kind::Array => self.skip_nested(kind)?,
            _ => self.skip_scalar(kind)?,
        }
        Ok(kind)
    }

    fn skip_scalar(&mut self, kind: Kind) -> Scanned<()> {
        match kind {
            Kind::Text => self.string().map(drop),
            Kind::Number => self.number().map(drop),
            Kind::Bool => self.boolean().map(drop),
            Kind::Null => self.word("null"),
            Kind::Object | Kind::Array => self.fail(Fault::Expected("a plain value")),
        }
    }

    fn skip_nested(&mut self, outermost: Kind) -> Scanned<()> {
        let mut open = Nesting::default();
        let mut entering = Some(outermost);
        loop {
            // A value begins with `entering`, or an item of the innermost open one does.
            if let Some(kind) = entering.take() {
                if open.depth == self.depth_max {
                    return self.fail(Fault::TooDeep);
                }
                self.at += 1;
                let closing = if kind == Kind::Object { b'}' } else { b']' };
                open.enter(kind == Kind::Object);
                if self.peek() == Some(closing) {
                    self.at += 1;
                    if self.leave(&mut open)? {
                        return Ok(());
                    }
                }
            }
            if open.in_object() {
                self.key()?;
            }
            let kind = self.kind()?;
            if matches!(kind, Kind::Object | Kind::Array) {
                entering = Some(kind);
                continue;
            }
            self.skip_scalar(kind)?;
            if self.after_item(&mut open)? {
                return Ok(());
            }
        }
    }

    /// Passes a name and its colon.
    #[inline]
    pub(super) fn key(&mut self) -> Scanned<RawText> {
        match self.peek() {
            Some(b'"') => {}
            Some(_) => return self.fail(Fault::Expected("a field's name in quotes")),
            None => return self.fail(Fault::End),
        }
        let name = self.string()?;
        self.expect(b':', "':' after a field's name")?;
        Ok(name)
    }

    // The innermost value has just been closed: true where that was the outermost one.
    fn leave(&mut self, open: &mut Nesting) -> Scanned<bool> {
        open.leave();
        if open.depth == 0 { Ok(true) } else { self.after_item(open) }
    }

    // After an item: a comma, or closings as many as there are. True where all are closed.
    fn after_item(&mut self, open: &mut Nesting) -> Scanned<bool> {
        loop {
            let in_object = open.in_object();
            match (self.peek(), in_object) {
                (Some(b','), _) => {
                    self.at += 1;
                    return Ok(false);
                }
                (Some(b'}'), true) | (Some(b']'), false) => {
                    self.at += 1;
                    open.leave();
                    if open.depth == 0 {
                        return Ok(true);
                    }
                }
                (Some(_), true) => return self.fail(Fault::Expected("',' or '}'")),
                (Some(_), false) => return self.fail(Fault::Expected("',' or ']'")),
                (None, _) => return self.fail(Fault::End),
            }
        }
    }
}

/// Which of the open values are objects, outermost first.
#[derive(Default)]
struct Nesting {
    depth: usize,
    /// One bit each for the first 64, so that usual values cost no allocation.
    shallow: u64,
    deep: Vec<bool>,
}

impl Nesting {
    fn enter(&mut self, object: bool) {
        if self.depth < 64 {
            let bit = 1 << self.depth;
            self.shallow = if object { self.shallow | bit } else { self.shallow & !bit };
        } else {
            self.deep.push(object);
        }
        self.depth += 1;
    }

    fn leave(&mut self) {
        self.depth -= 1;
        if self.depth >= 64 {
            self.deep.pop();
        }
    }

    fn in_object(&self) -> bool {
        if self.depth <= 64 {
            self.shallow & 1 << (self.depth - 1) != 0
        } else {
            self.deep.last() == Some(&true)
        }
    }
}

/// The first place from `at` on that holds a quote, a backslash or a control character;
/// the end of `text` where there is none. Looks at eight bytes at once ("SWAR", as in
/// Mycroft's test for a zero byte): strings of reports are too short for anything wider.
#[inline]
pub(super) fn plain_end(text: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    while let Some(chunk) = text.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let quote = word ^ (ONES * u64::from(b'"'));
        let backslash = word ^ (ONES * u64::from(b'\\'));
        // A borrow can only spoil bytes above the first hit, and only the first is used.
        let hits = (quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        let hits = hits & HIGHS;
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while let Some(&byte) = text.get(at) {
        if byte == b'"' || byte == b'\\' || byte < 0x20 {
            break;
        }
        at += 1;
    }
    at
}

/// A string's value, its escapes resolved. `None` where it holds half of a surrogate pair,
/// which no UTF-8 text can.
pub(super) fn unescape(raw: &str) -> Option<String> {
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(backslash) = rest.find('\\') {
        value.push_str(&rest[..backslash]);
        let escape = rest.as_bytes().get(backslash + 1)?;
        rest = &rest[backslash + 2..];
        match escape {
            b'b' => value.push('\u{8}'),
            b'f' => value.push('\u{c}'),
            b'n' => value.push('\n'),
            b'r' => value.push('\r'),
            b't' => value.push('\t'),
            b'u' => {
                let mut unit = hex_unit(&mut rest)?;
                if (0xd800..0xdc00).contains(&unit) {
                    rest = rest.strip_prefix("\\u")?;
                    let low =
                        hex_unit(&mut rest)?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                    unit = 0x10000 + ((unit - 0xd800) << 10 | low);
                }
                value.push(char::from_u32(unit)?);
            }
            other => value.push(char::from(*other)),
        }
    }
    value.push_str(rest);
    Some(value)
}

fn hex_unit(rest: &mut &str) -> Option<u32> {
    let digits = rest.get(..4)?;
    *rest = &rest[4..];
    u32::from_str_radix(digits, 16).ok()
}
