//! Access policies as typed documents.

use serde_json::{Map, Value as Json};

use super::layout::{Code, quoted};
use super::references::References;

/// A document in typed statements; `None` where those cannot say all of it.
pub(super) fn document(json: &Json, references: &References) -> Option<Code> {
    let document = json.as_object()?;
    only(document, &["Version", "Statement"])?;
    if document.get("Version")?.as_str()? != "2012-10-17" {
        return None;
    }
    let statements = match document.get("Statement")? {
        Json::Array(statements) => statements.iter().collect(),
        one => vec![one],
    };
    if statements.is_empty() {
        return None;
    }
    let statements = statements.into_iter().map(|one| statement(one, references)).collect::<Option<Vec<_>>>()?;
    Some(Code::Call("iam::PolicyDocument::of".to_owned(), vec![Code::Array(statements)]))
}

fn only(object: &Map<String, Json>, known: &[&str]) -> Option<()> {
    object.keys().all(|key| known.contains(&key.as_str())).then_some(())
}

fn statement(json: &Json, references: &References) -> Option<Code> {
    let statement = json.as_object()?;
    only(statement, &["Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition"])?;
    let effect = match statement.get("Effect")?.as_str()? {
        "Allow" => "allow",
        "Deny" => "deny",
        _ => return None,
    };
    let mut calls: Vec<(String, Vec<Code>)> = Vec::new();
    if let Some(sid) = statement.get("Sid") {
        calls.push(("sid".to_owned(), vec![Code::Atom(quoted(sid.as_str()?))]));
    }
    if let Some(who) = statement.get("Principal") {
        calls.extend(principals(who, references)?.into_iter().map(|who| ("principal".to_owned(), vec![who])));
    }
    for (key, one, many) in [
        ("Action", "action", "actions"),
        ("NotAction", "", "not_actions"),
        ("Resource", "resource", "resources"),
        ("NotResource", "", "not_resources"),
    ] {
        let Some(value) = statement.get(key) else { continue };
        let patterns: Vec<Code> = texts(value)?.into_iter().map(|text| references.pattern(text)).collect();
        // Elements of one list have one type: what refers to something stands in a call of its own.
        match &patterns[..] {
            [pattern] if !one.is_empty() => calls.push((one.to_owned(), vec![pattern.clone()])),
            _ if one.is_empty() || patterns.iter().all(is_literal) => {
                let same = patterns.iter().all(is_literal) || patterns.len() == 1;
                same.then(|| calls.push((many.to_owned(), vec![Code::Array(patterns)])))?;
            }
            _ => calls.extend(patterns.into_iter().map(|pattern| (one.to_owned(), vec![pattern]))),
        }
    }
    if let Some(conditions) = statement.get("Condition") {
        for (operator, keys) in conditions.as_object()? {
            for (key, values) in keys.as_object()? {
                let values: Vec<Code> = texts(values)?.into_iter().map(|text| Code::Atom(quoted(text))).collect();
                let args = vec![Code::Atom(quoted(operator)), Code::Atom(quoted(key)), Code::Array(values)];
                calls.push(("condition".to_owned(), args));
            }
        }
    }
    Some(Code::Chain(format!("iam::Statement::{effect}()"), calls))
}

fn is_literal(pattern: &Code) -> bool {
    matches!(pattern, Code::Atom(text) if text.starts_with('"'))
}

fn principals(json: &Json, references: &References) -> Option<Vec<Code>> {
    if json.as_str() == Some("*") {
        return Some(vec![Code::Atom("iam::Principal::anybody()".to_owned())]);
    }
    let mut found = Vec::new();
    for (sort, names) in json.as_object()? {
        let constructor = match sort.as_str() {
            "Service" => "service",
            "AWS" => "aws",
            "Federated" => "federated",
            _ => return None,
        };
        for name in texts(names)? {
            found.push(Code::Call(format!("iam::Principal::{constructor}"), vec![references.pattern(name)]));
        }
    }
    (!found.is_empty()).then_some(found)
}

/// One text or several; `None` for anything else and for none.
fn texts(json: &Json) -> Option<Vec<&str>> {
    let texts = match json {
        Json::String(text) => vec![text.as_str()],
        Json::Array(items) => items.iter().map(Json::as_str).collect::<Option<Vec<_>>>()?,
        _ => return None,
    };
    (!texts.is_empty()).then_some(texts)
}
