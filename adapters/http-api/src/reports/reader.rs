//! Reads the fields of one report, in whatever order they stand.

use std::borrow::Cow;

use ledgerline_app::intake::LISTENED_MS_MAX;
use ledgerline_ids::{InstantError, UnixMs};
use ledgerline_records::report::PlaybackEvent;

use super::instant;
use super::json::{Fault, Kind, Number, RawText, Scanner, SyntaxError, unescape};
use super::line::{GRANT_BYTES_MAX, ReportLine, Text};
use super::refusal::{Code, LineError};
use super::usual::Name;

/// How many arrays and objects may stand inside each other in one report.
const DEPTH_MAX: usize = 64;

/// Reads the report that fills `text`.
pub(super) fn read(text: &str) -> Result<ReportLine<'_>, LineError> {
    let mut reader = Reader {
        text,
        scanner: Scanner::new(text.as_bytes(), DEPTH_MAX),
        line: ReportLine::default(),
        seen: 0,
        refusal: None,
    };
    if let Err(error) = reader.report() {
        return Err(malformed(error));
    }
    match reader.refusal {
        None => Ok(reader.line),
        Some(refusal) => Err(refusal),
    }
}

#[cold]
fn malformed(error: SyntaxError) -> LineError {
    let column = error.at + 1;
    LineError::new(Code::MalformedJson, format!("{} at column {column}", error.fault))
}

/// Declares the fields of a report: their names, and how a name is found.
macro_rules! fields {
    ($($variant:ident $name:literal $key:literal;)*) => {
        /// A field of a report, as a refusal names it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Field { $($variant,)* ContextType, ContextId }

        impl Field {
            /// How many fields there are.
            pub(super) const COUNT: usize = Self::ContextId as usize + 1;

            /// The fields' names as they stand in JSON, in the order of the fields.
            pub(super) const NAMES: [Name; Self::COUNT] = [
                $(Name::new($name),)*
                Name::new("context.type"),
                Name::new("context.id"),
            ];

            pub(super) fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::ContextType => "context.type",
                    Self::ContextId => "context.id",
                }
            }

            #[inline]
            pub(super) fn of(name: &[u8]) -> Option<Self> {
                match name { $($key => Some(Self::$variant),)* _ => None }
            }

            #[inline]
            pub(super) fn bit(self) -> u32 {
                1 << self as u8
            }
        }
    };
}

fields! {
    PlayId "play_id" b"play_id";
    User "user_id" b"user_id";
    Track "track_id" b"track_id";
    Listened "duration_listened_ms" b"duration_listened_ms";
    StartedAt "started_at" b"started_at";
    SentAt "sent_at" b"sent_at";
    Event "event" b"event";
    Completed "completed" b"completed";
    Session "session_id" b"session_id";
    Device "device_id" b"device_id";
    Quality "quality" b"quality";
    Offline "offline" b"offline";
    Context "context" b"context";
    Tier "tier" b"tier";
    Territory "territory" b"territory";
    Preview "preview" b"preview";
    Imported "imported" b"imported";
    Grant "grant" b"grant";
}

struct Reader<'a> {
    text: &'a str,
    scanner: Scanner<'a>,
    line: ReportLine<'a>,
    /// One bit for each field that was there.
    seen: u32,
    /// The first field that is wrong. Reading goes on, to see whether the rest is JSON.
    refusal: Option<LineError>,
}

type Read<T> = Result<T, SyntaxError>;

impl<'a> Reader<'a> {
    fn report(&mut self) -> Read<()> {
        let kind = self.scanner.kind()?;
        if kind == Kind::Object {
            self.object()?;
            self.require(Field::Track);
            self.require(Field::Listened);
        } else {
            self.scanner.skip_value()?;
            let name = kind.name();
            self.refuse(Code::NotAnObject, || {
                format!("a report must be a JSON object, this is {name}")
            });
        }
        self.scanner.end("nothing after the report")
    }

    fn object(&mut self) -> Read<()> {
        self.scanner.pass();
        if self.scanner.peek() == Some(b'}') {
            self.scanner.pass();
            return Ok(());
        }
        loop {
            let name = self.scanner.key()?;
            match self.field_of(&name) {
                Some(field) => self.field(field)?,
                None => self.unknown()?,
            }
            if self.last()? {
                return Ok(());
            }
        }
    }

