//! Reads a report in the form that nearly every sender writes, without a detour.
//!
//! What is unusual (escapes, `null`, an unknown field, a wrong value, anything that is to be
//! refused) is not judged here but left to [`super::reader`], which reads the report again from
//! its beginning. So this reader only has to be right about what it takes: whatever it takes,
//! the other one takes too, with the same values.

use ledgerline_app::intake::{LISTENED_MS_MAX, PlaybackReport};
use ledgerline_ids::{
    ContextPart, DeviceId, PlayId, Quality, SessionId, Territory, Tier, TrackId, UnixMs, UserId,
};
use ledgerline_records::report::{Context, PlaybackEvent};

use super::instant;
use super::json::plain_end;
use super::line::{GRANT_BYTES_MAX, LINE_BYTES_MAX};
use super::reader::Field;

/// Reads reports of one sender, whose fields nearly always stand in one order.
pub(super) struct Usual {
    /// Which field came after each of them the last time; in the last place, which came first.
    after: [Field; Field::COUNT + 1],
}

impl Usual {
    pub(super) fn new() -> Self {
        Self { after: [Field::PlayId; Field::COUNT + 1] }
    }

    /// The report that `text` begins with, and where it ends: behind the line's end, or the
    /// text's. `None` where it is better read by the other reader.
    pub(super) fn read<'a>(&mut self, text: &'a str) -> Option<(PlaybackReport<'a>, usize)> {
        let mut at = Cursor { text, at: 0 };
        at.pass(b'{')?;
        let mut found = Found::default();
        let mut before = Field::COUNT;
        let mut seen = 0;
        loop {
            at.spaces();
            let field = self.field(&mut at, before)?;
            if seen & field.bit() != 0 {
                return None;
            }
            seen |= field.bit();
            before = field as usize;
            at.spaces();
            found.value(field, &mut at)?;
            at.spaces();
            match at.next()? {
                b',' => {}
                b'}' => break,
                _ => return None,
            }
        }
        let end = at.line_end()?;
        if seen & Field::Listened.bit() == 0 || end > LINE_BYTES_MAX {
            return None;
        }
        Some((found.report()?, end))
    }

    /// Passes a field's name and its colon.
    #[inline]
    fn field(&mut self, at: &mut Cursor<'_>, before: usize) -> Option<Field> {
        let guess = self.after[before];
        let name = &Field::NAMES[guess as usize];
        if let Some(words) = at.rest().first_chunk::<24>()
            && name.begins(words)
        {
            at.at += name.length;
            return Some(guess);
        }
        let field = Field::of(at.string()?.as_bytes())?;
        at.spaces();
        at.pass(b':')?;
        self.after[before] = field;
        Some(field)
    }
}

/// A field's name as it stands in JSON, with its quotes and its colon, for a quick comparison.
pub(super) struct Name {
    words: [u64; 3],
    masks: [u64; 3],
    length: usize,
}

impl Name {
    pub(super) const fn new(name: &str) -> Self {
        let (mut words, mut masks) = ([0; 3], [0; 3]);
        let length = name.len() + 3;
        assert!(length <= 24, "a longer name needs another word");
        let mut at = 0;
        while at < length {
            let byte = if at == 0 || at == length - 2 {
                b'"'
            } else if at == length - 1 {
                b':'
            } else {
                name.as_bytes()[at - 1]
            };
            words[at / 8] |= (byte as u64) << (8 * (at % 8));
            masks[at / 8] |= 0xff << (8 * (at % 8));
            at += 1;
        }
        Self { words, masks, length }
    }

    #[inline]
    fn begins(&self, bytes: &[u8; 24]) -> bool {
        let (words, _) = bytes.as_chunks::<8>();
        let differs = |at: usize| (u64::from_le_bytes(words[at]) ^ self.words[at]) & self.masks[at];
        differs(0) | differs(1) | differs(2) == 0
    }
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    #[inline]
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    #[inline]
    fn pass(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    #[inline]
    fn spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    /// A string without escapes.
    #[inline]
    fn string(&mut self) -> Option<&'a str> {
        self.pass(b'"')?;
        let start = self.at;
        let end = plain_end(self.text.as_bytes(), start);
        self.at = end;
        self.pass(b'"')?;
        self.text.get(start..end)
    }

