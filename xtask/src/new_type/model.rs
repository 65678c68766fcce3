//! [`Skeleton`]: what a schema says of a type, in Rust's terms.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use super::names::{self, TAKEN, TypeName};
use super::schema::{List, Schema, required, types};

/// The type of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    Bool,
    Int,
    Text,
    /// A number with a fraction, which the engine keeps as text.
    Number,
    /// A document.
    Json,
    Secret,
    /// The physical name.
    Name,
    Tags,
    /// A choice or a block, by its Rust name.
    Named(String),
    List(Box<Type>),
    Set(Box<Type>),
    Map(Box<Type>),
}

/// An argument, a field of a block, or an output.
#[derive(Debug)]
pub(crate) struct Field {
    /// In Rust, without `r#`.
    pub(crate) name: String,
    /// As CloudFormation writes it.
    pub(crate) cfn: String,
    pub(crate) ty: Type,
    pub(crate) required: bool,
    pub(crate) replace: bool,
    /// The values decide whether a change replaces.
    pub(crate) decide: bool,
    pub(crate) write_only: bool,
    /// A value in Rust, where the schema has a default.
    pub(crate) default: Option<String>,
    pub(crate) doc: String,
}

/// A nested block.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) fields: Vec<Field>,
}

/// One of several words.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) name: String,
    pub(crate) doc: String,
    /// Variant and word.
    pub(crate) words: Vec<(String, String)>,
}

/// Everything the file is printed from.
#[derive(Debug)]
pub(crate) struct Skeleton {
    pub(crate) noun: String,
    pub(crate) kind: String,
    pub(crate) cfn: String,
    pub(crate) doc: String,
    pub(crate) args: Vec<Field>,
    /// Without the id.
    pub(crate) outputs: Vec<Field>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) choices: Vec<Choice>,
    /// Of which properties the id is made.
    pub(crate) identifier: Vec<String>,
    /// Per verb, what AWS's own handler may call.
    pub(crate) calls: BTreeMap<&'static str, Vec<String>>,
    /// Minutes that AWS's own handlers of create, update and delete wait.
    pub(crate) minutes: [Option<u64>; 3],
}

impl Skeleton {
    /// Reads a schema.
    ///
    /// # Errors
    /// When a property of it is no object.
    pub(crate) fn of(name: &TypeName, schema: &Schema) -> Result<Self> {
        let mut reader = Reader::new(name, schema);
        let properties = schema.properties().context("no properties")?;
        let must = schema.required();
        let (mut args, mut outputs) = (Vec::new(), Vec::new());
        for (property, node) in properties {
            match reader.read_only.contains(property) {
                true => outputs.push(reader.field(property, node, property, false)),
                false => args.push(reader.field(property, node, property, must.contains(property.as_str()))),
            }
        }
        // What is read only below a block that can be written is an output of the block's name and its own.
        let nested: Vec<String> = reader.read_only.iter().filter(|path| path.contains('.')).cloned().collect();
        for path in nested {
            if let Some(node) = reader.at(&path) {
                let mut output = reader.field(&path.replace('.', ""), node, &path, false);
                output.name = path.split('.').map(names::snake).collect::<Vec<_>>().join("_");
                outputs.push(output);
            }
        }
        let identifier: Vec<String> = schema.primary_identifier().into_iter().map(str::to_owned).collect();
        outputs.retain(|output| identifier != [output.cfn.clone()]);
        // An output of the same name as an argument tells what became of it.
        let taken: BTreeSet<String> = args.iter().map(|arg| arg.name.clone()).chain(["id".to_owned()]).collect();
        for output in outputs.iter_mut().filter(|output| output.name == "id") {
            output.name = names::snake(&format!("{}Id", name.noun()));
        }
        outputs.retain(|output| !taken.contains(&output.name));
        for arg in args.iter_mut().filter(|arg| arg.name == "id") {
            arg.name = names::snake(&format!("{}Id", name.noun()));
        }
        args.sort_by_key(|arg| (arg.ty == Type::Tags, !matches!(arg.ty, Type::Name), !arg.required));
        let handlers =
            [("create", "create"), ("read", "read"), ("find", "list"), ("update", "update"), ("delete", "delete")];
        let calls = handlers
            .into_iter()
            .map(|(verb, handler)| (verb, schema.permissions(handler).into_iter().map(str::to_owned).collect()));
        Ok(Self {
            noun: name.noun(),
            kind: name.kind(),
            cfn: name.full(),
            doc: sentence(schema.description(), &format!("CloudFormation's `{}`.", name.full())),
            args,
            outputs,
            blocks: reader.blocks,
            choices: reader.choices,
            identifier,
            calls: calls.collect(),
            minutes: ["create", "update", "delete"].map(|handler| schema.minutes(handler)),
        })
    }

