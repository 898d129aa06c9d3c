//! Which axioms of sharing revenue hold for which model (after Bergantiños and Moreno-Ternero,
//! "Revenue sharing at music streaming platforms", arXiv 2310.11861): stated in
//! `tests/spec/axioms.txt`, with a counter-example where one doesn't.
//!
//! Amounts are rounded to millionths, so equalities hold within a millionth for each amount.

use crate::month::Story;
use ledgerline_money::{BigRational, Micros};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Random stories for each model and axiom.
const STORIES: u64 = 300;
const LISTENERS: usize = 4;
const TRACKS: usize = 5;
/// What each listener pays.
const FEE: i64 = 10;

/// A model, as a term says it, and what is known of its weights.
struct Kind {
    name: &'static str,
    term: &'static str,
    /// The sum of all weights in a problem, where it can be said from outside.
    weight: Option<fn(&Problem) -> u64>,
}

const KINDS: &[Kind] = &[
    Kind { name: "pro-rata", term: "share=100%", weight: Some(Problem::plays) },
    Kind { name: "pro-rata, a minimum of plays", term: "share=100% eligible=500", weight: None },
    Kind {
        name: "user-centric",
        term: "model=user-centric share=100%",
        weight: Some(Problem::listeners_who_played),
    },
    Kind {
        name: "artist-centric",
        term: "model=artist-centric share=100% boost=2 boost-plays=8 boost-listeners=2 cap=6",
        weight: None,
    },
    Kind { name: "fixed-per-play", term: "model=fixed-per-play rate=0.01", weight: None },
    Kind { name: "bands", term: "model=bands rates=5000:0.001,30000:0.01", weight: None },
    Kind { name: "ladder", term: "model=ladder prices=0.002,0.004,0.008", weight: None },
    Kind { name: "us-mechanical", term: "model=us-mechanical share=100% floor=12", weight: None },
];

/// Who played what how often.
#[derive(Debug, Clone)]
struct Problem {
    plays: [[u64; TRACKS]; LISTENERS],
    artist: [u64; TRACKS],
    trailing: [u64; TRACKS],
    minutes: [u64; TRACKS],
}

/// Numbers that follow from a seed (a linear congruential generator, Knuth's MMIX).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        let next =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 = next;
        (next >> 33) % limit
    }
}

impl Problem {
    fn random(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let mut draw = |limit| dice.below(limit);
        let plays = [[(); TRACKS]; LISTENERS].map(|row| row.map(|()| draw(5) * draw(2)));
        let artist = [(); TRACKS].map(|()| draw(3));
        let trailing = [(); TRACKS].map(|()| draw(1_000));
        let minutes = [(); TRACKS].map(|()| 3 + draw(4));
        Self { plays, artist, trailing, minutes }
    }

    fn plays(&self) -> u64 {
        self.plays.iter().flatten().sum()
    }

    fn listeners_who_played(&self) -> u64 {
        self.plays.iter().filter(|plays| plays.iter().sum::<u64>() > 0).count() as u64
    }

    /// The same without listeners that aren't in `kept`.
    fn only(&self, kept: std::ops::Range<usize>) -> Self {
        let mut only = self.clone();
        for (listener, plays) in only.plays.iter_mut().enumerate() {
            if !kept.contains(&listener) {
                *plays = [0; TRACKS];
            }
        }
        only
    }

    fn revenue(&self) -> Micros {
        let listeners = i64::try_from(self.listeners_who_played()).unwrap();
        Micros::new(listeners * FEE * Micros::PER_UNIT)
    }

    /// What each recording's holder gets; of nobody's recording, too.
    fn shared(&self, kind: &Kind) -> Vec<Micros> {
        let mut story = Story::default();
        let mut say = |row: String| assert!(story.take(&row), "{row}");
        say("licence l".to_owned());
        let rights = if kind.name == "us-mechanical" { "mechanical" } else { "master" };
        say(format!("term l/t rights={rights} {}", kind.term));
        for track in 0..TRACKS {
            let (artist, ms) = (self.artist[track], self.minutes[track] * 60_000);
            say(format!("recording T{track} artists=A{artist} ms={ms} {rights}=p{track}:100%"));
            say(format!("trailing T{track} {}", self.trailing[track]));
            // Too short for any model: nobody is paid for these.
            say(format!("plays T{track} 3 heard=1000"));
        }
        for (listener, plays) in self.plays.iter().enumerate() {
            if plays.iter().sum::<u64>() > 0 {
                say(format!("revenue listener=L{listener} gross={FEE}"));
            }
            for (track, plays) in plays.iter().enumerate().filter(|(_, plays)| **plays > 0) {
                say(format!("plays T{track} {plays} listener=L{listener}"));
            }
        }
        if self.plays() == 0 {
            return vec![Micros::ZERO; TRACKS];
        }
        let (_, month) = story.month();
        assert_eq!(month.refusals, []);
        crate::month::lines_sum_to_pools(&month);
        let payee = |track| month.payees.number(&format!("p{track}"));
        let lines = |track| month.lines.iter().filter(move |line| Some(line.payee) == payee(track));
        (0..TRACKS)
            .map(|track| Micros::sum(lines(track).map(|line| line.amount)).unwrap())
            .collect()
    }
}

