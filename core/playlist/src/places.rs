//! Numbers between numbers.

/// What lies between two items that were added one behind the other: room for 32 times halving it.
pub const GAP: i64 = 1 << 32;

/// Places for `count` items between two places, either of which may be open; `None` where there is no room, and
/// everything has to be placed anew.
pub(crate) fn between(left: Option<i64>, right: Option<i64>, count: usize) -> Option<Vec<i64>> {
    let count = i64::try_from(count).ok()?;
    let (first, step) = match (left, right) {
        (None, None) => (0, GAP),
        (Some(left), None) => (left.checked_add(GAP)?, GAP),
        (None, Some(right)) => (right.checked_sub(GAP.checked_mul(count)?)?, GAP),
        (Some(left), Some(right)) => {
            let step = right.checked_sub(left)? / (count + 1);
            (left.checked_add(step)?, step)
        }
    };
    if step < 1 {
        return None;
    }
    // The last one must be a number too.
    first.checked_add(step.checked_mul(count)?)?;
    Some((0..count).map(|at| first + step * at).collect())
}

/// Places for a whole list.
pub(crate) fn anew(count: usize) -> impl Iterator<Item = i64> {
    (0..i64::try_from(count).unwrap_or(i64::MAX)).map(|at| at.saturating_mul(GAP))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_numbers() {
        for (left, right, count, expected) in [
            (None, None, 2, Some(vec![0, GAP])),
            (None, None, 0, Some(vec![])),
            (Some(5), None, 2, Some(vec![5 + GAP, 5 + 2 * GAP])),
            (None, Some(5), 2, Some(vec![5 - 2 * GAP, 5 - GAP])),
            (Some(0), Some(8), 3, Some(vec![2, 4, 6])),
            (Some(0), Some(3), 2, Some(vec![1, 2])),
            (Some(0), Some(2), 2, None),
            (Some(0), Some(1), 1, None),
            (Some(i64::MIN), Some(i64::MAX), 1, None),
            (Some(i64::MAX - 1), None, 1, None),
            (None, Some(i64::MIN), 1, None),
        ] {
            assert_eq!(between(left, right, count), expected, "{left:?} {right:?} {count}");
        }
    }
}
