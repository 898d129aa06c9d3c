//! The arguments of `cargo xtask`, and its help.

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
    /// Measure.
    Bench(Bench),
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
    /// How many play reports go through the counting path.
    pub reports: u64,
}

/// The parts of `test` that need something which a laptop may lack.
pub const SEPARABLE: &[&str] = &["schemathesis"];

/// Fifteen seconds at the rate that one machine must carry (139 000 reports a second).
const REPORTS_DEFAULT: u64 = 2_000_000;

/// Understands `arguments` (without the program's name). `in_ci` refuses what CI may not leave out.
///
/// # Errors
/// A sentence that says which argument is wrong and what is possible.
pub fn parse(arguments: &[String], in_ci: bool) -> Result<Invocation, String> {
    let Some((command, rest)) = arguments.split_first() else {
        return Err("which command? demo, test, check or bench".to_owned());
    };
    let topic = match command.as_str() {
        "-h" | "--help" | "help" => {
            return Ok(Invocation::Help(rest.first().and_then(|name| topic(name))));
        }
        name => topic(name).ok_or_else(|| {
            format!("there is no command `{name}`; there are demo, test, check and bench")
        })?,
    };
    let ours = rest.iter().take_while(|a| *a != "--");
    if ours.clone().any(|a| a == "-h" || a == "--help") {
        return Ok(Invocation::Help(Some(topic)));
    }
    match topic {
        Topic::Demo => Ok(Invocation::Demo(parse_demo(rest))),
        Topic::Test => parse_test(rest, in_ci).map(Invocation::Test),
        Topic::Check => parse_check(rest).map(Invocation::Check),
        Topic::Bench => parse_bench(rest).map(Invocation::Bench),
    }
}

/// The help of `topic`, or of the whole command.
pub fn help(topic: Option<Topic>) -> &'static str {
    match topic {
        None => HELP,
        Some(Topic::Demo) => HELP_DEMO,
        Some(Topic::Test) => HELP_TEST,
        Some(Topic::Check) => HELP_CHECK,
        Some(Topic::Bench) => HELP_BENCH,
    }
}

fn topic(name: &str) -> Option<Topic> {
    match name {
        "demo" => Some(Topic::Demo),
        "test" => Some(Topic::Test),
        "check" => Some(Topic::Check),
        "bench" => Some(Topic::Bench),
        _ => None,
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
    let mut bench = Bench { install: false, reports: REPORTS_DEFAULT };
    let mut what = None;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match split_value(argument) {
            ("--install", None) => bench.install = true,
            ("--reports", value) => {
                let number = value.or_else(|| rest.next().map(String::as_str)).unwrap_or_default();
                bench.reports = parse_count(number)
                    .ok_or_else(|| format!("`--reports` wants a number from 1, not `{number}`"))?;
            }
            ("counting", None) if what.is_none() => what = Some(argument),
            _ => return Err(unknown(argument, "bench")),
        }
    }
    match what {
        Some(_) => Ok(bench),
        None => Err("bench what? there is `counting`".to_owned()),
    }
}

/// A positive whole number; `2_000_000` reads as well as `2000000`.
fn parse_count(text: &str) -> Option<u64> {
    text.replace('_', "").parse().ok().filter(|number| *number > 0)
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

const HELP: &str = "\
cargo xtask <command>

  demo     build Ledgerline and run its demonstration
  test     run everything that has to hold: checks, tests, the API against its contract
  check    format, lints and architecture, without the tests
  bench    measure

  --install    install what is missing on this machine, instead of printing the line that does
  --help       of every command: its options

Examples:
  cargo xtask demo
  cargo xtask test --install
  cargo xtask test --without schemathesis
  cargo xtask bench counting --reports 5_000_000

Every command first looks for what it needs. If something is missing it prints one line to paste
and ends with 3; it never calls sudo. Other endings: 0 good, 1 failed, 2 not understood.
";

const HELP_DEMO: &str = "\
cargo xtask demo [--install] [arguments of `ledgerline demo`]

Builds the release binary (about five minutes the first time, seconds afterwards) and runs
`ledgerline demo` with the remaining arguments.

Examples:
  cargo xtask demo
  cargo xtask demo --install
  cargo xtask demo -- --help        what `ledgerline demo` itself can do

Needs: Rust, a C compiler and make.
";

const HELP_TEST: &str = "\
cargo xtask test [--install] [--without a,b] [--long]

Runs `check`, every test of the workspace, and schemathesis against a running server. It ends with
a table of the steps and one line `N passed, N failed`.

  --without schemathesis   leave out the run against the API's contract (refused where CI=true)
  --long                   also what takes hours: sets LEDGERLINE_LONG=1 for the tests, and gives
                           schemathesis more examples and a seed of its own

Examples:
  cargo xtask test
  cargo xtask test --install
  cargo xtask test --without schemathesis

Needs: Rust with rustfmt and clippy, a C compiler, make, and Python 3.11 with venv.
Tests on real listening histories read ../shared/data and are skipped where it is absent.
";

const HELP_CHECK: &str = "\
cargo xtask check [--install]

Format, clippy without warnings, and the architecture: import rings, purity of the core, length
of files, decision records, reasons of dependencies, authorisation, links, forbidden words.
Each of these first proves on a bad example that it can fail.

A line of the core that has to break a purity rule says why at its end: `// pure: <reason>`.

Examples:
  cargo xtask check

Needs: Rust with rustfmt and clippy, a C compiler and make. cargo-deny is used where it is there.
";

const HELP_BENCH: &str = "\
cargo xtask bench counting [--reports N] [--install]

Pipes N synthetic play reports (2 000 000 unless told) through the release binary's counting path,
`ledgerline demo generate | ledgerline replay -`, and prints reports per second.

Examples:
  cargo xtask bench counting
  cargo xtask bench counting --reports 50_000_000

Needs: Rust, a C compiler and make.
";

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
                "test --without schemathesis --long",
                Invocation::Test(Test {
                    install: false,
                    without: strings(&["schemathesis"]),
                    long: true,
                }),
            ),
            (
                "bench counting --reports=1_000",
                Invocation::Bench(Bench { install: false, reports: 1000 }),
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
            ("test --without kafka", "known names are schemathesis"),
            ("test --without", "wants names"),
            ("test --loong", "knows no `--loong`"),
            ("check --long", "knows no `--long`"),
            ("bench", "bench what"),
            ("bench counting --reports 0", "wants a number"),
            ("bench counting --reports x", "wants a number"),
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
