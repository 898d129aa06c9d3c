//! A rendition, written.
//!
//! Sources: ISO/IEC 14496-12 (boxes), "Encapsulation of Opus in ISO Base Media File Format" 0.8.1,
//! "Encapsulation of FLAC in ISO Base Media File Format".

/// One packet of a codec.
pub(crate) struct Sample {
    pub(crate) bytes: Vec<u8>,
    /// How long it is, in ticks.
    pub(crate) ticks: u32,
}

/// Opus' own clock.
const OPUS_RATE_HZ: u32 = 48_000;

/// What stands in a file's description.
pub(crate) enum MuxedCodec {
    /// Opus: stereo, at its own clock of 48 kHz.
    Opus {
        /// Frames to leave out at the beginning.
        pre_skip: u16,
    },
    /// FLAC, with its stream information.
    Flac { stream_info: [u8; 34], rate_hz: u32, channels: u16, bits: u16 },
}

struct Segment {
    bytes: Vec<u8>,
    ticks: u32,
}

/// Puts packets into segments, and segments into a file.
pub(crate) struct Muxer {
    timescale: u32,
    /// Ticks in front of the first audible frame.
    priming: u32,
    decode_time: u64,
    segments: Vec<Segment>,
    rolls: bool,
}

impl Muxer {
    pub(crate) fn new(timescale: u32, priming: u32) -> Self {
        Self { timescale, priming, decode_time: 0, segments: Vec::new(), rolls: priming > 0 }
    }

    pub(crate) fn segments(&self) -> usize {
        self.segments.len()
    }

    /// Adds a segment: all packets of it, in order.
    pub(crate) fn segment(&mut self, samples: &[Sample]) {
        let sequence = u32::try_from(self.segments.len() + 1).expect("a few thousand");
        let ticks: u32 = samples.iter().map(|sample| sample.ticks).sum();
        let count = u32::try_from(samples.len()).expect("a few hundred");
        let mut moof = Vec::new();
        let mut data_offset_at = 0;
        boxed(&mut moof, b"moof", |moof| {
            boxed(moof, b"mfhd", |out| put(out, &[0, sequence]));
            boxed(moof, b"traf", |traf| {
                // The base of offsets is this moof: 0x020000.
                boxed(traf, b"tfhd", |out| put(out, &[0x0002_0000, 1]));
                boxed(traf, b"tfdt", |out| {
                    put(out, &[0x0100_0000]);
                    out.extend(self.decode_time.to_be_bytes());
                });
                // The offset of the data, and a duration and a size for each sample: 0x301.
                boxed(traf, b"trun", |out| {
                    put(out, &[0x0000_0301, count]);
                    data_offset_at = out.len();
                    put(out, &[0]);
                    for sample in samples {
                        let bytes = u32::try_from(sample.bytes.len()).expect("a packet is small");
                        put(out, &[sample.ticks, bytes]);
                    }
                });
                if self.rolls {
                    boxed(traf, b"sbgp", |out| {
                        put(out, &[0]);
                        out.extend(b"roll");
                        put(out, &[1, count, 1]);
                    });
                }
            });
        });
        let data_offset = u32::try_from(moof.len() + 8).expect("a moof is small");
        moof[data_offset_at..data_offset_at + 4].copy_from_slice(&data_offset.to_be_bytes());
        boxed(&mut moof, b"mdat", |out| {
            for sample in samples {
                out.extend_from_slice(&sample.bytes);
            }
        });
        // What is in front of the first audible frame isn't heard.
        let heard = if self.decode_time == 0 { ticks.saturating_sub(self.priming) } else { ticks };
        self.decode_time += u64::from(ticks);
        self.segments.push(Segment { bytes: moof, ticks: heard });
    }

    /// The whole file; `frames` is how many are heard.
    pub(crate) fn finish(mut self, codec: &MuxedCodec, frames: u64) -> Vec<u8> {
        // The last packet may reach beyond the end.
        let before: u64 =
            self.segments.iter().rev().skip(1).map(|segment| u64::from(segment.ticks)).sum();
        if let Some(last) = self.segments.last_mut() {
            let left = u32::try_from(frames.saturating_sub(before)).unwrap_or(u32::MAX);
            last.ticks = last.ticks.min(left.max(1));
        }
        let mut file = Vec::new();
        boxed(&mut file, b"ftyp", |out| {
            out.extend(b"iso6");
            put(out, &[0]);
            out.extend(b"iso6mp41");
        });
        boxed(&mut file, b"moov", |out| self.movie(out, codec, frames));
        boxed(&mut file, b"sidx", |out| {
            put(out, &[0x0100_0000, 1, self.timescale]);
            // From the first audible frame on; the segments follow at once.
            put(out, &[0, 0, 0, 0]);
            put(out, &[u32::try_from(self.segments.len()).expect("a few thousand")]);
            for segment in &self.segments {
                let bytes = u32::try_from(segment.bytes.len()).expect("a segment is small");
                // It begins with a frame that can be decoded by itself.
                put(out, &[bytes, segment.ticks, 0x9000_0000]);
            }
        });
        for segment in self.segments {
            file.extend(segment.bytes);
        }
        file
    }

