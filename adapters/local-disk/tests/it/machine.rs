use ledgerline_app::ports::{Clock, Random};
use ledgerline_ids::UnixMs;
use ledgerline_local_disk::{SystemClock, SystemRandom};

#[test]
fn the_clock_is_of_this_age_and_elapsed_time_never_goes_back() {
    let clock = SystemClock::new();
    let this_project_began = UnixMs::parse_rfc3339("2025-01-01T00:00:00Z").unwrap();
    assert!(clock.now() > this_project_began);
    let mut last = clock.elapsed();
    for _ in 0..1000 {
        let now = clock.elapsed();
        assert!(now >= last);
        last = now;
    }
}

#[test]
fn random_bytes_fill_the_whole_buffer_and_differ() {
    let mut keys = [[0u8; 32]; 16];
    for key in &mut keys {
        SystemRandom.fill(key);
    }
    for (index, key) in keys.iter().enumerate() {
        assert!(key[..16] != [0; 16] && key[16..] != [0; 16]);
        assert!(!keys[..index].contains(key));
    }
}
