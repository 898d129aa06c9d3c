use ledgerline_population::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let p = Population { seed: 1, reports: a[2].parse().unwrap(), listeners: a[3].parse().unwrap(), tracks: 1_000_000, start: 1_772_150_400_000, days: 30, shuffle: if a[4] == "s" { Some(1) } else { None }, windows: true, profile: if a[1] == "s" { Profile::Service } else { Profile::Throughput } };
    let t = p.generate(&mut std::io::stdout().lock(), &mut |_| {}).unwrap();
    if a.len() > 5 { t.write_pretty(&mut std::io::stderr()).unwrap(); }
    else { eprintln!("{:?} total {} copies {}", t.plays, t.plays_total, t.exact_copies);
    eprintln!("{}", std::fs::read_to_string("/proc/self/status").unwrap().lines().find(|l| l.starts_with("VmHWM")).unwrap()); }
}
