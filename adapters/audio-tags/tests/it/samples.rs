//! Small files of every format, without tags. What is in them isn't music; it is there.

/// A file of each format: its name and its bytes.
pub fn all() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("a.wav", wav(1)),
        ("a.flac", flac(1)),
        ("a.mp3", mp3(1)),
        ("a.opus", opus(1)),
        ("a.m4a", m4a(1)),
    ]
}

/// A second of samples that `seed` tells apart from others.
pub fn wav(seed: u8) -> Vec<u8> {
    let samples: Vec<u8> = (0..88_200_u32).map(|at| (at % 251) as u8 ^ seed).collect();
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + samples.len() as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(44_100_u32.to_le_bytes());
    bytes.extend(88_200_u32.to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend((samples.len() as u32).to_le_bytes());
    bytes.extend(samples);
    bytes
}

/// Two seconds, as the head says; the frames are nothing that decodes.
pub fn flac(seed: u8) -> Vec<u8> {
    let mut bytes = b"fLaC\x80\0\0\x22".to_vec();
    bytes.extend(b"\x10\0\x10\0\0\0\0\0\0\0");
    // 44 100 Hz in 20 bits, two channels, 16 bits, 88 200 samples in 36 bits.
    bytes.extend(b"\x0a\xc4\x42\xf0\0\x01\x58\x88");
    bytes.extend([seed; 16]);
    bytes.extend(b"\xff\xf8\xc9\x18".iter().chain(&[seed; 2_000]));
    bytes
}

/// Forty frames of MPEG-1 layer 3, 128 kbps, 44 100 Hz.
pub fn mp3(seed: u8) -> Vec<u8> {
    let mut frame = b"\xff\xfb\x90\x00".to_vec();
    frame.extend([seed & 0x7f; 413]);
    frame.repeat(40)
}

/// One second: a page for each head, and one of packets.
pub fn opus(seed: u8) -> Vec<u8> {
    let head = b"OpusHead\x01\x02\x38\x01\x80\xbb\0\0\0\0\0".to_vec();
    let tags = b"OpusTags\x04\0\0\0test\0\0\0\0".to_vec();
    let packet = vec![seed; 200];
    let mut bytes = page(2, 0, 0, &[head]);
    bytes.extend(page(0, 0, 1, &[tags]));
    bytes.extend(page(4, 48_312, 2, &vec![packet; 50]));
    bytes
}

fn page(flags: u8, granule: u64, number: u32, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"OggS\0".to_vec();
    bytes.push(flags);
    bytes.extend(granule.to_le_bytes());
    bytes.extend(7_u32.to_le_bytes());
    bytes.extend(number.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.push(u8::try_from(packets.len()).unwrap());
    bytes.extend(packets.iter().map(|packet| u8::try_from(packet.len()).unwrap()));
    bytes.extend(packets.iter().flatten());
    let sum = crc(&bytes);
    bytes[22..26].copy_from_slice(&sum.to_le_bytes());
    bytes
}

/// The checksum of Ogg's pages: the polynomial 0x04c11db7, nothing reflected.
fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |sum, byte| {
        let mut sum = sum ^ (u32::from(*byte) << 24);
        for _ in 0..8 {
            sum = if sum & 0x8000_0000 == 0 { sum << 1 } else { (sum << 1) ^ 0x04c1_1db7 };
        }
        sum
    })
}

/// AAC in MPEG-4, one second.
pub fn m4a(seed: u8) -> Vec<u8> {
    let zeros = |count: usize| vec![0_u8; count];
    let number = |value: u32| value.to_be_bytes().to_vec();
    let mvhd = full("mvhd", &[zeros(8), number(1000), number(1000), zeros(80)].concat());
    let tkhd = full("tkhd", &[zeros(8), number(1), zeros(4), number(1000), zeros(60)].concat());
    let mdhd = full("mdhd", &[zeros(8), number(44_100), number(44_100), zeros(4)].concat());
    let hdlr = full("hdlr", &[zeros(4), b"soun".to_vec(), zeros(13)].concat());
    // An elementary stream of MPEG-4 audio: AAC LC, 44 100 Hz, two channels.
    let specific = b"\x05\x02\x12\x10";
    let config =
        [b"\x04\x13\x40\x15\0\0\0\0\x01\xf4\0\0\x01\xf4\0".to_vec(), specific.to_vec()].concat();
    let stream = [b"\x03\x19\0\x01\0".to_vec(), config, b"\x06\x01\x02".to_vec()].concat();
    let esds = full("esds", &stream);
    let mp4a =
        [zeros(6), b"\0\x01".to_vec(), zeros(8), b"\0\x02\0\x10".to_vec(), zeros(4)].concat();
    let mp4a = boxed("mp4a", &[mp4a, b"\xac\x44\0\0".to_vec(), esds].concat());
    let stsd = full("stsd", &[number(1), mp4a].concat());
    let stts = full("stts", &number(0));
    let stbl = boxed("stbl", &[stsd, stts].concat());
    let minf = boxed("minf", &stbl);
    let mdia = boxed("mdia", &[mdhd, hdlr, minf].concat());
    let trak = boxed("trak", &[tkhd, mdia].concat());
    let moov = boxed("moov", &[mvhd, trak].concat());
    let ftyp = boxed("ftyp", b"M4A \0\0\0\0M4A mp42isom");
    [ftyp, moov, boxed("mdat", &[seed; 16_000])].concat()
}

fn boxed(name: &str, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 8).unwrap();
    [&length.to_be_bytes(), name.as_bytes(), body].concat()
}

fn full(name: &str, body: &[u8]) -> Vec<u8> {
    boxed(name, &[&[0; 4], body].concat())
}
