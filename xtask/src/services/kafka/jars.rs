//! Kafka's own programs, and its library for streams, by Maven.

use crate::programs::succeed;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Pinned: a new version comes in by a commit.
const VERSION: &str = "4.1.1";
const SLF4J: &str = "1.7.36";
const COPY: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";

/// Jars that lie in one folder.
struct Jars {
    /// What the folder's name begins with.
    name: &'static str,
    /// What is said while they come.
    what: &'static str,
    /// The library that has all others with it.
    library: &'static str,
}

const BROKER: Jars = Jars { name: "kafka", what: "Kafka", library: "kafka_2.13" };
const STREAMS: Jars =
    Jars { name: "kafka-streams", what: "Kafka Streams", library: "kafka-streams" };

/// The folder with Kafka and all it needs; kept from one run to the next.
///
/// # Errors
/// A sentence: Maven can't get it.
pub fn ensure(downloads: &Path) -> Result<PathBuf, String> {
    BROKER.ensure(downloads)
}

/// The same for Kafka Streams, of the broker's version.
///
/// # Errors
/// As [`ensure`].
pub fn ensure_streams(downloads: &Path) -> Result<PathBuf, String> {
    STREAMS.ensure(downloads)
}

impl Jars {
    fn ensure(&self, downloads: &Path) -> Result<PathBuf, String> {
        let name = format!("{}-{VERSION}", self.name);
        let folder = downloads.join(&name);
        if folder.is_dir() {
            return Ok(folder);
        }
        // Not on stdout, which is for what a shell may run.
        eprintln!("          {} {VERSION} by Maven, about 45 to 90 MB", self.what);
        // What is downloaded halfway never gets the folder's name. Two that need it at the same
        // time have a draft each.
        let draft = downloads.join(format!("{name}.draft-{}", std::process::id()));
        let cannot = |error: std::io::Error| format!("cannot write {}: {error}", draft.display());
        fs::create_dir_all(&draft).map_err(cannot)?;
        let project = draft.join("pom.xml");
        fs::write(&project, project_text(self.library)).map_err(cannot)?;
        let output = format!("-DoutputDirectory={}", draft.join("jars").display());
        let downloaded = succeed(
            // Its progress is shown, without a line for each file that is copied.
            Command::new("mvn")
                .args([
                    "--batch-mode",
                    "-Dorg.slf4j.simpleLogger.log.org.apache.maven.plugins=warn",
                ])
                .args(["-DincludeScope=runtime", &output, COPY, "-f"])
                .arg(&project)
                .stdin(Stdio::null())
                .stdout(std::io::stderr()),
        );
        let named = downloaded.map_err(|reason| format!("mvn: {reason}")).and_then(|()| {
            match fs::rename(draft.join("jars"), &folder) {
                // Another was quicker.
                Err(_) if folder.is_dir() => Ok(()),
                other => other.map_err(cannot),
            }
        });
        // Only what failed leaves anything of interest, and Maven has said it.
        let _ = fs::remove_dir_all(&draft);
        named.map(|()| folder)
    }
}

fn project_text(library: &str) -> String {
    let dependency = |group: &str, name: &str, version: &str| {
        format!(
            "<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId>\
             <version>{version}</version></dependency>"
        )
    };
    format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion>\
         <groupId>ledgerline</groupId><artifactId>services</artifactId><version>1</version>\
         <dependencies>{}{}</dependencies></project>\n",
        dependency("org.apache.kafka", library, VERSION),
        dependency("org.slf4j", "slf4j-simple", SLF4J),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_not_downloaded_again() {
        let downloads = std::env::temp_dir().join(format!("xtask-{}-jars", std::process::id()));
        let folder = downloads.join(format!("kafka-{VERSION}"));
        fs::create_dir_all(&folder).unwrap();
        assert_eq!(ensure(&downloads), Ok(folder));
        fs::remove_dir_all(downloads).unwrap();
    }

    #[test]
    fn the_project_names_both() {
        let text = project_text(STREAMS.library);
        assert!(text.contains("<artifactId>kafka-streams</artifactId>"));
        assert_eq!(text.matches("<dependency>").count(), 2);
        assert!(text.contains(VERSION) && text.contains(SLF4J));
    }
}
