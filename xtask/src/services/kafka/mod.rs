//! Apache Kafka: brokers that are their own controllers (KRaft), from Maven's central repository.
//!
//! Each has a listener in the clear, and one with TLS that asks for a name and a password (SCRAM).
//! In its folder: `brokers` (their ports), `ca.pem` and `key.p12` (the certificate that clients
//! trust, and its key), and for each broker a folder with settings, log, data and id.

mod asking;
mod jars;
mod settings;

pub use jars::{ensure, ensure_streams};

use super::process::{Recorded, until};
use super::{Environment, Place, Service};
use crate::needs::Need;
use crate::programs::succeed;
use settings::Broker;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// What a broker's Java may take; a broker of a test holds little.
const HEAP: &str = "-Xmx512m";
/// And one whose speed is part of what is measured.
const HEAP_MEASURED: &str = "-Xmx1g";
/// How long brokers may take until all answer.
const START_MAX: Duration = Duration::from_secs(90);
/// Who tests are, on the listener that asks. It opens nothing but brokers of tests.
const USER: &str = "ledgerline";
const PASSWORD: &str = "only-for-tests";

/// The service.
pub struct Kafka;

impl Service for Kafka {
    fn name(&self) -> &'static str {
        "kafka"
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Jdk, Need::Maven]
    }

    fn start(&self, place: &Place) -> Result<(), String> {
        let jars = ensure(&place.downloads)?;
        if settings::read(&place.folder).is_none() {
            make(place, &jars)?;
        }
        let brokers = settings::read(&place.folder).ok_or("the file `brokers` is damaged")?;
        for broker in &brokers {
            let recorded = recorded(&place.folder, broker);
            if recorded.pid().is_none() {
                let log = broker.folder(&place.folder).join("server.log");
                let mut command = if place.measured { java_at_best(&jars) } else { java(&jars) };
                let heap = if place.measured { HEAP_MEASURED } else { HEAP };
                command.args([heap, "kafka.Kafka", &recorded.word]);
                recorded.start(&mut command, &log, place.outlives)?;
            }
        }
        await_all(&place.folder, &brokers)
    }

    fn environment(&self, place: &Place) -> Option<Environment> {
        let brokers = settings::read(&place.folder)?;
        let list = |port: fn(&Broker) -> u16| {
            let of = |broker: &Broker| format!("127.0.0.1:{}", port(broker));
            brokers.iter().map(of).collect::<Vec<_>>().join(",")
        };
        let certificate = place.folder.join("ca.pem").to_string_lossy().into_owned();
        let values = [
            ("LEDGERLINE_TEST_KAFKA", list(|broker| broker.plain)),
            ("LEDGERLINE_TEST_KAFKA_TLS", list(|broker| broker.tls)),
            ("LEDGERLINE_TEST_KAFKA_CA", certificate),
            ("LEDGERLINE_TEST_KAFKA_USER", USER.to_owned()),
            ("LEDGERLINE_TEST_KAFKA_PASSWORD", PASSWORD.to_owned()),
        ];
        Some(values.map(|(name, value)| (name.to_owned(), value)).to_vec())
    }

    fn pids(&self, place: &Place) -> Vec<u32> {
        let brokers = settings::read(&place.folder).unwrap_or_default();
        brokers.iter().filter_map(|broker| recorded(&place.folder, broker).pid()).collect()
    }

    fn stop(&self, place: &Place) -> Result<(), String> {
        // All are asked first: the last of several can't agree with anybody that it may go.
        let brokers = settings::read(&place.folder).unwrap_or_default();
        let stops: Vec<_> = brokers
            .iter()
            .map(|broker| recorded(&place.folder, broker))
            .map(|recorded| std::thread::spawn(move || recorded.stop()))
            .collect();
        for stop in stops {
            stop.join().map_err(|_| "a broker's end can't be awaited")??;
        }
        Ok(())
    }
}

