//! A table for people.

use super::{Ink, Look, fit, pad, wide};

/// Rows under a heading, columns as wide as they need; the last one is cut where the line ends.
pub(crate) fn table(heading: &[&str], rows: &[Vec<String>], look: Look) -> String {
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
            if column + 1 == columns {
                text.push_str(&fit(cell, look.width.saturating_sub(wide(&text)).max(8)));
            } else {
                text.push_str(&pad(cell, widths[column] + 2));
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
