//! The arguments of `cargo xtask`, and its help.

mod help;
mod music;
mod nodes;
mod royalty;
mod services;

pub use help::help;
pub use music::{BenchEncode, BenchMusic, Music};
pub use nodes::BenchNodes;
pub use royalty::BenchRoyalty;
pub use services::{Deed, Services};
use std::path::PathBuf;

/// What the caller asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Invocation {
    /// Print the help of a command, or of all where there is none.
    Help(Option<Topic>),
    /// Build the product and run its demonstration.
    Demo(Demo),
    /// Run everything that has to hold.
    Test(Test),
    /// Run what needs no test: format, lints, architecture.
    Check(Check),
    /// Measure how plays are counted.
    Bench(Bench),
    /// Measure how counts become money.
    BenchRoyalty(BenchRoyalty),
    /// Measure what several nodes are made of.
    BenchNodes(BenchNodes),
    /// Measure how fast files of music become rungs.
    BenchEncode(BenchEncode),
    /// Measure how fast the catalogue answers, audio is sent, or a folder is scanned.
    BenchMusic(BenchMusic),
    /// Run the product on a simulated machine, seed by seed.
    Simulate(Simulate),
    /// Look for inputs that break a reader.
    Fuzz(Fuzz),
    /// Run the long faults and say what was measured.
    Faults(Faults),
    /// Start, stop or show servers of others.
    Services(Services),
}

/// A command that has help of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// `demo`
    Demo,
    /// `test`
    Test,
    /// `check`
    Check,
    /// `bench`
    Bench,
    /// `simulate`
    Simulate,
    /// `fuzz`
    Fuzz,
    /// `faults`
    Faults,
    /// `services`
    Services,
}

/// `demo`'s arguments.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Demo {
    /// Install what is missing instead of printing the line that does.
    pub install: bool,
    /// Passed on to `ledgerline demo` as they are.
    pub passed_on: Vec<String>,
}

/// `test`'s arguments.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Test {
    /// Install what is missing instead of printing the line that does.
    pub install: bool,
    /// What to leave out; each is one of [`SEPARABLE`].
    pub without: Vec<String>,
    /// Also run what takes hours.
    pub long: bool,
}

/// `check`'s arguments.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Check {
    /// Install what is missing instead of printing the line that does.
    pub install: bool,
}

/// `bench`'s arguments.
#[derive(Debug, PartialEq, Eq)]
pub struct Bench {
    /// Install what is missing instead of printing the line that does.
    pub install: bool,
    /// How many play reports go through each way but `single`.
    pub reports: u64,
    /// What is measured; each is one of [`PARTS`].
    pub parts: Vec<String>,
    /// How many distinct plays there are in the folders that `sizes` measures.
    pub sizes: Vec<u64>,
    /// The file that the figures are written to as JSON.
    pub json: Option<PathBuf>,
    /// Write the table and the plot of `sizes` into the documentation.
    pub write_docs: bool,
}

/// `simulate`'s arguments.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Simulate {
    /// Install what is missing instead of printing the line that does.
    pub install: bool,
    /// Build each fault in, one after the other, and see whether it is caught.
    pub canaries: bool,
    /// Passed on to the simulation as they are.
    pub passed_on: Vec<String>,
}

/// `fuzz`'s arguments.
#[derive(Debug, PartialEq, Eq)]
pub struct Fuzz {
    /// Install what is missing instead of printing the line that does.
    pub install: bool,
    /// The one target to run; all where there is none.
    pub target: Option<String>,
    /// For how long each target runs.
    pub seconds: u64,
    /// How many programs run at once.
    pub jobs: u64,
    /// Add what reaches more of the code to the inputs in the repository.
    pub keep: bool,
}

/// `faults`' arguments.
#[derive(Debug, PartialEq, Eq)]
pub struct Faults {
    /// Install what is missing instead of printing the line that does.
    pub install: bool,
    /// How often the server is killed in the trial of kills.
    pub kills: u64,
    /// Print one JSON object on stdout, and everything else on stderr.
    pub json: bool,
    /// Which faults, by a part of their tests' names; all where it is empty.
    pub only: String,
}

/// What is shown of kills unless told otherwise.
const KILLS_DEFAULT: u64 = 50;

/// All commands, for whoever mistypes one.
const COMMANDS: &str = "demo, test, check, bench, simulate, fuzz, faults and services";

/// The parts of `test` that need something which a laptop may lack.
pub const SEPARABLE: &[&str] =
    &["schemathesis", "strace", "browser", "kafka", "postgres", "duckdb", "promtool"];

/// What `bench counting` can measure, in the order in which it does.
pub const PARTS: &[&str] = &["replay", "http", "single", "duckdb", "postgres", "flink", "sizes"];

