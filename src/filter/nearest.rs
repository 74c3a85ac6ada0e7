//! Suggests a name for a misspelt one.

/// The name with the smallest edit distance, if that is small for its length.
pub(super) fn of<'n>(name: &str, names: &[&'n str]) -> Option<&'n str> {
    let most = name.chars().count().div_ceil(3);
    let distances = names.iter().map(|known| (distance(name, known), *known));
    distances
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= most)
        .map(|(_, known)| known)
}

/// Edit distance: insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let mut least = rows[i][j] + usize::from(a != b);
            least = least.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_from_another_word() {
        let names = ["status", "type", "host", "label", "start_date"];
        assert_eq!(of("stauts", &names), Some("status"));
        assert_eq!(of("hosts", &names), Some("host"));
        assert_eq!(of("startdate", &names), Some("start_date"));
        assert_eq!(of("colour", &names), None);
        assert_eq!(of("", &names), None);
        assert_eq!(of("x", &[]), None);
    }
}
