//! The file of a [`Skeleton`], before rustfmt.

use std::fmt::Write as _;

use super::model::{Block, Choice, Field, Skeleton, Type};
use super::names;

/// How wide a comment is.
const WIDTH: usize = 136;

/// The whole file.
pub(crate) fn file(skeleton: &Skeleton) -> String {
    let mut out = String::new();
    head(&mut out, skeleton);
    out.push_str(&imports(skeleton));
    identity(&mut out, skeleton);
    resource(&mut out, skeleton);
    for arg in skeleton.args.iter().filter(|arg| arg.decide) {
        decision(&mut out, arg);
    }
    for block in &skeleton.blocks {
        nested(&mut out, block);
    }
    for choice in &skeleton.choices {
        words(&mut out, choice);
    }
    outputs(&mut out, skeleton);
    verbs(&mut out, skeleton);
    out
}

macro_rules! line {
    ($out:expr, $($text:tt)*) => {
        // Writing to a String cannot fail.
        let _ = writeln!($out, $($text)*);
    };
}

fn head(out: &mut String, skeleton: &Skeleton) {
    comment(out, "//!", "", &format!("`{}`: {}", skeleton.kind, skeleton.doc));
    line!(out, "");
}

fn imports(skeleton: &Skeleton) -> String {
    let fields = || {
        let blocks = skeleton.blocks.iter().flat_map(|block| &block.fields);
        skeleton.args.iter().chain(&skeleton.outputs).chain(blocks)
    };
    let uses = |wanted: fn(&Type) -> bool| fields().any(|field| holds(&field.ty, wanted));
    let mut collections = vec!["BTreeMap"];
    if uses(|ty| matches!(ty, Type::Set(_))) {
        collections.push("BTreeSet");
    }
    let mut engine = vec!["Outputs", "Resource", "id"];
    let named = [
        ("Block", !skeleton.blocks.is_empty()),
        ("Change", skeleton.args.iter().any(|arg| arg.decide)),
        ("Choice", !skeleton.choices.is_empty()),
        ("Json", uses(|ty| *ty == Type::Json)),
        ("Name", uses(|ty| *ty == Type::Name)),
        ("Secret", uses(|ty| *ty == Type::Secret)),
    ];
    engine.extend(named.into_iter().filter_map(|(name, used)| used.then_some(name)));
    let arn = if skeleton.outputs.iter().any(|output| output.name == "arn") { "use crate::arn::Arn;\n" } else { "" };
    let tags = if uses(|ty| *ty == Type::Tags) { "use crate::tags::Tags;\n" } else { "" };
    format!(
        "use std::collections::{{{}}};\n\n\
         use formwork_engine::kind::{{Candidate, Created, Deletion, Owner, Status, Waiting}};\n\
         use formwork_engine::{{{}}};\n\n\
         {arn}use crate::context::Aws;\nuse crate::error::{{Error, Result}};\n\
         use crate::lifecycle::{{Lifecycle, Readings, Update, Updated}};\n{tags}\n",
        collections.join(", "),
        engine.join(", "),
    )
}

fn identity(out: &mut String, skeleton: &Skeleton) {
    let noun = &skeleton.noun;
    let made = match skeleton.identifier.as_slice() {
        [] => "as AWS answers it".to_owned(),
        [one] => format!("its `{one}`"),
        several => format!("its `{}`", several.join("` and `")),
    };
    line!(out, "id! {{\n    /// What names one: {made}.\n    pub struct {noun}Id;\n}}\n");
}

fn resource(out: &mut String, skeleton: &Skeleton) {
    let noun = &skeleton.noun;
    comment(out, "///", "", &skeleton.doc);
    line!(out, "#[derive(Resource)]\n#[resource(");
    line!(out, "    kind = \"{}\",\n    cfn = \"{}\",", skeleton.kind, skeleton.cfn);
    line!(out, "    id = {noun}Id,\n    outputs = {noun}Outputs,");
    match skeleton.name() {
        Some(_) => {
            line!(out, "    guard = unique_name,\n    natural_key(name),");
        }
        None => {
            line!(out, "    guard = tag_only,");
        }
    }
    for (wait, minutes) in ["create_wait", "update_wait", "delete_wait"].into_iter().zip(skeleton.minutes) {
        if let Some(minutes) = minutes {
            line!(out, "    {wait} = (0, 5, 1, {}),", minutes * 60);
        }
    }
    line!(out, ")]\npub struct {noun} {{");
    for arg in &skeleton.args {
        field(out, arg, true);
    }
    line!(out, "}}\n");
}

