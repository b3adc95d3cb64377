//! Which source file of one build is which of the other.

/// Pairs of indices of paths that mean the same file in two builds: each with the one that it
/// has the most last components in common with, where there is no other like that. Paths with
/// different file names are never paired.
pub fn pair(old: &[&str], new: &[&str]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let (mut old_done, mut new_done) = (vec![false; old.len()], vec![false; new.len()]);
    let mut common: Vec<(usize, usize, usize)> = Vec::new();
    for (i, a) in old.iter().enumerate() {
        for (j, b) in new.iter().enumerate() {
            let length = common_components(a, b);
            if length > 0 {
                common.push((length, i, j));
            }
        }
    }
    common.sort_unstable_by_key(|c| std::cmp::Reverse(*c));
    for group in common.chunk_by(|a, b| a.0 == b.0) {
        let open: Vec<_> = group
            .iter()
            .filter(|(_, i, j)| !old_done[*i] && !new_done[*j])
            .collect();
        for (_, i, j) in &open {
            let rivals = open.iter().filter(|(_, k, l)| k == i || l == j).count();
            if rivals == 1 {
                pairs.push((*i, *j));
            }
            // What could be either is neither.
            old_done[*i] = true;
            new_done[*j] = true;
        }
    }
    pairs.sort_unstable();
    pairs
}

/// How many last components two paths have in common; a whole path counts for more than any
/// part of one.
fn common_components(a: &str, b: &str) -> usize {
    if a == b {
        return usize::MAX;
    }
    let components = |path: &str| -> Vec<String> {
        let parts = path.split(['/', '\\']);
        parts.rev().map(str::to_lowercase).collect()
    };
    let pairs = components(a).into_iter().zip(components(b));
    pairs.take_while(|(x, y)| x == y).count()
}

/// The last component of a path.
pub fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_paired_by_their_ends() {
        let old = ["/build/1/a/util.c", "/build/1/b/util.c", "/build/1/main.c"];
        let new = ["/build/2/b/util.c", "/build/2/a/util.c", "/build/2/other.c"];
        assert_eq!(pair(&old, &new), [(0, 1), (1, 0)]);
    }

    #[test]
    fn a_file_more_takes_no_partner() {
        let old = ["/src/fs/util.c"];
        let new = ["/src/fs/util.c", "/src/net/util.c"];
        assert_eq!(pair(&old, &new), [(0, 0)]);
    }

    #[test]
    fn what_could_be_either_is_neither() {
        assert_eq!(pair(&["x/util.c"], &["a/util.c", "b/util.c"]), []);
        assert_eq!(pair(&["C:\\a\\Util.c"], &["/b/a/util.C"]), [(0, 0)]);
    }
}
