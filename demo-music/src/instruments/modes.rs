//! Partials that ring and fade, each turned on by one complex multiplication a sample.

use crate::sound::RATE;

/// So many go together, as a processor adds them.
const LANES: usize = 8;
/// Softer than this nothing is heard.
const SILENT: f32 = 2e-5;

#[derive(Debug, Clone, Copy, Default)]
struct Group {
    re: [f32; LANES],
    im: [f32; LANES],
    cos: [f32; LANES],
    sin: [f32; LANES],
}

/// A partial.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mode {
    pub hz: f32,
    pub amplitude: f32,
    /// How long until it is 60 dB softer.
    pub fades_s: f32,
    /// Where it begins, in turns.
    pub phase: f32,
}

/// Sounds some partials for so many frames.
pub(super) fn ring(modes: &[Mode], frames: usize) -> Vec<f32> {
    let mut groups: Vec<Group> = Vec::new();
    let mut sorted: Vec<&Mode> = modes.iter().filter(|mode| mode.hz < 0.45 * RATE).collect();
    // What fades soonest is together, and left out once it is gone.
    sorted.sort_by(|one, other| other.fades_s.total_cmp(&one.fades_s));
    for chunk in sorted.chunks(LANES) {
        let mut group = Group::default();
        for (lane, mode) in chunk.iter().enumerate() {
            let keep = 10_f32.powf(-3.0 / (mode.fades_s * RATE));
            let (sin, cos) = (std::f32::consts::TAU * mode.hz / RATE).sin_cos();
            let (im, re) = (std::f32::consts::TAU * mode.phase).sin_cos();
            (group.re[lane], group.im[lane]) = (re * mode.amplitude, im * mode.amplitude);
            (group.cos[lane], group.sin[lane]) = (cos * keep, sin * keep);
        }
        groups.push(group);
    }
    let mut out = vec![0.0; frames];
    for block in out.chunks_mut(256) {
        for group in &mut groups {
            for sample in block.iter_mut() {
                *sample += group.next();
            }
        }
        while groups.last().is_some_and(Group::is_silent) {
            groups.pop();
        }
    }
    out
}

impl Group {
    #[inline]
    fn next(&mut self) -> f32 {
        let mut sums = [0.0_f32; LANES];
        for (lane, sum) in sums.iter_mut().enumerate() {
            let (re, im) = (self.re[lane], self.im[lane]);
            self.re[lane] = re * self.cos[lane] - im * self.sin[lane];
            self.im[lane] = re * self.sin[lane] + im * self.cos[lane];
            *sum = self.im[lane];
        }
        ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]))
    }

    fn is_silent(&self) -> bool {
        self.re.iter().chain(&self.im).all(|it| it.abs() < SILENT)
    }
}