/// Breaks an axiom, said in a sentence; or doesn't.
type Breaks = fn(&Kind, &Problem) -> Option<String>;

const AXIOMS: &[(&str, Breaks)] = &[
    ("no pay without plays", paid_without_plays),
    ("symmetry", asymmetric),
    ("revenue is exhausted", not_exhausted),
    ("money is additive over listeners", not_additive),
    ("weights are additive over listeners", weights_not_additive),
];

fn paid_without_plays(kind: &Kind, problem: &Problem) -> Option<String> {
    let shared = problem.shared(kind);
    let unplayed = |track: &usize| problem.plays.iter().all(|plays| plays[*track] == 0);
    let paid = (0..TRACKS).filter(unplayed).find(|track| shared[*track] != Micros::ZERO)?;
    Some(format!("T{paid} has no play and gets {}", shared[paid]))
}

/// Two recordings that every listener played equally often get the same.
fn asymmetric(kind: &Kind, problem: &Problem) -> Option<String> {
    let mut twins = problem.clone();
    twins.plays.iter_mut().for_each(|plays| plays[1] = plays[0]);
    let shared = twins.shared(kind);
    let apart = shared[0].minus(shared[1]).unwrap().get().abs();
    (apart > 1).then(|| {
        let plays: Vec<u64> = twins.plays.iter().map(|plays| plays[0]).collect();
        format!(
            "T0 and T1 were each played {plays:?} times and get {} and {}",
            shared[0], shared[1]
        )
    })
}

fn not_exhausted(kind: &Kind, problem: &Problem) -> Option<String> {
    let shared = Micros::sum(problem.shared(kind)).unwrap();
    let revenue = problem.revenue();
    (shared != revenue).then(|| format!("of {revenue} are paid {shared}"))
}

/// Two groups of listeners together are worth to each what they are worth apart.
fn not_additive(kind: &Kind, problem: &Problem) -> Option<String> {
    let parts = [problem.only(0..2), problem.only(2..LISTENERS)];
    let [first, second] = parts.map(|part| part.shared(kind));
    let together = problem.shared(kind);
    (0..TRACKS).find_map(|track| {
        let apart = first[track].plus(second[track]).unwrap();
        let differs = together[track].minus(apart).unwrap().get().abs() > 2;
        differs.then(|| {
            format!("T{track} gets {apart} of two groups, {} of both together", together[track])
        })
    })
}

/// The same of what a recording weighs: what it gets of a unit of money, times all weights.
fn weights_not_additive(kind: &Kind, problem: &Problem) -> Option<String> {
    let weight = kind.weight?;
    let parts = [problem.only(0..2), problem.only(2..LISTENERS), problem.clone()];
    let whole = |number: i64| BigRational::from_integer(number.into());
    let mut slack = whole(0);
    let index = parts.each_ref().map(|part| {
        let (revenue, all) = (part.revenue().get().max(1), i64::try_from(weight(part)).unwrap());
        slack += whole(all) / whole(revenue);
        let of = |amount: Micros| whole(amount.get()) * whole(all) / whole(revenue);
        part.shared(kind).into_iter().map(of).collect::<Vec<_>>()
    });
    (0..TRACKS).find_map(|track| {
        let apart = &index[0][track] + &index[1][track] - &index[2][track];
        let differs = apart > slack || apart < -slack.clone();
        differs.then(|| format!("T{track}'s weights differ by {apart}"))
    })
}

#[test]
fn each_axiom_holds_where_it_is_said_to() {
    let problems: Vec<Problem> = (1..=STORIES).map(Problem::random).collect();
    let mut table = String::new();
    let mut counter_examples = BTreeMap::new();
    for kind in KINDS {
        writeln!(table, "{}", kind.name).unwrap();
        for (axiom, breaks) in AXIOMS {
            if kind.weight.is_none() && axiom.starts_with("weights") {
                continue;
            }
            let broken =
                problems.iter().find_map(|problem| Some((breaks(kind, problem)?, problem)));
            let said = match &broken {
                None => "holds".to_owned(),
                Some((how, _)) => format!("fails: {how}"),
            };
            writeln!(table, "    {axiom:36} {said}").unwrap();
            if let Some((_, problem)) = broken {
                counter_examples.insert((kind.name, *axiom), problem);
            }
        }
    }
    println!("{table}");
    let file = include_str!("../spec/axioms.txt");
    let stated: Vec<&str> =
        file.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    for ((model, axiom), problem) in counter_examples {
        println!("{model}, {axiom}: {problem:?}");
    }
    assert_eq!(table.lines().collect::<Vec<_>>(), stated, "tests/spec/axioms.txt says otherwise");
}
