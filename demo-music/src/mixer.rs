//! Parts and their instruments become one sound.

use crate::effects::{Chorus, Echo, Reverb};
use crate::instruments::{Instrument, Tone};
use crate::noise::Noise;
use crate::score::{Part, Tempo};
use crate::sound::{RATE, Stereo, frames};
use crate::theory::hz;

/// What is done to a part by itself, in this order.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Insert {
    Filter(crate::effects::Kind),
    /// Bent into overtones: how far it is driven.
    Drive(f32),
    Chorus(Chorus),
}

/// A part, and how it stands in the room.
pub(crate) struct Stem {
    pub part: Part,
    pub instrument: Box<dyn Instrument>,
    /// In dB.
    pub gain_db: f32,
    /// How much of it goes into the room and the echo, in dB; `None` is nothing.
    pub room_db: Option<f32>,
    pub echo_db: Option<f32>,
    pub inserts: Vec<Insert>,
    /// How far the kick pushes it down, from 0 to 1.
    pub ducked: f32,
}

impl Stem {
    pub(crate) fn new(part: Part, instrument: impl Instrument + 'static) -> Self {
        Self {
            part,
            instrument: Box::new(instrument),
            gain_db: 0.0,
            room_db: None,
            echo_db: None,
            inserts: Vec::new(),
            ducked: 0.0,
        }
    }

    pub(crate) fn gain(mut self, db: f32) -> Self {
        self.gain_db = db;
        self
    }

    pub(crate) fn room(mut self, db: f32) -> Self {
        self.room_db = Some(db);
        self
    }

    pub(crate) fn echo(mut self, db: f32) -> Self {
        self.echo_db = Some(db);
        self
    }

    pub(crate) fn with(mut self, insert: Insert) -> Self {
        self.inserts.push(insert);
        self
    }

    pub(crate) fn ducked(mut self, depth: f32) -> Self {
        self.ducked = depth;
        self
    }
}

/// What all parts share.
pub(crate) struct Desk {
    pub tempo: Tempo,
    pub seconds: f64,
    pub reverb: Reverb,
    pub echo: Option<Echo>,
    /// The beats at which the kick pushes others down.
    pub kicks: Vec<f64>,
}

/// Plays and mixes.
pub(crate) fn mix(desk: &Desk, stems: Vec<Stem>, seed: u64) -> Stereo {
    let length = frames(desk.seconds);
    let (mut dry, mut room, mut echo) =
        (Stereo::silence(length), Stereo::silence(length), Stereo::silence(length));
    let duck = duck(desk, length);
    for (number, stem) in stems.into_iter().enumerate() {
        let mut noise = Noise::of(seed.wrapping_mul(0x1_0001).wrapping_add(number as u64));
        let sound = play(desk, &stem, &duck, &mut noise);
        let gain = gain(stem.gain_db);
        dry.add(0, &sound, gain);
        for (bus, db) in [(&mut room, stem.room_db), (&mut echo, stem.echo_db)] {
            if let Some(db) = db {
                bus.add(0, &sound, gain * self::gain(db));
            }
        }
    }
    if let Some(settings) = desk.echo {
        let echoes = settings.of(&echo);
        room.add(0, &echoes, 0.3);
        dry.add(0, &echoes, 1.0);
    }
    dry.add(0, &desk.reverb.of(&room), 1.0);
    dry
}

fn gain(db: f32) -> f32 {
    10_f32.powf(db / 20.0)
}

fn play(desk: &Desk, stem: &Stem, duck: &[f32], noise: &mut Noise) -> Stereo {
    let length = frames(desk.seconds);
    let mut sound = Stereo::silence(length);
    for note in &stem.part.0 {
        let (from, to) = (desk.tempo.seconds(note.at), desk.tempo.seconds(note.at + note.beats));
        let tone = Tone {
            hz: hz(note.pitch),
            seconds: (to - from).max(0.01) as f32,
            velocity: note.velocity,
            pitch: note.pitch,
        };
        let at = frames(from);
        if at < length {
            sound.add(at, &stem.instrument.sound(&tone, noise), 1.0);
        }
    }
    for insert in &stem.inserts {
        insert.on(&mut sound);
    }
    if stem.ducked > 0.0 {
        for channel in [&mut sound.left, &mut sound.right] {
            for (sample, down) in channel.iter_mut().zip(duck) {
                *sample *= 1.0 - stem.ducked * down;
            }
        }
    }
    sound
}

impl Insert {
    fn on(self, sound: &mut Stereo) {
        match self {
            Insert::Filter(kind) => sound.filter(|| {
                let mut filter = crate::effects::Biquad::new(kind);
                move |sample| filter.next(sample)
            }),
            Insert::Drive(drive) => sound.each(|sample| (sample * drive).tanh() / drive),
            Insert::Chorus(chorus) => chorus.on(sound),
        }
    }
}

/// 1 where a kick has just been, and back to 0 before the next.
fn duck(desk: &Desk, length: usize) -> Vec<f32> {
    let mut duck = vec![0.0_f32; length];
    for kick in &desk.kicks {
        let from = frames(desk.tempo.seconds(*kick));
        for (at, level) in duck.iter_mut().skip(from).take(frames(0.4)).enumerate() {
            let t = at as f32 / RATE;
            *level = level.max((t / 0.006).min(1.0) * (-t * 9.0).exp());
        }
    }
    duck
}
