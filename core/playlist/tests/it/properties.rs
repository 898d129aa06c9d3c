//! However a list is edited, it stays one.

use ledgerline_playlist::{Edit, Item, NewItem, To, edited};
use proptest::prelude::*;
use std::collections::BTreeSet;

use crate::spec::apply;

fn id() -> impl Strategy<Value = String> {
    (0_u8..12).prop_map(|number| format!("i{number}"))
}

fn to() -> impl Strategy<Value = To> {
    prop_oneof![Just(To::End), id().prop_map(To::Before), id().prop_map(To::After)]
}

fn edit() -> impl Strategy<Value = Edit> {
    let ids = || proptest::collection::vec(id(), 1..4);
    prop_oneof![
        (ids(), to()).prop_map(|(ids, to)| {
            let items = ids.into_iter().map(|item_id| {
                let track_id = item_id.to_uppercase();
                NewItem { item_id, track_id }
            });
            Edit::Add { items: items.collect(), to }
        }),
        ids().prop_map(|item_ids| Edit::Remove { item_ids }),
        (ids(), to()).prop_map(|(item_ids, to)| Edit::Move { item_ids, to }),
    ]
}

proptest! {
    #[test]
    fn an_edit_sent_twice_is_an_edit(
        edits in proptest::collection::vec(edit(), 1..60),
        crowded in any::<bool>(),
    ) {
        let mut list: Vec<Item> = Vec::new();
        for edit in edits {
            let Ok(changes) = edited(&list, &edit, 10) else { continue };
            list = apply(&list, &changes);
            let ids: BTreeSet<&String> = list.iter().map(|item| &item.item_id).collect();
            prop_assert_eq!(ids.len(), list.len());
            let places: BTreeSet<i64> = list.iter().map(|item| item.place).collect();
            prop_assert_eq!(places.len(), list.len());
            prop_assert!(list.len() <= 10);
            let again = edited(&list, &edit, 10).expect("what was done can be done again");
            prop_assert!(again.is_nothing(), "{:?}", again);
            if crowded {
                // No room is left anywhere.
                for (item, place) in list.iter_mut().zip(0..) {
                    item.place = place;
                }
            }
        }
    }
}
