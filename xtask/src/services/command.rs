//! `cargo xtask services`.

use super::{Environment, Place, SERVICES, Service, xtask_itself};
use crate::Exit;
use crate::cli::{Deed, Services};
use crate::json::Json;
use crate::needs::{self, Need};
use crate::workspace::Workspace;
use std::path::absolute;

/// Starts, stops or shows.
pub fn run(workspace: &Workspace, options: &Services) -> Exit {
    let named = |service: &&&dyn Service| {
        options.names.is_empty() || options.names.iter().any(|name| name == service.name())
    };
    let services: Vec<&dyn Service> = SERVICES.iter().filter(named).copied().collect();
    if options.deed == Deed::Start {
        let needs: Vec<Need> =
            services.iter().flat_map(|service| service.needs()).copied().collect();
        if needs::ensure(workspace, &needs, options.install).is_err() {
            return Exit::Missing;
        }
    }
    let at = options.at.clone().unwrap_or_else(|| workspace.services().join("by-hand"));
    // A process is known by a path on its command line.
    let at = match absolute(&at) {
        Ok(at) => at,
        Err(error) => {
            eprintln!("xtask: {}: {error}", at.display());
            return Exit::Failed;
        }
    };
    let mut exit = Exit::Good;
    let mut shown = Vec::new();
    for service in services {
        let place =
            Place { nodes: options.brokers, outlives: true, ..Place::of(workspace, &at, service) };
        let done = match options.deed {
            Deed::Start => service.start(&place),
            Deed::Stop => service.stop(&place),
            Deed::Status => Ok(()),
        };
        let done = match done {
            Ok(()) if options.remove => service.clear(&place),
            other => other,
        };
        if let Err(reason) = done {
            eprintln!("xtask: {}: {reason}", service.name());
            exit = Exit::Failed;
        }
        shown.push((service.name().to_owned(), place.folder.clone(), service.pids(&place), {
            service.environment(&place).unwrap_or_default()
        }));
    }
    if options.json {
        let objects = shown.into_iter().map(|(name, _, pids, told)| (name, object(&pids, told)));
        println!("{}", Json::Object(objects.collect()));
    } else {
        show(shown);
    }
    exit
}

/// For people on lines that a shell takes for comments, and for `eval` what tests read.
fn show(services: Vec<(String, std::path::PathBuf, Vec<u32>, Environment)>) {
    let mut told = xtask_itself();
    for (name, folder, pids, environment) in services {
        if pids.is_empty() {
            println!("# {name} doesn't run");
            continue;
        }
        let pids: Vec<String> = pids.iter().map(u32::to_string).collect();
        println!("# {name} runs as {} in {}", pids.join(", "), folder.display());
        told.extend(environment);
        for (name, value) in told.drain(..) {
            println!("export {name}='{value}'");
        }
    }
}

fn object(pids: &[u32], environment: Environment) -> Json {
    let texts = environment.into_iter().map(|(name, value)| (name, Json::Text(value)));
    let numbers = pids.iter().map(|pid| Json::Number(f64::from(*pid)));
    Json::Object(vec![
        ("running".to_owned(), Json::Bool(!pids.is_empty())),
        ("pids".to_owned(), Json::List(numbers.collect())),
        ("environment".to_owned(), Json::Object(texts.collect())),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_says_what_runs() {
        let told = vec![("A".to_owned(), "b".to_owned())];
        let expected = "{\"running\":true,\"pids\":[7],\"environment\":{\"A\":\"b\"}}";
        assert_eq!(object(&[7], told).to_string(), expected);
        assert!(object(&[], Vec::new()).to_string().starts_with("{\"running\":false"));
    }
}
