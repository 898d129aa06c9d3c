#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ledgerline_fuzzing::stream_grant(bytes));
