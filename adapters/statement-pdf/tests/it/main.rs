//! Papers, read back: their text is compared with the statements that they were made of.

mod figures;
mod reading;
mod sample;
mod scripts;
mod shape;