    /// The argument that names one, when the program chooses the name.
    pub(crate) fn name(&self) -> Option<&Field> {
        self.args.iter().find(|arg| arg.ty == Type::Name)
    }
}

/// Reads nodes and collects the blocks and choices they need.
struct Reader<'s> {
    schema: &'s Schema,
    noun: String,
    tags: String,
    read_only: BTreeSet<String>,
    create_only: BTreeSet<String>,
    sometimes: BTreeSet<String>,
    write_only: BTreeSet<String>,
    blocks: Vec<Block>,
    choices: Vec<Choice>,
    /// The Rust name of each definition that was read.
    known: BTreeMap<String, Type>,
    /// Definitions being read: one that comes again inside itself is kept as a document.
    open: Vec<String>,
    taken: BTreeSet<String>,
}

impl<'s> Reader<'s> {
    fn new(name: &TypeName, schema: &'s Schema) -> Self {
        let own = [String::new(), "Id".to_owned(), "Outputs".to_owned(), "Changes".to_owned()];
        let own = own.map(|end| format!("{}{end}", name.noun()));
        Self {
            schema,
            noun: name.noun(),
            tags: schema.tag_property().to_owned(),
            read_only: schema.paths(List::Read),
            create_only: schema.paths(List::Create),
            sometimes: schema.paths(List::Sometimes),
            write_only: schema.paths(List::Write),
            blocks: Vec::new(),
            choices: Vec::new(),
            known: BTreeMap::new(),
            open: Vec::new(),
            taken: TAKEN.iter().map(|name| (*name).to_owned()).chain(own).collect(),
        }
    }

    fn field(&mut self, property: &str, node: &Value, path: &str, must: bool) -> Field {
        let (_, resolved) = self.schema.resolve(node);
        let is_top = !path.contains('.');
        let own_name = is_top && (property == "Name" || property == format!("{}Name", self.noun));
        let ty = match () {
            () if is_top && property == self.tags => Type::Tags,
            () if own_name && types(resolved) == ["string"] && self.create_only.contains(path) => Type::Name,
            () => self.ty(property, node, path),
        };
        let is_name = ty == Type::Name;
        let name = if is_name { "name".to_owned() } else { names::snake(property) };
        let write_only = self.write_only.contains(path);
        let default = match ty {
            Type::Bool | Type::Int | Type::Named(_) => self.default(&ty, resolved),
            _ => None,
        };
        let said = node.get("description").or_else(|| resolved.get("description")).and_then(Value::as_str);
        let mut doc = sentence(said.unwrap_or_default(), &format!("CloudFormation's `{property}`."));
        if let Some(limits) = limits(resolved) {
            doc = format!("{doc} {limits}");
        }
        if ty == Type::Number {
            doc.push_str(" A number with a fraction, as text.");
        }
        if write_only && must {
            doc.push_str(" AWS requires it.");
        }
        Field {
            name,
            cfn: property.to_owned(),
            // A program without a name for it gives AWS's own, which no plan can know.
            required: (must || is_name) && !write_only,
            replace: self.create_only.contains(path),
            decide: is_top && self.sometimes.contains(path),
            write_only,
            default,
            doc,
            ty,
        }
    }

