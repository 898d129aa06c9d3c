//! Packs the pages into the library: what `npm run build` left in `web/dist`. Where that wasn't
//! built, there is nothing to pack, and the server says so to whoever opens it.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// More is no page.
const FILE_BYTES_MAX: u64 = 8 << 20;

fn main() -> io::Result<()> {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says where to"));
    let web = here.join("../../web");
    let dist = web.join("dist");
    println!("cargo::rerun-if-changed=build.rs");
    // Cargo runs this again each time where a path that it is to watch isn't there.
    let watched = [&dist, &web].into_iter().find(|path| path.exists());
    if let Some(watched) = watched {
        println!("cargo::rerun-if-changed={}", watched.display());
    }
    let mut names = vec!["index.html".to_owned()];
    if let Ok(assets) = fs::read_dir(dist.join("assets")) {
        for asset in assets {
            let name = asset?.file_name();
            let name = name.to_str().map(|name| format!("assets/{name}"));
            names.extend(name.filter(|name| !name.ends_with(".map")));
        }
    }
    names.sort();
    let mut table = String::from("&[\n");
    for (number, name) in names.iter().enumerate() {
        let path = dist.join(name);
        if path.is_file() {
            add(&mut table, name, &path, &out.join(format!("{number}.gz")))?;
        }
    }
    table.push_str("]\n");
    fs::write(out.join("pages.rs"), table)
}

/// A file's row: its name, its bytes, and the same packed where that is worth it.
fn add(table: &mut String, name: &str, path: &Path, packed: &Path) -> io::Result<()> {
    if fs::metadata(path)?.len() > FILE_BYTES_MAX {
        let why = format!("{} has more than {FILE_BYTES_MAX} bytes", path.display());
        return Err(io::Error::other(why));
    }
    let plain = fs::read(path)?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&plain)?;
    let gzip = encoder.finish()?;
    let gzip = if gzip.len() < plain.len() * 9 / 10 {
        fs::write(packed, gzip)?;
        format!("Some(include_bytes!({:?}))", packed)
    } else {
        "None".to_owned()
    };
    writeln!(
        table,
        "    File {{ name: {name:?}, plain: include_bytes!({:?}), gzip: {gzip} }},",
        path.canonicalize()?
    )
    .map_err(io::Error::other)
}
