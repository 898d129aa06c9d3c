//! What `--help` prints.

use super::Topic;

/// The help of `topic`, or of the whole command.
pub fn help(topic: Option<Topic>) -> &'static str {
    match topic {
        None => HELP,
        Some(Topic::Demo) => HELP_DEMO,
        Some(Topic::Test) => HELP_TEST,
        Some(Topic::Check) => HELP_CHECK,
        Some(Topic::Bench) => HELP_BENCH,
        Some(Topic::Simulate) => HELP_SIMULATE,
        Some(Topic::Fuzz) => HELP_FUZZ,
        Some(Topic::Faults) => HELP_FAULTS,
        Some(Topic::Services) => HELP_SERVICES,
    }
}

const HELP: &str = "\
cargo xtask <command>

  demo      build Ledgerline and run its demonstration
  test      run everything that has to hold: checks, tests, the API against its contract
  check     format, lints and architecture, without the tests
  bench     measure
  simulate  run the product on a simulated machine, seed by seed, under faults
  fuzz      look for inputs that break a reader
  faults    kill, fill, slow down, break and overload the server at length, and measure
  services  start, stop and show the servers of others that tests use

  --install    install what is missing on this machine, instead of printing the line that does
  --help       of every command: its options

Examples:
  cargo xtask demo
  cargo xtask test --install
  cargo xtask test --without schemathesis
  cargo xtask bench counting --reports 5_000_000
  cargo xtask fuzz --seconds 60

Every command first looks for what it needs. If something is missing it prints one line to paste
and ends with 3; it never calls sudo. Other endings: 0 good, 1 failed, 2 not understood.
";

const HELP_SIMULATE: &str = "\
cargo xtask simulate [--seeds N] [--from SEED] [--jobs N] [--until-caught] [--nodes] [--json]
cargo xtask simulate --seed SEED [--nodes]
cargo xtask simulate --canaries

Runs the product on a simulated disk, clock, database and network: reports come twice, late and out
of order, the power fails, the disk is full, and in the end an independent recount and what the
players were promised must agree with what is counted. One seed is one run, always the same.

  --seeds N        how many (20)
  --from SEED      the first of them (0)
  --jobs N         how many at once (as many as there are processors)
  --until-caught   end at the first that goes wrong
  --nodes          several machines that share one log and one database, and are killed, paused and
                   cut off
  --seed SEED      one seed, with everything that happens in it
  --canaries       build each known fault in, one after the other: each must be caught within
                   200 seeds

Examples:
  cargo xtask simulate --seeds 1000
  cargo xtask simulate --seed 412
  cargo xtask simulate --canaries

Needs: Rust, a C compiler and make.
";

const HELP_DEMO: &str = "\
cargo xtask demo [--install] [arguments of `ledgerline demo`]

Builds the pages and the release binary with them (about five minutes the first time, seconds
afterwards) and runs `ledgerline demo` with the remaining arguments.

Examples:
  cargo xtask demo
  cargo xtask demo --install
  cargo xtask demo -- --help        what `ledgerline demo` itself can do

Needs: Rust, a C compiler, make, and Node.js 20.19 with npm.
";

const HELP_TEST: &str = "\
cargo xtask test [--install] [--without a,b] [--long]

Runs `check`, every test of the workspace, the pages in a browser, and schemathesis against a running
server. It ends with a table of the steps and one line `N passed, N failed`. What the browser saw lies
in target/screenshots.

  --without schemathesis   leave out the run against the API's contract (refused where CI=true)
  --without browser        leave out the pages in Chromium; their build and figures are still tested
  --without kafka          leave out the tests on a real Kafka
  --without postgres       leave out the tests on a real PostgreSQL
  --without duckdb         leave out reading the archive by DuckDB, another program
  --without strace         leave out the tests that see or break the server's system calls
  --without promtool       leave out the rules for alerts, judged by Prometheus' evaluator
  --long                   also what takes hours: sets LEDGERLINE_LONG=1 for the tests, gives
                           schemathesis more examples and a seed of its own, and fuzzes

Examples:
  cargo xtask test
  cargo xtask test --install
  cargo xtask test --without schemathesis

