//! A table of text: columns as wide as what is in them, the last one as long as it is.

use super::sanitize::line;

/// The rows under their headings, each on one line. What came from a file or a process may be
/// in it.
pub fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let rows = rows.iter().map(|row| row.each_ref().map(|cell| line(cell)));
    let rows: Vec<_> = rows.collect();
    let widths: [usize; N] = std::array::from_fn(|i| {
        let cells = rows.iter().map(|row| row[i].chars().count());
        cells.chain([headings[i].len()]).max().unwrap_or(0)
    });
    let mut text = String::new();
    let mut push = |cells: [&str; N]| {
        let mut line = String::new();
        for (cell, width) in cells.iter().zip(widths) {
            line.push_str(&format!("{cell:width$}  "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    };
    push(headings);
    for row in &rows {
        push(row.each_ref().map(|cell| &**cell));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_are_aligned_and_nothing_breaks_a_line() {
        let rows = [
            ["1".to_owned(), "a\nb".to_owned(), "x".to_owned()],
            ["100".to_owned(), "é".to_owned(), String::new()],
        ];
        let text = table(["ID", "N", "WHY"], &rows);
        assert_eq!(text, "ID   N     WHY\n1    a\\nb  x\n100  é\n");
    }
}
