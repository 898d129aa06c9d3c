//! Two texts line by line: what is the same, what was removed, what was added.

/// A line of two texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiffLine<'t> {
    /// Both have it.
    Same(&'t str),
    /// Only the first has it.
    Removed(&'t str),
    /// Only the second has it.
    Added(&'t str),
}

/// So many pairs of lines are compared; beyond that, all that differs is removed and added whole.
const PAIRS_MAX: usize = 4_000_000;

/// The lines of both texts in an order in which those of each stand as they do in it, with as many
/// shared as there can be: a longest common subsequence.
#[must_use]
pub fn diff<'t>(before: &'t str, after: &'t str) -> Vec<DiffLine<'t>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let shared = |one: &&(&&str, &&str)| one.0 == one.1;
    let head = old.iter().zip(&new).collect::<Vec<_>>().iter().take_while(shared).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let ends = old_rest.iter().rev().zip(new_rest.iter().rev()).collect::<Vec<_>>();
    let tail = ends.iter().take_while(shared).count();
    let (old_mid, new_mid) =
        (&old_rest[..old_rest.len() - tail], &new_rest[..new_rest.len() - tail]);
    let mut lines: Vec<DiffLine<'t>> =
        old[..head].iter().map(|line| DiffLine::Same(line)).collect();
    lines.extend(middle(old_mid, new_mid));
    lines.extend(old[old.len() - tail..].iter().map(|line| DiffLine::Same(line)));
    lines
}

fn middle<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<DiffLine<'t>> {
    let width = new.len() + 1;
    if (old.len() + 1).saturating_mul(width) > PAIRS_MAX {
        let removed = old.iter().map(|line| DiffLine::Removed(line));
        return removed.chain(new.iter().map(|line| DiffLine::Added(line))).collect();
    }
    // How many lines are shared from a pair of lines on.
    let mut shared = vec![0_u32; (old.len() + 1) * width];
    for (at, line) in old.iter().enumerate().rev() {
        for (other, new_line) in new.iter().enumerate().rev() {
            shared[at * width + other] = if line == new_line {
                shared[(at + 1) * width + other + 1] + 1
            } else {
                shared[(at + 1) * width + other].max(shared[at * width + other + 1])
            };
        }
    }
    let (mut at, mut other, mut lines) = (0, 0, Vec::new());
    while at < old.len() || other < new.len() {
        let both = at < old.len() && other < new.len();
        if both && old[at] == new[other] {
            lines.push(DiffLine::Same(old[at]));
            (at, other) = (at + 1, other + 1);
        } else if other == new.len()
            || both && shared[(at + 1) * width + other] >= shared[at * width + other + 1]
        {
            lines.push(DiffLine::Removed(old[at]));
            at += 1;
        } else {
            lines.push(DiffLine::Added(new[other]));
            other += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &str, after: &str) -> String {
        let (before, after) = (before.replace(' ', "\n"), after.replace(' ', "\n"));
        let told = |line: &DiffLine<'_>| match line {
            DiffLine::Same(line) => (*line).to_owned(),
            DiffLine::Removed(line) => format!("-{line}"),
            DiffLine::Added(line) => format!("+{line}"),
        };
        diff(&before, &after).iter().map(told).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn lines_are_told_apart() {
        for (before, after, expected) in [
            ("", "", ""),
            ("a", "a", "a"),
            ("", "a b", "+a +b"),
            ("a b", "", "-a -b"),
            ("a b c", "a x c", "a -b +x c"),
            ("a b c d", "a c d e", "a -b c d +e"),
            ("a a a", "a a", "a a -a"),
            ("x a b y a b", "a b z a b", "-x a b -y +z a b"),
        ] {
            assert_eq!(told(before, after), expected, "{before} -> {after}");
        }
    }

    #[test]
    fn what_is_too_long_is_replaced_whole() {
        let text = |word: &str| (0..2_100).map(|n| format!("{word}{n}\n")).collect::<String>();
        let (before, after) = (text("a"), text("b"));
        let lines = diff(&before, &after);
        assert_eq!(lines.len(), 4_200);
        assert_eq!((lines[0], lines[2_100]), (DiffLine::Removed("a0"), DiffLine::Added("b0")));
    }
}
