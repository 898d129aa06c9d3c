//! Changes of names, which a crash keeps or loses one by one.

use super::Name;
use std::collections::BTreeMap;

#[derive(Debug)]
pub(super) struct NameChange {
    pub(super) folder: String,
    pub(super) removed: Option<String>,
    pub(super) added: Option<(String, Name)>,
    // A folder that goes elsewhere with all that is in it.
    pub(super) moved: Option<(String, String)>,
}

impl NameChange {
    pub(super) fn apply(&self, names: &mut BTreeMap<String, Name>) {
        if let Some(path) = &self.removed {
            names.remove(path);
        }
        if let Some((path, name)) = &self.added {
            names.insert(path.clone(), name.clone());
        }
        if let Some((from, to)) = &self.moved {
            let gone: Vec<String> = beneath(names, to).map(str::to_owned).collect();
            names.retain(|path, _| gone.binary_search(path).is_err());
            let paths: Vec<String> = beneath(names, from).map(str::to_owned).collect();
            for path in paths.into_iter().chain([from.clone()]) {
                if let Some(name) = names.remove(&path) {
                    names.insert(format!("{to}{}", &path[from.len()..]), name);
                }
            }
        }
    }
}

/// What is in a folder and those below it, in order.
pub(super) fn beneath<'names>(
    names: &'names BTreeMap<String, Name>,
    folder: &str,
) -> impl Iterator<Item = &'names str> {
    let start = format!("{folder}/");
    let from = names.range(start.clone()..).map(|(path, _)| path.as_str());
    from.take_while(move |path| path.starts_with(&start))
}