fn field(out: &mut String, field: &Field, top: bool) {
    comment(out, "///", "    ", &field.doc);
    let optional = is_optional(field);
    let collection = matches!(field.ty, Type::List(_) | Type::Set(_) | Type::Map(_) | Type::Tags);
    let mut says = Vec::new();
    match (field.decide, field.replace, top) {
        (true, ..) => says.push(format!("decide = {}", decider(field))),
        (false, true, _) => says.push("replace".to_owned()),
        (false, false, true) => says.push("in_place".to_owned()),
        (false, false, false) => {}
    }
    match &field.default {
        Some(value) if !field.required => says.push(format!("default = {value}")),
        _ if collection && !field.required => says.push("default".to_owned()),
        _ => {}
    }
    if field.write_only {
        says.push("write_only".to_owned());
    }
    if field.ty == Type::Tags {
        says.push("tags".to_owned());
    }
    if names::pascal(&field.name) != field.cfn {
        says.push(format!("cfn = \"{}\"", field.cfn));
    }
    if !says.is_empty() {
        line!(out, "    #[arg({})]", says.join(", "));
    }
    let ty = rust(&field.ty);
    let ty = if optional { format!("Option<{ty}>") } else { ty };
    line!(out, "    pub {}: {ty},", names::field(&field.name));
}

/// Whether not declaring it leaves it to AWS.
fn is_optional(field: &Field) -> bool {
    let collection = matches!(field.ty, Type::List(_) | Type::Set(_) | Type::Map(_) | Type::Tags);
    !field.required && field.default.is_none() && !collection
}

fn decider(field: &Field) -> String {
    format!("{}_change", field.name)
}

fn decision(out: &mut String, arg: &Field) {
    let ty = rust(&arg.ty);
    let ty = if is_optional(arg) { format!("Option<{ty}>") } else { ty };
    let text = format!(
        "CloudFormation says that the values of `{}` decide. Until it is known how: the careful answer.",
        arg.cfn
    );
    comment(out, "///", "", &text);
    line!(out, "fn {}(_: &{ty}, _: &{ty}) -> Change {{\n    Change::Replace\n}}\n", decider(arg));
}

fn nested(out: &mut String, block: &Block) {
    comment(out, "///", "", &block.doc);
    line!(out, "#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]\npub struct {} {{", block.name);
    for one in &block.fields {
        field(out, one, false);
    }
    line!(out, "}}\n");
}

fn words(out: &mut String, choice: &Choice) {
    comment(out, "///", "", &choice.doc);
    line!(out, "#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]\npub enum {} {{", choice.name);
    for (variant, word) in &choice.words {
        line!(out, "    /// `{word}`.\n    #[choice({word:?})]\n    {variant},");
    }
    line!(out, "}}\n");
}

fn outputs(out: &mut String, skeleton: &Skeleton) {
    let noun = &skeleton.noun;
    line!(out, "/// What is known of one once it is there.\n#[derive(Outputs)]\npub struct {noun}Outputs {{");
    line!(out, "    /// The id.\n    pub id: {noun}Id,");
    for output in &skeleton.outputs {
        comment(out, "///", "    ", &output.doc);
        let ty = match output.name.as_str() {
            "arn" => format!("Arn<{noun}>"),
            _ => rust(&output.ty),
        };
        line!(out, "    pub {}: {ty},", names::field(&output.name));
    }
    line!(out, "}}\n");
}