    fn default(&self, ty: &Type, node: &Value) -> Option<String> {
        match (ty, node.get("default")?) {
            (Type::Bool, Value::Bool(is)) => Some(is.to_string()),
            (Type::Int, Value::Number(number)) if number.is_i64() => Some(number.to_string()),
            (Type::Named(choice), Value::String(word)) => {
                let choice = self.choices.iter().find(|other| other.name == *choice)?;
                let (variant, _) = choice.words.iter().find(|(_, other)| other == word)?;
                Some(format!("{}::{variant}", choice.name))
            }
            _ => None,
        }
    }

    fn ty(&mut self, property: &str, node: &Value, path: &str) -> Type {
        let (definition, node) = self.schema.resolve(node);
        let words = types(node);
        let is_object = words.contains(&"object") || (words.is_empty() && node.get("properties").is_some());
        // Either an object or its text: a document.
        if words.contains(&"object") && words.contains(&"string") {
            return Type::Json;
        }
        if is_object {
            return self.object(definition.unwrap_or(property), definition, node, path);
        }
        match words.first().copied() {
            Some("boolean") => Type::Bool,
            Some("integer") => Type::Int,
            Some("number") => Type::Number,
            Some("array") => {
                let Some(items) = node.get("items") else { return Type::Json };
                let items = match self.ty(&singular(property), items, path) {
                    Type::Json => return Type::Json,
                    items => Box::new(items),
                };
                let ordered = node.get("insertionOrder").and_then(Value::as_bool).unwrap_or(true);
                let unique = node.get("uniqueItems").and_then(Value::as_bool).unwrap_or(false);
                if unique || !ordered { Type::Set(items) } else { Type::List(items) }
            }
            Some("string") => match node.get("enum").and_then(Value::as_array) {
                Some(words) => self.choice(property, definition, words, node),
                None if is_secret(property) => Type::Secret,
                None => Type::Text,
            },
            // Alternatives, or nothing said.
            _ => match node.get("enum").and_then(Value::as_array) {
                Some(words) => self.choice(property, definition, words, node),
                None => Type::Json,
            },
        }
    }

    fn object(&mut self, name: &str, definition: Option<&str>, node: &Value, path: &str) -> Type {
        let Some(properties) = node.get("properties").and_then(Value::as_object).filter(|it| !it.is_empty()) else {
            return self.map(name, node, path);
        };
        let key = definition.map_or_else(|| path.to_owned(), str::to_owned);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        if self.open.contains(&key) {
            return Type::Json;
        }
        self.open.push(key.clone());
        let must = node.as_object().map(required).unwrap_or_default();
        let rust = self.free(&names::type_name(name));
        let fields = self.fields(properties, &must, path);
        self.open.pop();
        let ty = match fields.is_empty() {
            true => Type::Json,
            false => {
                let said = node.get("description").and_then(Value::as_str).unwrap_or_default();
                let doc = sentence(said, &format!("CloudFormation's `{name}`."));
                self.blocks.push(Block { name: rust.clone(), doc, fields });
                Type::Named(rust)
            }
        };
        self.known.insert(key, ty.clone());
        ty
    }

    fn fields(&mut self, properties: &Map<String, Value>, must: &BTreeSet<&str>, path: &str) -> Vec<Field> {
        let mut fields = Vec::new();
        for (property, node) in properties {
            let below = format!("{path}.{property}");
            if !self.read_only.contains(&below) {
                fields.push(self.field(property, node, &below, must.contains(property.as_str())));
            }
        }
        fields
    }

    /// An object without fixed names: a map, where its values have one type.
    fn map(&mut self, name: &str, node: &Value, path: &str) -> Type {
        let pattern = node.get("patternProperties").and_then(Value::as_object).and_then(|them| them.values().next());
        let values = pattern.or_else(|| node.get("additionalProperties").filter(|it| it.is_object()));
        match values.map(|values| self.ty(&singular(name), values, path)) {
            None | Some(Type::Json) => Type::Json,
            Some(values) => Type::Map(Box::new(values)),
        }
    }

