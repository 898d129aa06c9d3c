//! A playlist as an order of items: edits in, changes out.
//!
//! What it is for: an item has an id of its own, since a recording may stand in a list twice, and a *place*, a
//! number that says where. An edit names items, never positions, so it means the same whatever was done before
//! it, and moving one item writes one number. Adding what is there already, and removing what isn't, changes
//! nothing: whoever isn't sure that an edit arrived sends it again.
//! What it refuses: positions, and knowing what a recording is. Edits that several people make at once are not
//! merged here yet; they would come in as more kinds of [`Edit`].
//!
//! - `edit`: what is asked for, what it changes, and why not
//! - `places`: numbers between numbers

mod edit;
mod places;

pub use edit::{Changes, Edit, Item, NewItem, Refusal, To, edited};
pub use places::GAP;
