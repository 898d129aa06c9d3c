//! The table.

use ledgerline_playlist::{Changes, Edit, GAP, Item, NewItem, Refusal, To, edited};

const TABLE: &str = include_str!("../spec/edits.txt");
const ITEMS_MAX: usize = 6;

pub fn apply(list: &[Item], changes: &Changes) -> Vec<Item> {
    let mut list = list.to_vec();
    list.retain(|item| !changes.remove.contains(&item.item_id));
    for (item_id, place) in &changes.place {
        let item = list.iter_mut().find(|item| item.item_id == *item_id).expect("it is there");
        item.place = *place;
    }
    list.extend(changes.add.iter().cloned());
    list.sort_by(|left, right| (left.place, &left.item_id).cmp(&(right.place, &right.item_id)));
    list
}

fn new_item(text: &str) -> NewItem {
    let (item_id, track_id) = match text.split_once(':') {
        Some((item_id, track_id)) => (item_id.to_owned(), track_id.to_owned()),
        None => (text.to_lowercase(), text.to_owned()),
    };
    NewItem { item_id, track_id }
}

fn edit(text: &str) -> Edit {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (named, to) = match words[1..] {
        [ref named @ .., "before", item_id] => (named, To::Before(item_id.to_owned())),
        [ref named @ .., "after", item_id] => (named, To::After(item_id.to_owned())),
        ref named => (named, To::End),
    };
    let item_ids = named.iter().map(|word| (*word).to_owned()).collect();
    match words[0] {
        "add" => Edit::Add { items: named.iter().map(|word| new_item(word)).collect(), to },
        "remove" => Edit::Remove { item_ids },
        "move" => Edit::Move { item_ids, to },
        other => panic!("no edit: {other}"),
    }
}

fn check(list: &[Item], wanted: &Edit) -> String {
    match edited(list, wanted, ITEMS_MAX) {
        Ok(changes) => {
            let after = apply(list, &changes);
            let mut words: Vec<String> =
                after.iter().map(|item| format!("{}:{}", item.item_id, item.track_id)).collect();
            if changes.is_nothing() && !list.is_empty() {
                words.push("same".to_owned());
            }
            words.join(" ")
        }
        Err(Refusal::Taken(item_id)) => format!("taken {item_id}"),
        Err(Refusal::NotThere(item_id)) => format!("not there {item_id}"),
        Err(Refusal::Full(_)) => "full".to_owned(),
    }
}

#[test]
fn lists_are_edited_as_the_table_says() {
    let mut checked = 0;
    for line in TABLE.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [list, wanted, expected] = columns[..] else { panic!("no row: {line}") };
        // With room between them, and without.
        for gap in [GAP, 1] {
            let items = list.split_whitespace().zip(0_i64..).map(|(text, at)| {
                let NewItem { item_id, track_id } = new_item(text);
                Item { item_id, track_id, place: at * gap }
            });
            let items: Vec<Item> = items.collect();
            assert_eq!(check(&items, &edit(wanted)), expected, "{line}, {gap} apart");
        }
        checked += 1;
    }
    assert!(checked > 20, "the table has rows");
}

#[test]
fn moving_one_writes_one() {
    let items: Vec<Item> = (0..5)
        .map(|at| Item { item_id: format!("i{at}"), track_id: "T".to_owned(), place: at * GAP })
        .collect();
    let to = To::Before("i1".to_owned());
    let changes = edited(&items, &Edit::Move { item_ids: vec!["i4".to_owned()], to }, 9);
    assert_eq!(changes.expect("it is moved").place, [("i4".to_owned(), GAP / 2)]);
}
