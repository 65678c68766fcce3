//! [`Mask`]: takes known secrets out of texts that leave the engine.
//!
//! A secret never gets into a text of ours. Others repeat what they were sent: a service names a refused password in its message, a closure
//! of a program says what it could not parse. So whatever such a text becomes (an event, an error, the reason in a row) goes through here,
//! at the two places where texts come in and go out: around the cloud (`mask::cloud`) and around the consumer of events (`mask::events`).

mod cloud;
mod events;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use base64ct::{Base64, Encoding as _};
use serde_json::Value as Json;

pub(crate) use cloud::MaskedCloud;
pub(crate) use events::MaskedConsumer;

use crate::error::Error;
use crate::expr::Expr;
use crate::program::Program;
use crate::value::Value;

/// What stands in the place of a secret.
const MASKED: &str = "(secret)";
/// Shorter texts are part of everything, and nobody's secret.
const SHORTEST: usize = 4;
/// Texts inside of a secret document, such as an environment as JSON: also `production` and `enabled` stand there.
const SHORTEST_WITHIN: usize = 8;

/// The secrets that are known so far. Clones share them.
#[derive(Clone, Default)]
pub struct Mask {
    texts: Arc<RwLock<Texts>>,
}

/// The longest first, so that no part of a longer one is left over.
type Texts = BTreeSet<(Reverse<usize>, String)>;

impl Mask {
    /// Learns the secrets that a program has in the clear.
    pub fn learn(&self, program: &Program) {
        for declaration in program.resources.values() {
            declaration.args.values().chain(&declaration.options.replace_when).for_each(|expr| self.learn_expr(expr));
        }
        program.reads.values().flat_map(|read| read.args.values()).for_each(|expr| self.learn_expr(expr));
        program.exports.values().for_each(|export| self.learn_expr(&export.expr));
    }

    fn learn_expr(&self, expr: &Expr) {
        expr.visit_literals(&mut |value| self.learn_value(value));
    }

    /// Learns the secrets of a value.
    pub fn learn_value(&self, value: &Value) {
        match value {
            Value::Secret(inner) => self.learn_secret(inner),
            Value::List(list) => list.iter().for_each(|item| self.learn_value(item)),
            Value::Map(map) => map.values().for_each(|item| self.learn_value(item)),
            _ => {}
        }
    }

    fn learn_secret(&self, value: &Value) {
        match value {
            Value::Text(text) => self.learn_text(text),
            Value::Secret(inner) => self.learn_secret(inner),
            Value::List(list) => list.iter().for_each(|item| self.learn_secret(item)),
            Value::Map(map) => map.values().for_each(|item| self.learn_secret(item)),
            _ => {}
        }
    }

    /// Learns a secret, and the forms in which others repeat it: in JSON, in a URL, in base64. Of a document, also the texts in it.
    pub fn learn_text(&self, secret: &str) {
        if secret.chars().count() < SHORTEST {
            return;
        }
        let json = Json::from(secret).to_string();
        let escaped = json.trim_matches('"').to_owned();
        let encoded = Base64::encode_string(secret.as_bytes());
        let mut found = BTreeSet::from([secret.to_owned(), in_url(secret), encoded, escaped]);
        if let Ok(document) = serde_json::from_str::<Json>(secret) {
            texts_within(&document, &mut found);
        }
        let known = self.texts.read().unwrap_or_else(PoisonError::into_inner);
        let fresh: Vec<_> =
            found.into_iter().map(|text| (Reverse(text.len()), text)).filter(|text| !known.contains(text)).collect();
        drop(known);
        if !fresh.is_empty() {
            self.texts.write().unwrap_or_else(PoisonError::into_inner).extend(fresh);
        }
    }

    /// The text without the secrets.
    pub fn text(&self, text: &str) -> String {
        let known = self.texts.read().unwrap_or_else(PoisonError::into_inner);
        let mut masked = text.to_owned();
        for (_, secret) in known.iter() {
            if masked.contains(secret.as_str()) {
                masked = masked.replace(secret.as_str(), MASKED);
            }
        }
        masked
    }

    /// The error without the secrets.
    pub fn error(&self, mut error: Error) -> Error {
        error.act = self.text(&error.act);
        error.reason = self.text(&error.reason);
        error.hints = error.hints.iter().map(|hint| self.text(hint)).collect();
        if let Some(answer) = &mut error.answer {
            answer.code = self.text(&answer.code);
            answer.message = self.text(&answer.message);
        }
        error
    }

    /// The errors without the secrets.
    pub fn errors(&self, errors: Vec<Error>) -> Vec<Error> {
        errors.into_iter().map(|error| self.error(error)).collect()
    }
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mask")
    }
}

/// The text as it stands in the query of a URL.
fn in_url(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

fn texts_within(json: &Json, found: &mut BTreeSet<String>) {
    match json {
        Json::String(text) if text.chars().count() >= SHORTEST_WITHIN => drop(found.insert(text.clone())),
        Json::Array(list) => list.iter().for_each(|item| texts_within(item, found)),
        Json::Object(map) => map.values().for_each(|item| texts_within(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Answer, Turn};

    #[test]
    fn a_secret_is_masked_in_every_form_in_which_it_is_repeated() {
        let mask = Mask::default();
        mask.learn_value(&Value::from([("password", Value::from("hunter \"2\"/é").into_secret())]));
        for form in ["hunter \"2\"/é", "hunter \\\"2\\\"/é", "hunter%20%222%22%2F%C3%A9", "aHVudGVyICIyIi/DqQ=="] {
            assert_eq!(mask.text(&format!("no: {form}!")), "no: (secret)!", "{form}");
        }
        assert_eq!(mask.text("hunter"), "hunter");
    }

    #[test]
    fn the_longest_goes_first_and_short_ones_stay() {
        let mask = Mask::default();
        for secret in ["abc", "pass", "password-1"] {
            mask.learn_text(secret);
        }
        assert_eq!(mask.text("abc pass password-1 password"), "abc (secret) (secret) (secret)word");
    }

    #[test]
    fn what_stands_in_a_secret_document_is_secret_too() {
        let mask = Mask::default();
        mask.learn_text(r#"{"API_KEY": "sk-0123456789", "DEBUG": "true"}"#);
        assert_eq!(mask.text("bad key sk-0123456789, debug true"), "bad key (secret), debug true");
    }

    #[test]
    fn errors_lose_secrets_wherever_they_stand() {
        let mask = Mask::default();
        mask.learn_text("hunter2");
        let answer = Answer { message: "`hunter2` is too short".into(), ..Answer::default() };
        let error = Error::new(Turn::Provider, "set hunter2", "hunter2?").hint("not hunter2").answered(answer);
        let masked = mask.error(error);
        assert!(!format!("{masked:?}").contains("hunter2"), "{masked:?}");
        assert!(!format!("{mask:?}").contains("hunter2"));
    }
}
