//! A state file of Terraform or OpenTofu, format 4.
//!
//! ```text
//! {"version": 4, "terraform_version": …, "serial": n, "resources": [
//!   {"module": "module.network.module.zone[\"a\"]", "mode": "managed", "type": "aws_subnet", "name": "private",
//!    "instances": [{"index_key": 0, "status": "tainted", "deposed": …, "attributes": {…}, "sensitive_attributes": [[…]]}]}]}
//! ```

use std::collections::BTreeSet;
use std::path::Path;

use formwork_engine::Error;
use serde_json::Value as Json;

use super::document::{Document, Spot};
use super::table::{Attribute, of_terraform};
use super::{File, Is, Item, Place, once};

const ACT: &str = "read the state of Terraform";

/// Reads a state file.
///
/// # Errors
/// When it is none of format 4. What is wrong is named by its place.
pub(crate) fn read(file: &Path) -> Result<File, Error> {
    state(&Document::read(file, ACT)?)
}

fn state(document: &Document) -> Result<File, Error> {
    let root = document.root();
    check_version(&root)?;
    let mut items = Vec::new();
    for resource in root.list("resources")? {
        let (mode, of, name) = (resource.text("mode")?, resource.text("type")?, resource.text("name")?);
        if !matches!(mode, "managed" | "data") {
            return Err(resource.wrong("`mode` is neither managed nor data"));
        }
        let module = resource.optional_text("module")?.map(|module| format!("{module}.")).unwrap_or_default();
        let data = if mode == "data" { "data." } else { "" };
        resource.needed("instances")?;
        for instance in resource.list("instances")? {
            let address = format!("{module}{data}{of}.{name}{}", index(&instance)?);
            items.push(item(&instance, address, of, mode == "data")?);
        }
    }
    once(&mut items);
    let version = root.optional_text("terraform_version")?.map(|version| format!(" {version}")).unwrap_or_default();
    let serial = root.entry("serial").and_then(|serial| serial.json().as_u64());
    let serial = serial.map(|serial| format!(", serial {serial}")).unwrap_or_default();
    Ok(File {
        path: document.file().to_owned(),
        written_by: format!("Terraform{version}{serial}"),
        items,
        notes: Vec::new(),
    })
}

fn check_version(root: &Spot<'_>) -> Result<(), Error> {
    let has = |name: &str| root.entry(name).is_some();
    if has("encrypted_data") {
        return Err(root.wrong("it is encrypted").hint("`tofu state pull` writes it in the clear"));
    }
    if has("deployment") || has("checkpoint") {
        return Err(root
            .wrong("it is a file of Pulumi's")
            .hint("--from-pulumi reads what `pulumi stack export` writes"));
    }
    if has("format_version") {
        let reason = "it is the output of `terraform show -json`, which is another format";
        return Err(root.wrong(reason).hint("`terraform state pull` writes the state itself"));
    }
    match root.needed("version")?.json().as_u64() {
        Some(4) => Ok(()),
        Some(version @ 0..4) => Err(root.wrong(format!("it is a state of format {version}, and 4 is read")).hint(
            "Terraform 0.12 and later write format 4: `terraform apply -refresh-only` with one of them brings it up",
        )),
        Some(version) => Err(root.wrong(format!("it is a state of format {version}, and 4 is read"))),
        None => Err(root.wrong("`version` is no number: it is no state of Terraform")),
    }
}

/// `["a"]`, `[0]`, or nothing.
fn index(instance: &Spot<'_>) -> Result<String, Error> {
    let Some(key) = instance.entry("index_key") else { return Ok(String::new()) };
    match key.json() {
        Json::String(_) | Json::Number(_) => Ok(format!("[{}]", key.json())),
        _ => Err(key.is_not("text or a number")),
    }
}

fn item(instance: &Spot<'_>, address: String, of: &str, data: bool) -> Result<Item, Error> {
    let mut notes = Vec::new();
    let attributes = match (instance.entry("attributes"), instance.entry("attributes_flat")) {
        (Some(attributes), _) | (None, Some(attributes)) => attributes,
        (None, None) => return Err(instance.wrong("`attributes` is missing")),
    };
    if !attributes.json().is_object() {
        return Err(attributes.is_not("an object"));
    }
    let sensitive = sensitive(instance)?;
    let attribute = |name: &str| match attributes.json().get(name) {
        _ if sensitive.contains(name) => Attribute::Withheld,
        Some(Json::String(text)) if !text.is_empty() => Attribute::Text(text.clone()),
        // A rule of a network ACL is told by its number and direction.
        Some(plain @ (Json::Bool(_) | Json::Number(_))) => Attribute::Text(plain.to_string()),
        _ => Attribute::Missing,
    };
    let text = |name: &str| match attribute(name) {
        Attribute::Text(text) => Some(text),
        Attribute::Missing | Attribute::Withheld => None,
    };
    let deposed = instance.optional_text("deposed")?;
    let (address, is) = match deposed {
        _ if data => (address, Is::LeftOut("it was only looked up".to_owned())),
        Some(key) => {
            let why = "Terraform has replaced it and not deleted it yet".to_owned();
            (format!("{address} (deposed {key})"), Is::LeftOut(why))
        }
        None => (address, of_terraform(of, attribute)),
    };
    match instance.optional_text("status")? {
        None => {}
        Some("tainted") => notes.push("it is tainted: Terraform would replace it".to_owned()),
        Some(_) => return Err(instance.wrong("`status` is not tainted, which is all that it can be")),
    }
    // A thing whose type is not known has no place that would matter.
    let place = match is {
        Is::Thing { .. } => Place::of(text("arn").as_deref(), text("region")),
        _ => Place::default(),
    };
    Ok(Item { address, of: of.to_owned(), is, place, notes })
}

/// The attributes of which the file says that they, or something in them, are secret. Each is a path of steps.
fn sensitive<'a>(instance: &Spot<'a>) -> Result<BTreeSet<&'a str>, Error> {
    let mut names = BTreeSet::new();
    for path in instance.list("sensitive_attributes")? {
        // Before Terraform 0.13 it was a list of another form, and empty.
        let Json::Array(steps) = path.json() else { return Err(path.is_not("a list of steps")) };
        if let Some(Json::String(name)) = steps.first().and_then(|step| step.get("value")) {
            names.insert(name.as_str());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests;
