//! The types of Terraform and Pulumi, and what they are here: one row per type, as data.
//!
//! Attributes have Terraform's names; those of Pulumi are the same in camel case, since its provider is made of Terraform's.

mod rows;

use super::Is;

pub(crate) use rows::TYPES;

/// A type of theirs.
#[derive(Debug)]
pub(crate) struct Type {
    /// Terraform's name.
    pub(crate) terraform: &'static str,
    /// Pulumi's names: it has renamed some.
    pub(crate) pulumi: &'static [&'static str],
    /// What it is here.
    pub(crate) becomes: Becomes,
}

/// What a type of theirs is here.
#[derive(Debug)]
pub(crate) enum Becomes {
    /// A type of ours.
    Kind {
        /// Which.
        kind: &'static str,
        /// How our id is made.
        id: Id,
        /// Why there is none, where an attribute of it is empty.
        otherwise: &'static str,
    },
    /// One of several types of ours, by the value of an attribute.
    Either {
        /// The attribute.
        by: &'static str,
        /// Value and type.
        cases: &'static [(&'static str, &'static str)],
        /// How our id is made.
        id: Id,
        /// Why there is none, where an attribute of it is empty.
        otherwise: &'static str,
    },
    /// An argument of a type of ours.
    Part {
        /// Which type.
        kind: &'static str,
        /// The attribute with the id of the resource.
        of: &'static str,
        /// Which argument.
        argument: &'static str,
    },
    /// Nothing, for this reason.
    Nothing(&'static str),
}

/// How an id of ours is made: parts that are joined by a bar, each the first of these attributes that is not empty.
pub(crate) type Id = &'static [&'static [&'static str]];

/// An attribute of a thing, as a file says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Attribute {
    /// Its text; of a number or a truth value, as JSON writes it.
    Text(String),
    /// Absent, empty, or something that is made of parts.
    Missing,
    /// Marked as a secret in the file.
    Withheld,
}

/// In the place of an attribute: without the ones before it, the part is left out.
const MAY_BE_MISSING: &str = "";

/// What a resource of Terraform is here.
pub(crate) fn of_terraform(name: &str, attribute: impl Fn(&str) -> Attribute) -> Is {
    match TYPES.iter().find(|known| known.terraform == name) {
        Some(known) => identify(&known.becomes, attribute),
        None if name.starts_with("aws_") => Is::Unsupported(format!("Formwork has no type for {name}")),
        None if name.starts_with("awscc_") => {
            Is::Unsupported("it is of the provider awscc, and only those of the provider aws are known".to_owned())
        }
        None => Is::Unsupported(format!("{name} is no resource of AWS")),
    }
}

/// What a resource of Pulumi is here. Attributes are asked for in Pulumi's spelling.
pub(crate) fn of_pulumi(name: &str, attribute: impl Fn(&str) -> Attribute) -> Is {
    match TYPES.iter().find(|known| known.pulumi.contains(&name)) {
        Some(known) => identify(&known.becomes, |snake| attribute(&camel(snake))),
        None if name.starts_with("aws:") => Is::Unsupported(format!("Formwork has no type for {name}")),
        None if name.starts_with("aws-native:") => {
            Is::Unsupported("it is of the provider aws-native, and only those of the provider aws are known".to_owned())
        }
        None => Is::Unsupported(format!("{name} is no resource of AWS")),
    }
}

fn identify(becomes: &Becomes, attribute: impl Fn(&str) -> Attribute) -> Is {
    let thing = |kind: &'static str, id: Id, otherwise: &str| match join(id, &attribute) {
        Ok(id) => Is::Thing { kind, id },
        Err(Attribute::Withheld) => {
            Is::Unsupported("what makes up its id is marked as a secret in the file".to_owned())
        }
        Err(_) => Is::Unsupported(otherwise.to_owned()),
    };
    match becomes {
        Becomes::Kind { kind, id, otherwise } => thing(kind, id, otherwise),
        Becomes::Either { by, cases, id, otherwise } => {
            let found = attribute(by);
            match cases.iter().find(|(value, _)| found == Attribute::Text((*value).to_owned())) {
                Some((_, kind)) => thing(kind, id, otherwise),
                None => Is::Unsupported(format!(
                    "its `{by}` is none of {}",
                    cases.iter().map(|(value, _)| *value).collect::<Vec<_>>().join(", ")
                )),
            }
        }
        Becomes::Part { kind, of, argument } => {
            let of = match attribute(of) {
                Attribute::Text(id) => Some(id),
                Attribute::Missing | Attribute::Withheld => None,
            };
            Is::Part { kind, of, argument }
        }
        Becomes::Nothing(why) => Is::Unsupported((*why).to_owned()),
    }
}

fn join(id: Id, attribute: impl Fn(&str) -> Attribute) -> Result<String, Attribute> {
    let mut parts = Vec::new();
    for names in id {
        let found = names.iter().map(|name| attribute(name)).find(|found| *found != Attribute::Missing);
        match found.unwrap_or(Attribute::Missing) {
            Attribute::Text(text) => parts.push(text),
            Attribute::Missing if names.contains(&MAY_BE_MISSING) => {}
            other => return Err(other),
        }
    }
    Ok(parts.join("|"))
}

/// `route_table_id` is `routeTableId`.
pub(crate) fn camel(snake: &str) -> String {
    let mut camel = String::new();
    let mut upper = false;
    for letter in snake.chars() {
        match letter {
            '_' => upper = true,
            letter if upper => {
                camel.extend(letter.to_uppercase());
                upper = false;
            }
            letter => camel.push(letter),
        }
    }
    camel
}

#[cfg(test)]
mod tests;
