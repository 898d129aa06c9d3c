//! `simulation`: runs seeds and says which failed. `cargo xtask simulate` builds and calls it.

use ledgerline_simulation::{Failure, Simulator, canary};
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (mut from, mut seeds) = (0u64, 20u64);
    while let Some(a) = args.next() {
        match a.as_str() {
            "--from" => from = args.next().unwrap().parse().unwrap(),
            "--seeds" => seeds = args.next().unwrap().parse().unwrap(),
            "--seed" => {
                let seed = args.next().unwrap().parse().unwrap();
                let r = Simulator::new().run(seed, true);
                println!("{r:?}");
                return ExitCode::SUCCESS;
            }
            _ => panic!(),
        }
    }
    let sim = Simulator::new();
    let begin = Instant::now();
    std::panic::set_hook(Box::new(|_| {}));
    let mut failed = 0;
    for seed in from..from + seeds {
        let t = Instant::now();
        match sim.run(seed, false) {
            Ok(found) => eprintln!("{seed} ok {:?} {found:?}", t.elapsed()),
            Err(Failure { why, .. }) => { failed += 1; println!("{seed} FAILED {why}") },
        }
    }
    println!("{failed} failed, {:?}", begin.elapsed());
    let _ = canary::built_in();
    ExitCode::SUCCESS
}
