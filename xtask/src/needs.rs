//! What must be on the machine before a command starts, and the one line that puts it there.
//!
//! All needs of a command are looked at before anything long begins. The line is printed, alone on
//! stdout; it is run only with `--install`, or by root where `CI=true`. `sudo` may stand in the
//! printed line but is never called.

use crate::programs::answer;
use crate::workspace::{Workspace, version_in};
use std::fmt::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// One thing that a command can't do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// cargo and rustc, as new as the workspace's `rust-version`.
    Rust,
    /// SQLite and zstd are compiled from C.
    CCompiler,
    /// For the same.
    Make,
    /// librdkafka and libFuzzer are compiled from C++.
    CxxCompiler,
    /// OpenSSL's build is written in it.
    Perl,
    /// `cargo fmt`.
    Rustfmt,
    /// `cargo clippy`.
    Clippy,
    /// schemathesis and the bench's peers live in virtual environments of their own.
    Python,
    /// Kafka, and a peer of the bench, are programs in Java.
    Jdk,
    /// Brings Kafka.
    Maven,
    /// Another is PostgreSQL itself.
    Postgres,
    /// The pages are built with it, and npm.
    Node,
    /// And tested in this.
    Chromium,
    /// Shows and breaks the server's system calls, and counts syncs; Linux has it alone.
    Strace,
    /// Judges whether the rules for alerts fire where they should.
    Promtool,
    /// Makes and decodes files of music in tests, and measures their loudness.
    Ffmpeg,
    /// Makes the fingerprints that ours are compared with.
    Fpcalc,
    /// A node at the edge, with what brings HMAC to it.
    Nginx,
}

/// The Python that the pinned schemathesis runs on.
const PYTHON_MIN: (u32, u32) = (3, 11);
/// What the pages' tools run on.
const NODE_MIN: (u32, u32) = (20, 19);
/// What Flink and Kafka run on.
const JDK_MIN: u32 = 17;
/// Where Debian has what brings HMAC to nginx.
const NJS: &str = "/usr/lib/nginx/modules/ngx_http_js_module.so";

impl Need {
    /// Outside CI a laptop may do without these; the step that wants them is skipped, aloud.
    fn may_be_skipped(self, in_ci: bool) -> bool {
        let optional = matches!(
            self,
            Need::Rustfmt
                | Need::Clippy
                | Need::Strace
                | Need::Promtool
                | Need::Ffmpeg
                | Need::Fpcalc
                | Need::Nginx
        );
        optional && !in_ci
    }

    fn name(self, rust_min: (u32, u32)) -> String {
        match self {
            Need::Rust => format!("Rust {}.{} or newer", rust_min.0, rust_min.1),
            Need::CCompiler => "a C compiler (cc)".to_owned(),
            Need::Make => "make".to_owned(),
            Need::CxxCompiler => "a C++ compiler (c++)".to_owned(),
            Need::Perl => "Perl with its modules".to_owned(),
            Need::Rustfmt => "rustfmt".to_owned(),
            Need::Clippy => "clippy".to_owned(),
            Need::Python => {
                format!("Python {}.{} or newer with venv", PYTHON_MIN.0, PYTHON_MIN.1)
            }
            Need::Jdk => format!("a JDK from {JDK_MIN} on"),
            Need::Maven => "Maven".to_owned(),
            Need::Postgres => "PostgreSQL's server".to_owned(),
            Need::Node => format!("Node.js {}.{} or newer with npm", NODE_MIN.0, NODE_MIN.1),
            Need::Chromium => "Chromium".to_owned(),
            Need::Strace => "strace".to_owned(),
            Need::Promtool => "Prometheus' promtool".to_owned(),
            Need::Ffmpeg => "ffmpeg".to_owned(),
            Need::Fpcalc => "Chromaprint's fpcalc".to_owned(),
            Need::Nginx => "nginx with njs".to_owned(),
        }
    }

