//! A population is what its description says, and its truth is what its lines come to.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod recount;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::ErrorKind;

use ledgerline_population::{Population, Profile, Truth, ZIPF_HUNDREDTHS};
use recount::{Key, Play, recount};

// 2026-02-27: a month with 28 days ends within every population of more than two days.
const START: u64 = 1_772_150_400_000;

const SERVICE: Population = Population {
    seed: 1,
    reports: 30_000,
    listeners: 700,
    tracks: 5_000,
    zipf_hundredths: ZIPF_HUNDREDTHS,
    listener_zipf_hundredths: None,
    start: START,
    days: 20,
    shuffle: None,
    windows: false,
    profile: Profile::Service,
};

const THROUGHPUT: Population = Population {
    reports: 40_000,
    listeners: 900,
    days: 2,
    profile: Profile::Throughput,
    ..SERVICE
};

// Few listeners have most of the plays.
const STEEP: Population = Population { listener_zipf_hundredths: Some(100), ..THROUGHPUT };

fn generate(population: &Population) -> (String, Truth) {
    let mut lines = Vec::new();
    let mut told = Vec::new();
    let truth = population.generate(&mut lines, &mut |count| told.push(count)).unwrap();
    assert!(told.is_sorted());
    assert_eq!(told.last(), Some(&population.reports));
    (String::from_utf8(lines).unwrap(), truth)
}

fn sorted(lines: &str) -> Vec<&str> {
    let mut sorted: Vec<&str> = lines.lines().collect();
    sorted.sort_unstable();
    sorted
}

// The whole truth again, from the lines alone.
fn check_truth(population: &Population) {
    let (lines, truth) = generate(population);
    let plays = recount(&lines, &truth.bot_devices);
    let mut by_status: BTreeMap<String, u64> = BTreeMap::new();
    let mut counted = truth.counted.clone();
    let (mut by_track, mut by_user) = (BTreeMap::new(), BTreeMap::new());
    counted.by_territory.clear();
    counted.by_tier.clear();
    counted.by_day.clear();
    for ((user, _), play) in &plays {
        *by_status.entry(play.status.to_owned()).or_default() += 1;
        if play.status == "counted" {
            *by_track.entry(play.track.clone()).or_default() += 1;
            *by_user.entry(user.clone().unwrap()).or_default() += 1;
            let (_, tier, territory, ..) = play.least.clone();
            *counted.by_tier.entry(tier.unwrap_or_default()).or_default() += 1;
            *counted.by_territory.entry(territory.unwrap_or_default()).or_default() += 1;
            *counted.by_day.entry(day_name(play.started)).or_default() += 1;
        }
    }
    counted.by_track = Some(by_track);
    counted.by_user = Some(by_user);
    assert_eq!(truth.plays, by_status, "{population:?}");
    assert_eq!(truth.counted, counted, "{population:?}");
    assert_eq!(truth.plays_total, plays.len() as u64);
    check_special(&truth, &plays);
    check_sums(&truth);
}

// Days of the population by their number after its start: the calendar is tested elsewhere.
fn day_name(millis: u64) -> String {
    let mut day = 27 + (millis - START) / 86_400_000;
    for (month, length) in [(2, 28), (3, 31), (4, 30), (5, 31), (6, 30)] {
        if day <= length {
            return format!("2026-{month:02}-{day:02}");
        }
        day -= length;
    }
    panic!("a population of these tests ends before July")
}

fn check_special(truth: &Truth, plays: &BTreeMap<recount::Identity, Play>) {
    for special in &truth.special {
        let found: Vec<&Play> = match &special.play_id {
            Some(play_id) => {
                let key = Key::Keyed(play_id.clone());
                vec![&plays[&(special.user_id.clone(), key)]]
            }
            None => plays
                .iter()
                .filter(|((user, key), play)| {
                    *user == special.user_id
                        && !matches!(key, Key::Keyed(_))
                        && play.track == special.track_id
                        && play.started == special.started_at_ms
                })
                .map(|(_, play)| play)
                .collect(),
        };
        let fits = found.iter().any(|play| {
            let (_, tier, territory, ..) = play.least.clone();
            play.track == special.track_id
                && play.started == special.started_at_ms
                && play.status == special.status
                && play.listened == special.listened_ms
                && tier.unwrap_or_default() == special.tier
                && territory.unwrap_or_default() == special.territory
        });
        assert!(fits, "{special:?} is {found:?}");
    }
}

