//! Names say what a thing is; these say nothing.

use super::Rule;
use crate::source::Source;

pub(super) const RULE: Rule = Rule {
    name: "names-say-something",
    says: "no file, module or type is called helper, util, manager or info: the glossary in ARCHITECTURE.md has a word for it",
    look,
    breaks: &[
        ("sdk/src/helpers.rs", ""),
        ("sdk/src/util/mod.rs", ""),
        ("sdk/src/run.rs", "pub struct StackManager;"),
        ("sdk/src/run.rs", "enum PlanInfo {}"),
        ("sdk/src/run.rs", "mod utils { }"),
    ],
    keeps: &[
        ("sdk/src/run.rs", "struct Information; struct Utility; fn util() {} tracing::info!(\"x\");"),
        ("aws/src/secrets_manager.rs", "mod secrets_manager;\npub struct SecretsManager;"),
    ],
};

const EMPTY: &[&str] = &["helper", "helpers", "util", "utils", "manager", "info"];

fn look(source: &Source) -> Vec<usize> {
    let mut places = Vec::new();
    let path = source.path.trim_end_matches(".rs");
    if path.split('/').any(says_nothing) {
        places.push(0);
    }
    let mut before = "";
    for (at, word) in source.words() {
        if matches!(before, "struct" | "enum" | "trait" | "type" | "mod") && says_nothing(word) {
            places.push(at);
        }
        before = word;
    }
    places
}

/// Whether one of the words of a name is empty. The AWS service is called so by AWS.
fn says_nothing(name: &str) -> bool {
    let words = words_of(name);
    let secrets_manager = words.windows(2).any(|pair| pair == ["secrets", "manager"]);
    !secrets_manager && words.iter().any(|word| EMPTY.contains(&word.as_str()))
}

/// `StackManager` and `stack_manager` are both `stack`, `manager`.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        if c == '_' || c == '-' || c.is_uppercase() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
