//! `aws:cloudcontrol/resource`: any resource type that AWS or a publisher has registered with CloudFormation, through the Cloud Control API.
//!
//! The generic path, for what has no file of its own yet. It costs what a file would have known: which property forces a replacement is said by
//! whoever writes the program ([`Desired::fixed`]), a property is compared as far as it is declared, nothing marks the thing as ours, and since it
//! may hold anything it counts as a data store. `cargo xtask new-type` drafts the file.
//!
//! ```
//! use formwork_aws::cloudcontrol::{Property, Resource};
//! use formwork_engine::Stack;
//!
//! fn workgroup(stack: &mut Stack) {
//!     let limits = Property::object([("BytesScannedCutoffPerQuery", 1_000_000_000_i64.into())]);
//!     let reports = Resource::of("AWS::Athena::WorkGroup")
//!         .fixed("Name", "reports")
//!         .property("Description", "what the business asks")
//!         .property("WorkGroupConfiguration", limits);
//!     let reports = stack.add("reports", reports.build());
//!     stack.export("created", reports.attributes.field("CreationTime"));
//! }
//! ```

use std::collections::BTreeMap;

use aws_sdk_cloudcontrol::types::{Operation, ProgressEvent};
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::{Declared, Expr, Hazard, IntoInput, Json, Outputs, Resource as Derive, Secret, Stack, id};
use serde_json::{Value as Document, json};

use super::patch::patch;
use super::property::{Property, covers};
use super::requests;
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::iam::{PolicyDocument, Principal, Role, Statement};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};
use crate::questions::each;

id! {
    /// Type and primary identifier as `AWS::Athena::WorkGroup|reports`.
    pub struct ResourceId;
}

impl ResourceId {
    fn of(type_name: &str, identifier: &str) -> Self {
        Self::new(format!("{type_name}|{identifier}"))
    }

    fn parts(&self) -> (&str, &str) {
        self.as_str().split_once('|').unwrap_or((self.as_str(), ""))
    }
}

impl ResourceId {
    fn parts_owned(&self) -> (String, String) {
        let (type_name, identifier) = self.parts();
        (type_name.to_owned(), identifier.to_owned())
    }
}

const GONE: &[&str] = &["ResourceNotFoundException"];

/// A resource of any type. Written with [`Resource::of`].
///
/// Its create carries a client token, so that a repeated one makes nothing twice. That is no proof of what a lost one has made, since requests do
/// not tell their tokens: for the engine it is a type that is told apart by what it is called.
#[derive(Derive)]
#[resource(
    kind = "aws:cloudcontrol/resource",
    cfn = "",
    id = ResourceId,
    outputs = ResourceOutputs,
    guard = unique_name,
    data_store,
    visibility = 120,
    create_wait = (2, 5, 1, 7200),
    update_wait = (2, 5, 1, 7200),
    delete_wait = (2, 5, 1, 7200)
)]
pub struct Resource {
    /// The type, such as `AWS::Athena::WorkGroup`.
    #[arg(replace)]
    pub type_name: String,
    /// Properties that only a new resource can have otherwise: those which the type's schema lists as `createOnlyProperties`.
    #[arg(replace, default, same = covered)]
    pub fixed: BTreeMap<String, Json>,
    /// Properties that are changed in place. One that is taken out of the program stays as it is.
    #[arg(in_place, default, same = covered, hazards = anything)]
    pub properties: BTreeMap<String, Json>,
    /// Properties that cannot be read: those which the schema lists as `writeOnlyProperties`. They are sent again with every change.
    #[arg(in_place, default, write_only)]
    pub unread: BTreeMap<String, Json>,
    /// The same of which nobody is to know the value.
    #[arg(in_place, default, write_only)]
    pub secrets: BTreeMap<String, Option<Secret<String>>>,
    /// The version of a type of one's own; the default one when absent.
    #[arg(in_place, write_only)]
    pub type_version: Option<String>,
    /// The role that the type's handlers act as; the caller when absent.
    #[arg(in_place, write_only)]
    pub role: Option<Arn<Role>>,
}

/// Whether all declared properties are found as they were declared.
fn covered(wanted: &BTreeMap<String, Json>, found: &BTreeMap<String, Json>) -> bool {
    let (wanted, found) = (documents(wanted), documents(found));
    wanted.iter().all(|(name, wanted)| found.get(name).is_some_and(|found| covers(wanted, found)))
}

/// What a change does is known to the type alone.
fn anything(_: &BTreeMap<String, Json>, _: &BTreeMap<String, Json>) -> &'static [Hazard] {
    &[Hazard::Outage]
}

