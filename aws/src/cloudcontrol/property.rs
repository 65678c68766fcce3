//! [`Property`]: the value of a property of a type that has no struct of its own.

use formwork_engine::{Expr, Field, Handle, Output, Resource, Value};
use serde_json::Value as Json;

/// A value as CloudFormation's schema of the type wants it: text, numbers, truth values, lists and objects, with outputs of other resources at
/// any depth. A secret inside makes the whole property secret.
///
/// ```
/// use formwork_aws::cloudcontrol::Property;
/// use formwork_engine::Output;
///
/// let key: Output<String> = Output::known("arn:aws:kms:eu-west-1:123456789012:key/1".to_owned());
/// let encryption = Property::object([("Enabled", true.into()), ("KmsKeyId", key.into())]);
/// let thresholds = Property::list([0.5.into(), 0.9.into()]);
/// # drop((encryption, thresholds));
/// ```
#[derive(Debug, Clone)]
pub struct Property(Expr);

impl Property {
    /// A list.
    pub fn list(items: impl IntoIterator<Item = Property>) -> Self {
        Self::enclosed("[", items.into_iter().map(|item| (String::new(), item)), "]")
    }

    /// An object.
    pub fn object<'a>(entries: impl IntoIterator<Item = (&'a str, Property)>) -> Self {
        Self::enclosed("{", entries.into_iter().map(|(name, value)| (format!("{}:", Json::from(name)), value)), "}")
    }

    /// Anything that serde can write as JSON.
    ///
    /// # Errors
    /// What serde says of a value that JSON has no form for, such as a map whose keys are no text.
    pub fn serialized(value: &impl serde::Serialize) -> Result<Self, serde_json::Error> {
        Ok(serde_json::to_value(value)?.into())
    }

    fn enclosed(open: &str, items: impl Iterator<Item = (String, Property)>, close: &str) -> Self {
        let mut text = Text { parts: Vec::new(), literal: open.to_owned() };
        for (index, (before, value)) in items.enumerate() {
            if index > 0 {
                text.literal.push(',');
            }
            text.literal.push_str(&before);
            text.push(value.0);
        }
        text.literal.push_str(close);
        Self(text.finish())
    }

    /// An expression of its JSON text.
    pub(super) fn into_expr(self) -> Expr {
        self.0
    }
}

/// Text that is put together, literals as far as they go.
struct Text {
    parts: Vec<Expr>,
    literal: String,
}

impl Text {
    fn push(&mut self, part: Expr) {
        match part {
            Expr::Literal(Value::Text(text)) => self.literal.push_str(&text),
            Expr::Join(parts) => parts.into_iter().for_each(|part| self.push(part)),
            other => {
                let literal = std::mem::take(&mut self.literal);
                if !literal.is_empty() {
                    self.parts.push(Expr::text(&literal));
                }
                self.parts.push(other);
            }
        }
    }

    fn finish(mut self) -> Expr {
        if self.parts.is_empty() {
            return Expr::text(&self.literal);
        }
        if !self.literal.is_empty() {
            self.parts.push(Expr::text(&self.literal));
        }
        Expr::Join(self.parts)
    }
}

impl From<Json> for Property {
    fn from(value: Json) -> Self {
        Self(Expr::text(value.to_string()))
    }
}

macro_rules! plain {
    ($($plain:ty)*) => {$(
        impl From<$plain> for Property {
            fn from(value: $plain) -> Self {
                Json::from(value).into()
            }
        }
    )*};
}

plain!(bool i32 u32 i64 f64 &str String);

/// Nothing: JSON's `null`.
impl From<()> for Property {
    fn from((): ()) -> Self {
        Json::Null.into()
    }
}

impl From<&String> for Property {
    fn from(value: &String) -> Self {
        value.as_str().into()
    }
}

impl<T: Field> From<Output<T>> for Property {
    fn from(output: Output<T>) -> Self {
        (&output).into()
    }
}

impl<T: Field> From<&Output<T>> for Property {
    fn from(output: &Output<T>) -> Self {
        Self(Expr::Json(Box::new(output.into())))
    }
}

/// The id of a resource of the stack.
impl<R: Resource> From<&Handle<R>> for Property {
    fn from(handle: &Handle<R>) -> Self {
        Self(Expr::Json(Box::new(handle.into())))
    }
}

/// Whether what is found has everything that is wanted: objects may hold more, since AWS fills in defaults; lists are as long, in any order; and a
/// number may have become text on its way, or the reverse.
pub(super) fn covers(wanted: &Json, found: &Json) -> bool {
    match (wanted, found) {
        (Json::Object(wanted), Json::Object(found)) => {
            wanted.iter().all(|(name, wanted)| found.get(name).is_some_and(|found| covers(wanted, found)))
        }
        (Json::Array(wanted), Json::Array(found)) if wanted.len() == found.len() => {
            let in_order = wanted.iter().zip(found).all(|(wanted, found)| covers(wanted, found));
            in_order || pairs_up(wanted, found)
        }
        (Json::String(text), other) | (other, Json::String(text)) => match other {
            Json::String(other) => text == other,
            Json::Number(number) => number.to_string() == *text,
            Json::Bool(value) => *text == if *value { "true" } else { "false" },
            _ => false,
        },
        _ => wanted == found,
    }
}

/// Whether each of the wanted has one of the found to itself.
fn pairs_up(wanted: &[Json], found: &[Json]) -> bool {
    let mut left: Vec<&Json> = found.iter().collect();
    wanted.iter().all(|wanted| {
        let at = left.iter().position(|found| covers(wanted, found));
        at.map(|at| left.swap_remove(at)).is_some()
    })
}

#[cfg(test)]
mod tests {
    use formwork_engine::join;
    use serde_json::json;

    use super::*;

    fn text(property: Property) -> String {
        match property.into_expr() {
            Expr::Literal(Value::Text(text)) => text,
            other => other.to_string(),
        }
    }

    #[test]
    fn what_is_known_is_one_text() {
        let property = Property::object([
            ("Name", "a \"quoted\" one".into()),
            ("Rates", Property::list([0.5.into(), 2.into(), json!({"Deep": [true, null]}).into()])),
        ]);
        assert_eq!(text(property), r#"{"Name":"a \"quoted\" one","Rates":[0.5,2,{"Deep":[true,null]}]}"#);
    }

    #[test]
    fn outputs_stand_at_any_depth() {
        let name = join(["a".into(), "b".into()]);
        let property = Property::object([("List", Property::list([1.into(), name.into()]))]);
        assert_eq!(text(property), r#"join("{\"List\":[1,", json(join("a", "b")), "]}")"#);
    }

    #[test]
    fn defaults_that_aws_adds_and_the_order_of_lists_are_no_difference() {
        let same = [
            (json!({"A": 1}), json!({"A": 1, "B": 2})),
            (json!([{"A": 1}, {"A": 2}]), json!([{"A": 2, "B": 0}, {"A": 1}])),
            (json!({"Port": 5432}), json!({"Port": "5432"})),
            (json!({"On": "true"}), json!({"On": true})),
        ];
        for (wanted, found) in same {
            assert!(covers(&wanted, &found), "{wanted} {found}");
        }
    }

    #[test]
    fn what_is_missing_or_other_is_a_difference() {
        let different = [
            (json!({"A": 1, "B": 2}), json!({"A": 1})),
            (json!([1, 1]), json!([1, 2])),
            (json!([1]), json!([1, 2])),
            (json!("1"), json!("2")),
            (json!(null), json!(0)),
        ];
        for (wanted, found) in different {
            assert!(!covers(&wanted, &found), "{wanted} {found}");
        }
    }
}
