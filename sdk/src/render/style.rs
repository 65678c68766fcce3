//! Width, colour, and small pieces of text.

use std::time::Duration;

use owo_colors::{OwoColorize as _, Style};

/// How wide a line may be, and whether it has colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// In columns.
    pub width: usize,
    /// Whether escape sequences for colour are written.
    pub colour: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { width: 100, colour: false }
    }
}

/// What a piece of text means; how it is coloured follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    Plain,
    Strong,
    Faint,
    Create,
    Update,
    Replace,
    Delete,
    Warning,
    Bad,
    Good,
}

impl Look {
    pub(crate) fn paint(self, ink: Ink, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_owned();
        }
        let style = match ink {
            Ink::Plain => return text.to_owned(),
            Ink::Strong => Style::new().bold(),
            Ink::Faint => Style::new().dimmed(),
            Ink::Create | Ink::Good => Style::new().green(),
            Ink::Update | Ink::Warning => Style::new().yellow(),
            Ink::Replace => Style::new().magenta().bold(),
            Ink::Delete => Style::new().red(),
            Ink::Bad => Style::new().red().bold(),
        };
        text.style(style).to_string()
    }
}

/// How many columns a text without colour takes.
pub(crate) fn wide(text: &str) -> usize {
    textwrap::core::display_width(text)
}

/// The text, cut with `…` where it is wider than `width`.
pub(crate) fn fit(text: &str, width: usize) -> String {
    if wide(text) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for letter in text.chars() {
        used += wide(letter.encode_utf8(&mut [0; 4]));
        if used > width {
            break;
        }
        kept.push(letter);
    }
    if width > 0 {
        kept.push('…');
    }
    kept
}

/// The text with spaces after it, `width` wide.
pub(crate) fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(wide(text))))
}

/// The text in lines, the first after `first`, the others after `rest`.
pub(crate) fn wrapped(text: &str, width: usize, first: &str, rest: &str) -> String {
    let options = textwrap::Options::new(width)
        .initial_indent(first)
        .subsequent_indent(rest)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .break_words(false)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit);
    textwrap::fill(text, options)
}

/// `1 resource`, `2 resources`.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A length of time for people: `0.4 s`, `12 s`, `3 min 20 s`, `1 h 5 min`.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_and_padded_by_columns() {
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("abc", 3), "abc");
        assert_eq!(pad("ab", 4), "ab  ");
    }

    #[test]
    fn colour_is_only_written_where_wanted() {
        assert_eq!(Look { width: 80, colour: false }.paint(Ink::Delete, "x"), "x");
        assert!(Look { width: 80, colour: true }.paint(Ink::Delete, "x").contains("\u{1b}["));
    }

    #[test]
    fn durations_read_well() {
        let texts = [400, 12_000, 200_000, 3_900_000].map(|millis| duration(Duration::from_millis(millis)));
        assert_eq!(texts, ["0.4 s", "12 s", "3 min 20 s", "1 h 5 min"]);
    }
}