    fn choice(&mut self, property: &str, definition: Option<&str>, words: &[Value], node: &Value) -> Type {
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        if words.is_empty() {
            return Type::Text;
        }
        let same = |other: &&Choice| other.words.iter().map(|(_, word)| word.as_str()).eq(words.iter().copied());
        let name = names::type_name(definition.unwrap_or(property));
        if let Some(known) = self.choices.iter().filter(|choice| choice.name.ends_with(&name)).find(same) {
            return Type::Named(known.name.clone());
        }
        let mut variants: Vec<(String, String)> = Vec::new();
        for word in words {
            let mut variant = names::variant(word);
            // Words that differ in what no variant can show.
            while variants.iter().any(|(other, _)| *other == variant) {
                variant.push_str("Too");
            }
            if variant == "Self" {
                variant = "Itself".to_owned();
            }
            variants.push((variant, word.to_owned()));
        }
        let said = node.get("description").and_then(Value::as_str).unwrap_or_default();
        let doc = sentence(said, &format!("What `{property}` can be."));
        let name = self.free(&name);
        self.choices.push(Choice { name: name.clone(), doc, words: variants });
        Type::Named(name)
    }

    /// A name that nothing else in the file has.
    fn free(&mut self, name: &str) -> String {
        let mut name = name.to_owned();
        if self.taken.contains(&name) {
            name = format!("{}{name}", self.noun);
        }
        while !self.taken.insert(name.clone()) {
            name.push_str("Settings");
        }
        name
    }

    /// The node at a dotted path.
    fn at(&self, path: &str) -> Option<&'s Value> {
        let mut parts = path.split('.');
        let first = self.schema.properties()?.get(parts.next()?)?;
        parts.try_fold(first, |node, part| self.schema.resolve(node).1.get("properties")?.get(part))
    }
}

/// Whether a text of this name is a secret.
fn is_secret(property: &str) -> bool {
    let small = property.to_ascii_lowercase();
    let ends = ["password", "secretstring", "authtoken", "privatekey", "clientsecret", "secretkey"];
    ends.iter().any(|end| small.ends_with(end))
}

/// `SubnetId` of `SubnetIds`.
fn singular(name: &str) -> String {
    match name.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None if name.ends_with("ss") => name.to_owned(),
        None => name.strip_suffix('s').unwrap_or(name).to_owned(),
    }
}

/// The first sentence of AWS's description, without its markup; `otherwise` when there is none.
fn sentence(said: &str, otherwise: &str) -> String {
    let mut plain = String::new();
    let mut inside = false;
    for letter in said.chars() {
        match letter {
            '<' => inside = true,
            '>' if inside => inside = false,
            _ if inside => {}
            // Brackets would be links of rustdoc.
            '[' => plain.push('('),
            ']' => plain.push(')'),
            _ => plain.push(letter),
        }
    }
    let words: Vec<&str> = plain.split_whitespace().collect();
    let text = words.join(" ");
    let end = text.find(". ").map_or(text.len(), |at| at + 1);
    let first = text.get(..end).unwrap_or_default().trim();
    match first.is_empty() {
        true => otherwise.to_owned(),
        false if first.ends_with(['.', '!', '?']) => first.to_owned(),
        false => format!("{first}."),
    }
}

/// The limits of a node, as a sentence.
fn limits(node: &Value) -> Option<String> {
    let number = |name: &str| node.get(name).filter(|it| it.is_number()).map(ToString::to_string);
    let between = |low: Option<String>, high: Option<String>, what: &str| match (low, high) {
        (Some(low), Some(high)) if low == high => Some(format!("Exactly {low}{what}.")),
        (Some(low), Some(high)) => Some(format!("{low} to {high}{what}.")),
        (Some(low), None) if low != "0" => Some(format!("At least {low}{what}.")),
        (None, Some(high)) => Some(format!("At most {high}{what}.")),
        _ => None,
    };
    between(number("minimum"), number("maximum"), "")
        .or_else(|| between(number("minLength"), number("maxLength"), " characters"))
        .or_else(|| between(number("minItems"), number("maxItems"), " elements"))
}
