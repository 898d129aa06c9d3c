//! `Cargo.toml`, read as text: enough to know who depends on whom.

/// Which table of a manifest names a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `[dependencies]`, also of one target.
    Normal,
    /// `[dev-dependencies]`
    Dev,
    /// `[build-dependencies]`
    Build,
    /// `[workspace.dependencies]`
    Workspace,
}

/// One dependency.
#[derive(Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The package, also where it is renamed.
    pub package: String,
    /// The table that it stands in.
    pub kind: Kind,
    /// Whether it is a crate of this repository.
    pub by_path: bool,
    /// Its line, from 1.
    pub line: usize,
}

/// What a manifest says.
#[derive(Debug, Default)]
pub struct Manifest {
    /// The package's name; a virtual manifest has none.
    pub name: Option<String>,
    /// All dependencies, in order.
    pub dependencies: Vec<Dependency>,
}

/// Where in the file we are.
enum Table {
    Package,
    Dependencies(Kind),
    /// `[dependencies.NAME]`: the lines are about the last dependency.
    OneDependency,
    Other,
}

impl Manifest {
    /// Reads a manifest in the form that people and `cargo add` write.
    pub fn read(text: &str) -> Manifest {
        let mut manifest = Manifest::default();
        let mut table = Table::Other;
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.starts_with('[') {
                table = manifest.enter(line, index + 1);
            } else if let Some((key, value)) = key_and_value(line) {
                manifest.take(&table, key, value, index + 1);
            }
        }
        manifest
    }

    fn enter(&mut self, header: &str, line: usize) -> Table {
        let name = header.trim_start_matches('[').split(']').next().unwrap_or_default().trim();
        if name == "package" {
            return Table::Package;
        }
        if let Some(kind) = kind_of(name) {
            return Table::Dependencies(kind);
        }
        if let Some((table, package)) = name.rsplit_once('.') {
            if let Some(kind) = kind_of(table) {
                let package = package.trim_matches('"').to_owned();
                self.dependencies.push(Dependency { package, kind, by_path: false, line });
                return Table::OneDependency;
            }
        }
        Table::Other
    }

    fn take(&mut self, table: &Table, key: &str, value: &str, line: usize) {
        match table {
            Table::Package if key == "name" => self.name = quoted(value).map(str::to_owned),
            Table::Dependencies(kind) => {
                // What isn't a name is a line inside of an array.
                let Some(name) = name_of(key) else { return };
                let package = inner(value, "package").unwrap_or(name).to_owned();
                let by_path = inner(value, "path").is_some();
                self.dependencies.push(Dependency { package, kind: *kind, by_path, line });
            }
            Table::OneDependency => {
                if let Some(last) = self.dependencies.last_mut() {
                    match key {
                        "package" => last.package = quoted(value).unwrap_or_default().to_owned(),
                        "path" => last.by_path = true,
                        _ => {}
                    }
                }
            }
            Table::Package | Table::Other => {}
        }
    }
}

/// The kind of a table such as `target.'cfg(unix)'.dev-dependencies`.
fn kind_of(table: &str) -> Option<Kind> {
    match table.rsplit('.').next()? {
        "dependencies" if table.starts_with("workspace") => Some(Kind::Workspace),
        "dependencies" => Some(Kind::Normal),
        "dev-dependencies" => Some(Kind::Dev),
        "build-dependencies" => Some(Kind::Build),
        _ => None,
    }
}

fn key_and_value(line: &str) -> Option<(&str, &str)> {
    if line.starts_with('#') {
        return None;
    }
    let (key, value) = line.split_once('=')?;
    Some((key.trim(), value.trim()))
}

/// `serde` of `serde`, `"serde"` or `serde.workspace`.
fn name_of(key: &str) -> Option<&str> {
    let name = key.split('.').next()?.trim();
    let bare = name.strip_prefix('"').map_or(Some(name), |rest| rest.strip_suffix('"'))?;
    (!bare.is_empty() && bare.chars().all(is_of_a_name)).then_some(bare)
}

/// The text between the first two quotes.
fn quoted(value: &str) -> Option<&str> {
    value.split('"').nth(1)
}

/// `key = "…"` inside an inline table.
fn inner<'a>(value: &'a str, key: &str) -> Option<&'a str> {
    let table = value.strip_prefix('{')?;
    let mut rest = table;
    while let Some(at) = rest.find(key) {
        let starts_a_word = !rest[..at].ends_with(is_of_a_name);
        let after = rest[at + key.len()..].trim_start();
        if let (true, Some(value)) = (starts_a_word, after.strip_prefix('=')) {
            return quoted(value);
        }
        rest = &rest[at + key.len()..];
    }
    None
}

fn is_of_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_found_in_all_their_forms() {
        let manifest = Manifest::read(
            r#"
[package]
name = "x"
[dependencies]
a.workspace = true   # a reason
b = { version = "1", features = [
    "c = d",
] }
e = { package = "real-e", path = "../e" }
# f = "1"
[dev-dependencies]
"g" = "1"
[target.'cfg(unix)'.build-dependencies]
h = "1"
[dependencies.i]
path = "../i"
[features]
j = []
[workspace.dependencies]
k = { path = "k" }
l = { version = "1", my-path = "x" }
"#,
        );
        assert_eq!(manifest.name.as_deref(), Some("x"));
        let found: Vec<(&str, Kind, bool)> =
            manifest.dependencies.iter().map(|d| (d.package.as_str(), d.kind, d.by_path)).collect();
        let expected = [
            ("a", Kind::Normal, false),
            ("b", Kind::Normal, false),
            ("real-e", Kind::Normal, true),
            ("g", Kind::Dev, false),
            ("h", Kind::Build, false),
            ("i", Kind::Normal, true),
            ("k", Kind::Workspace, true),
            ("l", Kind::Workspace, false),
        ];
        assert_eq!(found, expected);
        assert_eq!(manifest.dependencies[0].line, 5);
    }
}