/// A broker's process; its settings' path stands on its command line.
fn recorded(folder: &Path, broker: &Broker) -> Recorded {
    let own = broker.folder(folder);
    let word = own.join("server.properties").to_string_lossy().into_owned();
    Recorded { file: own.join("pid"), word }
}

/// A folder with brokers that never ran. The file `brokers` is written last: with it, all is there.
fn make(place: &Place, jars: &Path) -> Result<(), String> {
    place.clear()?;
    let folder = &place.folder;
    let cannot = |error: std::io::Error| format!("cannot write into {}: {error}", folder.display());
    fs::create_dir_all(folder).map_err(cannot)?;
    make_certificate(folder)?;
    let brokers = settings::plan(place.nodes)?;
    let formatting: Vec<_> = brokers
        .iter()
        .map(|broker| {
            let own = broker.folder(folder);
            fs::create_dir_all(&own).map_err(cannot)?;
            let path = own.join("server.properties");
            fs::write(&path, settings::properties(folder, &brokers, broker, PASSWORD))
                .map_err(cannot)?;
            let log = fs::File::create(own.join("format.log")).map_err(cannot)?;
            let errors = log.try_clone().map_err(cannot)?;
            let scram = format!("SCRAM-SHA-512=[name={USER},password={PASSWORD}]");
            java(jars)
                .args(["kafka.tools.StorageTool", "format", "--cluster-id", settings::CLUSTER])
                .args(["--add-scram", &scram, "--config"])
                .arg(&path)
                .stdin(Stdio::null())
                .stdout(log)
                .stderr(errors)
                .spawn()
                .map_err(|error| format!("cannot run java: {error}"))
        })
        .collect::<Result<_, String>>()?;
    for mut format in formatting {
        let ended = format.wait().map_err(|error| error.to_string())?;
        if !ended.success() {
            return Err(format!(
                "a broker's folder can't be made: see format.log in {}",
                folder.display()
            ));
        }
    }
    settings::write(folder, &brokers).map_err(cannot)
}

/// A certificate for this machine's loopback, which signs itself.
fn make_certificate(folder: &Path) -> Result<(), String> {
    let keytool = || {
        let mut command = Command::new("keytool");
        command.current_dir(folder).stdin(Stdio::null()).stderr(Stdio::null());
        command.args(["-keystore", "key.p12", "-storetype", "PKCS12", "-alias", "broker"]);
        command.args(["-storepass", PASSWORD]);
        command
    };
    let names = ["-ext", "SAN=ip:127.0.0.1,dns:localhost", "-dname", "CN=localhost"];
    let days = ["-validity", "90", "-keyalg", "EC", "-genkeypair"];
    succeed(keytool().args(days).args(names)).map_err(|reason| format!("keytool: {reason}"))?;
    succeed(keytool().args(["-exportcert", "-rfc", "-file", "ca.pem"]))
        .map_err(|reason| format!("keytool: {reason}"))
}

/// Java with Kafka in it.
fn java(jars: &Path) -> Command {
    let mut command = Command::new("java");
    // Two processors are shared by all that runs in a test.
    command.args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp"]).arg(jars.join("*"));
    command
}

/// The same with the compiler that takes longer and makes faster code.
fn java_at_best(jars: &Path) -> Command {
    let mut command = Command::new("java");
    command.args(["-XX:+UseG1GC", "-cp"]).arg(jars.join("*"));
    command
}

/// Waits until each broker knows all of them.
fn await_all(folder: &Path, brokers: &[Broker]) -> Result<(), String> {
    for broker in brokers {
        let log = broker.folder(folder).join("server.log");
        let mut ended = false;
        let answered = until(START_MAX, || {
            ended = recorded(folder, broker).pid().is_none();
            ended || asking::brokers_known(broker.plain).is_ok_and(|known| known == brokers.len())
        });
        if ended || !answered {
            let what = if ended { "has ended" } else { "doesn't answer" };
            return Err(format!("broker {} {what}; its log is {}", broker.id, log.display()));
        }
    }
    Ok(())
}