fn check_sums(truth: &Truth) {
    let counted = &truth.counted;
    let total = truth.counted_total;
    assert_eq!(truth.plays.values().sum::<u64>(), truth.plays_total);
    assert_eq!(truth.plays.get("counted"), Some(&total));
    assert_eq!(counted.by_day.values().sum::<u64>(), total);
    assert_eq!(counted.by_tier.values().sum::<u64>(), total);
    assert_eq!(counted.by_territory.values().sum::<u64>(), total);
    for map in [&counted.by_track, &counted.by_user].into_iter().flatten() {
        assert_eq!(map.values().sum::<u64>(), total);
    }
}

#[test]
fn the_truth_is_what_the_lines_come_to() {
    let rows = [
        SERVICE,
        Population { shuffle: Some(1), ..SERVICE },
        Population { seed: 2, windows: true, ..SERVICE },
        Population { seed: 2, windows: true, shuffle: Some(2), ..SERVICE },
        Population { seed: 3, days: 1, windows: true, ..SERVICE },
        Population { seed: 4, days: 3, listeners: 200, tracks: 100, ..SERVICE },
        Population { seed: 5, days: 90, listeners: 30_000, tracks: 4_000_000, ..SERVICE },
        Population { seed: 6, reports: 120_000, listeners: 120, shuffle: Some(3), ..SERVICE },
        THROUGHPUT,
        Population { seed: 2, shuffle: Some(1), tracks: 100, listeners: 50, ..THROUGHPUT },
        Population { seed: 3, zipf_hundredths: 100, ..STEEP },
        Population { seed: 4, shuffle: Some(2), zipf_hundredths: 0, tracks: 100, ..STEEP },
        Population { seed: 5, zipf_hundredths: 120, listeners: 60, ..STEEP },
    ];
    for population in rows {
        check_truth(&population);
    }
}

// The canary: one play too few, or a device list that was not read, must show.
#[test]
fn a_recount_that_goes_wrong_is_noticed() {
    let (lines, truth) = generate(&SERVICE);
    let statuses = |lines: &str, devices: &[String]| {
        let mut statuses: BTreeMap<String, u64> = BTreeMap::new();
        for play in recount(lines, devices).into_values() {
            *statuses.entry(play.status.to_owned()).or_default() += 1;
        }
        statuses
    };
    assert_eq!(truth.plays, statuses(&lines, &truth.bot_devices));
    assert_ne!(truth.plays, statuses(&lines, &[]));
    let lost = truth.special.iter().find(|special| special.case == "edge_day_of_999").unwrap();
    let play_id = lost.play_id.as_deref().unwrap();
    let without: Vec<&str> = lines.lines().filter(|line| !line.contains(play_id)).collect();
    assert_ne!(truth.plays, statuses(&without.join("\n"), &truth.bot_devices));
}

#[test]
fn one_seed_gives_the_same_bytes_and_another_gives_others() {
    for population in [SERVICE, Population { shuffle: Some(4), ..SERVICE }, THROUGHPUT] {
        let (first, again) = (generate(&population), generate(&population));
        assert!(first == again);
        let other = generate(&Population { seed: 77, ..population });
        assert!(first.0 != other.0);
    }
}

#[test]
fn a_shuffle_changes_the_order_and_nothing_else() {
    for population in [SERVICE, Population { windows: true, ..SERVICE }, THROUGHPUT] {
        let (by_arrival, truth) = generate(&population);
        let mut orders = BTreeSet::from([by_arrival.clone()]);
        for seed in [0, 1] {
            let (lines, same) = generate(&Population { shuffle: Some(seed), ..population.clone() });
            assert_eq!(truth, same);
            assert!(sorted(&by_arrival) == sorted(&lines));
            orders.insert(lines);
        }
        assert_eq!(orders.len(), 3);
    }
}

