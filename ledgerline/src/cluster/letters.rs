//! Records that nobody could read: listed, shown, and sent back once they can be.

use ledgerline_app::ports::LogError;
use ledgerline_ids::{PartitionId, Position};
use ledgerline_kafka_log::{KafkaDeadLetters, Letter, RedriveError};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::config::Config;
use super::opening::kafka_settings;
use crate::failure::Failure;

/// So many letters are read at a time.
const PAGE_LETTERS: usize = 1_000;

/// The letters of one partition, or of all of them, and whether there are more: `limit` of each.
///
/// # Errors
/// [`Failure`] where there is no such partition, or the brokers don't answer.
pub async fn list_letters(
    config: &Config,
    partition: Option<u16>,
    limit: usize,
) -> Result<(Vec<Value>, bool), Failure> {
    let partitions = match partition {
        Some(number) => vec![of_number(config, number)?],
        None => (0..config.kafka.partitions).map(PartitionId).collect(),
    };
    apart(config, move |letters| {
        let (mut found, mut more) = (Vec::new(), false);
        for partition in partitions {
            let page =
                letters.list(partition, Position(0), limit).map_err(|error| failed(&error))?;
            found.extend(page.letters.iter().map(|letter| told(letter, false)));
            more |= page.next.is_some();
        }
        Ok((found, more))
    })
    .await
}

/// The letter that stood there, with its bytes.
///
/// # Errors
/// [`Failure`] where there is none, or the brokers don't answer.
pub async fn show_letter(config: &Config, place: &str) -> Result<Value, Failure> {
    let (partition, stood) = parsed(config, place)?;
    apart(config, move |letters| Ok(told(&find(letters, partition, &stood)?, true))).await
}

/// Sends back the letters that stood there, or all that can be read; what became of each.
///
/// # Errors
/// [`Failure`] where one of these isn't there (nothing was sent then), or the brokers don't answer.
pub async fn redrive_letters(config: &Config, places: &[String]) -> Result<Vec<Value>, Failure> {
    let places: Vec<_> =
        places.iter().map(|place| parsed(config, place)).collect::<Result<_, Failure>>()?;
    let all = (0..config.kafka.partitions).map(PartitionId).collect::<Vec<_>>();
    apart(config, move |letters| {
        if places.is_empty() {
            return redrive_all(letters, &all);
        }
        let found = places.iter().map(|(partition, stood)| find(letters, *partition, stood));
        let found: Vec<Letter> = found.collect::<Result<_, Failure>>()?;
        found.iter().map(|letter| redriven(letters, letter)).collect()
    })
    .await
}

fn redrive_all(
    letters: &KafkaDeadLetters,
    partitions: &[PartitionId],
) -> Result<Vec<Value>, Failure> {
    let mut done = Vec::new();
    for partition in partitions {
        let mut from = Some(Position(0));
        while let Some(at) = from {
            let page =
                letters.list(*partition, at, PAGE_LETTERS).map_err(|error| failed(&error))?;
            for letter in page.letters.iter().filter(|letter| !letter.redriven) {
                done.push(redriven(letters, letter)?);
            }
            from = page.next;
        }
    }
    Ok(done)
}

/// What became of a letter that was to be sent back.
fn redriven(letters: &KafkaDeadLetters, letter: &Letter) -> Result<Value, Failure> {
    let (sent, why) = match letters.redrive(letter) {
        Ok(()) => (true, None),
        Err(RedriveError::Log(error)) => return Err(failed(&error)),
        Err(error) => (false, Some(error.to_string())),
    };
    Ok(json!({ "place": place_of(letter), "sent": sent, "why": why }))
}

fn find(
    letters: &KafkaDeadLetters,
    partition: PartitionId,
    stood: &str,
) -> Result<Letter, Failure> {
    let mut from = Some(Position(0));
    while let Some(at) = from {
        let page = letters.list(partition, at, PAGE_LETTERS).map_err(|error| failed(&error))?;
        if let Some(letter) = page.letters.into_iter().find(|letter| letter.stood == stood) {
            return Ok(letter);
        }
        from = page.next;
    }
    Err(Failure::missing(format!(
        "there is no dead letter that stood at {stood}; ledgerline dlq list says which there are"
    )))
}

fn told(letter: &Letter, whole: bool) -> Value {
    let read = letter.read();
    let mut value = json!({
        "place": place_of(letter),
        "received_at": letter.received_at.to_string(),
        "bytes": letter.bytes.len(),
        "why": letter.why,
        "readable": read.is_ok(),
        "redriven": letter.redriven,
    });
    if whole {
        value["hex"] = letter.hex().into();
        value["reads"] = read.ok().into();
    }
    value
}

/// Where it stood, without the topic.
fn place_of(letter: &Letter) -> String {
    letter.stood.split_once('/').map_or(letter.stood.as_str(), |(_, place)| place).to_owned()
}

/// `p003/17` as partition and key of the letter.
fn parsed(config: &Config, place: &str) -> Result<(PartitionId, String), Failure> {
    let halves = place.strip_prefix('p').and_then(|it| it.split_once('/'));
    let numbers = halves.and_then(|(partition, position)| {
        Some((partition.parse::<u16>().ok()?, position.parse::<u64>().ok()?))
    });
    let Some((number, position)) = numbers else {
        return Err(Failure::usage(format!("{place} is no place in a log; write p003/17")));
    };
    let partition = of_number(config, number)?;
    Ok((partition, format!("{}/{partition}/{position}", config.kafka.topic)))
}

fn of_number(config: &Config, number: u16) -> Result<PartitionId, Failure> {
    let partitions = config.kafka.partitions;
    if number < partitions {
        return Ok(PartitionId(number));
    }
    Err(Failure::usage(format!("there is no partition {number}: they are 0 to {}", partitions - 1)))
}

fn failed(error: &LogError) -> Failure {
    Failure::from_error(error)
}

/// Kafka's client waits in the thread that calls it.
async fn apart<T: Send + 'static>(
    config: &Config,
    work: impl FnOnce(&KafkaDeadLetters) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let settings = kafka_settings(&config.kafka);
    let done = spawn_blocking(move || work(&KafkaDeadLetters::new(settings))).await;
    done.expect("Kafka's client doesn't panic")
}
