//! Statements that carry many rows.

use super::dialect::push_placeholder;

/// How many rows one statement carries. A few fixed numbers, so that a connection finds
/// the statements that it has prepared before instead of preparing one for every number.
const BATCH_ROWS: [usize; 5] = [256, 64, 16, 4, 1];

/// Cuts `rows` into batches, the largest ones first.
pub(crate) fn batches<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let length = BATCH_ROWS.into_iter().find(|length| *length <= rest.len())?;
        let (batch, after) = rest.split_at(length);
        rest = after;
        Some(batch)
    })
}

/// Placeholders for `rows` rows of `columns` columns, the first in their statement: `(?, ?), (?, ?)`.
pub(crate) fn row_placeholders(rows: usize, columns: usize) -> String {
    let mut text = String::with_capacity(rows * (columns * 6 + 4));
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        push_placeholders(&mut text, row * columns, columns);
        text.push(')');
    }
    text
}

/// Placeholders for `count` values, the first in their statement: `?, ?, ?`.
pub(crate) fn value_placeholders(count: usize) -> String {
    let mut text = String::with_capacity(count * 6);
    push_placeholders(&mut text, 0, count);
    text
}

fn push_placeholders(text: &mut String, before: usize, count: usize) {
    for index in 0..count {
        if index > 0 {
            text.push_str(", ");
        }
        push_placeholder(text, before + index + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_the_rows_in_order() {
        for length in [0, 1, 3, 4, 5, 30, 300, 1000] {
            let rows: Vec<usize> = (0..length).collect();
            let joined: Vec<usize> = batches(&rows).flatten().copied().collect();
            assert_eq!(joined, rows);
            assert!(batches(&rows).all(|batch| BATCH_ROWS.contains(&batch.len())));
        }
    }

    #[test]
    fn placeholders_count_on_from_row_to_row() {
        let placeholder = |number| {
            let mut text = String::new();
            push_placeholder(&mut text, number);
            text
        };
        let [one, two, three, four] = [1, 2, 3, 4].map(placeholder);
        assert_eq!(row_placeholders(2, 2), format!("({one}, {two}), ({three}, {four})"));
        assert_eq!(value_placeholders(3), format!("{one}, {two}, {three}"));
    }
}