Needs: Rust with rustfmt and clippy, a C and a C++ compiler, make, Perl, Node.js 20.19 with npm, Chromium,
Python 3.11 with venv, a JDK from 17 on with Maven, and on Linux strace.
Tests on real listening histories read ../shared/data and are skipped where it is absent.
";

const HELP_CHECK: &str = "\
cargo xtask check [--install]

Format, clippy without warnings, and the architecture: import rings, purity of the core, length
of files, decision records, reasons of dependencies, authorisation, links, forbidden words.
Each of these first proves on a bad example that it can fail.

A line of the core that has to break a purity rule says why at its end: `// pure: <reason>`.

Examples:
  cargo xtask check

Needs: Rust with rustfmt and clippy, a C and a C++ compiler, make and Perl. cargo-deny is used where it is there.
";

const HELP_BENCH: &str = "\
cargo xtask bench counting [--reports N] [--only a,b] [--without a,b] [--sizes 1M,5M] [--json FILE]
                           [--write-docs] [--install]

cargo xtask bench encode [--c-libopus] [FILE ...] measures how fast music becomes rungs, in seconds of music for each
second of one processor: music that it makes, and the files (those of ../shared/data/audio unless told). With
--c-libopus the C library encodes; its build needs a C compiler and cmake.

cargo xtask bench catalogue, origin and scan measure music; what they take stands at the end.

Measures how fast the release binary counts, and what that costs. N synthetic reports (2 000 000
unless told) of about 227 bytes, 30 % of them duplicates, go through each of

  replay      `ledgerline replay`, of a file and of a pipe
  http        NDJSON bodies from another process over HTTP
  single      one report in each request (300 000 at most), 64 connections; then 15 000 a second
  duckdb      DuckDB doing the same distinct and count, in memory, not durable
  postgres    PostgreSQL: COPY, then INSERT ... ON CONFLICT, with the durability it has by default
  flink       Apache Flink: keyed state, exactly-once checkpoints, two slots
  sizes       1, 5, 20 and 50 million distinct plays: rate, memory, and the start after a kill

and the counts that each comes to are compared. It prints rates and ratios, processor seconds,
peak memory (anonymous and file-mapped), bytes written and syncs, and the bars that we set
ourselves with what was measured. What is missing on the machine is named, and the rest goes on.

  --only a,b      these alone
  --without a,b   all but these
  --sizes LIST    so many distinct plays, in millions with an M
  --json FILE     the figures for another program
  --write-docs    the table and the plot of `sizes` into docs/, where all of them were measured

Examples:
  cargo xtask bench counting --only replay,http,single
  cargo xtask bench counting --only sizes --sizes 1M,5M
  cargo xtask bench counting --install --write-docs --json target/bench.json

`cargo xtask bench royalty` measures how counts become money: [--rows 1M,10M] [--listener-rows 20M]
[--only decision,allocation,user-centric,close] [--json FILE] [--install]. It decides made-up months of a
million recordings, a hundred thousand payees and a thousand contracts, and allocates their pools beside
DuckDB; and brings such a service as files, closes its months and explains lines of them.

`cargo xtask bench nodes` measures what several nodes are made of, on a Kafka and a PostgreSQL that it starts
with all of it on this machine: [--reports N] [--only streams,workers,intake,deltas,restore] [--rate N]
[--seconds N] [--brokers 1|3] [--json FILE] [--install].
  streams   N reports (5M) on one topic, a million recordings and a hundred thousand listeners by Zipf's
            law, 30 % sent twice: one counting node from its beginning to its end, then a Kafka Streams
            application (exactly once, RocksDB) on the same topic; both must come to the truth
  workers   N such reports on a topic, and one node that only counts; then two such nodes, with tables of
            their own, from the topic's beginning again: reports a second and for a processor second, what
            each owned and judged, when each partition was at its end; both must come to the truth
  intake    reports in bodies of 100 at a rate (20 000 a second for 60 seconds) to one node that only takes
            them in: how long until the 202
  deltas    such reports at that rate to one node that takes them in and counts them: how many rows the
            database took
  restore   a node with an empty disk, from snapshots of different age: seconds, and a plot under target/
  cargo xtask bench nodes --only streams --reports 1M