    fn is_met(self, rust_min: (u32, u32)) -> bool {
        match self {
            Need::Rust => {
                let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
                let version = answer(&rustc, &["--version"]).as_deref().and_then(version_in);
                version.is_some_and(|version| version >= rust_min)
            }
            Need::CCompiler => answers("CC", "cc"),
            Need::CxxCompiler => answers("CXX", "c++"),
            Need::Make => answer("make", &["--version"]).is_some(),
            // Debian has a perl without its modules in every system.
            Need::Perl => answer("perl", &["-MIPC::Cmd", "-MTime::Piece", "-e", "1"]).is_some(),
            Need::Rustfmt => answer("rustfmt", &["--version"]).is_some(),
            Need::Clippy => answer("clippy-driver", &["--version"]).is_some(),
            // Debian ships python3 without ensurepip; then `venv` is there but makes none.
            Need::Python => {
                let probe = "import venv, ensurepip, sys; print('%d.%d' % sys.version_info[:2])";
                let version = answer("python3", &["-c", probe]).as_deref().and_then(version_in);
                version.is_some_and(|version| version >= PYTHON_MIN)
            }
            Need::Jdk => {
                let has = |program: &str| {
                    let version = answer(program, &["--version"]).as_deref().and_then(version_in);
                    version.is_some_and(|version| version.0 >= JDK_MIN)
                };
                has("javac") && has("java")
            }
            Need::Maven => answer("mvn", &["--version"]).is_some(),
            Need::Postgres => postgres_programs().is_some(),
            Need::Node => {
                let version = answer("node", &["--version"]).as_deref().and_then(version_in);
                version.is_some_and(|version| version >= NODE_MIN)
                    && answer("npm", &["--version"]).is_some()
            }
            Need::Chromium => chromium().is_some(),
            Need::Strace => answer("strace", &["-V"]).is_some(),
            Need::Promtool => answers("PROMTOOL", "promtool"),
            Need::Ffmpeg => answer("ffmpeg", &["-version"]).is_some(),
            Need::Fpcalc => answer("fpcalc", &["-version"]).is_some(),
            Need::Nginx => {
                answer("nginx", &["-v"]).is_some() && std::path::Path::new(NJS).is_file()
            }
        }
    }
}

/// Where PostgreSQL's server programs are: Debian keeps them off the path, a folder for each version.
pub fn postgres_programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&path));
    let all = |folder: &PathBuf| {
        ["initdb", "postgres", "psql"].iter().all(|program| folder.join(program).is_file())
    };
    folders.into_iter().find(all)
}

