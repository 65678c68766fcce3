//! What `pulumi stack export` writes: a deployment of version 3, or of version 4, which adds features that do not matter here.
//!
//! ```text
//! {"version": 3, "deployment": {"manifest": {…}, "resources": [
//!   {"urn": "urn:pulumi:dev::shop::shop:net:Network$aws:ec2/subnet:Subnet::private-a", "custom": true, "id": "subnet-…",
//!    "type": "aws:ec2/subnet:Subnet", "inputs": {…}, "outputs": {…}, "parent": …, "external": …, "delete": …}]}}
//! ```
//!
//! A secret is an object with the key [`SIGNATURE`] in the place of the value, encrypted or (`--show-secrets`) in the clear. No such object
//! is looked into.

use std::path::Path;

use formwork_engine::Error;
use serde_json::Value as Json;

use super::document::{Document, Spot};
use super::table::{Attribute, of_pulumi};
use super::{File, Is, Item, Place, once};

const ACT: &str = "read the export of Pulumi";

/// The key of an object that stands for something else: a secret, an asset, a reference.
const SIGNATURE: &str = "4dabf18193072939515e22adb298388d";

/// Reads an export.
///
/// # Errors
/// When it is none of version 3 or 4. What is wrong is named by its place.
pub(crate) fn read(file: &Path) -> Result<File, Error> {
    export(&Document::read(file, ACT)?)
}

fn export(document: &Document) -> Result<File, Error> {
    let root = document.root();
    check_version(&root)?;
    let deployment = root.needed("deployment")?;
    if !deployment.json().is_object() {
        return Err(deployment.is_not("an object"));
    }
    let mut items = Vec::new();
    for resource in deployment.list("resources")? {
        items.push(item(&resource)?);
    }
    once(&mut items);
    let mut notes = Vec::new();
    let pending = deployment.list("pending_operations")?.len();
    if pending > 0 {
        notes.push(format!(
            "{pending} operation{} of Pulumi had not ended: what {} made may be missing in the file",
            if pending == 1 { "" } else { "s" },
            if pending == 1 { "it" } else { "they" }
        ));
    }
    let version = match deployment.entry("manifest") {
        Some(manifest) => manifest.optional_text("version")?.map(|version| format!(" {version}")).unwrap_or_default(),
        None => String::new(),
    };
    Ok(File { path: document.file().to_owned(), written_by: format!("Pulumi{version}"), items, notes })
}

fn check_version(root: &Spot<'_>) -> Result<(), Error> {
    let has = |name: &str| root.entry(name).is_some();
    if has("checkpoint") {
        let reason = "it is a checkpoint, as a backend of Pulumi keeps it";
        return Err(root.wrong(reason).hint("`pulumi stack export` writes what is read here"));
    }
    if has("terraform_version") || has("format_version") {
        return Err(root.wrong("it is a file of Terraform's").hint("--from-terraform reads a state of Terraform"));
    }
    match root.needed("version")?.json().as_u64() {
        Some(3 | 4) => Ok(()),
        Some(version) => Err(root
            .wrong(format!("it is a deployment of version {version}, and 3 and 4 are read"))
            .hint("`pulumi stack export` of a present version of Pulumi writes version 3 or 4")),
        None => Err(root.wrong("`version` is no number: it is no export of Pulumi")),
    }
}

fn item(resource: &Spot<'_>) -> Result<Item, Error> {
    let (address, of) = (resource.text("urn")?.to_owned(), resource.text("type")?.to_owned());
    let id = resource.optional_text("id")?.filter(|id| !id.is_empty());
    let [outputs, inputs] = ["outputs", "inputs"].map(|name| resource.entry(name));
    for values in [&outputs, &inputs].into_iter().flatten() {
        if !values.json().is_object() {
            return Err(values.is_not("an object"));
        }
    }
    let of_map = |values: &Option<Spot<'_>>, name: &str| match values.as_ref()?.json().get(name)? {
        Json::String(text) if !text.is_empty() => Some(Attribute::Text(text.clone())),
        Json::Bool(_) | Json::Number(_) => Some(Attribute::Text(values.as_ref()?.json().get(name)?.to_string())),
        Json::Object(map) if map.contains_key(SIGNATURE) => Some(Attribute::Withheld),
        _ => None,
    };
    let attribute = |name: &str| match (name, id) {
        ("id", Some(id)) => Attribute::Text(id.to_owned()),
        _ => of_map(&outputs, name).or_else(|| of_map(&inputs, name)).unwrap_or(Attribute::Missing),
    };
    let text = |name: &str| match attribute(name) {
        Attribute::Text(text) => Some(text),
        Attribute::Missing | Attribute::Withheld => None,
    };
    let left_out = |why: &str| Is::LeftOut(why.to_owned());
    let is = if of.starts_with("pulumi:") {
        left_out("it is Pulumi's own")
    } else if !resource.truth("custom")? {
        left_out("it is a component: what it holds is listed by itself")
    } else if resource.truth("external")? {
        left_out("it was only looked up")
    } else if resource.truth("delete")? {
        left_out("Pulumi has replaced it and not deleted it yet")
    } else if resource.entry("viewOf").is_some() {
        left_out("it is a view of another resource")
    } else {
        match (of_pulumi(&of, attribute), id) {
            (Is::Thing { .. }, None) => return Err(resource.wrong("`id` is missing")),
            (is, _) => is,
        }
    };
    let mut notes = Vec::new();
    let replaced = resource.truth("pendingReplacement")? || resource.truth("taint")?;
    if replaced && !matches!(is, Is::LeftOut(_)) {
        notes.push("Pulumi would replace it".to_owned());
    }
    if !resource.list("initErrors")?.is_empty() {
        notes.push("Pulumi could not finish making it".to_owned());
    }
    let place = match is {
        Is::Thing { .. } => Place::of(text("arn").as_deref(), text("region")),
        _ => Place::default(),
    };
    Ok(Item { address, of, is, place, notes })
}

#[cfg(test)]
mod tests;
