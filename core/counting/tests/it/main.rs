//! The rules, as tables that an accountant can read; the runs of the index; and random logs
//! on which counting and recount must agree.

mod differential;
mod index;
mod spec;
