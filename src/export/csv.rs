//! Cells of CSV as RFC 4180 describes it, for spreadsheets and scripts.

/// Beginnings that make a spreadsheet evaluate a cell.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The end of a row.
pub const END: &str = "\r\n";

/// A row of texts with its end: see [`push_text`].
pub fn row<'t>(cells: impl IntoIterator<Item = &'t str>) -> String {
    let mut row = String::new();
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            row.push(',');
        }
        push_text(cell, &mut row);
    }
    row + END
}

/// Appends a cell with a text. One that a spreadsheet would evaluate begins with `'`, which makes it text; recorded text
/// comes from others.
pub fn push_text(text: &str, row: &mut String) {
    let mark = if text.starts_with(FORMULA) { "'" } else { "" };
    if !text.contains([',', '"', '\r', '\n']) {
        row.push_str(mark);
        row.push_str(text);
        return;
    }
    row.push('"');
    row.push_str(mark);
    for (at, part) in text.split('"').enumerate() {
        if at > 0 {
            row.push_str("\"\"");
        }
        row.push_str(part);
    }
    row.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let cells = ["plain", "", "a,b", "say \"hi\"", "two\nlines", " blank "];
        let expected = "plain,,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\", blank \r\n";
        assert_eq!(row(cells), expected);
    }

    #[test]
    fn no_cell_is_a_formula() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("\rx", "\"'\rx\""),
            ("=\"a\",b", "\"'=\"\"a\"\",b\""),
            ("1=1", "1=1"),
        ] {
            assert_eq!(row([text]), format!("{expected}\r\n"));
        }
    }
}
