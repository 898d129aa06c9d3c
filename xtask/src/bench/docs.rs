//! What was measured, written into the documentation: tables in `docs/measured.md` between marks of
//! our own, and the plot beside it.

use super::Figures;
use super::bars::Bar;
use super::date;
use super::figures::{Way, heads, real};
use super::plot::{self, Panel, Series};
use super::sizes::Size;
use crate::programs::answer;
use std::fs;
use std::path::Path;

const PAGE: &str = "docs/measured.md";
const PLOT: &str = "docs/measured/counting-by-size.svg";

/// Replaces what an earlier run wrote: the part of the rates, that of the sizes, or both.
///
/// # Errors
/// A file can't be read or written, or the page has no marks.
pub fn write(root: &Path, figures: &Figures, bars: &[Bar]) -> Result<(), String> {
    let (ways, sizes) = (&figures.ways, &figures.sizes);
    let path = root.join(PAGE);
    let cannot = |error: std::io::Error| format!("{PAGE}: {error}");
    let mut page = fs::read_to_string(&path).map_err(cannot)?;
    let words: Vec<String> = std::env::args().skip(1).collect();
    let run = format!("`{}`, {}; {}.", command_of(&words), date::days_ago(0), machine());
    if !ways.is_empty() {
        page = replaced(&page, "rates", &of_ways(ways, &figures.ratios(), bars, &run))?;
    }
    if !sizes.is_empty() {
        page = replaced(&page, "sizes", &of_sizes(sizes, &run))?;
        let plot = root.join(PLOT);
        fs::create_dir_all(plot.parent().unwrap_or(root)).map_err(cannot)?;
        fs::write(&plot, picture(sizes)).map_err(|error| format!("{PLOT}: {error}"))?;
    }
    fs::write(&path, page).map_err(cannot)?;
    println!("written into {PAGE}");
    Ok(())
}

fn of_ways(ways: &[Way], ratios: &[String], bars: &[Bar], run: &str) -> String {
    let reference = ways.iter().find(|way| way.name == "Flink");
    let mut rows = vec![heads(reference.map(|way| way.name.as_str()))];
    rows.extend(ways.iter().map(|way| way.row(reference.map(Way::rate))));
    let mut bar_rows = vec![["bar", "measured", ""].map(str::to_owned).to_vec()];
    bar_rows.extend(bars.iter().map(Bar::row));
    let notes = ratios.iter().chain(ways.iter().flat_map(|way| &way.notes));
    let notes: Vec<String> = notes.map(|note| format!("- {note}\n")).collect();
    format!("{run}\n\n{}\n{}\n{}", markdown(&rows), notes.concat(), markdown(&bar_rows))
}

fn of_sizes(sizes: &[Size], run: &str) -> String {
    let mut rows: Vec<Vec<String>> =
        vec![Size::HEADS.iter().map(|head| (*head).to_owned()).collect()];
    rows.extend(sizes.iter().map(Size::row));
    let notes: Vec<String> = sizes.iter().map(|size| format!("- {}\n", size.note())).collect();
    format!(
        "{run}\n\n{}\n![Rate, memory and start by the number of plays](measured/counting-by-size.svg)\n\n{}",
        markdown(&rows),
        notes.concat()
    )
}

/// What was run, without where its figures went besides.
fn command_of(words: &[String]) -> String {
    let mut command = "cargo xtask".to_owned();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--json" => drop(words.next()),
            word if word.starts_with("--json=") || word == "--install" => {}
            word => command += &format!(" {word}"),
        }
    }
    command
}

/// A table of a page; all but the first column to the right.
fn markdown(rows: &[Vec<String>]) -> String {
    let mut out = String::new();
    for (index, row) in rows.iter().enumerate() {
        out += &format!("| {} |\n", row.join(" | "));
        if index == 0 {
            let rest = "---:|".repeat(row.len().saturating_sub(1));
            out += &format!("|---|{rest}\n");
        }
    }
    out
}

/// The page with another text between the marks of `name`.
fn replaced(page: &str, name: &str, text: &str) -> Result<String, String> {
    let mark = |which: &str| format!("<!-- bench counting, {name}: {which} -->");
    let (begin, end) = (mark("begin"), mark("end"));
    let parts = page.split_once(&begin).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(&end)?;
        Some((before, after))
    });
    let (before, after) = parts.ok_or_else(|| format!("{PAGE} has no `{begin}` before `{end}`"))?;
    Ok(format!("{before}{begin}\n\n{text}\n{end}{after}"))
}

fn picture(sizes: &[Size]) -> String {
    let millions = |size: &Size| real(size.plays) / 1e6;
    let series = |name: &str, y: &dyn Fn(&Size) -> f64| Series {
        name: name.to_owned(),
        points: sizes.iter().map(|size| (millions(size), y(size))).collect(),
    };
    let mib = |bytes: u64| real(bytes) / f64::from(1 << 20);
    let panels = [
        Panel {
            title: "Rate".to_owned(),
            unit: "thousand reports a second".to_owned(),
            series: vec![
                series("all", &|size| size.way.rate() / 1e3),
                series("last tenth", &|size| size.rate_last_tenth / 1e3),
            ],
            bar: Some((800.0, "≥ 800".to_owned())),
        },
        Panel {
            title: "Peak memory".to_owned(),
            unit: "MiB resident".to_owned(),
            series: vec![
                series("anonymous", &|size| mib(size.way.peak.anonymous)),
                series("file-mapped", &|size| mib(size.way.peak.file)),
            ],
            bar: None,
        },
        Panel {
            title: "Start after a kill".to_owned(),
            unit: "seconds until ready".to_owned(),
            series: vec![series("kill −9", &|size| size.start_s)],
            bar: Some((10.0, "≤ 10 s".to_owned())),
        },
    ];
    let alt = "Rate, peak memory and time of a start after a kill, by millions of distinct plays";
    plot::svg(&panels, "million distinct plays", alt)
}

/// The machine in a few words: cores and their kind, memory, kernel.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown", |(_, model)| model.trim());
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = memory.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = kib.and_then(|kib| kib.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0);
    let kernel = answer("uname", &["-sr"]).unwrap_or_default();
    format!("{cores} cores ({model}), {} GiB, {kernel}", kib.div_ceil(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_is_replaced() {
        let page =
            "a\n<!-- bench counting, x: begin -->\nold\n<!-- bench counting, x: end -->\nb\n";
        let expected =
            "a\n<!-- bench counting, x: begin -->\n\nnew\n\n<!-- bench counting, x: end -->\nb\n";
        assert_eq!(replaced(page, "x", "new\n").as_deref(), Ok(expected));
        assert_eq!(replaced(expected, "x", "new\n").as_deref(), Ok(expected));
        assert!(replaced(page, "y", "new").is_err());
    }

    #[test]
    fn the_command_is_told_without_its_files() {
        let words: Vec<String> = "bench counting --json a --reports 5M --json=b --install"
            .split(' ')
            .map(str::to_owned)
            .collect();
        assert_eq!(command_of(&words), "cargo xtask bench counting --reports 5M");
    }

    #[test]
    fn tables_are_markdown() {
        let rows = [["a", "b"], ["c", "1"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(markdown(&rows), "| a | b |\n|---|---:|\n| c | 1 |\n");
    }
}
