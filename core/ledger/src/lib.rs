//! Judges and chains double entries.
