//! Recordings, works, releases, parties, and who holds which right.