    /// A whole number of at most 18 digits.
    #[inline]
    fn number(&mut self) -> Option<u64> {
        const DIGITS_MAX: usize = 18;
        let start = self.at;
        let mut value = 0;
        while self.at - start <= DIGITS_MAX - 8
            && let Some(digits) = self.rest().first_chunk::<8>().and_then(eight_digits)
        {
            value = value * 100_000_000 + digits;
            self.at += 8;
        }
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            if self.at - start == DIGITS_MAX {
                return None;
            }
            value = value * 10 + u64::from(digit - b'0');
            self.at += 1;
        }
        let digits = self.at - start;
        let leading_zero = digits > 1 && self.text.as_bytes().get(start) == Some(&b'0');
        let whole = !matches!(self.peek(), Some(b'.' | b'e' | b'E'));
        (digits > 0 && !leading_zero && whole).then_some(value)
    }

    #[inline]
    fn boolean(&mut self) -> Option<bool> {
        let rest = self.rest();
        if rest.starts_with(b"true") {
            self.at += 4;
            Some(true)
        } else if rest.starts_with(b"false") {
            self.at += 5;
            Some(false)
        } else {
            None
        }
    }

    #[inline]
    fn instant(&mut self) -> Option<UnixMs> {
        match self.peek()? {
            b'"' => instant::parse(self.string()?).ok(),
            _ => UnixMs::new(self.number()?).ok(),
        }
    }

    /// `{"type": …, "id": …}`.
    fn context(&mut self) -> Option<Context<'a>> {
        let mut part = |opening: u8, wanted: &str| {
            self.pass(opening)?;
            self.spaces();
            if self.string()? != wanted {
                return None;
            }
            self.spaces();
            self.pass(b':')?;
            self.spaces();
            let text = self.string()?;
            self.spaces();
            ContextPart::new(text).ok()
        };
        let kind = part(b'{', "type")?;
        let id = part(b',', "id")?;
        self.pass(b'}')?;
        Some(Context { kind, id })
    }

    /// Behind a report: where its line ends, if nothing else stands in it.
    #[inline]
    fn line_end(&mut self) -> Option<usize> {
        loop {
            match self.next() {
                Some(b'\n') => return Some(self.at),
                None => return Some(self.text.len()),
                Some(b' ' | b'\t' | b'\r') => {}
                Some(_) => return None,
            }
        }
    }
}

/// The value of eight digits, the first the greatest. Each step puts two neighbours together.
#[inline]
fn eight_digits(text: &[u8; 8]) -> Option<u64> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_le_bytes(*text);
    let digits = word.wrapping_sub(ONES * u64::from(b'0'));
    // A byte that is no digit is above 9 now, or has borrowed and is above 0x7f.
    if (digits | digits.wrapping_add(ONES * 0x76)) & (ONES * 0x80) != 0 {
        return None;
    }
    let twos = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (twos * 100 + (twos >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours * 10_000 + (fours >> 32)) & 0xffff_ffff)
}

#[derive(Default)]
struct Found<'a> {
    play_id: Option<PlayId<'a>>,
    user: Option<UserId<'a>>,
    track: Option<TrackId<'a>>,
    listened_ms: u64,
    started_at: Option<UnixMs>,
    sent_at: Option<UnixMs>,
    event: Option<PlaybackEvent>,
    completed: Option<bool>,
    session: Option<SessionId<'a>>,
    device: Option<DeviceId<'a>>,
    quality: Option<Quality<'a>>,
    offline: Option<bool>,
    context: Option<Context<'a>>,
    tier: Option<Tier<'a>>,
    territory: Option<Territory<'a>>,
    preview: bool,
    imported: bool,
    grant: Option<&'a str>,
}

impl<'a> Found<'a> {
    #[inline]
    fn value(&mut self, field: Field, at: &mut Cursor<'a>) -> Option<()> {
        match field {
            Field::PlayId => self.play_id = Some(PlayId::new(at.string()?).ok()?),
            Field::User => self.user = Some(UserId::new(at.string()?).ok()?),
            Field::Track => self.track = Some(TrackId::new(at.string()?).ok()?),
            Field::Listened => {
                self.listened_ms = at.number().filter(|value| *value <= LISTENED_MS_MAX)?;
            }
            Field::StartedAt => self.started_at = Some(at.instant()?),
            Field::SentAt => self.sent_at = Some(at.instant()?),
            Field::Event => self.event = Some(PlaybackEvent::from_word(at.string()?)?),
            Field::Completed => self.completed = Some(at.boolean()?),
            Field::Session => self.session = Some(SessionId::new(at.string()?).ok()?),
            Field::Device => self.device = Some(DeviceId::new(at.string()?).ok()?),
            Field::Quality => self.quality = Some(Quality::new(at.string()?).ok()?),
            Field::Offline => self.offline = Some(at.boolean()?),
            Field::Context => self.context = Some(at.context()?),
            Field::Tier => self.tier = Some(Tier::new(at.string()?).ok()?),
            Field::Territory => self.territory = Some(Territory::new(at.string()?).ok()?),
            Field::Preview => self.preview = at.boolean()?,
            Field::Imported => self.imported = at.boolean()?,
            Field::Grant => {
                self.grant = Some(at.string()?).filter(|grant| grant.len() <= GRANT_BYTES_MAX);
                self.grant?;
            }
            Field::ContextType | Field::ContextId => return None,
        }
        Some(())
    }

    #[inline]
    fn report(self) -> Option<PlaybackReport<'a>> {
        let Self { play_id, user, track, listened_ms, started_at, sent_at, event, .. } = self;
        let Self { completed, session, device, quality, offline, context, .. } = self;
        let Self { tier, territory, preview, imported, grant, .. } = self;
        Some(PlaybackReport {
            play_id,
            user,
            track: track?,
            listened_ms,
            started_at,
            sent_at,
            event,
            completed,
            session,
            device,
            quality,
            offline,
            context,
            tier,
            territory,
            preview,
            imported,
            grant,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_digits_are_read_and_nothing_else() {
        assert_eq!(eight_digits(b"17723233"), Some(17_723_233));
        assert_eq!(eight_digits(b"00000000"), Some(0));
        assert_eq!(eight_digits(b"99999999"), Some(99_999_999));
        for at in 0..8 {
            for byte in (0..=u8::MAX).filter(|byte| !byte.is_ascii_digit()) {
                let mut text = *b"90909090";
                text[at] = byte;
                assert_eq!(eight_digits(&text), None, "{byte} at {at}");
            }
        }
    }
}