/// What is known of it once it is there.
#[derive(Outputs)]
pub struct ResourceOutputs {
    /// Type and identifier.
    pub id: ResourceId,
    /// The primary identifier, as the schema of the type makes it: several parts stand in a row with `|` between.
    pub identifier: String,
    /// Every property that can be read: a text as it is, anything else as JSON. `attributes.field("Arn")`.
    #[output(always)]
    pub attributes: BTreeMap<String, String>,
}

/// A resource as it is to be, property by property.
#[derive(Debug, Clone)]
pub struct Desired {
    type_name: String,
    fixed: BTreeMap<String, Expr>,
    properties: BTreeMap<String, Expr>,
    unread: BTreeMap<String, Expr>,
    secrets: BTreeMap<String, Expr>,
    type_version: Option<String>,
    role: Option<Expr>,
}

impl Resource {
    /// Starts with the type, such as `AWS::Athena::WorkGroup`.
    pub fn of(type_name: &str) -> Desired {
        Desired {
            type_name: type_name.to_owned(),
            fixed: BTreeMap::new(),
            properties: BTreeMap::new(),
            unread: BTreeMap::new(),
            secrets: BTreeMap::new(),
            type_version: None,
            role: None,
        }
    }
}

impl Desired {
    /// With a property that is changed in place. One with a secret in it is kept like a secret.
    #[must_use]
    pub fn property(mut self, name: &str, value: impl Into<Property>) -> Self {
        let value = value.into().into_expr();
        let into = if value.may_be_secret() { &mut self.secrets } else { &mut self.properties };
        into.insert(name.to_owned(), value);
        self
    }

    /// With all properties of a JSON object, such as a struct that serde has written.
    #[must_use]
    pub fn properties(mut self, object: serde_json::Map<String, Document>) -> Self {
        let texts = object.into_iter().map(|(name, value)| (name, Property::from(value).into_expr()));
        self.properties.extend(texts);
        self
    }

    /// With a property that only a new resource can have otherwise: a change of it plans a replacement.
    #[must_use]
    pub fn fixed(mut self, name: &str, value: impl Into<Property>) -> Self {
        self.fixed.insert(name.to_owned(), value.into().into_expr());
        self
    }

    /// With a property that cannot be read.
    #[must_use]
    pub fn unread(mut self, name: &str, value: impl Into<Property>) -> Self {
        self.unread.insert(name.to_owned(), value.into().into_expr());
        self
    }

    /// With a secret text as a property: never shown, never recorded, and never compared but by its digest.
    #[must_use]
    pub fn secret(mut self, name: &str, value: impl IntoInput<Secret<String>>) -> Self {
        let value = Expr::Json(Box::new(value.into_input().into()));
        self.secrets.insert(name.to_owned(), Expr::Secret(Box::new(value)));
        self
    }

    /// With this version of a type of one's own.
    #[must_use]
    pub fn type_version(mut self, version: &str) -> Self {
        self.type_version = Some(version.to_owned());
        self
    }

    /// With a role for the type's handlers.
    #[must_use]
    pub fn role(mut self, role: impl IntoInput<Arn<Role>>) -> Self {
        self.role = Some(role.into_input().into());
        self
    }

    /// The declaration, for [`Stack::add`].
    pub fn build(self) -> Declared<Resource> {
        let maps = [
            ("fixed", self.fixed),
            ("properties", self.properties),
            ("unread", self.unread),
            ("secrets", self.secrets),
        ];
        let mut args = BTreeMap::from([("type_name".to_owned(), Expr::text(self.type_name))]);
        for (name, map) in maps {
            if !map.is_empty() {
                args.insert(name.to_owned(), Expr::Record(map));
            }
        }
        args.extend(self.type_version.map(|version| ("type_version".to_owned(), Expr::text(version))));
        args.extend(self.role.map(|role| ("role".to_owned(), role)));
        Declared::new(args)
    }
}

