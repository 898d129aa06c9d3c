//! Listening histories that other services export, read row by row
