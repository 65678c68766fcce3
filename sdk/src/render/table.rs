//! A table for people.

use super::{Ink, Look, fit, pad, wide};

/// What becomes of a last column that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Last {
    /// It is written all the same: ids are copied, and searched for in pipes.
    Whole,
    /// It is cut where the line ends.
    Cut,
}

/// Rows under a heading, columns as wide as they need.
pub(crate) fn table(heading: &[&str], rows: &[Vec<String>], last: Last, look: Look) -> String {
    let columns = heading.len();
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| wide(cell));
            cells.chain([wide(heading[column])]).max().unwrap_or(0)
        })
        .collect();
    let line = |cells: &[&str]| {
        let mut text = String::new();
        for (column, cell) in cells.iter().enumerate() {
            match last {
                _ if column + 1 < columns => text.push_str(&pad(cell, widths[column] + 2)),
                Last::Whole => text.push_str(cell),
                Last::Cut => text.push_str(&fit(cell, look.width.saturating_sub(wide(&text)).max(8))),
            }
        }
        text.trim_end().to_owned()
    };
    let mut text = look.paint(Ink::Faint, &line(heading));
    for row in rows {
        text.push('\n');
        text.push_str(&line(&row.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    text.push('\n');
    text
}