/// Some seconds for each way that is fast, and half a minute for those that are not.
const REPORTS_DEFAULT: u64 = 2_000_000;
/// The sizes that the plot needs; the last one takes longest.
const SIZES_DEFAULT: &[u64] = &[1_000_000, 5_000_000, 20_000_000, 50_000_000];

/// Understands `arguments` (without the program's name). `in_ci` refuses what CI may not leave out.
///
/// # Errors
/// A sentence that says which argument is wrong and what is possible.
pub fn parse(arguments: &[String], in_ci: bool) -> Result<Invocation, String> {
    let Some((command, rest)) = arguments.split_first() else {
        return Err(format!("which command? {COMMANDS}"));
    };
    let topic = match command.as_str() {
        "-h" | "--help" | "help" => {
            return Ok(Invocation::Help(rest.first().and_then(|name| topic(name))));
        }
        name => topic(name)
            .ok_or_else(|| format!("there is no command `{name}`; there are {COMMANDS}"))?,
    };
    let ours = rest.iter().take_while(|a| *a != "--");
    if ours.clone().any(|a| a == "-h" || a == "--help") {
        return Ok(Invocation::Help(Some(topic)));
    }
    match topic {
        Topic::Demo => Ok(Invocation::Demo(parse_demo(rest))),
        Topic::Test => parse_test(rest, in_ci).map(Invocation::Test),
        Topic::Check => parse_check(rest).map(Invocation::Check),
        Topic::Bench if rest.first().is_some_and(|what| what == "royalty") => {
            royalty::parse(&rest[1..]).map(Invocation::BenchRoyalty)
        }
        Topic::Bench if rest.first().is_some_and(|what| what == "nodes") => {
            nodes::parse(&rest[1..]).map(Invocation::BenchNodes)
        }
        Topic::Bench if rest.first().is_some_and(|what| what == "encode") => {
            music::parse_encode(&rest[1..]).map(Invocation::BenchEncode)
        }
        Topic::Bench => match rest.first().and_then(|what| music_of(what)) {
            Some(what) => music::parse(what, &rest[1..]).map(Invocation::BenchMusic),
            None => parse_bench(rest).map(Invocation::Bench),
        },
        Topic::Simulate => parse_simulate(rest).map(Invocation::Simulate),
        Topic::Fuzz => parse_fuzz(rest).map(Invocation::Fuzz),
        Topic::Faults => parse_faults(rest).map(Invocation::Faults),
        Topic::Services => services::parse(rest).map(Invocation::Services),
    }
}

fn topic(name: &str) -> Option<Topic> {
    match name {
        "demo" => Some(Topic::Demo),
        "test" => Some(Topic::Test),
        "check" => Some(Topic::Check),
        "bench" => Some(Topic::Bench),
        "simulate" => Some(Topic::Simulate),
        "fuzz" => Some(Topic::Fuzz),
        "faults" => Some(Topic::Faults),
        "services" => Some(Topic::Services),
        _ => None,
    }
}

fn music_of(name: &str) -> Option<Music> {
    match name {
        "catalogue" => Some(Music::Catalogue),
        "origin" => Some(Music::Origin),
        "scan" => Some(Music::Scan),
        _ => None,
    }
}

fn parse_simulate(arguments: &[String]) -> Result<Simulate, String> {
    let mut simulate = Simulate::default();
    for argument in arguments {
        match argument.as_str() {
            "--install" => simulate.install = true,
            "--canaries" => simulate.canaries = true,
            _ => simulate.passed_on.push(argument.clone()),
        }
    }
    match (simulate.canaries, simulate.passed_on.first()) {
        (true, Some(other)) => Err(format!("`--canaries` stands alone, without `{other}`")),
        _ => Ok(simulate),
    }
}

fn parse_demo(arguments: &[String]) -> Demo {
    let mut demo = Demo::default();
    let mut ours = true;
    for argument in arguments {
        match argument.as_str() {
            "--" if ours => ours = false,
            "--install" if ours => demo.install = true,
            _ => demo.passed_on.push(argument.clone()),
        }
    }
    demo
}

fn parse_test(arguments: &[String], in_ci: bool) -> Result<Test, String> {
    let mut test = Test::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match split_value(argument) {
            ("--install", None) => test.install = true,
            ("--long", None) => test.long = true,
            ("--without", value) => {
                let names = value.or_else(|| rest.next().map(String::as_str));
                let names = names.ok_or("`--without` wants names, such as schemathesis")?;
                for name in names.split(',').filter(|name| !name.is_empty()) {
                    if !SEPARABLE.contains(&name) {
                        let known = SEPARABLE.join(", ");
                        return Err(format!("`--without {name}`: known names are {known}"));
                    }
                    test.without.push(name.to_owned());
                }
            }
            _ => return Err(unknown(argument, "test")),
        }
    }
    if in_ci && !test.without.is_empty() {
        return Err("`--without` is for laptops: CI runs everything".to_owned());
    }
    Ok(test)
}

