//! The migrations are embedded by a macro, which on stable Rust doesn't notice a new file.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
