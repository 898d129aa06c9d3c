//! How much memory a call may take: a length that stands in foreign bytes is a request, not
//! a promise.

#![allow(unsafe_code, reason = "an allocator that counts is an unsafe trait's implementation")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    // Constant and without a destructor: reading them allocates nothing.
    static LIVE: Cell<i64> = const { Cell::new(0) };
    static PEAK: Cell<i64> = const { Cell::new(0) };
}

/// The system's allocator, and each thread's sum of what it asked for and hasn't given back.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(bytes: i64) {
    let live = LIVE.get() + bytes;
    LIVE.set(live);
    if live > PEAK.get() {
        PEAK.set(live);
    }
}

fn signed(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

// SAFETY: every call is the system allocator's own; counting neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(signed(layout.size()));
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-signed(layout.size()));
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(signed(layout.size()));
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(signed(size) - signed(layout.size()));
        // SAFETY: the caller's promise is handed on.
        unsafe { System.realloc(at, layout, size) }
    }
}

/// Does `work` on this thread, and asserts that it never held more than `bytes_max` more
/// than before. What C code takes is not counted.
pub(crate) fn within<T>(bytes_max: usize, work: impl FnOnce() -> T) -> T {
    let (before, outer) = (LIVE.get(), PEAK.get());
    PEAK.set(before);
    let done = work();
    let peak = PEAK.get();
    PEAK.set(outer.max(peak));
    assert!(
        peak - before <= signed(bytes_max),
        "{} bytes were held, {bytes_max} may be",
        peak - before
    );
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_counted() {
        within(1 << 20, || drop(vec![0u8; 1 << 19]));
        within(1 << 20, || (0..9).for_each(|_| drop(vec![0u8; 1 << 19])));
        let held = std::panic::catch_unwind(|| within(1 << 20, || vec![0u8; (1 << 20) + 1]).len());
        assert!(held.is_err(), "more than may be");
    }
}