fn parse_check(arguments: &[String]) -> Result<Check, String> {
    let mut check = Check::default();
    for argument in arguments {
        match argument.as_str() {
            "--install" => check.install = true,
            _ => return Err(unknown(argument, "check")),
        }
    }
    Ok(check)
}

fn parse_bench(arguments: &[String]) -> Result<Bench, String> {
    let mut bench = Bench {
        install: false,
        reports: REPORTS_DEFAULT,
        parts: PARTS.iter().map(|part| (*part).to_owned()).collect(),
        sizes: SIZES_DEFAULT.to_vec(),
        json: None,
        write_docs: false,
    };
    let mut what = None;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let (name, value) = split_value(argument);
        if matches!((name, value), ("counting", None)) && what.is_none() {
            what = Some(argument);
            continue;
        }
        match (name, value) {
            ("--install", None) => bench.install = true,
            ("--write-docs", None) => bench.write_docs = true,
            ("--reports" | "--only" | "--without" | "--sizes" | "--json", value) => {
                let value = value.or_else(|| rest.next().map(String::as_str));
                let value = value.ok_or_else(|| format!("`{name}` wants a value"))?;
                set_of_bench(&mut bench, name, value)?;
            }
            _ => return Err(unknown(argument, "bench")),
        }
    }
    match what {
        Some(_) => Ok(bench),
        None => Err(
            "bench what? there are counting, royalty, nodes, encode, catalogue, origin and scan"
                .to_owned(),
        ),
    }
}

fn set_of_bench(bench: &mut Bench, name: &str, value: &str) -> Result<(), String> {
    let number = |text: &str| {
        parse_count(text).ok_or_else(|| format!("`{name}` wants a number from 1, not `{text}`"))
    };
    match name {
        "--reports" => bench.reports = number(value)?,
        "--json" => bench.json = Some(value.into()),
        "--sizes" => bench.sizes = value.split(',').map(number).collect::<Result<_, _>>()?,
        _ => {
            let named: Vec<&str> = value.split(',').filter(|name| !name.is_empty()).collect();
            if let Some(wrong) = named.iter().find(|part| !PARTS.contains(part)) {
                let known = PARTS.join(", ");
                return Err(format!("`{name} {wrong}`: known names are {known}"));
            }
            let only = name == "--only";
            bench.parts.retain(|part| named.contains(&part.as_str()) == only);
        }
    }
    Ok(())
}

fn parse_fuzz(arguments: &[String]) -> Result<Fuzz, String> {
    let mut fuzz = Fuzz { install: false, target: None, seconds: 60, jobs: 1, keep: false };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let (name, value) = split_value(argument);
        match (name, value) {
            ("--install", None) => fuzz.install = true,
            ("--keep", None) => fuzz.keep = true,
            ("--target", value) => {
                let target = value.or_else(|| rest.next().map(String::as_str));
                fuzz.target = Some(target.ok_or("`--target` wants a name")?.to_owned());
            }
            ("--seconds" | "--jobs", value) => {
                let number = value.or_else(|| rest.next().map(String::as_str)).unwrap_or_default();
                let number = parse_count(number)
                    .ok_or_else(|| format!("`{name}` wants a number from 1, not `{number}`"))?;
                *(if name == "--jobs" { &mut fuzz.jobs } else { &mut fuzz.seconds }) = number;
            }
            _ => return Err(unknown(argument, "fuzz")),
        }
    }
    Ok(fuzz)
}

fn parse_faults(arguments: &[String]) -> Result<Faults, String> {
    let mut faults =
        Faults { install: false, kills: KILLS_DEFAULT, json: false, only: String::new() };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match split_value(argument) {
            ("--install", None) => faults.install = true,
            ("--json", None) => faults.json = true,
            ("--kills", value) => {
                let number = value.or_else(|| rest.next().map(String::as_str)).unwrap_or_default();
                faults.kills = parse_count(number)
                    .ok_or_else(|| format!("`--kills` wants a number from 1, not `{number}`"))?;
            }
            (name, None) if !name.starts_with('-') && faults.only.is_empty() => {
                faults.only = name.to_owned();
            }
            _ => return Err(unknown(argument, "faults")),
        }
    }
    Ok(faults)
}

/// A positive whole number; `2_000_000` and `2M` read as well as `2000000`.
fn parse_count(text: &str) -> Option<u64> {
    let (digits, unit) = match text.strip_suffix(['M', 'm']) {
        Some(digits) => (digits, 1_000_000),
        None => (text, 1),
    };
    let number: u64 = digits.replace('_', "").parse().ok()?;
    number.checked_mul(unit).filter(|number| *number > 0)
}

