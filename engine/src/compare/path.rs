//! [`Path`]: where in a tree of arguments a value stands.

use std::fmt;

use crate::value::Value;

/// One step into a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    /// An argument, a field of a block or a key of a map.
    Name(String),
    /// An element of a list, counted from 0.
    Index(usize),
}

/// A place in a tree of arguments. Displays as `lifecycle_rules[0].expiration_days`, `tags.team` or `tags["kubernetes.io/role"]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Path(Vec<Segment>);

impl Path {
    /// The place of an argument.
    pub fn of(name: &str) -> Self {
        Self(vec![Segment::Name(name.to_owned())])
    }

    /// One level deeper, by name.
    #[must_use]
    pub fn name(&self, name: &str) -> Self {
        self.with(Segment::Name(name.to_owned()))
    }

    /// One level deeper, by index.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    fn with(&self, segment: Segment) -> Self {
        Self(self.0.iter().cloned().chain([segment]).collect())
    }

    /// The argument it is in.
    pub fn argument(&self) -> &str {
        match self.0.first() {
            Some(Segment::Name(name)) => name,
            _ => "",
        }
    }

    /// Whether it is what `pattern` names, or lies within that.
    pub fn within(&self, pattern: &str) -> bool {
        match self.to_string().strip_prefix(pattern) {
            Some(rest) => rest.is_empty() || rest.starts_with(['.', '[']),
            None => false,
        }
    }

    /// What stands there; `Null` where nothing does.
    pub fn get<'a>(&self, value: &'a Value) -> &'a Value {
        self.0.iter().fold(value, |value, segment| match segment {
            Segment::Name(name) => value.get(name),
            Segment::Index(index) => value.as_list().and_then(|list| list.get(*index)).unwrap_or(&Value::Null),
        })
    }

    /// Puts a value there. A place below a list element or a map that does not exist is left alone.
    pub fn set(&self, value: &mut Value, to: Value) {
        put(value, &self.0, to);
    }
}

fn put(value: &mut Value, path: &[Segment], to: Value) {
    let Some((segment, rest)) = path.split_first() else {
        *value = to;
        return;
    };
    match (value, segment) {
        (Value::Secret(inner), _) => put(inner, path, to),
        (Value::Map(map), Segment::Name(name)) => {
            if rest.is_empty() {
                map.insert(name.clone(), to);
            } else if let Some(inner) = map.get_mut(name) {
                put(inner, rest, to);
            }
        }
        (Value::List(list), Segment::Index(index)) => {
            if let Some(inner) = list.get_mut(*index) {
                put(inner, rest, to);
            }
        }
        _ => {}
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Name(name) if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') => {
                    write!(f, "{}{name}", if position > 0 { "." } else { "" })?;
                }
                Segment::Name(name) => write!(f, "[{name:?}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_no_words_are_quoted() {
        let tags = Path::of("tags");
        assert_eq!(tags.name("team").to_string(), "tags.team");
        assert_eq!(tags.name("kubernetes.io/role").to_string(), r#"tags["kubernetes.io/role"]"#);
        assert_eq!(Path::of("rules").index(0).name("days").to_string(), "rules[0].days");
    }

    #[test]
    fn a_path_lies_within_its_beginnings_only() {
        let path = Path::of("rules").index(1).name("days");
        for (pattern, within) in
            [("rules", true), ("rules[1]", true), ("rules[1].days", true), ("rule", false), ("rules[0]", false)]
        {
            assert_eq!(path.within(pattern), within, "{pattern}");
        }
    }

    #[test]
    fn what_was_put_is_found_again() {
        let mut value = Value::from([("rules", Value::List(vec![Value::from([("days", 1_i64)])]))]);
        let path = Path::of("rules").index(0).name("days");
        path.set(&mut value, Value::Int(9));
        assert_eq!(path.get(&value), &Value::Int(9));
        Path::of("rules").index(5).set(&mut value, Value::Int(9));
        assert_eq!(Path::of("rules").index(5).get(&value), &Value::Null);
    }
}