impl Lifecycle for Resource {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let call = aws
            .cloudcontrol()
            .create_resource()
            .type_name(&args.type_name)
            .set_type_version_id(args.type_version.clone())
            .set_role_arn(args.role.as_ref().map(ToString::to_string))
            .client_token(&owner.token)
            .desired_state(args.desired_state());
        let event = started("cloudcontrol CreateResource", call.send().await?.progress_event)?;
        // What it is called is known when it is there, and a name that is only proposed may be somebody else's.
        let event = requests::over(aws, event).await?;
        let id = ResourceId::of(&args.type_name, requests::made(&event)?).to_string();
        Ok(Created { waiting: event.request_token, ..Created::whole(id) })
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let answers = each(waiting, |one| one_status(aws, one)).await;
        let mut found = BTreeMap::new();
        let mut there = Vec::new();
        for (one, answer) in waiting.iter().zip(answers) {
            match answer? {
                Status::Gone => {}
                Status::Ready if one.change.is_none() => there.push(one.id.clone()),
                status => drop(found.insert(one.id.clone(), status)),
            }
        }
        if !there.is_empty() {
            // Of something that is there, only its last deletion can say whether it is going.
            let deletions = requests::deletions(aws).await?;
            for id in there {
                let (type_name, identifier) = ResourceId::new(&id).parts_owned();
                let last = deletions.get(&(type_name, identifier)).map(requests::status);
                let status = last.filter(|status| *status != Status::Gone).unwrap_or(Status::Ready);
                found.insert(id, status);
            }
        }
        Ok(found)
    }

    async fn read(aws: &Aws, ids: &[ResourceId]) -> Result<Readings<Self>> {
        let seen = each(ids, |id| async move {
            let (type_name, _) = id.parts();
            let model = get(aws, id).await?;
            model.map(|model| observe(id, type_name, model)).transpose()
        })
        .await;
        Ok(ids.iter().cloned().zip(seen).filter_map(|(id, seen)| Some((id, seen.transpose()?))).collect())
    }

    async fn find(aws: &Aws, _: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        // No tag, and requests do not tell their client tokens: it is one that was asked for through this very path and is as it was declared.
        let creates = requests::all(aws, Operation::Create).await?.into_iter();
        let of_type = creates.filter(|event| event.type_name() == Some(&args.type_name));
        let ended = each(of_type, |event| requests::over(aws, event)).await.into_iter().collect::<Result<Vec<_>>>()?;
        let found = each(requests::undisputed(&ended), |identifier| async move {
            let id = ResourceId::of(&args.type_name, identifier);
            let there = get(aws, &id).await?.map(|model| observe(&id, &args.type_name, model)).transpose()?;
            let fits = there.is_some_and(|there| {
                covered(&args.fixed, &there.args.fixed) && covered(&args.properties, &there.args.properties)
            });
            Ok(fits.then(|| Candidate { id: id.to_string(), proof: Proof::Name }))
        });
        Ok(found.await.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<ResourceChanges>> {
        // The rest goes with every call.
        let ResourceChanges { properties, unread, secrets, type_version: _, role: _ } = update.changes;
        let Update { id, now, planned, .. } = update;
        if !(properties || unread || secrets) {
            return Ok(Updated::done());
        }
        let changes = patch(&documents(&now.properties), &documents(&planned.properties), &planned.never_read());
        if changes.is_empty() {
            return Ok(Updated::done());
        }
        let (type_name, identifier) = id.parts();
        let call = aws
            .cloudcontrol()
            .update_resource()
            .type_name(type_name)
            .identifier(identifier)
            .set_type_version_id(planned.type_version.clone())
            .set_role_arn(planned.role.as_ref().map(ToString::to_string))
            .patch_document(Document::from(changes).to_string());
        let event = started("cloudcontrol UpdateResource", call.send().await?.progress_event)?;
        Ok(Updated { waiting: event.request_token, ..Updated::done() })
    }

    async fn delete(aws: &Aws, id: &ResourceId, recorded: &Self) -> Result<Deletion> {
        let (type_name, identifier) = id.parts();
        let call = aws
            .cloudcontrol()
            .delete_resource()
            .type_name(type_name)
            .identifier(identifier)
            .set_type_version_id(recorded.type_version.clone())
            .set_role_arn(recorded.role.as_ref().map(ToString::to_string));
        let gone = call.send().await.or_gone(GONE)?.is_none();
        Ok(if gone { Deletion::Done } else { Deletion::Wait })
    }
}

impl Resource {
    /// Everything that is declared, as one document.
    fn desired_state(&self) -> String {
        let mut all = documents(&self.fixed);
        all.extend(documents(&self.properties));
        all.extend(self.never_read());
        Document::from_iter(all).to_string()
    }

    /// What cannot be read, secrets in the clear: for what is sent.
    fn never_read(&self) -> BTreeMap<String, Document> {
        let secrets = self.secrets.iter().filter_map(|(name, value)| Some((name, value.as_ref()?.reveal())));
        documents(&self.unread).into_iter().chain(secrets.map(|(name, text)| (name.clone(), document(text)))).collect()
    }
}

/// A property's JSON. One that is none is taken for a text: it was made of an output that is one.
fn document(text: &str) -> Document {
    serde_json::from_str(text).unwrap_or_else(|_| Document::from(text))
}

fn documents(of: &BTreeMap<String, Json>) -> BTreeMap<String, Document> {
    of.iter().map(|(name, text)| (name.clone(), document(text.as_str()))).collect()
}

fn started(operation: &str, event: Option<ProgressEvent>) -> Result<ProgressEvent> {
    event.ok_or_else(|| Error::unexpected(operation, "no request in the answer"))
}

async fn one_status(aws: &Aws, waiting: &Waiting) -> Result<Status> {
    if let Some(token) = &waiting.change
        && let Some(event) = requests::request(aws, token).await?
    {
        return Ok(requests::status(&event));
    }
    let there = get(aws, &ResourceId::new(&waiting.id)).await?.is_some();
    Ok(if there { Status::Ready } else { Status::Gone })
}

async fn get(aws: &Aws, id: &ResourceId) -> Result<Option<String>> {
    let (type_name, identifier) = id.parts();
    let call = aws.cloudcontrol().get_resource().type_name(type_name).identifier(identifier);
    let Some(answer) = call.send().await.or_gone(GONE)? else { return Ok(None) };
    let model = answer.resource_description.and_then(|description| description.properties);
    model.map(Some).ok_or_else(|| Error::unexpected("cloudcontrol GetResource", "no properties in the answer"))
}

fn observe(id: &ResourceId, type_name: &str, model: String) -> Result<Observed<Resource>> {
    let model: serde_json::Map<String, Document> = serde_json::from_str(&model).map_err(|error| {
        Error::unexpected("cloudcontrol GetResource", format!("its properties are no object: {error}"))
    })?;
    let properties: BTreeMap<String, Json> =
        model.iter().map(|(name, value)| (name.clone(), Json::new(value.to_string()))).collect();
    let attributes = model.into_iter().map(|(name, value)| match value {
        Document::String(text) => (name, text),
        other => (name, other.to_string()),
    });
    let outputs =
        ResourceOutputs { id: id.clone(), identifier: id.parts().1.to_owned(), attributes: attributes.collect() };
    let args = Resource {
        type_name: type_name.to_owned(),
        fixed: properties.clone(),
        properties,
        unread: BTreeMap::new(),
        secrets: BTreeMap::new(),
        type_version: None,
        role: None,
    };
    Ok(Observed::new(args, outputs, None))
}

impl Conforms for Resource {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let role = |stack: &mut Stack, name: &str| {
            let handlers = Principal::service("resources.cloudformation.amazonaws.com");
            let trust = PolicyDocument::of([Statement::allow().principal(handlers).action("sts:AssumeRole")]);
            stack.add(name, Role::builder().name(name).assume_role_policy(trust).build())
        };
        let handlers = role(stack, "handlers");
        let others = role(stack, "other-handlers");
        let map = |entries: &[(&str, Document)]| {
            let texts = entries.iter().map(|(name, value)| ((*name).to_owned(), Expr::text(value.to_string())));
            Expr::Record(texts.collect())
        };
        let base = Resource::of("AWS::RedshiftServerless::Namespace")
            .fixed("NamespaceName", "reports")
            .property("AdminUsername", "admin")
            .property("LogExports", Property::list(["userlog".into()]))
            .unread("FinalSnapshotRetentionPeriod", 7)
            .secret("AdminUserPassword", Secret::new("Correct-Horse-1".to_owned()))
            .type_version("00000001")
            .role(&handlers.arn)
            .build();
        let secret = Expr::Secret(Box::new(Expr::text("\"Battery-Staple-2\"")));
        Conformance::of(base)
            .on_double("Cloud Control's own model, and two types of Redshift Serverless")
            .change("properties", map(&[("LogExports", json!(["userlog", "connectionlog"]))]))
            .change("unread", map(&[("FinalSnapshotRetentionPeriod", json!(14))]))
            .change("secrets", Expr::Record([("AdminUserPassword".to_owned(), secret)].into()))
            .change("type_version", "00000002")
            .change("role", &others.arn)
            .change("fixed", map(&[("NamespaceName", json!("figures"))]))
            .change("type_name", "AWS::RedshiftServerless::Workgroup")
            .together_with("fixed", map(&[("WorkgroupName", json!("figures"))]))
            .together_with("properties", map(&[("BaseCapacity", json!(32))]))
            .together_with("unread", map(&[]))
            .together_with("secrets", map(&[]))
    }
}
