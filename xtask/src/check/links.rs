//! A link inside the repository leads somewhere, also its `#heading`.

use super::tree::Tree;
use super::{Check, Finding};
use std::collections::BTreeMap;

/// The check.
pub const CHECK: Check = Check {
    name: "links in pages",
    run,
    bad_example: &[("README.md", "See [the map](docs/map.md).\n")],
};

fn run(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| path.ends_with(".md")) {
        for (line, target) in links(text) {
            if let Some(reason) = broken(tree, path, &target) {
                findings.push(Finding::new(path, line, format!("({target}) {reason}")));
            }
        }
    }
    findings
}

/// Why `target`, in the page `from`, leads nowhere.
fn broken(tree: &Tree, from: &str, target: &str) -> Option<String> {
    // Another site, or a mail address.
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (place, heading) = match target.split_once('#') {
        Some((place, heading)) => (place, Some(heading)),
        None => (target, None),
    };
    let path = if place.is_empty() {
        from.to_owned()
    } else {
        let Some(path) = resolve(from, place) else {
            return Some("leads out of the repository".to_owned());
        };
        path
    };
    if !tree.holds(&path) {
        return Some(format!("leads to {path}, which isn't in the repository"));
    }
    let heading = heading.filter(|_| path.ends_with(".md"))?;
    let known = anchors(tree.text(&path)?);
    (!known.iter().any(|anchor| anchor == heading))
        .then(|| format!("names a heading that {path} doesn't have"))
}

/// `place` as seen from the folder of `from`, without dots; `None` above the root.
fn resolve(from: &str, place: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    if !place.starts_with('/') {
        parts.extend(from.split('/'));
        parts.pop();
    }
    for part in place.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// Line and target of each link and image, those in code left out.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        let line = without_code(line);
        let mut rest = line.as_str();
        while let Some((_, after)) = rest.split_once("](") {
            let target = match after.strip_prefix('<') {
                Some(after) => after.split('>').next(),
                None => after.split([')', ' ']).next(),
            };
            found.push((number, target.unwrap_or_default().to_owned()));
            rest = after;
        }
        for attribute in ["src=\"", "href=\""] {
            let after = line.split(attribute).skip(1);
            found.extend(after.filter_map(|a| a.split('"').next()).map(|t| (number, t.to_owned())));
        }
        if let Some((label, target)) = line.trim_start().split_once("]: ") {
            if label.starts_with('[') {
                let target = target.split_whitespace().next().unwrap_or_default();
                found.push((number, target.to_owned()));
            }
        }
    }
    found
}

/// The lines outside of fenced code, from 1.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fence: Option<&str> = None;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let start = line.trim_start();
        match fence {
            Some(mark) => {
                if start.starts_with(mark) {
                    fence = None;
                }
                None
            }
            None => {
                fence = ["```", "~~~"].into_iter().find(|mark| start.starts_with(mark));
                fence.is_none().then_some((index + 1, line))
            }
        }
    })
}

fn without_code(line: &str) -> String {
    let mut outside = true;
    let mut prose = String::new();
    for part in line.split('`') {
        if outside {
            prose.push_str(part);
        }
        outside = !outside;
    }
    prose
}

/// The names under which a page's headings can be linked to, as the usual hosts make them.
fn anchors(text: &str) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut anchors = Vec::new();
    for (_, line) in prose(text) {
        let title = line.trim_start_matches('#');
        let level = line.len() - title.len();
        if (1..=6).contains(&level) && title.starts_with(' ') {
            let slug = slug(title.trim());
            let count = seen.entry(slug.clone()).or_insert(0);
            anchors.push(if *count == 0 { slug } else { format!("{slug}-{count}") });
            *count += 1;
        }
        let names = line.split("id=\"").skip(1).filter_map(|after| after.split('"').next());
        anchors.extend(names.map(str::to_owned));
    }
    anchors
}

fn slug(title: &str) -> String {
    let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(link: &str) -> Vec<String> {
        let page = format!("# Home\n\n{link}\n");
        let tree = Tree::of(&[
            ("docs/page.md", &page),
            ("docs/other.md", "# One, two\n## A `b`\n## A `b`\n```\n# Code\n```\n<a id=\"x\">"),
            ("README.md", "# Read me"),
            ("docs/picture.svg", ""),
        ]);
        run(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn links_that_lead_somewhere() {
        let good = [
            "[a](other.md)",
            "[a](./other.md#one-two) [b](other.md#a-b-1) [c](other.md#x)",
            "[a](../README.md \"a title\")",
            "[a](/docs/picture.svg) ![b](picture.svg)",
            "[a](<other.md>)",
            "[a](#home)",
            "[a](https://example.org/x) [b](mailto:a@example.org)",
            "[a]\n\n[a]: other.md",
            "[a](..)",
            "`[a](nowhere.md)`",
            "```\n[a](nowhere.md)\n```",
            "<img src=\"picture.svg\">",
        ];
        for link in good {
            assert_eq!(findings(link), Vec::<String>::new(), "{link}");
        }
    }

    #[test]
    fn links_that_lead_nowhere() {
        let bad = [
            "[a](nowhere.md)",
            "[a](other.md) and [b](docs/other.md)",
            "![a](picture.png)",
            "[a](other.md#three)",
            "[a](other.md#code)",
            "[a](#away)",
            "[a](../../shared/x.md)",
            "[a]: nowhere.md",
            "<img src=\"nowhere.svg\">",
        ];
        for link in bad {
            let found = findings(link);
            assert_eq!(found.len(), 1, "{link}: {found:?}");
            assert!(found[0].starts_with("docs/page.md:3: "), "{found:?}");
        }
    }
}