/// Where Chromium is: what `$CHROMIUM` says, on the path, or where macOS keeps programs.
pub fn chromium() -> Option<PathBuf> {
    if let Some(said) = std::env::var_os("CHROMIUM").map(PathBuf::from) {
        return said.is_file().then_some(said);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let on_path = names.iter().flat_map(|name| {
        std::env::split_paths(&path).map(|folder| folder.join(name)).collect::<Vec<_>>()
    });
    let programs = ["Chromium", "Google Chrome"]
        .map(|name| PathBuf::from(format!("/Applications/{name}.app/Contents/MacOS/{name}")));
    on_path.chain(programs).find(|program| program.is_file())
}

/// Whether the compiler that `variable` names, else `usual`, is there.
fn answers(variable: &str, usual: &str) -> bool {
    let compiler = std::env::var(variable).unwrap_or_else(|_| usual.to_owned());
    // Some set it to a launcher and a compiler, "ccache cc".
    let mut words = compiler.split_whitespace();
    let program = words.next().unwrap_or(usual);
    let arguments: Vec<&str> = words.chain(["--version"]).collect();
    answer(program, &arguments).is_some()
}

/// Whether we run where nothing may be left out.
pub fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

/// Makes sure of `needs`, or says what is missing. What is returned is missing too, but only the
/// steps that want it have to be skipped.
///
/// # Errors
/// Something is missing; it has been said, with the line that helps.
pub fn ensure(workspace: &Workspace, needs: &[Need], install: bool) -> Result<Vec<Need>, ()> {
    ensure_but(workspace, needs, &[], install)
}

/// The same, where besides `optional` may be missing.
///
/// # Errors
/// As [`ensure`].
pub fn ensure_but(
    workspace: &Workspace,
    needs: &[Need],
    optional: &[Need],
    install: bool,
) -> Result<Vec<Need>, ()> {
    let needs = [needs, optional].concat();
    let may_be_skipped = |need: Need, in_ci| need.may_be_skipped(in_ci) || optional.contains(&need);
    let rust_min = workspace.rust_version_min().map_err(|reason| eprintln!("xtask: {reason}"))?;
    let machine = Machine::look();
    let in_ci = in_ci();
    let mut missing = unmet(&needs, rust_min);
    if missing.is_empty() {
        return Ok(missing);
    }
    println!("missing: {}", names(&missing, rust_min));
    let tries = install || (in_ci && machine.root);
    if tries {
        match machine.runnable_line(&missing) {
            Some(line) => run_line(&line),
            None => println!("xtask can't install them here: it is not root and never calls sudo"),
        }
        missing = unmet(&needs, rust_min);
    }
    let (optional, required): (Vec<Need>, Vec<Need>) =
        missing.iter().partition(|need| may_be_skipped(**need, in_ci));
    if !missing.is_empty() {
        let line = machine.line(&missing);
        if required.is_empty() {
            println!("going on without: {}; to have it all:", names(&optional, rust_min));
        } else if tries {
            println!("still missing: {}", names(&required, rust_min));
        } else {
            println!("paste this line, then run the command again:");
        }
        println!("{line}");
    }
    if required.is_empty() { Ok(optional) } else { Err(()) }
}

/// Runs the line that installs; whether it helped is seen by looking again.
fn run_line(line: &str) {
    println!("installing: {line}");
    let shell = Command::new("sh")
        .args(["-ec", line])
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .status();
    match shell {
        Ok(status) if status.success() => {}
        Ok(status) => println!("that ended with {status}"),
        Err(error) => println!("cannot run sh: {error}"),
    }
}

fn unmet(needs: &[Need], rust_min: (u32, u32)) -> Vec<Need> {
    let mut missing: Vec<Need> =
        needs.iter().copied().filter(|need| !need.is_met(rust_min)).collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

fn names(needs: &[Need], rust_min: (u32, u32)) -> String {
    let names: Vec<String> = needs.iter().map(|need| need.name(rust_min)).collect();
    names.join(", ")
}

/// What installs things here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Installer {
    /// Debian, Ubuntu and their kin.
    Apt,
    /// macOS.
    Brew,
    /// Some other system: we can only name the packages.
    Unknown,
}

/// The machine, as far as installing is concerned.
#[derive(Clone, Copy, Debug)]
struct Machine {
    installer: Installer,
    rustup: bool,
    root: bool,
}

impl Machine {
    fn look() -> Machine {
        let installer = if cfg!(target_os = "macos") {
            Installer::Brew
        } else if answer("apt-get", &["--version"]).is_some() {
            Installer::Apt
        } else {
            Installer::Unknown
        };
        Machine {
            installer,
            rustup: answer("rustup", &["--version"]).is_some(),
            root: answer("id", &["-u"]).as_deref() == Some("0"),
        }
    }

    /// The line that xtask may run itself, where it may: it would have no `sudo` in it.
    fn runnable_line(self, missing: &[Need]) -> Option<String> {
        let line = self.line(missing);
        let by_hand = self.installer == Installer::Unknown || line.contains("sudo ");
        (!by_hand).then_some(line)
    }

    /// One line for a shell that provides all of `missing`.
    fn line(self, missing: &[Need]) -> String {
        let mut packages: Vec<&str> = Vec::new();
        let mut afterwards: Vec<&str> = Vec::new();
        for need in missing {
            let (package, command) = self.remedy(*need);
            packages.extend(package.filter(|package| !packages.contains(package)));
            afterwards.extend(command.filter(|command| !afterwards.contains(command)));
        }
        let mut line = String::new();
        if !packages.is_empty() {
            let packages = packages.join(" ");
            let sudo = if self.root { "" } else { "sudo " };
            // Writing to a string can't fail.
            let _ = match self.installer {
                Installer::Apt => {
                    write!(line, "{sudo}apt-get update && {sudo}apt-get install -y {packages}")
                }
                Installer::Brew => write!(line, "brew install {packages}"),
                Installer::Unknown => write!(line, "# with your package manager: {packages}"),
            };
        }
        for command in afterwards {
            if !line.is_empty() {
                line.push_str(" && ");
            }
            line.push_str(command);
        }
        line
    }

    /// The package and the command that provide `need`.
    fn remedy(self, need: Need) -> (Option<&'static str>, Option<&'static str>) {
        use Installer::{Apt, Brew, Unknown};
        match (need, self.installer) {
            (Need::Rust, _) if self.rustup => (None, Some("rustup update stable")),
            (Need::Rust, Apt) => (Some("rustup"), Some("rustup default stable")),
            (Need::Rust, Brew) => (Some("rust"), None),
            (Need::Rust, Unknown) => (Some("rustup"), None),
            (Need::CCompiler | Need::CxxCompiler | Need::Make, Apt) => {
                (Some("build-essential"), None)
            }
            (Need::CCompiler | Need::CxxCompiler | Need::Make, Brew) => {
                (None, Some("xcode-select --install"))
            }
            (Need::CCompiler, Unknown) => (Some("gcc"), None),
            (Need::Perl, _) => (Some("perl"), None),
            (Need::CxxCompiler, Unknown) => (Some("g++"), None),
            (Need::Make, Unknown) => (Some("make"), None),
            (Need::Rustfmt | Need::Clippy, _) if self.rustup => {
                (None, Some("rustup component add rustfmt clippy"))
            }
            (Need::Rustfmt, Apt | Unknown) => (Some("rustfmt"), None),
            (Need::Clippy, Apt) => (Some("rust-clippy"), None),
            (Need::Clippy, Unknown) => (Some("clippy"), None),
            (Need::Rustfmt | Need::Clippy, Brew) => (Some("rust"), None),
            (Need::Jdk, Apt) => (Some("default-jdk-headless"), None),
            (Need::Jdk, Brew | Unknown) => (Some("openjdk"), None),
            (Need::Maven, _) => (Some("maven"), None),
            (Need::Postgres, _) => (Some("postgresql"), None),
            // What Debian 12 has is too old for Vite, but brings a newer one.
            (Need::Node, Apt) if self.root => {
                (Some("nodejs npm"), Some("npm install --global node@22"))
            }
            (Need::Node, Apt) => (Some("nodejs npm"), Some("sudo npm install --global node@22")),
            (Need::Node, Unknown) => (Some("nodejs npm"), None),
            (Need::Node, Brew) => (Some("node"), None),
            (Need::Chromium, Apt | Unknown) => (Some("chromium"), None),
            (Need::Chromium, Brew) => (None, Some("brew install --cask chromium")),
            (Need::Strace, _) => (Some("strace"), None),
            (Need::Promtool, _) => (Some("prometheus"), None),
            (Need::Ffmpeg, _) => (Some("ffmpeg"), None),
            (Need::Fpcalc, Apt) => (Some("libchromaprint-tools"), None),
            (Need::Fpcalc, Brew | Unknown) => (Some("chromaprint"), None),
            (Need::Nginx, Apt) => (Some("nginx libnginx-mod-http-js"), None),
            (Need::Nginx, Brew | Unknown) => (Some("nginx"), None),
            (Need::Python, Apt) => (Some("python3-venv"), None),
            (Need::Python, Brew) => (Some("python"), None),
            (Need::Python, Unknown) => (Some("python3"), None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[Need] = &[
        Need::Rust,
        Need::CCompiler,
        Need::Make,
        Need::CxxCompiler,
        Need::Perl,
        Need::Rustfmt,
        Need::Clippy,
        Need::Python,
        Need::Jdk,
        Need::Maven,
        Need::Postgres,
        Need::Node,
        Need::Chromium,
        Need::Strace,
        Need::Promtool,
        Need::Ffmpeg,
        Need::Fpcalc,
        Need::Nginx,
    ];

    #[test]
    fn there_is_one_line_to_paste() {
        let machine = |installer, rustup, root| Machine { installer, rustup, root };
        let cases = [
            (
                machine(Installer::Apt, true, true),
                ALL,
                "apt-get update && apt-get install -y build-essential perl python3-venv \
                 default-jdk-headless maven postgresql nodejs npm chromium strace prometheus ffmpeg \
                 libchromaprint-tools nginx libnginx-mod-http-js && rustup update stable \
                 && rustup component add rustfmt clippy && npm install --global node@22",
            ),
            (
                machine(Installer::Apt, false, false),
                &[Need::Rust, Need::Make],
                "sudo apt-get update && sudo apt-get install -y rustup build-essential \
                 && rustup default stable",
            ),
            (
                machine(Installer::Apt, true, false),
                &[Need::Clippy],
                "rustup component add rustfmt clippy",
            ),
            (
                machine(Installer::Brew, true, false),
                &[Need::CCompiler, Need::Make, Need::Python],
                "brew install python && xcode-select --install",
            ),
            (
                machine(Installer::Unknown, false, false),
                &[Need::CCompiler, Need::Make],
                "# with your package manager: gcc make",
            ),
        ];
        for (machine, missing, expected) in cases {
            assert_eq!(machine.line(missing), expected);
            assert!(!machine.line(missing).contains('\n'));
        }
    }

    #[test]
    fn sudo_is_never_run() {
        for installer in [Installer::Apt, Installer::Brew, Installer::Unknown] {
            for need in ALL {
                let machine = Machine { installer, rustup: false, root: false };
                let line = machine.runnable_line(&[*need]);
                assert!(line.is_none_or(|line| !line.contains("sudo")), "{need:?}");
            }
        }
        let laptop = Machine { installer: Installer::Apt, rustup: true, root: false };
        assert_eq!(laptop.runnable_line(&[Need::Make]), None);
        assert!(laptop.runnable_line(&[Need::Clippy]).is_some());
    }

    #[test]
    fn ci_skips_nothing() {
        assert!(Need::Clippy.may_be_skipped(false));
        assert!(ALL.iter().all(|need| !need.may_be_skipped(true)));
        assert!(!Need::CCompiler.may_be_skipped(false));
    }

    #[test]
    fn an_impossible_version_is_missing() {
        assert!(!Need::Rust.is_met((u32::MAX, 0)));
        assert!(Need::Rust.is_met((1, 0)));
    }
}
