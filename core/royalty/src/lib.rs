//! Counted plays, revenue and terms in; pools, lines and adjustments out.
//!
//! What it is for: every rule by which a month's plays become money, as pure functions over
//! whole inputs. What it refuses: reports. Nothing is payable on an unjudged claim, so this room
//! sees counted plays only, already added up; and it refuses floats and rounding on the way.
//!
//! In reading order:
//! - [`usage`]: a month's plays, added up
//! - [`usage_fold`], [`month_plays`]: how it is added up, and what is stored of it
//! - [`revenue`]: what a month earned; rates of exchange as brought
//! - [`fields`]: both, and usage, from the columns of a row
//! - [`terms`]: contracts as data
//! - [`validity`]: what a contract must hold to
//! - [`scope`]: what a term is about, held against a recording and how it was heard
//! - [`precedence`]: which licence term says what a recording earns
//! - [`splits`]: from a right holder through its agreements to those who are paid
//! - [`review`](mod@review): what contracts say together
//! - [`music`]: what a month asks of the catalogue
//! - [`line`]: what a payee gets of a pool for a recording
//! - [`month`](mod@month): pools and lines of a month
//! - [`models`]: what a pool is worth, and what weighs in it
//! - [`sheet`]: lines with their names, and the difference of two months
//! - [`compare`](mod@compare): the same month by several models
//! - [`ahead`]: advances and costs, as entries and back
//! - [`account`]: from what a payee earned to what is paid out
//! - [`adjust`]: a closed month, computed anew cause by cause
//! - [`closing`], [`statement`]: a close for everyone, and what each is told
//! - [`bookings`]: the close as double entries
//! - [`earnings`]: what a payee's lines come to, by recording, country, right …
//! - [`estimate`]: a month so far, which can be neither booked nor stated

pub mod account;
pub mod adjust;
pub mod ahead;
pub mod bookings;
pub mod closing;
pub mod compare;
pub mod earnings;
pub mod estimate;
pub mod fields;
pub mod line;
pub mod models;
pub mod month;
pub mod month_plays;
pub mod music;
pub mod precedence;
pub mod revenue;
pub mod review;
pub mod scope;
pub mod sheet;
pub mod splits;
pub mod statement;
pub mod terms;
pub mod usage;
pub mod usage_fold;
pub mod validity;
