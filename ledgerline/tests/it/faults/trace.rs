//! What strace wrote, as calls in the order in which they began and ended.

use std::collections::BTreeMap;

/// A call of the system, of one thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// What the first argument is open on, as `strace -yy` says it: a path or a connection.
    pub on: String,
    /// All arguments as they are written; those that the call gives back stand behind those that it
    /// was given.
    pub args: String,
    /// What came back; an error is negative.
    pub result: i64,
    /// The number of the line with which it began.
    pub began: usize,
    /// The number of the line with which it ended.
    pub ended: usize,
}

/// Reads what `strace -f -o` wrote. Calls stand in the order of their ends; one that had not ended
/// is left out.
pub fn calls(text: &str) -> Vec<Call> {
    let mut begun = BTreeMap::<&str, (usize, String)>::new();
    let mut calls = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(rest) = rest.strip_prefix("<... ") {
            let Some((_, end)) = rest.split_once(" resumed>") else { continue };
            let Some((began, start)) = begun.remove(thread) else { continue };
            calls.extend(call(&format!("{start}{end}"), began, number));
        } else if let Some(start) = rest.strip_suffix(" <unfinished ...>") {
            begun.insert(thread, (number, start.to_owned()));
        } else {
            calls.extend(call(rest, number, number));
        }
    }
    calls
}

/// A whole call: `fdatasync(7</data/x.log>) = 0`.
fn call(text: &str, began: usize, ended: usize) -> Option<Call> {
    let (name, rest) = text.split_once('(')?;
    let (args, result) = rest.rsplit_once(" = ")?;
    let args = args.trim_end().trim_end_matches(')');
    let result = result.split(' ').next()?.parse().ok()?;
    let on = args.split_once('<').map(|(_, rest)| rest);
    // A connection is written `<TCP:[a->b]>`.
    let on = on.and_then(|rest| rest.split_once(">, ").or_else(|| rest.rsplit_once('>')));
    let on = on.map(|(on, _)| on.to_owned()).unwrap_or_default();
    Some(Call { name: name.to_owned(), on, args: args.to_owned(), result, began, ended })
}

/// Sees to it that before every `202` all its reports were written to a log, and that log made
/// durable, each step after the end of the one before. `tokens` finds the reports in what was
/// received and written: each token is the name of one report. Says how many `202` there were.
///
/// # Errors
/// The first acknowledgement of which that is not so.
pub fn check_durable_before_answer(
    calls: &[Call],
    tokens: &dyn Fn(&str) -> Vec<String>,
) -> Result<usize, String> {
    let mut written = BTreeMap::<String, Vec<&Call>>::new();
    let mut synced = Vec::<&Call>::new();
    let mut received = BTreeMap::<&str, Vec<String>>::new();
    let mut answers = 0;
    for call in calls.iter().filter(|call| call.result >= 0) {
        let to_log = call.on.contains("/reports/") && call.on.ends_with(".log");
        match call.name.as_str() {
            "pwrite64" | "pwritev" | "write" | "writev" if to_log => {
                for token in tokens(&call.args) {
                    written.entry(token).or_default().push(call);
                }
            }
            "fdatasync" | "fsync" if to_log => synced.push(call),
            "read" | "readv" | "recvfrom" | "recvmsg" if call.on.starts_with("TCP") => {
                received.entry(&call.on).or_default().extend(tokens(&call.args));
            }
            "write" | "writev" | "sendto" | "sendmsg" if call.on.starts_with("TCP") => {
                if call.args.contains("HTTP/1.1 202 ") {
                    let of = received.remove(call.on.as_str()).unwrap_or_default();
                    check_answer(call, &of, &written, &synced)?;
                    answers += 1;
                } else if call.args.contains("HTTP/1.1 ") {
                    received.remove(call.on.as_str());
                }
            }
            _ => {}
        }
    }
    Ok(answers)
}

fn check_answer(
    answer: &Call,
    reports: &[String],
    written: &BTreeMap<String, Vec<&Call>>,
    synced: &[&Call],
) -> Result<(), String> {
    let at = answer.began + 1;
    if reports.is_empty() {
        return Err(format!("line {at}: a 202 to nothing that was seen to come in"));
    }
    for report in reports {
        let writes = written.get(report).map(Vec::as_slice).unwrap_or_default();
        let durable = writes.iter().any(|write| {
            synced.iter().any(|sync| {
                sync.on == write.on && write.ended < sync.began && sync.ended < answer.began
            })
        });
        if !durable {
            let why = if writes.is_empty() { "written to no log" } else { "not made durable" };
            return Err(format!("line {at}: a 202, but {report} was {why} before it"));
        }
    }
    Ok(())
}
