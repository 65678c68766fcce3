//! Errors as people read them: what, of which resource, what AWS said, whose turn it is, what to do next.

use formwork_engine::Error;
use formwork_engine::error::Turn;

use super::{Ink, Look, wrapped};

/// Several independent errors together, ready to be written to stderr.
pub fn errors(errors: &[Error], look: Look) -> String {
    let mut text = String::new();
    for (index, error) in errors.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        one(error, look, &mut text);
    }
    text
}

fn one(error: &Error, look: Look, text: &mut String) {
    let message = wrapped(&format!("error: {error}"), look.width, "", "  ");
    let rest = message.strip_prefix("error:").unwrap_or(&message);
    text.push_str(&format!("{}{rest}\n", look.paint(Ink::Bad, "error:")));
    let mut line = |label: &str, value: &str| {
        let first = format!("  {label:<9} ");
        let value = wrapped(value, look.width, &first, &" ".repeat(first.len()));
        let rest = value.strip_prefix(&first).unwrap_or(&value);
        text.push_str(&format!("{}{rest}\n", look.paint(Ink::Faint, &first)));
    };
    if let Some(urn) = &error.urn {
        line("resource", urn.as_str());
    }
    if let Some(source) = &error.source_line {
        line("declared", &source.to_string());
    }
    if let Some(answer) = &error.answer {
        let request = answer.request_id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default();
        // A call that got no answer has a cause and no code of AWS's.
        let (label, said) = match answer.code.as_str() {
            "NoAnswer" | "" => ("call", format!("{} got no answer: {}", answer.operation, answer.message)),
            code => ("AWS said", format!("{} answered {code}: {}{request}", answer.operation, answer.message)),
        };
        // What the first sentence says already need not be said twice.
        match error.reason.contains(&answer.message) && error.reason.contains(&answer.code) && !answer.code.is_empty() {
            true => line("request", answer.request_id.as_deref().unwrap_or("without an id")),
            false => line(label, &said),
        }
    }
    line("turn", turn(error.turn));
    for hint in &error.hints {
        line("hint", hint);
    }
}

/// An error in one line, where its subject has been said: reason and what AWS said.
pub(crate) fn shown_error(error: &Error) -> String {
    match &error.answer {
        Some(answer) if !error.reason.contains(&answer.code) => format!("{} ({})", error.reason, answer.code),
        _ => error.reason.clone(),
    }
}

/// Whose turn it is, in a sentence.
fn turn(turn: Turn) -> &'static str {
    match turn {
        Turn::You => "yours: something in the program, the configuration, the flags or the environment has to change",
        Turn::Provider => "AWS refused or failed; what was done is recorded, and the same command goes on from there",
        Turn::Credentials => "yours: the credentials are missing or have expired; nothing that was done is lost",
        Turn::State => "yours: the store of the stack's state has to be put right first",
        Turn::Held => "another run's: wait until it has ended",
        Turn::Refused => "yours: this needs your decision; nothing was changed",
        Turn::Bug => "ours: this is a bug of Formwork; please report it with the whole output",
    }
}
