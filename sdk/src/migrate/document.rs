//! A JSON file of somebody else's: every mistake in it is named with file, place and reason, and no value of it is ever repeated.

use std::path::Path;

use formwork_engine::Error;
use formwork_engine::error::Turn;
use serde_json::Value as Json;

/// A file that is JSON.
#[derive(Debug)]
pub(crate) struct Document {
    file: String,
    act: &'static str,
    root: Json,
}

/// A place in a document.
#[derive(Debug, Clone)]
pub(crate) struct Spot<'a> {
    document: &'a Document,
    path: String,
    json: &'a Json,
}

impl Document {
    /// Reads a file. `act` fits "failed to …".
    ///
    /// # Errors
    /// When it cannot be read, is empty, or is no JSON object.
    pub(crate) fn read(file: &Path, act: &'static str) -> Result<Self, Error> {
        let name = file.display().to_string();
        let bytes = std::fs::read(file).map_err(|error| wrong(act, format!("{name}: {error}")))?;
        Self::parse(&name, act, &bytes)
    }

    /// Takes the text of a file.
    ///
    /// # Errors
    /// When it is empty, or is no JSON object.
    pub(crate) fn parse(file: &str, act: &'static str, bytes: &[u8]) -> Result<Self, Error> {
        // Editors of Windows put a mark in front.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(wrong(act, format!("{file}: it is empty")));
        }
        let root: Json = serde_json::from_slice(bytes).map_err(|error| {
            let place = format!("{file}: line {}, column {}", error.line(), error.column());
            if error.is_eof() {
                return wrong(act, format!("{place}: it ends in the middle"))
                    .hint("it was cut off: write it once more");
            }
            let text = error.to_string();
            let reason = text.split(" at line ").next().unwrap_or_default();
            wrong(act, format!("{place}: it is no JSON: {reason}"))
        })?;
        let document = Self { file: file.to_owned(), act, root };
        match document.root.is_object() {
            true => Ok(document),
            false => Err(document.root().wrong(format!("it is {} where an object must be", sort(&document.root)))),
        }
    }

    /// The whole.
    pub(crate) fn root(&self) -> Spot<'_> {
        Spot { document: self, path: String::new(), json: &self.root }
    }

    /// The file's name.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }
}

impl<'a> Spot<'a> {
    /// What stands here.
    pub(crate) fn json(&self) -> &'a Json {
        self.json
    }

    /// The error that something is wrong here.
    pub(crate) fn wrong(&self, reason: impl AsRef<str>) -> Error {
        let Document { file, act, .. } = self.document;
        let place = if self.path.is_empty() { String::new() } else { format!(" {}:", self.path) };
        wrong(act, format!("{file}:{place} {}", reason.as_ref()))
    }

    /// An entry, when it is there and not null.
    pub(crate) fn entry(&self, name: &str) -> Option<Spot<'a>> {
        let json = self.json.get(name).filter(|json| !json.is_null())?;
        let dot = if self.path.is_empty() { "" } else { "." };
        Some(Spot { document: self.document, path: format!("{}{dot}{name}", self.path), json })
    }

    /// An entry that must be there.
    ///
    /// # Errors
    /// When it is not.
    pub(crate) fn needed(&self, name: &str) -> Result<Spot<'a>, Error> {
        self.entry(name).ok_or_else(|| self.wrong(format!("`{name}` is missing")))
    }

    /// The elements of a list; none when it is absent.
    ///
    /// # Errors
    /// When it is something else.
    pub(crate) fn list(&self, name: &str) -> Result<Vec<Spot<'a>>, Error> {
        let Some(list) = self.entry(name) else { return Ok(Vec::new()) };
        let Json::Array(items) = list.json else { return Err(list.is_not("a list")) };
        let element = |(index, json)| Spot { document: self.document, path: format!("{}[{index}]", list.path), json };
        Ok(items.iter().enumerate().map(element).collect())
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// When it is absent or something else.
    pub(crate) fn text(&self, name: &str) -> Result<&'a str, Error> {
        let spot = self.needed(name)?;
        spot.json.as_str().ok_or_else(|| spot.is_not("text"))
    }

    /// A text that may be absent.
    ///
    /// # Errors
    /// When it is something else.
    pub(crate) fn optional_text(&self, name: &str) -> Result<Option<&'a str>, Error> {
        let Some(spot) = self.entry(name) else { return Ok(None) };
        spot.json.as_str().map(Some).ok_or_else(|| spot.is_not("text"))
    }

    /// A truth value; false when it is absent.
    ///
    /// # Errors
    /// When it is something else.
    pub(crate) fn truth(&self, name: &str) -> Result<bool, Error> {
        let Some(spot) = self.entry(name) else { return Ok(false) };
        spot.json.as_bool().ok_or_else(|| spot.is_not("a truth value"))
    }

    /// The error that what stands here is not of the sort it must be.
    pub(crate) fn is_not(&self, wanted: &str) -> Error {
        self.wrong(format!("it is {} where {wanted} must be", sort(self.json)))
    }
}

fn wrong(act: &str, reason: String) -> Error {
    Error::new(Turn::You, act, reason).hint("nothing was called and nothing changed")
}

/// What sort of value it is: the value itself may be a secret.
fn sort(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a truth value",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Document, Error> {
        Document::parse("a.json", "read it", text.as_bytes())
    }

    #[track_caller]
    fn fails(text: &str, reason: &str) {
        assert_eq!(parse(text).unwrap_err().reason, reason);
    }

    #[test]
    fn what_is_no_json_is_named_by_line_and_column() {
        fails(" \n", "a.json: it is empty");
        fails("{\n  \"version\": 4,", "a.json: line 2, column 15: it ends in the middle");
        fails("{\"a\": 1,, }", "a.json: line 1, column 9: it is no JSON: key must be a string");
        fails("[1]", "a.json: it is a list where an object must be");
    }

    #[test]
    fn what_is_of_the_wrong_sort_is_named_by_its_path_and_not_repeated() {
        let document = parse(r#"{"things": [{"name": {"password": "hunter2"}}], "flag": "hunter2"}"#).unwrap();
        let things = document.root().list("things").unwrap();
        let error = things[0].text("name").unwrap_err();
        assert_eq!(error.reason, "a.json: things[0].name: it is an object where text must be");
        assert_eq!(things[0].text("id").unwrap_err().reason, "a.json: things[0]: `id` is missing");
        let error = document.root().truth("flag").unwrap_err();
        assert_eq!(error.reason, "a.json: flag: it is text where a truth value must be");
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
