//! Seeded synthetic listeners, and the true answer to what they play
