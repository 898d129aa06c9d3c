//! What brokers are told.

use super::super::ports;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The cluster's id: 16 bytes in base64.
pub const CLUSTER: &str = "bGVkZ2VybGluZS10ZXN0cw";
/// The file with the brokers' ports.
const FILE: &str = "brokers";

/// One broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broker {
    /// From 1.
    pub id: u16,
    /// The port in the clear.
    pub plain: u16,
    /// The port with TLS and SASL.
    pub tls: u16,
    /// The port for controllers.
    pub controller: u16,
}

impl Broker {
    /// Its folder in that of the service.
    pub fn folder(&self, service: &Path) -> PathBuf {
        service.join(format!("broker-{}", self.id))
    }
}

/// `nodes` brokers on free ports.
///
/// # Errors
/// A sentence.
pub fn plan(nodes: u16) -> Result<Vec<Broker>, String> {
    let ports = ports::free(usize::from(nodes) * 3)?;
    let of = |(id, ports): (u16, &[u16])| Broker {
        id,
        plain: ports[0],
        tls: ports[1],
        controller: ports[2],
    };
    Ok((1..).zip(ports.chunks(3)).map(of).collect())
}

/// Writes their ports down.
///
/// # Errors
/// The system's.
pub fn write(folder: &Path, brokers: &[Broker]) -> io::Result<()> {
    fs::write(folder.join(FILE), text(brokers))
}

/// What was written down; `None` where nothing was, or not that.
pub fn read(folder: &Path) -> Option<Vec<Broker>> {
    parse(&fs::read_to_string(folder.join(FILE)).ok()?)
}

fn text(brokers: &[Broker]) -> String {
    brokers.iter().fold(String::new(), |mut text, broker| {
        let Broker { id, plain, tls, controller } = broker;
        // Writing to a string can't fail.
        let _ = writeln!(text, "{id} {plain} {tls} {controller}");
        text
    })
}

fn parse(text: &str) -> Option<Vec<Broker>> {
    let broker = |line: &str| {
        let numbers: Vec<u16> = line.split(' ').map(|n| n.parse().ok()).collect::<Option<_>>()?;
        let [id, plain, tls, controller] = numbers[..] else { return None };
        Some(Broker { id, plain, tls, controller })
    };
    text.lines().map(broker).collect::<Option<Vec<_>>>().filter(|brokers| !brokers.is_empty())
}

/// The settings of one of `brokers`, in the form of Java's properties.
pub fn properties(folder: &Path, brokers: &[Broker], broker: &Broker, password: &str) -> String {
    let Broker { id, plain, tls, controller } = broker;
    let several = brokers.len() > 1;
    let voters = brokers.iter().map(|b| format!("{}@127.0.0.1:{}", b.id, b.controller));
    let voters = voters.collect::<Vec<_>>().join(",");
    let data = broker.folder(folder).join("data");
    let keys = folder.join("key.p12");
    let (copies, at_least) = if several { (3, 2) } else { (1, 1) };
    format!(
        "process.roles=broker,controller\n\
         node.id={id}\n\
         controller.quorum.voters={voters}\n\
         controller.listener.names=CONTROLLER\n\
         listeners=PLAIN://127.0.0.1:{plain},TLS://127.0.0.1:{tls},CONTROLLER://127.0.0.1:{controller}\n\
         advertised.listeners=PLAIN://127.0.0.1:{plain},TLS://127.0.0.1:{tls}\n\
         listener.security.protocol.map=PLAIN:PLAINTEXT,TLS:SASL_SSL,CONTROLLER:PLAINTEXT\n\
         inter.broker.listener.name=PLAIN\n\
         sasl.enabled.mechanisms=SCRAM-SHA-512\n\
         listener.name.tls.scram-sha-512.sasl.jaas.config=\
         org.apache.kafka.common.security.scram.ScramLoginModule required;\n\
         ssl.keystore.location={keys}\n\
         ssl.keystore.type=PKCS12\n\
         ssl.keystore.password={password}\n\
         log.dirs={data}\n\
         auto.create.topics.enable=false\n\
         unclean.leader.election.enable=false\n\
         default.replication.factor={copies}\n\
         min.insync.replicas={at_least}\n\
         offsets.topic.replication.factor={copies}\n\
         offsets.topic.num.partitions=1\n\
         transaction.state.log.replication.factor={copies}\n\
         transaction.state.log.min.isr={at_least}\n\
         # A broker that was killed is given up soon: tests wait for that.\n\
         broker.heartbeat.interval.ms=300\n\
         broker.session.timeout.ms=3000\n\
         controller.quorum.fetch.timeout.ms=2000\n\
         # Two processors are shared by all that runs in a test.\n\
         num.network.threads=2\n\
         num.io.threads=4\n\
         background.threads=2\n",
        keys = keys.display(),
        data = data.display(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_are_written_and_read() {
        let brokers = plan(3).unwrap();
        assert_eq!(brokers.iter().map(|broker| broker.id).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(parse(&text(&brokers)), Some(brokers));
        for damaged in ["", "1 2 3\n", "1 2 3 x\n"] {
            assert_eq!(parse(damaged), None, "{damaged}");
        }
    }

    #[test]
    fn several_brokers_keep_copies() {
        let folder = Path::new("there");
        let one = plan(1).unwrap();
        assert!(properties(folder, &one, &one[0], "p").contains("\nmin.insync.replicas=1\n"));
        let three = plan(3).unwrap();
        let text = properties(folder, &three, &three[1], "p");
        assert!(text.contains("\nmin.insync.replicas=2\n") && text.contains("node.id=2\n"));
        let voters =
            text.lines().find(|line| line.starts_with("controller.quorum.voters")).unwrap();
        assert_eq!(voters.matches('@').count(), 3);
    }
}
