//! Times of requests, and what is told of them.

use std::time::Duration;

/// The times of all requests, in microseconds.
#[derive(Debug, Default)]
pub struct Latencies {
    micros: Vec<u32>,
}

impl Latencies {
    /// Adds one; more than an hour is an hour.
    pub fn add(&mut self, took: Duration) {
        self.micros.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    /// Adds all of another's.
    pub fn take(&mut self, other: Latencies) {
        self.micros.extend(other.micros);
    }

    /// The object that is printed, in milliseconds.
    pub fn as_json(&mut self) -> String {
        self.micros.sort_unstable();
        let at = |per_mille: usize| f64::from(percentile(&self.micros, per_mille)) / 1000.0;
        format!(
            "{{\"p50\":{:.3},\"p90\":{:.3},\"p99\":{:.3},\"p999\":{:.3},\"max\":{:.3}}}",
            at(500),
            at(900),
            at(990),
            at(999),
            at(1000)
        )
    }
}

/// The least of the sorted times that `per_mille` thousandths of them don't exceed (nearest rank).
fn percentile(sorted: &[u32], per_mille: usize) -> u32 {
    let rank = (sorted.len() * per_mille).div_ceil(1000).max(1);
    sorted.get(rank - 1).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let sorted: Vec<u32> = (1..=200).collect();
        for (per_mille, expected) in
            [(0, 1), (5, 1), (500, 100), (990, 198), (999, 200), (1000, 200)]
        {
            assert_eq!(percentile(&sorted, per_mille), expected, "{per_mille}");
        }
        assert_eq!(percentile(&[7], 990), 7);
        assert_eq!(percentile(&[], 990), 0);
    }

    #[test]
    fn they_are_told_in_milliseconds() {
        let mut latencies = Latencies::default();
        for millis in [3, 1, 2] {
            latencies.add(Duration::from_millis(millis));
        }
        let expected = r#"{"p50":2.000,"p90":3.000,"p99":3.000,"p999":3.000,"max":3.000}"#;
        assert_eq!(latencies.as_json(), expected);
    }
}
