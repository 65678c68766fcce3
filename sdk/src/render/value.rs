//! Values as people read them, and the parts in which two values differ.

use std::collections::BTreeSet;

use formwork_engine::Value;

/// How many differing parts of one argument are listed before the rest is counted.
const PARTS: usize = 6;

/// A value in one line: text in quotes, secrets as `(secret)`, unknown ones as `(known after apply)`.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        Value::Text(text) => quoted(text),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Secret(_) | Value::Digest(_) => "(secret)".to_owned(),
        Value::Unknown(unknown) if unknown.secret => "(secret, known after apply)".to_owned(),
        Value::Unknown(_) => "(known after apply)".to_owned(),
        Value::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let entries = entries.iter().filter(|(_, value)| !value.is_null());
            format!(
                "{{{}}}",
                entries.map(|(key, value)| format!("{key}: {}", shown(value))).collect::<Vec<_>>().join(", ")
            )
        }
    }
}

fn quoted(text: &str) -> String {
    match text.lines().count() {
        0 | 1 => format!("\"{}\"", text.trim_end_matches('\n')),
        lines => format!("\"{} …\" ({lines} lines)", text.lines().next().unwrap_or_default()),
    }
}

/// What became of one part of an argument.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Part {
    /// It has another value.
    Changed {
        /// The path of the part.
        path: String,
        /// Shown.
        before: String,
        /// Shown.
        after: String,
    },
    /// A list without order lost and gained elements.
    Elements {
        /// The path of the list.
        path: String,
        /// Shown.
        gone: Vec<String>,
        /// Shown.
        added: Vec<String>,
    },
    /// So many further parts differ.
    More(usize),
}

/// The parts in which two values differ: goes into maps, lists of one length, and JSON documents.
pub(crate) fn parts(path: &str, before: &Value, after: &Value) -> Vec<Part> {
    let mut found = Vec::new();
    walk(path, before, after, &mut found);
    if found.len() > PARTS + 1 {
        let more = found.len() - PARTS;
        found.truncate(PARTS);
        found.push(Part::More(more));
    }
    found
}

fn walk(path: &str, before: &Value, after: &Value, found: &mut Vec<Part>) {
    if let (Value::Text(a), Value::Text(b)) = (before, after)
        && let (Some(a), Some(b)) = (document(a), document(b))
        && a != b
    {
        return walk(path, &a, &b, found);
    }
    match (before, after) {
        (Value::Map(a), Value::Map(b)) => {
            for key in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
                let (a, b) = (before.get(key), after.get(key));
                if a != b {
                    walk(&format!("{path}.{key}"), a, b, found);
                }
            }
        }
        (Value::List(a), Value::List(b)) if plain(a) && plain(b) => {
            let missing = |from: &[Value], of: &[Value]| -> Vec<String> {
                from.iter().filter(|item| !of.contains(item)).map(shown).collect()
            };
            let (gone, added) = (missing(a, b), missing(b, a));
            found.push(match (gone.is_empty(), added.is_empty()) {
                (true, true) => Part::Changed { path: path.to_owned(), before: shown(before), after: shown(after) },
                _ if gone.len() == a.len() && added.len() == b.len() => {
                    Part::Changed { path: path.to_owned(), before: shown(before), after: shown(after) }
                }
                _ => Part::Elements { path: path.to_owned(), gone, added },
            });
        }
        (Value::List(a), Value::List(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate().filter(|(_, (a, b))| a != b) {
                walk(&format!("{path}[{index}]"), a, b, found);
            }
        }
        _ => {
            let secret = |value: &Value| matches!(value, Value::Secret(_) | Value::Digest(_));
            let after = if secret(before) && secret(after) { "(another secret)".to_owned() } else { shown(after) };
            found.push(Part::Changed { path: path.to_owned(), before: shown(before), after });
        }
    }
}

fn plain(items: &[Value]) -> bool {
    items.iter().all(|item| matches!(item, Value::Text(_) | Value::Int(_) | Value::Bool(_)))
}

fn document(text: &str) -> Option<Value> {
    if !text.starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str(text).ok().map(|json| Value::from_json(&json))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(path: &str, before: &str, after: &str) -> Part {
        Part::Changed { path: path.to_owned(), before: before.to_owned(), after: after.to_owned() }
    }

    #[test]
    fn a_policy_shows_the_statement_that_moved() {
        let before = Value::from(r#"{"Statement":[{"Action":"s3:GetObject","Effect":"Allow"}]}"#);
        let after = Value::from(r#"{"Statement":[{"Effect":"Allow","Action":"s3:*"}]}"#);
        assert_eq!(
            parts("policy", &before, &after),
            [changed("policy.Statement[0].Action", "\"s3:GetObject\"", "\"s3:*\"")]
        );
    }

    #[test]
    fn a_set_shows_what_came_and_went() {
        let list = |items: &[&str]| Value::List(items.iter().map(|item| Value::from(*item)).collect());
        assert_eq!(
            parts("types", &list(&["a", "b"]), &list(&["b", "c"])),
            [Part::Elements { path: "types".into(), gone: vec!["\"a\"".into()], added: vec!["\"c\"".into()] }]
        );
    }

    #[test]
    fn secrets_never_show() {
        let before = Value::Digest("abc".into());
        let after = Value::from("hunter2").into_secret();
        assert_eq!(parts("token", &before, &after), [changed("token", "(secret)", "(another secret)")]);
    }
}
