//! How files of music, what they are kept as, and what is signed for them are made.

use ledgerline_delivery::{KeyId, SignedUrl, SigningKey, StreamGrant};
use ledgerline_ids::{PlayId, Territory, Tier, TrackId, UnixMs, UserId};

use crate::mutator::Random;

/// Short files of the forms that are made here: WAV, and our own MP4 with Opus and with FLAC. Those of others
/// are of encoders that aren't here.
pub(super) fn audio_files() -> Vec<Vec<u8>> {
    let mut files = vec![sound(2, 16), sound(1, 24)];
    files.extend(renditions().into_iter().map(|rendition| rendition.bytes));
    // Heads without anything behind them: where the readers of other forms begin.
    files.push(b"fLaC\0\0\0\x22\x10\0\x10\0\0\0\x0e\0\0\x10\x0a\xc4\x42\xf0\0\0\0\0".to_vec());
    files.push([&b"\xff\xfb\x90\x64"[..], &[0; 413]].concat().repeat(3));
    files.push(b"OggS\0\x02\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\x01\x13OpusHead\x01\x02\x38\x01\x80\xbb\0\0\0\0\0".to_vec());
    files
}

/// The same files, and texts, a number and a picture in front of MP3's frames as ID3v2 has them.
pub(super) fn tagged_files() -> Vec<Vec<u8>> {
    let frame = |id: &[u8; 4], value: &[u8]| {
        let length = u32::try_from(value.len()).expect("short").to_be_bytes();
        [&id[..], &length, &[0, 0], value].concat()
    };
    let mut picture = b"\x03image/png\0\x03\0".to_vec();
    picture.extend(pictures().remove(0));
    let frames = [
        frame(b"TIT2", "\u{3}Zoë (feat. Ana)".as_bytes()),
        frame(b"TPE1", b"\x03One & Two\0Three"),
        frame(b"TPE2", b"\x01\xff\xfeA\0b\0"),
        frame(b"TALB", b"\0Album"),
        frame(b"TRCK", b"\x033/12"),
        frame(b"TCON", b"\x03(17)(6)Rock"),
        frame(b"TSRC", b"\x03DEA123456789"),
        frame(b"USLT", b"\x03eng\0[00:01.00] la\n[00:02.50] la"),
        frame(b"APIC", &picture),
    ];
    let frames = frames.concat();
    // Seven bits a byte.
    let length = u32::try_from(frames.len()).expect("short");
    let length = [21, 14, 7, 0].map(|by| u8::try_from(length >> by & 0x7f).expect("seven bits"));
    let sound = [&b"\xff\xfb\x90\x64"[..], &[0; 413]].concat().repeat(40);
    let mut files = audio_files();
    files.push([&b"ID3\x03\0\0"[..], &length, &frames, &sound].concat());
    files
}

/// A few pixels in each format that is taken.
pub(super) fn pictures() -> Vec<Vec<u8>> {
    let pixels = image::RgbImage::from_fn(9, 7, |x, y| {
        image::Rgb([x, y, x * y].map(|value| u8::try_from(value * 4).unwrap_or(u8::MAX)))
    });
    let formats = [
        image::ImageFormat::Png,
        image::ImageFormat::Jpeg,
        image::ImageFormat::Gif,
        image::ImageFormat::WebP,
    ];
    let made = formats.map(|format| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        pixels.write_to(&mut bytes, format).map(|()| bytes.into_inner()).unwrap_or_default()
    });
    made.into_iter().filter(|bytes| !bytes.is_empty()).collect()
}

/// What a key that nobody has signed, and the same with something besides.
pub(super) fn signed_addresses() -> Vec<Vec<u8>> {
    let key = SigningKey::new(KeyId(1), [7; 32]);
    let sign = |path, listener| {
        let url = SignedUrl { path, expires_at_s: 1_790_000_000, listener, play_id: "p-1" };
        url.signed_by(&key)
    };
    let good = [sign("/audio/t1/opus-96.0a1b2c3d", "l_1"), sign("/audio/Zo%C3%AB%2F1/flac", "")];
    let worse = [format!("{}&x=1", good[0]), good[1].replace("e=1", "e=01")];
    good.into_iter().chain(worse).map(String::into_bytes).collect()
}

pub(super) fn stream_grants() -> Vec<Vec<u8>> {
    let key = SigningKey::new(KeyId(1), [7; 32]);
    let at = |millis| UnixMs::new(millis).expect("an instant");
    let full = StreamGrant {
        play_id: PlayId::new("p-1").expect("an id"),
        listener: Some(UserId::new("l_1").expect("an id")),
        track: TrackId::new("t1").expect("an id"),
        tier: Some(Tier::new("free").expect("a tier")),
        territory: Some(Territory::new("SE").expect("a country")),
        preview: false,
        issued_at: at(1_790_000_000_000),
        valid_until: at(1_793_000_000_000),
    };
    let preview =
        StreamGrant { listener: None, tier: None, territory: None, preview: true, ..full };
    [full, preview].map(|grant| grant.signed_by(&key).into_bytes()).to_vec()
}

pub(super) fn rendition_heads() -> Vec<Vec<u8>> {
    let head = |rendition: ledgerline_audio::Rendition| {
        let bytes = usize::try_from(rendition.index.head_bytes).expect("some hundred");
        rendition.bytes[..bytes].to_vec()
    };
    renditions().into_iter().map(head).collect()
}

fn renditions() -> Vec<ledgerline_audio::Rendition> {
    let ladder = "opus-24,flac".parse().expect("these are rungs");
    let limits = ledgerline_audio::Limits::default();
    let file = std::io::Cursor::new(sound(2, 16));
    let (_, made) = ledgerline_audio::encode_ladder(file, Some("wav"), &limits, &ladder)
        .expect("it can be encoded");
    made
}

/// A print that repeats itself, landmarks in order, and a histogram.
pub(super) fn audio_marks() -> Vec<Vec<u8>> {
    let mut random = Random::new(4);
    let half: Vec<u8> = (0..80)
        .flat_map(|_| u32::try_from(random.below(1 << 32)).expect("32 bits").to_le_bytes())
        .collect();
    let landmarks: Vec<ledgerline_audio::Landmark> = (0..40)
        .map(|window| ledgerline_audio::Landmark { hash: u32::from(window) * 7_919, window })
        .collect();
    let blocks: Vec<u8> = (0_u16..30)
        .flat_map(|bin| (bin * 17).to_le_bytes().into_iter().chain(9_u32.to_le_bytes()))
        .collect();
    vec![half.repeat(2), ledgerline_audio::encode_landmarks(&landmarks), blocks]
}

/// A fifth of a second of a tone.
fn sound(channels: u16, bits: u16) -> Vec<u8> {
    let (rate, bytes) = (44_100_u32, u32::from(bits / 8));
    let samples = rate / 5 * u32::from(channels);
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + samples * bytes).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0");
    wav.extend(channels.to_le_bytes());
    wav.extend(rate.to_le_bytes());
    wav.extend((rate * u32::from(channels) * bytes).to_le_bytes());
    wav.extend((channels * bits / 8).to_le_bytes());
    wav.extend(bits.to_le_bytes());
    wav.extend(b"data");
    wav.extend((samples * bytes).to_le_bytes());
    let mut phase = 0_i32;
    for at in 0..samples {
        // A triangle: no floats, so the same bytes on every machine.
        phase = (phase + 517 + i32::try_from(at % 3).expect("small")) % 65_536;
        let sample = ((phase - 32_768).abs() - 16_384) << (bits - 16);
        wav.extend(&sample.to_le_bytes()[..bytes as usize]);
    }
    wav
}
