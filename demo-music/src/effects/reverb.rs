//! A room: eight delays that feed each other (J.-M. Jot's feedback delay network), behind all-passes that blur what
//! enters.

use super::filter::{Biquad, Kind};
use crate::instruments::sine;
use crate::sound::{RATE, RATE_HZ, Stereo, frames};

/// What kind of room.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reverb {
    /// How long it takes to fade by 60 dB.
    pub seconds: f32,
    /// How large: the delays are multiplied by it.
    pub size: f32,
    /// Above this it fades sooner.
    pub dark_hz: f32,
    /// How long until it begins.
    pub early_s: f64,
}

/// Delays in frames, without common divisors.
const DELAYS: [usize; 8] = [1_289, 1_493, 1_777, 2_027, 2_311, 2_503, 2_797, 3_109];
const BLURS: [[usize; 4]; 2] = [[149, 211, 337, 541], [163, 229, 353, 557]];

impl Reverb {
    /// What the room answers to what is sent into it.
    pub(crate) fn of(self, sent: &Stereo) -> Stereo {
        let early = frames(self.early_s);
        let mut out = Stereo::silence(sent.frames());
        let mut blurs = BLURS.map(|delays| delays.map(Blur::new));
        let mut thin = [(); 2].map(|()| Biquad::new(Kind::HighPass { hz: 140.0, q: 0.7 }));
        let mut lines: [Line; 8] = std::array::from_fn(|at| Line::new(self, at));
        for at in early..sent.frames() {
            let mut entering = [sent.left[at - early], sent.right[at - early]];
            for (channel, sample) in entering.iter_mut().enumerate() {
                *sample = thin[channel].next(*sample);
                for blur in &mut blurs[channel] {
                    *sample = blur.next(*sample);
                }
            }
            let mut heard = [0.0; 8];
            for (line, heard) in lines.iter_mut().zip(&mut heard) {
                *heard = line.read();
            }
            out.left[at] = heard[0] - heard[2] + heard[4] - heard[6];
            out.right[at] = heard[1] - heard[3] + heard[5] - heard[7];
            let mixed = hadamard(heard);
            for (place, line) in lines.iter_mut().enumerate() {
                line.write(mixed[place] + entering[place % 2]);
            }
        }
        out.scale(0.35);
        out
    }
}

/// Mixes all with all and keeps the energy.
fn hadamard(mut x: [f32; 8]) -> [f32; 8] {
    for step in [1, 2, 4] {
        for at in 0..8 {
            if at & step == 0 {
                (x[at], x[at | step]) = (x[at] + x[at | step], x[at] - x[at | step]);
            }
        }
    }
    x.map(|sample| sample * 0.353_553_4)
}

struct Line {
    buffer: Vec<f32>,
    at: usize,
    delay: f32,
    gain: f32,
    /// A one-pole low-pass: its memory, and how much it keeps.
    dull: (f32, f32),
    /// Where the delay's slow wandering is, and its step.
    wander: (f32, f32),
}

/// By so many frames the delays wander, which keeps the tail from ringing.
const WANDER: f32 = 9.0;

impl Line {
    fn new(room: Reverb, number: usize) -> Self {
        let delay = DELAYS[number] as f32 * room.size;
        let keep = (-std::f32::consts::TAU * room.dark_hz / RATE).exp();
        Self {
            // A power of two, so that places go round without a division.
            buffer: vec![0.0; (delay as usize + 2 * WANDER as usize + 4).next_power_of_two()],
            at: 0,
            delay,
            gain: 10_f32.powf(-3.0 * delay / RATE / room.seconds),
            dull: (0.0, keep),
            wander: (number as f32 / 8.0, (0.31 + 0.07 * number as f32) / RATE_HZ as f32),
        }
    }

    fn read(&mut self) -> f32 {
        self.wander.0 = (self.wander.0 + self.wander.1).fract();
        let late = self.delay + WANDER * sine(self.wander.0);
        let mask = self.buffer.len() - 1;
        let (whole, part) = (late as usize, late.fract());
        let index = |back: usize| self.at.wrapping_sub(back) & mask;
        let sample =
            self.buffer[index(whole)] * (1.0 - part) + self.buffer[index(whole + 1)] * part;
        self.dull.0 = sample * (1.0 - self.dull.1) + self.dull.0 * self.dull.1;
        self.dull.0 * self.gain
    }

    fn write(&mut self, sample: f32) {
        self.buffer[self.at] = sample;
        self.at = (self.at + 1) & (self.buffer.len() - 1);
    }
}

/// Schroeder's all-pass.
struct Blur {
    buffer: Vec<f32>,
    at: usize,
}

impl Blur {
    fn new(delay: usize) -> Self {
        Self { buffer: vec![0.0; delay], at: 0 }
    }

    fn next(&mut self, x: f32) -> f32 {
        let late = self.buffer[self.at];
        let y = late - 0.6 * x;
        self.buffer[self.at] = x + 0.6 * y;
        self.at = if self.at + 1 == self.buffer.len() { 0 } else { self.at + 1 };
        y
    }
}