#[test]
fn shares_are_those_of_a_service() {
    let population = Population { reports: 400_000, listeners: 6_000, windows: true, ..SERVICE };
    let (lines, truth) = generate(&population);
    assert_eq!(lines.lines().count() as u64, population.reports);
    assert_eq!(truth.reports, population.reports);
    let plays = recount(&lines, &truth.bot_devices);
    let of_plays = |fits: &dyn Fn(&recount::Identity, &Play) -> bool| {
        plays.iter().filter(|(id, play)| fits(id, play)).count() as f64 / plays.len() as f64
    };
    let check = |what: &str, share: f64, least: f64, most: f64| {
        assert!((least..=most).contains(&share), "{what}: {share}");
    };
    let copies = truth.exact_copies as f64 / population.reports as f64;
    check("exact copies", copies, 0.299, 0.301);
    let bots = of_plays(&|(user, _), _| user.as_ref().is_some_and(|user| user.starts_with("bot-")));
    check("bots", bots, 0.025, 0.04);
    let keyless = of_plays(&|(_, key), _| matches!(key, Key::Started(..)));
    check("keyless", keyless, 0.04, 0.06);
    let windows = of_plays(&|(_, key), _| matches!(key, Key::Window(..)));
    check("windows", windows, 0.002, 0.02);
    let conflicts = of_plays(&|_, play| play.status == "conflict");
    check("conflicts", conflicts, 0.004, 0.011);
    let anonymous = of_plays(&|(user, _), _| user.is_none());
    check("anonymous", anonymous, 0.015, 0.03);
    let counted = of_plays(&|_, play| play.status == "counted");
    check("counted", counted, 0.7, 0.9);
    let events = ["play_start", "progress", "play_complete", "play_end", "skip"];
    for event in events {
        assert!(lines.contains(&format!("\"event\":\"{event}\"")), "{event}");
    }
}

#[test]
fn copies_are_exact() {
    for population in [SERVICE, THROUGHPUT] {
        let (lines, truth) = generate(&population);
        let mut times: HashMap<&str, u64> = HashMap::new();
        for line in lines.lines() {
            *times.entry(line).or_default() += 1;
        }
        assert_eq!(truth.exact_copies, population.reports - times.len() as u64);
        let share = truth.exact_copies as f64 / population.reports as f64;
        assert!((0.295..0.305).contains(&share), "{share}");
    }
}

#[test]
fn every_special_case_is_there_however_small_the_population() {
    let population = Population { reports: 20_000, listeners: 300, windows: true, ..SERVICE };
    let (_, truth) = generate(&population);
    let mut cases: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for special in &truth.special {
        *cases.entry((&special.case, &special.status)).or_default() += 1;
    }
    let at_least = |rows: &[&str], status: &str, times: u32| {
        for case in rows {
            let found = cases.get(&(*case, status)).copied().unwrap_or(0);
            assert!(found >= times, "{case} {status}: {found}");
        }
    };
    let odd = [
        "keyless",
        "keyless_two_starts",
        "keyless_two_places",
        "foreign_play_id",
        "shared_play_id",
        "user_missing_once",
        "start_later",
        "start_earlier",
        "start_across_midnight",
        "start_dropped",
        "start_dropped_earlier",
        "start_dropped_later",
        "start_never",
        "key_of_1970",
        "exact_threshold",
        "tied_reports",
        "least_report",
        "sent_again",
        "hand_off",
        "late_phone",
        "escaped_user",
        "plain",
        "window",
        "window_anchor",
        "rate_bot_other_hour",
        "loop_bot_other_track",
        "fresh_loop_bot_other_track",
        "seasoned_loop",
        "round_the_clock_bot_other_day",
        "no_skip_bot_other_day",
        "farm_user_own_phone",
        "edge_hour_of_500",
        "edge_row_of_99",
        "edge_fresh_day_of_49",
        "edge_fresh_day_of_79_percent",
        "edge_week_old_account",
        "edge_day_of_22_hours",
        "edge_day_of_999",
        "edge_one_skip_in_1000",
    ];
    at_least(&odd, "counted", 3);
    at_least(&["just_below", "only_start"], "pending", 8);
    at_least(&["track_conflict", "preview_conflict", "imported_conflict"], "conflict", 8);
    at_least(&["anonymous", "preview", "imported", "user_missing_once"], "not_payable", 8);
    let bots = ["rate_bot", "loop_bot", "fresh_loop_bot", "round_the_clock_bot", "no_skip_bot"];
    at_least(&bots, "held", 12);
    at_least(&["farm_device"], "excluded", 12);
    assert!(truth.special.len() >= 200);
    assert_eq!(truth.bot_devices, ["bot-farm-0000"]);
}