/// `--name=value` as its two halves.
fn split_value(argument: &str) -> (&str, Option<&str>) {
    match argument.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (argument, None),
    }
}

fn unknown(argument: &str, command: &str) -> String {
    format!("`{command}` knows no `{argument}`; see `cargo xtask {command} --help`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str, in_ci: bool) -> Result<Invocation, String> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(&arguments, in_ci)
    }

    fn good(line: &str) -> Invocation {
        parsed(line, false).unwrap()
    }

    #[test]
    fn commands_are_understood() {
        let strings = |items: &[&str]| items.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        let cases = [
            ("--help", Invocation::Help(None)),
            ("help test", Invocation::Help(Some(Topic::Test))),
            ("bench --help", Invocation::Help(Some(Topic::Bench))),
            ("check", Invocation::Check(Check { install: false })),
            (
                "demo --install --port 1 -- --install --help",
                Invocation::Demo(Demo {
                    install: true,
                    passed_on: strings(&["--port", "1", "--install", "--help"]),
                }),
            ),
            (
                "simulate --seeds 7 --json",
                Invocation::Simulate(Simulate {
                    passed_on: strings(&["--seeds", "7", "--json"]),
                    ..Simulate::default()
                }),
            ),
            (
                "test --without schemathesis --long",
                Invocation::Test(Test {
                    install: false,
                    without: strings(&["schemathesis"]),
                    long: true,
                }),
            ),
            (
                "fuzz --target=frames --seconds 1_000 --keep",
                Invocation::Fuzz(Fuzz {
                    install: false,
                    target: Some("frames".to_owned()),
                    seconds: 1000,
                    jobs: 1,
                    keep: true,
                }),
            ),
            (
                "bench counting --reports=1_000 --only sizes,replay --sizes 1M,7 --json a",
                Invocation::Bench(Bench {
                    install: false,
                    reports: 1000,
                    parts: strings(&["replay", "sizes"]),
                    sizes: vec![1_000_000, 7],
                    json: Some("a".into()),
                    write_docs: false,
                }),
            ),
            (
                "bench counting --without sizes,flink,duckdb --write-docs --install",
                Invocation::Bench(Bench {
                    install: true,
                    reports: REPORTS_DEFAULT,
                    parts: strings(&["replay", "http", "single", "postgres"]),
                    sizes: SIZES_DEFAULT.to_vec(),
                    json: None,
                    write_docs: true,
                }),
            ),
            (
                "faults kills --kills=7 --json",
                Invocation::Faults(Faults {
                    install: false,
                    kills: 7,
                    json: true,
                    only: "kills".to_owned(),
                }),
            ),
            (
                "services start kafka --brokers=3 --at there --json",
                Invocation::Services(Services {
                    deed: Deed::Start,
                    names: strings(&["kafka"]),
                    at: Some("there".into()),
                    brokers: 3,
                    remove: false,
                    json: true,
                    install: false,
                }),
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(good(line), expected, "{line}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        let cases = [
            ("", "which command"),
            ("tset", "no command `tset`"),
            ("test --without flink", "known names are schemathesis"),
            ("test --without", "wants names"),
            ("test --loong", "knows no `--loong`"),
            ("check --long", "knows no `--long`"),
            ("simulate --canaries --seeds 7", "stands alone"),
            ("bench", "bench what"),
            ("bench royalty --only counting", "known names are decision"),
            ("bench royalty --rows x", "wants a number"),
            ("fuzz --seconds 0", "`--seconds` wants a number"),
            ("fuzz --jobs", "`--jobs` wants a number"),
            ("fuzz --target", "wants a name"),
            ("faults --kills 0", "wants a number"),
            ("faults one two", "knows no `two`"),
            ("services", "`services` what"),
            ("services start postgres,sqlite", "known names are kafka"),
            ("services start --brokers 0", "wants a number"),
            ("services status --remove", "`--remove` is for `stop`"),
            ("bench encode --fast", "knows no `--fast`"),
            ("bench counting --reports 0", "wants a number"),
            ("bench counting --reports x", "wants a number"),
            ("bench counting --sizes 1M,M", "wants a number"),
            ("bench counting --only kafka", "known names are replay"),
            ("bench counting --json", "wants a value"),
        ];
        for (line, expected) in cases {
            let error = parsed(line, false).unwrap_err();
            assert!(error.contains(expected), "{line}: {error}");
        }
    }

    #[test]
    fn ci_leaves_nothing_out() {
        assert!(parsed("test --without schemathesis", true).is_err());
        assert!(parsed("test --install", true).is_ok());
    }
}