fn verbs(out: &mut String, skeleton: &Skeleton) {
    let (noun, kind) = (&skeleton.noun, &skeleton.kind);
    line!(out, "impl Lifecycle for {noun} {{");
    called(out, skeleton, "create");
    line!(out, "    async fn create(_: &Aws, _: &Owner, _: &Self) -> Result<Created> {{");
    line!(out, "        Err(unwritten(\"create\"))\n    }}\n");
    line!(out, "    async fn status(_: &Aws, _: &[Waiting]) -> Result<BTreeMap<String, Status>> {{");
    line!(out, "        Err(unwritten(\"status\"))\n    }}\n");
    called(out, skeleton, "read");
    line!(out, "    async fn read(_: &Aws, _: &[{noun}Id]) -> Result<Readings<Self>> {{");
    line!(out, "        Err(unwritten(\"read\"))\n    }}\n");
    called(out, skeleton, "find");
    line!(out, "    async fn find(_: &Aws, _: &Owner, _: Option<&Self>) -> Result<Vec<Candidate>> {{");
    line!(out, "        Err(unwritten(\"find\"))\n    }}\n");
    called(out, skeleton, "update");
    line!(out, "    async fn update(_: &Aws, update: Update<'_, Self>) -> Result<Updated<{noun}Changes>> {{");
    let changed: Vec<&Field> = skeleton.args.iter().filter(|arg| arg.decide || !arg.replace).collect();
    if changed.is_empty() {
        line!(out, "        let {noun}Changes {{}} = update.changes;");
    } else {
        let list: Vec<String> = changed.iter().map(|arg| names::field(&arg.name)).collect();
        line!(out, "        let {noun}Changes {{ {} }} = update.changes;", list.join(", "));
        for arg in changed {
            line!(out, "        if {} {{", names::field(&arg.name));
            line!(out, "            return Err(unwritten(\"change of {}\"));\n        }}", arg.name);
        }
    }
    line!(out, "        Ok(Updated::done())\n    }}\n");
    called(out, skeleton, "delete");
    line!(out, "    async fn delete(_: &Aws, _: &{noun}Id, _: &Self) -> Result<Deletion> {{");
    line!(out, "        Err(unwritten(\"delete\"))\n    }}\n}}\n");
    line!(out, "/// What a verb says that is not written yet.");
    line!(out, "fn unwritten(verb: &str) -> Error {{");
    line!(out, "    Error::refused(\"{kind}\", format!(\"its {{verb}} is not written yet\"))\n}}");
}

/// What AWS's own handler calls, above a verb.
fn called(out: &mut String, skeleton: &Skeleton, verb: &str) {
    let calls = skeleton.calls.get(verb).map(Vec::as_slice).unwrap_or_default();
    if !calls.is_empty() {
        comment(out, "//", "    ", &format!("AWS's own handler calls {}.", calls.join(", ")));
    }
}

/// The type in Rust.
fn rust(ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".to_owned(),
        Type::Int => "i64".to_owned(),
        Type::Text | Type::Number => "String".to_owned(),
        Type::Json => "Json".to_owned(),
        Type::Secret => "Secret<String>".to_owned(),
        Type::Name => "Name".to_owned(),
        Type::Tags => "Tags".to_owned(),
        Type::Named(name) => name.clone(),
        Type::List(inner) => format!("Vec<{}>", rust(inner)),
        Type::Set(inner) => format!("BTreeSet<{}>", rust(inner)),
        Type::Map(inner) => format!("BTreeMap<String, {}>", rust(inner)),
    }
}

fn holds(ty: &Type, wanted: fn(&Type) -> bool) -> bool {
    wanted(ty)
        || match ty {
            Type::List(inner) | Type::Set(inner) | Type::Map(inner) => holds(inner, wanted),
            _ => false,
        }
}

/// A comment, wrapped.
fn comment(out: &mut String, mark: &str, indent: &str, text: &str) {
    let mut row = format!("{indent}{mark}");
    for word in text.split_whitespace() {
        if row.len() + 1 + word.len() > WIDTH && row.len() > indent.len() + mark.len() {
            line!(out, "{row}");
            row = format!("{indent}{mark}");
        }
        row.push(' ');
        row.push_str(word);
    }
    line!(out, "{row}");
}