    // After a field: true where it was its object's last.
    #[inline]
    fn last(&mut self) -> Read<bool> {
        let last = match self.scanner.peek() {
            Some(b',') => false,
            Some(b'}') => true,
            Some(_) => return self.scanner.fail(Fault::Expected("',' or '}'")),
            None => return self.scanner.fail(Fault::End),
        };
        self.scanner.pass();
        Ok(last)
    }

    // A field's name. One that holds half of a surrogate pair is no field of ours either way.
    #[inline]
    fn name(&self, name: &RawText) -> Cow<'a, str> {
        let raw = &self.text[name.range.clone()];
        if name.escaped {
            unescape(raw).map_or(Cow::Borrowed(raw), Cow::Owned)
        } else {
            Cow::Borrowed(raw)
        }
    }

    #[inline]
    fn field_of(&self, name: &RawText) -> Option<Field> {
        Field::of(self.name(name).as_bytes())
    }

    #[inline]
    fn field(&mut self, field: Field) -> Read<()> {
        self.note(field);
        match field {
            Field::PlayId => self.line.play_id = self.text(field)?,
            Field::User => self.line.user = self.text(field)?,
            Field::Track => self.line.track = self.text(field)?.unwrap_or_default(),
            Field::Listened => self.line.listened_ms = self.listened()?,
            Field::StartedAt => self.line.started_at = self.instant(field)?,
            Field::SentAt => self.line.sent_at = self.instant(field)?,
            Field::Event => self.line.event = self.event()?,
            Field::Completed => self.line.completed = self.flag(field)?,
            Field::Session => self.line.session = self.text(field)?,
            Field::Device => self.line.device = self.text(field)?,
            Field::Quality => self.line.quality = self.text(field)?,
            Field::Offline => self.line.offline = self.flag(field)?,
            Field::Context => self.line.context = self.context()?,
            Field::Tier => self.line.tier = self.text(field)?,
            Field::Territory => self.line.territory = self.text(field)?,
            Field::Preview => self.line.preview = self.flag(field)?.unwrap_or_default(),
            Field::Imported => self.line.imported = self.flag(field)?.unwrap_or_default(),
            Field::Grant => self.line.grant = self.grant()?,
            Field::ContextType | Field::ContextId => self.unknown()?,
        }
        Ok(())
    }

    #[cold]
    fn unknown(&mut self) -> Read<()> {
        self.line.unknown_fields += 1;
        self.scanner.skip_value().map(drop)
    }

    #[inline]
    fn note(&mut self, field: Field) {
        if self.seen & field.bit() != 0 {
            self.refuse(Code::DuplicateField, || format!("{} stands twice", field.name()));
        }
        self.seen |= field.bit();
    }

    #[inline]
    fn require(&mut self, field: Field) {
        if self.seen & field.bit() == 0 {
            self.missing(field);
        }
    }

    #[cold]
    fn missing(&mut self, field: Field) {
        let what = match field {
            Field::Track => "the recording that was played, a string",
            Field::Listened => "the time that sounded so far, in whole milliseconds",
            _ => "a string, wherever there is a context",
        };
        self.refuse(Code::MissingField, || format!("{} is required: {what}", field.name()));
    }

    #[cold]
    fn refuse(&mut self, code: Code, detail: impl FnOnce() -> String) {
        if self.refusal.is_none() {
            self.refusal = Some(LineError::new(code, detail()));
        }
    }

    // Whether a value of the kind `wanted` begins here. Another one is passed, and refused
    // unless it is null.
    #[inline]
    fn begins(&mut self, field: Field, wanted: Kind, name: &'static str) -> Read<bool> {
        let kind = self.scanner.kind()?;
        if kind == wanted {
            return Ok(true);
        }
        self.not_wanted(field, name).map(|()| false)
    }

    #[cold]
    fn not_wanted(&mut self, field: Field, wanted: &'static str) -> Read<()> {
        match (self.scanner.skip_value()?, field) {
            (
                Kind::Null,
                Field::Track | Field::Listened | Field::ContextType | Field::ContextId,
            ) => self.missing(field),
            (Kind::Null, _) => {}
            (kind, _) => self.refuse(Code::WrongType, || {
                format!("{} must be {wanted}, not {}", field.name(), kind.name())
            }),
        }
        Ok(())
    }

    #[inline]
    fn text(&mut self, field: Field) -> Read<Text<'a>> {
        if !self.begins(field, Kind::Text, "a string")? {
            return Ok(None);
        }
        let raw = self.scanner.string()?;
        let text = &self.text[raw.range];
        if raw.escaped { Ok(self.unescaped(field, text)) } else { Ok(Some(Cow::Borrowed(text))) }
    }

    #[cold]
    fn unescaped(&mut self, field: Field, raw: &str) -> Text<'a> {
        let value = unescape(raw);
        if value.is_none() {
            self.refuse(Code::InvalidValue, || {
                format!("{} holds half of a surrogate pair", field.name())
            });
        }
        value.map(Cow::Owned)
    }

    #[inline]
    fn listened(&mut self) -> Read<u64> {
        let field = Field::Listened;
        if !self.begins(field, Kind::Number, "an integer, in milliseconds")? {
            return Ok(0);
        }
        match self.scanner.number()? {
            Number::Integer { negative: false, magnitude: Some(value) }
                if value <= LISTENED_MS_MAX =>
            {
                return Ok(value);
            }
            Number::Integer { negative: true, magnitude: Some(0) } => return Ok(0),
            Number::Integer { .. } => self.refuse(Code::OutOfRange, || {
                format!("{} must be 0 to {LISTENED_MS_MAX} (7 days)", field.name())
            }),
            Number::Float => self.refuse(Code::WrongType, || {
                format!("{} must be an integer without fraction or exponent", field.name())
            }),
        }
        Ok(0)
    }

    #[inline]
    fn instant(&mut self, field: Field) -> Read<Option<UnixMs>> {
        let outcome = match self.scanner.kind()? {
            Kind::Text => match self.text(field)? {
                Some(text) => instant::parse(&text),
                None => return Ok(None),
            },
            Kind::Number => match self.scanner.number()? {
                Number::Integer { negative: false, magnitude: Some(millis) } => UnixMs::new(millis),
                Number::Integer { negative: true, magnitude: Some(0) } => Ok(UnixMs::EPOCH),
                Number::Integer { .. } => Err(InstantError::OutOfRange),
                Number::Float => {
                    self.refuse(Code::WrongType, || {
                        format!("{} must be whole milliseconds since 1970", field.name())
                    });
                    return Ok(None);
                }
            },
            _ => {
                let wanted = "an RFC 3339 string or milliseconds since 1970";
                return self.not_wanted(field, wanted).map(|()| None);
            }
        };
        match outcome {
            Ok(instant) => Ok(Some(instant)),
            Err(error) => {
                let code = match error {
                    InstantError::OutOfRange => Code::OutOfRange,
                    InstantError::Form | InstantError::Day => Code::InvalidValue,
                };
                self.refuse(code, || format!("{} {error}", field.name()));
                Ok(None)
            }
        }
    }

    #[inline]
    fn flag(&mut self, field: Field) -> Read<Option<bool>> {
        if !self.begins(field, Kind::Bool, "true or false")? {
            return Ok(None);
        }
        self.scanner.boolean().map(Some)
    }

    #[inline]
    fn event(&mut self) -> Read<Option<PlaybackEvent>> {
        let Some(word) = self.text(Field::Event)? else { return Ok(None) };
        let event = PlaybackEvent::from_word(&word);
        if event.is_none() {
            self.refuse(Code::InvalidValue, || {
                let words: Vec<_> = PlaybackEvent::ALL.iter().map(|event| event.as_str()).collect();
                format!("event must be one of {}", words.join(", "))
            });
        }
        Ok(event)
    }

    fn grant(&mut self) -> Read<Text<'a>> {
        let grant = self.text(Field::Grant)?;
        if grant.as_ref().is_some_and(|grant| grant.len() > GRANT_BYTES_MAX) {
            self.refuse(Code::InvalidValue, || {
                format!("grant must be at most {GRANT_BYTES_MAX} bytes long")
            });
        }
        Ok(grant)
    }

    fn context(&mut self) -> Read<Option<(Cow<'a, str>, Cow<'a, str>)>> {
        if !self.begins(Field::Context, Kind::Object, "an object with type and id")? {
            return Ok(None);
        }
        self.scanner.pass();
        let (mut kind, mut id) = (None, None);
        if self.scanner.peek() == Some(b'}') {
            self.scanner.pass();
        } else {
            loop {
                let name = self.scanner.key()?;
                match &*self.name(&name) {
                    "type" => {
                        self.note(Field::ContextType);
                        kind = self.text(Field::ContextType)?;
                    }
                    "id" => {
                        self.note(Field::ContextId);
                        id = self.text(Field::ContextId)?;
                    }
                    _ => self.unknown()?,
                }
                if self.last()? {
                    break;
                }
            }
        }
        self.require(Field::ContextType);
        self.require(Field::ContextId);
        Ok(kind.zip(id))
    }
}
