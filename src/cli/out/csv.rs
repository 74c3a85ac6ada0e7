//! Rows of CSV as RFC 4180 describes it, for spreadsheets and scripts.

/// Beginnings that make a spreadsheet evaluate a cell.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A row with its end. A cell that a spreadsheet would evaluate begins with `'`, which makes it text; recorded text comes
/// from others.
pub(in crate::cli) fn row<'t>(cells: impl IntoIterator<Item = &'t str>) -> String {
    let cells: Vec<String> = cells.into_iter().map(cell).collect();
    cells.join(",") + "\r\n"
}

fn cell(text: &str) -> String {
    let mark = if text.starts_with(FORMULA) { "'" } else { "" };
    match text.contains([',', '"', '\r', '\n']) {
        true => format!("\"{mark}{}\"", text.replace('"', "\"\"")),
        false => format!("{mark}{text}"),
    }
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