    fn movie(&self, out: &mut Vec<u8>, codec: &MuxedCodec, frames: u64) {
        boxed(out, b"mvhd", |out| {
            put(out, &[0, 0, 0, self.timescale, 0, 0x0001_0000, 0x0100_0000, 0, 0]);
            put(out, &MATRIX);
            put(out, &[0, 0, 0, 0, 0, 0, 2]);
        });
        boxed(out, b"trak", |out| {
            // Enabled, in the movie, in its preview.
            boxed(out, b"tkhd", |out| {
                put(out, &[7, 0, 0, 1, 0, 0, 0, 0, 0, 0x0100_0000]);
                put(out, &MATRIX);
                put(out, &[0, 0]);
            });
            boxed(out, b"edts", |out| {
                boxed(out, b"elst", |out| {
                    put(out, &[0x0100_0000, 1]);
                    out.extend(frames.to_be_bytes());
                    out.extend(u64::from(self.priming).to_be_bytes());
                    put(out, &[0x0001_0000]);
                });
            });
            boxed(out, b"mdia", |out| {
                // The language is not determined: `und` in five bits a letter.
                boxed(out, b"mdhd", |out| put(out, &[0, 0, 0, self.timescale, 0, 0x55c4_0000]));
                boxed(out, b"hdlr", |out| {
                    put(out, &[0, 0]);
                    out.extend(b"soun");
                    put(out, &[0, 0, 0]);
                    out.push(0);
                });
                boxed(out, b"minf", |out| {
                    boxed(out, b"smhd", |out| put(out, &[0, 0]));
                    boxed(out, b"dinf", |out| {
                        boxed(out, b"dref", |out| {
                            put(out, &[0, 1]);
                            boxed(out, b"url ", |out| put(out, &[1]));
                        });
                    });
                    boxed(out, b"stbl", |out| self.sample_table(out, codec));
                });
            });
        });
        boxed(out, b"mvex", |out| {
            // Every sample can be decoded by itself.
            boxed(out, b"trex", |out| put(out, &[0, 1, 1, 0, 0, 0x0200_0000]));
        });
    }

    fn sample_table(&self, out: &mut Vec<u8>, codec: &MuxedCodec) {
        boxed(out, b"stsd", |out| {
            put(out, &[0, 1]);
            describe(out, codec);
        });
        for (kind, zeros) in [(b"stts", 2), (b"stsc", 2), (b"stsz", 3), (b"stco", 2)] {
            boxed(out, kind, |out| out.extend(std::iter::repeat_n(0, 4 * zeros)));
        }
        if self.rolls {
            // Whoever begins in the middle decodes 80 ms first: four packets.
            boxed(out, b"sgpd", |out| {
                put(out, &[0x0100_0000]);
                out.extend(b"roll");
                put(out, &[2, 1]);
                out.extend((-4_i16).to_be_bytes());
            });
        }
    }
}

fn describe(out: &mut Vec<u8>, codec: &MuxedCodec) {
    let entry = |out: &mut Vec<u8>, channels: u16, bits: u16, rate_hz: u32| {
        put(out, &[0, 1, 0, 0]);
        out.extend(channels.to_be_bytes());
        out.extend(bits.to_be_bytes());
        // A rate of sixteen bits and a fraction: of higher ones their greatest part that fits.
        let mut rate = rate_hz;
        while rate > 0xffff {
            rate /= 2;
        }
        put(out, &[0, rate << 16]);
    };
    match codec {
        MuxedCodec::Opus { pre_skip } => boxed(out, b"Opus", |out| {
            entry(out, 2, 16, OPUS_RATE_HZ);
            boxed(out, b"dOps", |out| {
                out.extend([0, 2]);
                out.extend(pre_skip.to_be_bytes());
                // The rate of the source could stand here; Chromium refuses a file where it isn't the entry's.
                out.extend(OPUS_RATE_HZ.to_be_bytes());
                out.extend([0, 0, 0]);
            });
        }),
        MuxedCodec::Flac { stream_info, rate_hz, channels, bits } => boxed(out, b"fLaC", |out| {
            entry(out, *channels, *bits, *rate_hz);
            boxed(out, b"dfLa", |out| {
                put(out, &[0]);
                // The last block, stream information, of 34 bytes.
                out.extend([0x80, 0, 0, 34]);
                out.extend(stream_info);
            });
        }),
    }
}

const MATRIX: [u32; 9] = [0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000];

fn put(out: &mut Vec<u8>, words: &[u32]) {
    out.extend(words.iter().flat_map(|word| word.to_be_bytes()));
}

fn boxed(out: &mut Vec<u8>, kind: &[u8; 4], body: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    put(out, &[0]);
    out.extend(kind);
    body(out);
    let bytes = u32::try_from(out.len() - at).expect("a box is less than four gigabytes");
    out[at..at + 4].copy_from_slice(&bytes.to_be_bytes());
}