`cargo xtask bench catalogue` makes a library up by the product's own store (ten tracks on a release, two
releases of an artist, every track with its renditions), has 16 listeners with app passwords ask for tracks,
albums, artists, genres and lists by Zipf's law and begin plays, and tells how long that takes: at a rate, and
as fast as it goes. A thousand ask for one thing at once, which must be read once.
  --tracks LIST   so many tracks, each measured (100_000,1M)
  --rate N        metadata asked for in a second (2 000), and --plays N plays begun beside (200)
  --seconds N     for how long (30)

`cargo xtask bench origin` makes music up, has it encoded, and fetches ranges of it from the product and, of the
same files by the same client and in turn, from nginx.
  --rounds N      how often in turn (5), and --seconds N for how long each (3)

`cargo xtask bench scan` makes a folder of small tagged files of six formats up, and scans it twice; mutagen reads
the same tags. Then as many files on one release.
  --files LIST    so many files, each measured (20 000), and --rounds N how often (3)

All three: [--json FILE] [--install].
  cargo xtask bench catalogue --tracks 1M --rate 3_000

Needs: Rust, a C compiler and make; Linux for all but rates. For origin nginx; for scan ffmpeg. For the peers Python 3.11 with venv, a JDK
from 17 on, and PostgreSQL; for nodes a JDK, PostgreSQL, Maven, a C++ compiler and Perl. For syncs strace.
Data is written under target/ and removed afterwards:
about 500 bytes for each report of the greatest size.
";

const HELP_FUZZ: &str = "\
cargo xtask fuzz [--target T] [--seconds N] [--jobs J] [--keep] [--install]

Builds one program for each target with counters in every branch, and lets libFuzzer look for inputs
that reach more of the code, or break what a reader must hold to. It begins with the inputs in
fuzzing/corpus and goes on with what it found before, in target/fuzz.

  --target T    one target instead of all; their names are the folders in fuzzing/corpus
  --seconds N   for how long each runs; 60 unless told
  --jobs J      so many programs at once; 1 unless told
  --keep        put a few small inputs that reach more of the code into fuzzing/corpus

An input that fails is written to target/fuzz/artifacts; run it again with
  cargo run -p ledgerline-fuzzing -- run T FILE
The first build takes as long as a release build. The stable toolchain suffices.

Examples:
  cargo xtask fuzz --seconds 300
  cargo xtask fuzz --target report_line --jobs 2

Needs: Rust, a C and a C++ compiler, and make.
";

const HELP_FAULTS: &str = "\
cargo xtask faults [NAME] [--kills N] [--json] [--install]

Runs the faults of `ledgerline/tests/it/faults` against the release binary, at length: kills at any
moment, a full, slow and failing disk, a sync before every acknowledgement, and ten times more than
the server can do for a minute. Prints what was measured. NAME runs those whose tests' names have it.

  --kills N   how often the server is killed (50 unless told), with 120 000 plays in all
  --json      one object on stdout, everything else on stderr

Examples:
  cargo xtask faults
  cargo xtask faults kills --kills 200
  cargo xtask faults --json > faults.json

Needs: Rust, a C compiler, make, and on Linux strace.
";

const HELP_SERVICES: &str = "\
cargo xtask services start|stop|status [NAMES] [--at FOLDER] [--brokers N] [--remove] [--json]
                                       [--install]

Servers of others that tests use, on free ports of this machine and with a folder of their own. `test`
starts and ends its own; these are for tests run by hand, and for trying things out.

  kafka     Apache Kafka 4.1 (KRaft), in the clear and with TLS and SASL/SCRAM; downloaded by Maven once
  postgres  PostgreSQL 15 or newer, from the system's package; as root it runs as the user `postgres`

`start` starts what doesn't run, on the data of the time before, and prints the variables that tests
read, for `eval`. NAMES is a list with commas; all unless told.

  --at FOLDER    where they are (target/services/by-hand)
  --brokers N    so many brokers, where the folder is new (1)
  --remove       `stop` also removes the data
  --json         one object for each service: running, pids, environment

Examples:
  eval \"$(cargo xtask services start)\" && cargo test -p ledgerline-kafka-log
  cargo xtask services start kafka --brokers 3 --at target/services/three
  eval \"$(cargo xtask services start postgres)\" && \\
    cargo test -p ledgerline-sql-store --features postgres
  cargo xtask services status --json
  cargo xtask services stop --remove

Needs: for kafka a JDK from 17 on, and Maven; for postgres PostgreSQL's server.
";
