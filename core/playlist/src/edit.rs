//! What is asked for, what it changes, and why not.

use std::collections::{BTreeMap, BTreeSet};

use crate::places;

/// An item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its own id, unique in the list.
    pub item_id: String,
    /// The recording.
    pub track_id: String,
    /// Where it stands: items are in the order of their places, and of their ids where those are equal.
    pub place: i64,
}

/// An item that is to be in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewItem {
    /// Its id, which whoever adds it has chosen.
    pub item_id: String,
    /// The recording.
    pub track_id: String,
}

/// Where items go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// Behind the last one.
    End,
    /// In front of this item.
    Before(String),
    /// Behind this item.
    After(String),
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Puts items into the list, side by side. Those whose ids are there already stay where they are.
    Add {
        /// Which.
        items: Vec<NewItem>,
        /// Where to.
        to: To,
    },
    /// Takes items out; those that aren't there are out already.
    Remove {
        /// Which.
        item_ids: Vec<String>,
    },
    /// Puts items of the list elsewhere, side by side in this order.
    Move {
        /// Which.
        item_ids: Vec<String>,
        /// Where to; an item that is moved itself is no such place.
        to: To,
    },
}

/// What an edit changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Items that are new.
    pub add: Vec<Item>,
    /// Items that are out.
    pub remove: Vec<String>,
    /// Items that are elsewhere, with their new places.
    pub place: Vec<(String, i64)>,
}

impl Changes {
    /// Whether everything stays as it is.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty() && self.place.is_empty()
    }
}

/// Why an edit changes nothing. In this order, where several hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The id of a new item stands twice, or the list has it for another recording.
    #[error("the item id {0:?} is taken; choose another one")]
    Taken(String),
    /// An item that is moved, or that others are to stand beside, isn't in the list.
    #[error("the item {0:?} isn't in the list, or is moved itself; read the list again")]
    NotThere(String),
    /// The list would have too many items.
    #[error("a list has at most {0} items")]
    Full(usize),
}

/// What an edit changes of a list, whose items are given in their order.
///
/// # Errors
/// [`Refusal`]; nothing is to be changed then.
pub fn edited(list: &[Item], edit: &Edit, items_max: usize) -> Result<Changes, Refusal> {
    match edit {
        Edit::Add { items, to } => add(list, items, to, items_max),
        Edit::Remove { item_ids } => {
            let out: BTreeSet<&str> = item_ids.iter().map(String::as_str).collect();
            let there = list.iter().filter(|item| out.contains(&*item.item_id));
            let remove = there.map(|item| item.item_id.clone()).collect();
            Ok(Changes { remove, ..Changes::default() })
        }
        Edit::Move { item_ids, to } => put(list, item_ids, to),
    }
}

fn add(list: &[Item], new: &[NewItem], to: &To, items_max: usize) -> Result<Changes, Refusal> {
    let known: BTreeMap<&str, &str> =
        list.iter().map(|item| (&*item.item_id, &*item.track_id)).collect();
    let mut seen = BTreeSet::new();
    let mut missing = Vec::new();
    for item in new {
        let other = known.get(&*item.item_id).is_some_and(|track| *track != item.track_id);
        if other || !seen.insert(&*item.item_id) {
            return Err(Refusal::Taken(item.item_id.clone()));
        }
        if !known.contains_key(&*item.item_id) {
            missing.push(item);
        }
    }
    if missing.is_empty() {
        return Ok(Changes::default());
    }
    if list.len() + missing.len() > items_max {
        return Err(Refusal::Full(items_max));
    }
    let all: Vec<&Item> = list.iter().collect();
    let at = index_of(&all, to)?;
    let (places, place) = fit(&all, at, missing.len());
    let item = |(item, place): (&NewItem, i64)| Item {
        item_id: item.item_id.clone(),
        track_id: item.track_id.clone(),
        place,
    };
    let add = missing.into_iter().zip(places).map(item).collect();
    Ok(Changes { add, place, ..Changes::default() })
}

fn put(list: &[Item], item_ids: &[String], to: &To) -> Result<Changes, Refusal> {
    let there: BTreeSet<&str> = list.iter().map(|item| &*item.item_id).collect();
    let mut moved = BTreeSet::new();
    let mut order: Vec<&str> = Vec::new();
    for item_id in item_ids {
        if !there.contains(&**item_id) {
            return Err(Refusal::NotThere(item_id.clone()));
        }
        if moved.insert(&**item_id) {
            order.push(item_id);
        }
    }
    let others: Vec<&Item> = list.iter().filter(|item| !moved.contains(&*item.item_id)).collect();
    let at = index_of(&others, to)?;
    let (before, after) = others.split_at(at);
    let wanted = before.iter().map(|item| &*item.item_id).chain(order.iter().copied());
    let wanted = wanted.chain(after.iter().map(|item| &*item.item_id));
    if wanted.eq(list.iter().map(|item| &*item.item_id)) {
        return Ok(Changes::default());
    }
    let (places, mut place) = fit(&others, at, order.len());
    place.extend(order.into_iter().map(str::to_owned).zip(places));
    Ok(Changes { place, ..Changes::default() })
}

/// How many of the items, which stand in their order, come before a place.
fn index_of(items: &[&Item], to: &To) -> Result<usize, Refusal> {
    let at = |wanted: &String| {
        let found = items.iter().position(|item| item.item_id == *wanted);
        found.ok_or_else(|| Refusal::NotThere(wanted.clone()))
    };
    match to {
        To::End => Ok(items.len()),
        To::Before(item_id) => at(item_id),
        To::After(item_id) => Ok(at(item_id)? + 1),
    }
}

/// Places for `count` items behind the first `at` of `others`; and new places of these, where there is no room.
fn fit(others: &[&Item], at: usize, count: usize) -> (Vec<i64>, Vec<(String, i64)>) {
    let left = at.checked_sub(1).map(|left| others[left].place);
    let right = others.get(at).map(|item| item.place);
    if let Some(places) = places::between(left, right, count) {
        return (places, Vec::new());
    }
    let mut anew: Vec<i64> = places::anew(others.len() + count).collect();
    let places: Vec<i64> = anew.drain(at..at + count).collect();
    let placed = others.iter().zip(anew).map(|(item, place)| (item.item_id.clone(), place));
    (places, placed.collect())
}
