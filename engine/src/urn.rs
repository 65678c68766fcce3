//! Names of things: [`Urn`], [`KindName`], [`Uid`], [`SourceLine`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest urn, in bytes: AWS's limit for the value of a tag, which is where the urn is written as a comment.
pub const URN_LIMIT: usize = 256;
/// The longest segment of a urn, in bytes.
pub const SEGMENT_LIMIT: usize = 64;

/// The name of a resource type, such as `aws:ec2/vpc`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KindName(String);

impl KindName {
    /// Takes a kind as a schema states it.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The text, such as `aws:ec2/vpc`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same without the name of the cloud, as people read it: `ec2/vpc`.
    pub fn short(&self) -> &str {
        self.0.split_once(':').map_or(&*self.0, |(_, short)| short)
    }
}

impl fmt::Display for KindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a resource in a program: stack, component path and name, kind.
///
/// Written `prod::network/main::aws:ec2/vpc`. Segments are `[A-Za-z0-9._+=@-]{1,64}`, the whole at most 256 bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Urn {
    text: String,
    stack: usize,
    path: usize,
}

/// Why a text is no urn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a urn: {reason}")]
pub struct UrnError {
    /// The text that was given.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Urn {
    /// Puts a urn together.
    ///
    /// # Errors
    /// When a segment is empty, too long or has a character that is not allowed, or when the whole is over 256 bytes.
    pub fn new(stack: &str, path: &[impl AsRef<str>], kind: &KindName) -> Result<Self, UrnError> {
        let joined = path.iter().map(AsRef::as_ref).collect::<Vec<_>>().join("/");
        let text = format!("{stack}::{joined}::{kind}");
        text.parse()
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The stack's name.
    pub fn stack(&self) -> &str {
        &self.text[..self.stack]
    }

    /// Component path and name, such as `network/main`.
    pub fn path(&self) -> &str {
        &self.text[self.stack + 2..self.path]
    }

    /// The last segment of the path.
    pub fn name(&self) -> &str {
        self.path().rsplit('/').next().unwrap_or_default()
    }

    /// The segments of the path before the name: the components.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        let path = self.path();
        let end = path.rfind('/').unwrap_or(0);
        path[..end].split('/').filter(|segment| !segment.is_empty())
    }

    /// The kind.
    pub fn kind(&self) -> KindName {
        KindName::new(&self.text[self.path + 2..])
    }
}

fn check_segment(text: &str, segment: &str) -> Result<(), UrnError> {
    let fail = |reason: String| Err(UrnError { text: text.to_owned(), reason });
    if segment.is_empty() {
        return fail("a segment is empty".to_owned());
    }
    if segment.len() > SEGMENT_LIMIT {
        return fail(format!("the segment `{segment}` is longer than {SEGMENT_LIMIT} bytes"));
    }
    match segment.chars().find(|c| !(c.is_ascii_alphanumeric() || "._+=@-".contains(*c))) {
        Some(c) => {
            fail(format!("the segment `{segment}` has the character {c:?}; allowed are letters, digits and ._+=@-"))
        }
        None => Ok(()),
    }
}

impl FromStr for Urn {
    type Err = UrnError;

    fn from_str(text: &str) -> Result<Self, UrnError> {
        let fail = |reason: &str| UrnError { text: text.to_owned(), reason: reason.to_owned() };
        if text.len() > URN_LIMIT {
            return Err(fail("it is longer than 256 bytes"));
        }
        let parts: Vec<&str> = text.split("::").collect();
        let [stack, path, kind] = parts[..] else {
            return Err(fail("it must have the form stack::path/name::kind"));
        };
        check_segment(text, stack)?;
        for segment in path.split('/') {
            check_segment(text, segment)?;
        }
        let (family, noun) = kind.split_once('/').ok_or_else(|| fail("its kind must look like aws:ec2/vpc"))?;
        for segment in family.split(':').chain([noun]) {
            check_segment(text, segment)?;
        }
        Ok(Self { text: text.to_owned(), stack: stack.len(), path: stack.len() + 2 + path.len() })
    }
}

impl fmt::Display for Urn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Urn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Urn {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Urn {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The permanent identity of a resource: 128 random bits as 32 hex digits, minted at its first intent; survives renames and replacements.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Uid(String);

impl Uid {
    /// Mints one.
    pub fn random() -> Self {
        Self(random_hex())
    }

    /// Takes one from a tag or a record.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The 32 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// 128 random bits as 32 lower-case hex digits: the form of uids, client tokens and lineages.
pub fn random_hex() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// A place in the user's program, as `file:line`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceLine(String);

impl SourceLine {
    /// The caller's place.
    #[track_caller]
    pub fn here() -> Self {
        let place = std::panic::Location::caller();
        Self(format!("{}:{}", place.file(), place.line()))
    }

    /// A place that is no line of a program, such as `deployment 7`.
    pub(crate) fn named(place: impl Into<String>) -> Self {
        Self(place.into())
    }
}

impl fmt::Display for SourceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SourceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_urn_is_read_back_in_its_parts() {
        let urn: Urn = "prod::network/main::aws:ec2/vpc".parse().unwrap();
        assert_eq!(urn.stack(), "prod");
        assert_eq!(urn.path(), "network/main");
        assert_eq!(urn.name(), "main");
        assert_eq!(urn.components().collect::<Vec<_>>(), ["network"]);
        assert_eq!(urn.kind().as_str(), "aws:ec2/vpc");
        assert_eq!(Urn::new("prod", &["network", "main"], &urn.kind()).unwrap(), urn);
    }

    #[test]
    fn wrong_urns_are_refused_with_the_reason() {
        for (text, reason) in [
            ("prod::main", "must have the form"),
            ("prod::a b::aws:ec2/vpc", "the character ' '"),
            ("prod::a//b::aws:ec2/vpc", "a segment is empty"),
            ("prod::main::vpc", "must look like"),
        ] {
            let error = text.parse::<Urn>().unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
        let long = format!("prod::{}::aws:ec2/vpc", "a".repeat(65));
        assert!(long.parse::<Urn>().unwrap_err().reason.contains("longer than 64"));
    }
}
