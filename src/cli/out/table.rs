//! Tables: columns below their headings, no wider than the terminal, one line for each row.

use unicode_width::UnicodeWidthStr as _;

/// Blanks between two columns.
const GAP: usize = 2;

/// Marks text that was cut off.
pub(super) const CUT: &str = "…";

/// Shortens a text to a width.
type Shorten = fn(&str, usize) -> String;

/// A column: its heading, and how it can be narrowed.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Column {
    name: &'static str,
    /// How its texts are shortened, and the minimum width.
    shorten: Option<(Shorten, usize)>,
    /// Whether an empty column is dropped if space is scarce.
    is_spare: bool,
}

impl Column {
    /// Always shown in full.
    pub(in crate::cli) const fn whole(name: &'static str) -> Self {
        Self {
            name,
            shorten: None,
            is_spare: false,
        }
    }

    /// Shown in full, or dropped if every row is empty ("-", "0" or no text) and space is scarce.
    pub(in crate::cli) const fn spare(name: &'static str) -> Self {
        Self {
            is_spare: true,
            ..Self::whole(name)
        }
    }

    /// Texts may be cut at the end.
    pub(in crate::cli) const fn end(name: &'static str, least: usize) -> Self {
        Self::by(name, least, cut_end)
    }

    /// Texts may be cut at the front: the end of a path is most significant.
    pub(in crate::cli) const fn front(name: &'static str, least: usize) -> Self {
        Self::by(name, least, cut_front)
    }

    /// Texts may be shortened by this function, down to `least` characters.
    pub(in crate::cli) const fn by(name: &'static str, least: usize, shorten: Shorten) -> Self {
        Self {
            name,
            shorten: Some((shorten, least)),
            is_spare: false,
        }
    }
}

/// The lines of a table, the headings first, each at most `width` wide.
pub(super) fn lines<R: AsRef<[String]>>(
    columns: &[Column],
    rows: &[R],
    width: Option<usize>,
) -> Vec<String> {
    let mut shown = whole(columns, rows);
    if let Some(width) = width {
        fit(&mut shown, columns, rows, width);
    }
    let line = |cells: &[&str]| {
        let mut line = String::new();
        for ((at, room), cell) in shown.iter().zip(cells) {
            let cell = match columns[*at].shorten {
                Some((shorten, _)) if cell.width() > *room => shorten(cell, *room),
                _ => (*cell).to_owned(),
            };
            line.push_str(&cell);
            let blanks = (room + GAP).saturating_sub(cell.width());
            line.extend(std::iter::repeat_n(' ', blanks));
        }
        let line = line.trim_end();
        match width {
            Some(width) => cut_end(line, width),
            None => line.to_owned(),
        }
    };
    let heads: Vec<&str> = shown.iter().map(|(at, _)| columns[*at].name).collect();
    let mut lines = vec![line(&heads)];
    for row in rows {
        let cells: Vec<&str> = shown
            .iter()
            .map(|(at, _)| row.as_ref()[*at].as_str())
            .collect();
        lines.push(line(&cells));
    }
    lines
}

/// The table's width with nothing shortened.
pub(in crate::cli) fn width<R: AsRef<[String]>>(columns: &[Column], rows: &[R]) -> usize {
    total(&whole(columns, rows))
}

/// The columns, each by its index and with its full width.
fn whole<R: AsRef<[String]>>(columns: &[Column], rows: &[R]) -> Vec<(usize, usize)> {
    let columns = columns.iter().enumerate();
    columns
        .map(|(at, column)| {
            let cells = rows.iter().map(|row| row.as_ref()[at].width());
            (at, cells.max().unwrap_or(0).max(column.name.width()))
        })
        .collect()
}

fn total(shown: &[(usize, usize)]) -> usize {
    let cells: usize = shown.iter().map(|(_, room)| room).sum();
    cells + GAP * shown.len().saturating_sub(1)
}

/// Makes the table fit: first drops empty columns, then shortens the widest.
fn fit<R: AsRef<[String]>>(
    shown: &mut Vec<(usize, usize)>,
    columns: &[Column],
    rows: &[R],
    width: usize,
) {
    let is_empty = |at: usize| {
        rows.iter()
            .all(|row| matches!(&*row.as_ref()[at], "" | "-" | "0"))
    };
    while total(shown) > width {
        let spare = shown
            .iter()
            .rposition(|(at, _)| columns[*at].is_spare && is_empty(*at));
        if let Some(spare) = spare {
            shown.remove(spare);
            continue;
        }
        let widest = shown
            .iter_mut()
            .filter(|(at, room)| {
                let shorten = columns[*at].shorten;
                shorten.is_some_and(|(_, least)| *room > least.max(columns[*at].name.width()))
            })
            .max_by_key(|(_, room)| *room);
        match widest {
            Some((_, room)) => *room -= 1,
            None => return,
        }
    }
}

/// Cuts the end of a text that is too wide.
pub(in crate::cli) fn cut_end(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if kept.width() + CUT.width() > width {
            kept.pop();
            break;
        }
    }
    kept + CUT
}

/// Cuts the front of a text that is too wide.
pub(in crate::cli) fn cut_front(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let starts = text.char_indices().map(|(at, _)| at);
    let end = starts
        .map(|at| &text[at..])
        .find(|end| end.width() + CUT.width() <= width);
    format!("{CUT}{}", end.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[[&str; 3]], width: usize) -> Vec<String> {
        let columns = [
            Column::whole("ID"),
            Column::front("PLAYBOOK", 6),
            Column::end("NOTE", 4),
        ];
        let rows: Vec<_> = rows.iter().map(|row| row.map(str::to_owned)).collect();
        lines(&columns, &rows, Some(width))
    }

    #[test]
    fn what_fits_is_shown_whole() {
        let shown = table(&[["1", "site.yml", "now"], ["22", "web.yml", ""]], 80);
        assert_eq!(
            shown,
            ["ID  PLAYBOOK  NOTE", "1   site.yml  now", "22  web.yml"]
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let long = [["1", "playbooks/日本語/site.yml", "a rather long remark"]];
        for width in 4..60 {
            for line in table(&long, width) {
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
        assert_eq!(table(&long, 30)[1], "1   …語/site.yml  a rather lo…");
    }

    #[test]
    fn a_spare_column_goes_only_where_nothing_is_in_it() {
        let columns = [Column::whole("HOST"), Column::spare("RESCUED")];
        let rows = |cell: &str| vec![["web-01".to_owned(), cell.to_owned()]];
        assert_eq!(lines(&columns, &rows("-"), Some(10)), ["HOST", "web-01"]);
        assert_eq!(lines(&columns, &rows("-"), None)[0], "HOST    RESCUED");
        assert_eq!(lines(&columns, &rows("3"), Some(10))[1], "web-01  3");
    }

    #[test]
    fn long_paths_keep_their_end() {
        assert_eq!(cut_front("site.yml", 8), "site.yml");
        assert_eq!(cut_front("playbooks/site.yml", 8), "…ite.yml");
        assert_eq!(cut_end("playbooks/site.yml", 8), "playboo…");
    }
}