#[test]
fn phones_that_were_offline_report_days_later() {
    let (lines, _) = generate(&SERVICE);
    let mut latest = 0;
    let mut late = 0;
    for line in lines.lines() {
        let Some((_, rest)) = line.split_once("\"started_at\":1") else {
            continue;
        };
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        let start: u64 = format!("1{digits}").parse().unwrap();
        latest = latest.max(start);
        late += u64::from(latest - start > 86_400_000);
    }
    assert!(late > 100, "{late}");
}

#[test]
fn plain_reports_have_the_size_that_the_design_measures_by() {
    let population =
        Population { reports: 100_000, listeners: 1_000_000, tracks: 1_000_000, ..THROUGHPUT };
    let (lines, _) = generate(&population);
    let mean = lines.len() as f64 / 100_000.0;
    assert!((224.0..230.0).contains(&mean), "{mean}");
}

/// Nobody has more plays than a day has room for, and whoever has fewer has them by Zipf's law.
#[test]
fn the_most_active_listener_is_still_a_person() {
    let (_, truth) = generate(&Population { listeners: 20_000, ..STEEP });
    let by_user = truth.counted.by_user.expect("there are few");
    let mut plays: Vec<u64> = by_user.into_values().collect();
    plays.sort_unstable_by(|one, other| other.cmp(one));
    // Of 28 000 plays in two days the first rank would have 2 670; six share what they may have.
    assert!((380..530).contains(&plays[0]), "{plays:?}");
    assert!(plays[0] < plays[5] * 5 / 4, "{plays:?}");
    assert!(plays[5] > 6 * plays[49], "{plays:?}");
}

#[test]
fn the_truth_survives_being_written() {
    let (_, truth) = generate(&SERVICE);
    let mut bytes = Vec::new();
    truth.write_pretty(&mut bytes).unwrap();
    assert_eq!(truth, serde_json::from_slice(&bytes).unwrap());
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let rows = [
        (Population { reports: 19_999, ..SERVICE }, "reports must be 20000"),
        (Population { listeners: 10, ..SERVICE }, "listeners must be 19 to"),
        (Population { tracks: 99, ..SERVICE }, "tracks must be 100"),
        (Population { days: 0, ..SERVICE }, "days must be 1"),
        (Population { days: u32::MAX, ..SERVICE }, "days must be 1"),
        (Population { start: START + 1, ..SERVICE }, "start must be the start of a UTC day"),
        (Population { start: 1 << 42, ..SERVICE }, "start must be 86400000"),
        (Population { listeners: 1, ..THROUGHPUT }, "listeners must be"),
        (Population { zipf_hundredths: 121, ..SERVICE }, "zipf in hundredths must be 0 to 120"),
        (
            Population { listener_zipf_hundredths: Some(200), ..THROUGHPUT },
            "zipf of listeners in hundredths must be 0 to 120",
        ),
        (
            Population { listener_zipf_hundredths: Some(100), ..SERVICE },
            "listeners have a life of their own",
        ),
    ];
    for (population, message) in rows {
        let error = population.generate(&mut Vec::new(), &mut |_| {}).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().starts_with(message), "{error}");
    }
}

#[test]
#[ignore = "takes a minute in release, many in dev"]
fn the_truth_of_big_populations_is_what_their_lines_come_to() {
    let big =
        Population { reports: 1_000_000, listeners: 20_000, days: 30, windows: true, ..SERVICE };
    let dense = Population { listeners: 420, tracks: 100, ..big.clone() };
    for seed in 10..13 {
        check_truth(&Population { seed, ..big.clone() });
        check_truth(&Population { seed, shuffle: Some(seed), ..dense.clone() });
    }
    let plain = Population { reports: 1_000_000, listeners: 2_000, ..THROUGHPUT };
    check_truth(&plain);
}

// Speed and memory, when they are asked for:
// `cargo test --release -p ledgerline-population -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, not a check"]
fn measured() {
    let plain =
        Population { reports: 3_000_000, listeners: 100_000, tracks: 1_000_000, ..THROUGHPUT };
    let rows = [
        ("throughput", plain.clone()),
        ("throughput, shuffled", Population { shuffle: Some(1), ..plain.clone() }),
        (
            "service",
            Population { reports: 1_000_000, profile: Profile::Service, days: 30, ..plain },
        ),
    ];
    for (name, population) in rows {
        let from = std::time::Instant::now();
        population.generate(&mut std::io::sink(), &mut |_| {}).unwrap();
        let rate = population.reports as f64 / from.elapsed().as_secs_f64();
        println!("{name}: {rate:.0} lines/s");
    }
}
