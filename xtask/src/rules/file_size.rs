//! A file that passes 700 lines has two rooms in it.

use super::Rule;
use crate::source::Source;

/// Includes documentation and tests: a reader scrolls through them as well.
const MOST: usize = 700;

pub(super) const RULE: Rule = Rule {
    name: "files-stay-small",
    says: "a Rust file has at most 700 lines: what passes that is two things",
    look,
    breaks: &[("engine/src/plan.rs", TOO_LONG)],
    keeps: &[("engine/src/plan.rs", JUST_RIGHT)],
};

fn look(source: &Source) -> Vec<usize> {
    if source.lines() > MOST { vec![source.code.len()] } else { Vec::new() }
}

const TOO_LONG: &str = text_of(&[b'\n'; MOST + 1]);
const JUST_RIGHT: &str = text_of(&[b'\n'; MOST]);

const fn text_of(bytes: &'static [u8]) -> &'static str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => "",
    }
}
