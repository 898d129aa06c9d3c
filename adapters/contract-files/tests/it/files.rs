//! Files as people write them.

use ledgerline_contract_files::templates::{TEMPLATES, find};
use ledgerline_contract_files::{read, schema, write};
use serde_json::Value;
use std::collections::BTreeSet;

/// Every table of faults: a file with one thing changed, and what is said of it.
///
/// ```text
/// change <what stands in the file> => <what is put there>
/// fault <line>:<column> <part of the message>
/// ```
#[test]
fn faults_say_where_and_what_to_write() {
    let table = include_str!("../spec/faults.txt");
    let (mut file, mut cases) = (String::new(), 0);
    let (mut faults, mut wrong) = (Vec::<String>::new(), Vec::new());
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix("file ") {
            file = find(name).unwrap_or_else(|| panic!("{name}")).text.to_owned();
        } else if let Some(change) = line.strip_prefix("change ") {
            let (old, new) = change.split_once(" => ").unwrap_or_else(|| panic!("{line}"));
            let (old, new) = (old.replace("\\n", "\n"), new.replace("\\n", "\n"));
            assert_eq!(file.matches(&old).count(), 1, "{line}");
            let changed = file.replace(&old, &new);
            let found = read("f.toml", changed.as_bytes());
            faults = found.expect_err(line).iter().map(ToString::to_string).collect();
            cases += 1;
        } else if let Some(expected) = line.strip_prefix("fault ") {
            let (place, part) = expected.split_once(' ').unwrap_or_else(|| panic!("{line}"));
            let place = format!("f.toml:{place}: ");
            let said = |fault: &String| fault.starts_with(&place) && fault.contains(part);
            if !faults.iter().any(said) {
                wrong.push(format!("{line}\nfound {faults:#?}"));
            }
        } else {
            assert_eq!(line, "", "no such row");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases >= 25, "the table has lost cases");
}

#[test]
fn what_is_no_text_or_too_long_is_refused() {
    let found = read("f.toml", b"id = \"a\"\ntitle = \"\xff\"").unwrap_err();
    assert_eq!(found[0].to_string(), "f.toml:2:10: is not UTF-8: save the file as UTF-8");
    let long = vec![b'#'; ledgerline_contract_files::BYTES_MAX + 1];
    assert!(read("f.toml", &long).unwrap_err()[0].what.contains("at most 4194304 bytes"));
}

#[test]
fn every_template_reads_and_writes_as_the_same_contract() {
    let mut ids = BTreeSet::new();
    for template in TEMPLATES {
        let read_as = read(template.name, template.text.as_bytes());
        let contract = read_as.unwrap_or_else(|faults| panic!("{faults:#?}"));
        assert!(ids.insert(contract.id.clone()), "{} is there twice", contract.id);
        let written = write(&contract);
        assert_eq!(read("written", written.as_bytes()), Ok(contract), "{written}");
    }
    assert_eq!(find("us-mechanical"), find("us-mechanical-licence"));
    assert_eq!(find("nothing"), None);
}

/// Each example of the documentation reads.
#[test]
fn the_examples_of_the_page_read() {
    let page = include_str!("../../../../docs/contracts.md");
    let examples: Vec<&str> = page
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .filter(|example| example.starts_with("id ="))
        .collect();
    assert!(examples.len() >= 2, "the page has lost its examples");
    for example in examples {
        read("docs/contracts.md", example.as_bytes()).unwrap_or_else(|f| panic!("{f:#?}"));
    }
    for template in TEMPLATES {
        assert!(page.contains(&format!("`{}`", template.name)), "{} is missing", template.name);
    }
}

/// Whether `value` is what `schema` says, as far as our schema says anything.
fn fits(value: &toml::Value, schema: &Value, root: &Value) -> Result<(), String> {
    if let Some(name) = schema["$ref"].as_str() {
        let definition = &root["$defs"][name.trim_start_matches("#/$defs/")];
        return fits(value, definition, root);
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let fitting = choices.iter().any(|one| fits(value, one, root).is_ok());
        return if fitting { Ok(()) } else { Err(format!("{value:?} fits no choice")) };
    }
    if let Some(words) = schema["oneOf"].as_array().or(schema["enum"].as_array()) {
        let word = value.as_str().unwrap_or_default();
        let known = words.iter().any(|one| *one == word || one["const"] == word);
        return if known { Ok(()) } else { Err(format!("{word} is no word")) };
    }
    match value {
        toml::Value::Table(table) => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let missing = required.iter().find(|name| !table.contains_key(name.as_str().unwrap()));
            if let Some(missing) = missing {
                return Err(format!("{missing} is missing"));
            }
            for (key, value) in table {
                let property = &schema["properties"][key.as_str()];
                let property =
                    if property.is_null() { &schema["additionalProperties"] } else { property };
                if !property.is_object() {
                    return Err(format!("{key} is unknown"));
                }
                fits(value, property, root)?;
            }
            Ok(())
        }
        toml::Value::Array(values) => {
            values.iter().try_for_each(|value| fits(value, &schema["items"], root))
        }
        other => {
            let types = match &schema["type"] {
                Value::String(one) => vec![one.clone()],
                many => many
                    .as_array()
                    .map(|all| all.iter().filter_map(|t| t.as_str().map(str::to_owned)).collect())
                    .unwrap_or_default(),
            };
            if types.iter().any(|one| one == other.type_str()) {
                Ok(())
            } else {
                Err(format!("{other:?} is no {types:?}"))
            }
        }
    }
}

#[test]
fn the_schema_says_what_the_reader_does() {
    let root: Value = serde_json::from_str(&schema()).unwrap();
    assert_eq!(root["additionalProperties"], Value::Bool(false));
    for template in TEMPLATES {
        let value: toml::Value = toml::from_str(template.text).unwrap();
        fits(&value, &root, &root).unwrap_or_else(|why| panic!("{}: {why}", template.name));
        // And every field that the schema knows not, the reader refuses, wherever it stands.
        let unknown = template.text.replace("\nid = ", "\ncolour = \"red\"\nid = ");
        let value: toml::Value = toml::from_str(&unknown).unwrap();
        assert!(fits(&value, &root, &root).is_err(), "{}", template.name);
        assert!(read("f.toml", unknown.as_bytes()).is_err(), "{}", template.name);
    }
    let float = TEMPLATES[0].text.replace("\"52%\"", "0.52");
    let value: toml::Value = toml::from_str(&float).unwrap();
    assert!(fits(&value, &root, &root).is_err(), "a float is no share");
}
