//! Runs the table of `tests/spec/refusals.txt`.
//!
//! `case KIND NAME` begins; `== FILE` begins a file, of which the lines up to the next mark are;
//! `-> LINE` is a line of what is said, `-> good` that all of it is read. `\t` and `\0` in a file
//! stand for such characters.

use ledgerline_csv_sheets::{
    NamedFile, SheetsError, read_fx, read_revenue, read_rights, read_usage, shown,
};

#[derive(Default)]
struct Case {
    name: String,
    files: Vec<(String, String)>,
    says: Vec<String>,
}

fn read(case: &Case) -> Result<usize, SheetsError> {
    let files: Vec<NamedFile<'_>> =
        case.files.iter().map(|(name, text)| NamedFile { name, bytes: text.as_bytes() }).collect();
    let kind = case.name.split(' ').next().unwrap();
    match kind {
        "rights" => read_rights(&files).and_then(|import| {
            // What is consistent is not for the reader to say; but whoever reads both sees it.
            let names: Vec<String> = files.iter().map(|file| file.name.to_owned()).collect();
            let known = ledgerline_catalog::Catalogue::default();
            let rows = import.parties.len() + import.recordings.len() + import.shares.len();
            match ledgerline_catalog::judge(&known, import) {
                Ok(_) => Ok(rows),
                Err(refused) => Err(SheetsError::Rows { files: names, refused }),
            }
        }),
        "revenue" => read_revenue(files[0]).map(|rows| rows.len()),
        "fx" => read_fx(files[0]).map(|rows| rows.len()),
        "usage" => read_usage(files[0]).map(|months| months.len()),
        _ => panic!("{kind} is no kind"),
    }
}

fn check(case: &Case) {
    let says = match read(case) {
        Ok(rows) => {
            assert!(rows > 0, "{}", case.name);
            vec!["good".to_owned()]
        }
        Err(error) => error.to_string().lines().map(|line| line.trim().to_owned()).collect(),
    };
    assert_eq!(says, case.says, "{}\n{}", case.name, says.join("\n"));
}

#[test]
fn wrong_sheets_are_refused_with_file_row_column_and_what_to_write() {
    let mut cases: Vec<Case> = Vec::new();
    for line in include_str!("../spec/refusals.txt").lines() {
        if let Some(name) = line.strip_prefix("case ") {
            cases.push(Case { name: name.to_owned(), ..Case::default() });
            continue;
        }
        let Some(case) = cases.last_mut() else { continue };
        if let Some(name) = line.strip_prefix("== ") {
            case.files.push((name.to_owned(), String::new()));
        } else if let Some(says) = line.strip_prefix("-> ") {
            case.says.push(says.to_owned());
        } else if !line.is_empty() && !line.starts_with('#') {
            let text = &mut case.files.last_mut().expect("a file has begun").1;
            text.push_str(&line.replace("\\t", "\t").replace("\\0", "\0"));
            text.push('\n');
        }
    }
    assert!(cases.len() > 15, "{} cases", cases.len());
    cases.iter().for_each(check);
}

#[test]
fn a_hundred_errors_are_named_and_the_rest_counted() {
    let mut text = "party_id,ipi\n".to_owned();
    for number in 0..250 {
        text.push_str(&format!("p{number},1\n"));
    }
    let file = NamedFile { name: "parties.csv", bytes: text.as_bytes() };
    let error = read_rights(&[file]).expect_err("every row is wrong");
    let SheetsError::Rows { files, refused } = &error else { panic!("{error}") };
    assert_eq!((refused.errors.len(), refused.total), (100, 250));
    assert!(refused.errors.is_sorted_by_key(|error| error.at.row));
    let text = shown(files, refused);
    assert!(text.starts_with("250 things are wrong; nothing was imported\n"), "{text}");
    assert!(text.ends_with("\n  … and 150 more"), "{text}");
}

#[test]
fn what_is_no_text_is_said() {
    let file = NamedFile { name: "parties.csv", bytes: b"party_id\n\xe9\n" };
    let error = read_rights(&[file]).expect_err("is no UTF-8").to_string();
    assert!(error.starts_with("parties.csv: ") && error.contains("UTF-8"), "{error}");
    let file = NamedFile { name: "parties.json", bytes: b"{\"parties\": [" };
    let error = read_rights(&[file]).expect_err("is cut").to_string();
    assert!(error.starts_with("parties.json: EOF while parsing"), "{error}");
}
