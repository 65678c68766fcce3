//! `aws:rds/parameter-group`: the settings of a database engine.
//!
//! ```
//! use formwork_aws::rds::ParameterGroup;
//!
//! let group = ParameterGroup::builder()
//!     .name("orders-postgres16")
//!     .family("postgres16")
//!     .parameters([("rds.force_ssl", "1"), ("log_min_duration_statement", "500")])
//!     .build();
//! # drop(group);
//! ```

use std::collections::BTreeMap;

use aws_sdk_rds::types::{DbParameterGroup, Parameter};
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Name, Outputs, Resource, Stack, id};

use super::parameters::{by_name, difference, example};
use super::{arn, candidate, retag, same_name, tags_by_arn, tags_of};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::{each, named};
use crate::tags::Tags;

id! {
    /// The name of a parameter group, in lower case, unique in its account and region.
    pub struct ParameterGroupName;
}

const GONE: &[&str] = &["DBParameterGroupNotFound", "DBParameterGroupNotFoundFault"];

/// The settings of a database engine, used by any number of instances.
///
/// A parameter that the engine can change while it runs is changed at once; a static one takes effect when an instance restarts, which
/// Formwork does not do by itself.
#[derive(Resource)]
#[resource(
    kind = "aws:rds/parameter-group",
    cfn = "AWS::RDS::DBParameterGroup",
    id = ParameterGroupName,
    outputs = ParameterGroupOutputs,
    guard = unique_name,
    natural_key(name),
    visibility = 120
)]
pub struct ParameterGroup {
    /// The name, 1 to 255 letters, digits and hyphens, beginning with a letter. Kept in lower case.
    #[arg(replace, same = same_name, cfn = "DBParameterGroupName")]
    pub name: Name,
    /// The engine and its major version, such as `postgres16`.
    #[arg(replace)]
    pub family: String,
    /// What it is for.
    #[arg(replace, default = "managed by Formwork")]
    pub description: String,
    /// The parameters that differ from the engine's defaults, such as `rds.force_ssl` = `1`. One that is taken out goes back to its default.
    #[arg(in_place, after_create, default)]
    pub parameters: BTreeMap<String, String>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// What is known of a parameter group once it is there.
#[derive(Outputs)]
pub struct ParameterGroupOutputs {
    /// The name, in lower case.
    pub id: ParameterGroupName,
    /// The ARN.
    pub arn: Arn<ParameterGroup>,
}

impl Lifecycle for ParameterGroup {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let answer = aws
            .rds()
            .create_db_parameter_group()
            .db_parameter_group_name(args.name.as_str())
            .db_parameter_group_family(&args.family)
            .description(&args.description)
            .set_tags(Some(tags_of(owner, &args.tags)))
            .send()
            .await?;
        let name = answer.db_parameter_group.and_then(|group| group.db_parameter_group_name);
        let missing = || Error::unexpected("rds CreateDBParameterGroup", "no name in the answer");
        Ok(Created::whole(name.ok_or_else(missing)?))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let groups = groups(aws, waiting.iter().map(|one| one.id.as_str())).await?;
        let found = groups.into_iter().map(|(name, group)| group.map(|_| name.to_owned()));
        Ok(all_ready(found.collect::<Result<Vec<_>>>()?))
    }

    async fn read(aws: &Aws, ids: &[ParameterGroupName]) -> Result<Readings<Self>> {
        let groups = groups(aws, ids.iter().map(ParameterGroupName::as_str)).await?;
        let names: Vec<_> = groups.keys().map(|name| ParameterGroupName::new(*name)).collect();
        let seen = each(groups.into_values(), |group| async { observe(aws, group?).await }).await;
        Ok(names.into_iter().zip(seen).filter_map(|(id, seen)| Some((id, seen.transpose()?))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let Some(group) = describe(aws, args.name.as_str()).await? else { return Ok(Vec::new()) };
        let arn = group.db_parameter_group_arn.unwrap_or_default();
        let Some(tags) = tags_by_arn(aws, &arn, GONE).await? else { return Ok(Vec::new()) };
        Ok(group.db_parameter_group_name.map(|name| candidate(owner, name, tags.owner.as_ref())).into_iter().collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<ParameterGroupChanges>> {
        let ParameterGroupChanges { parameters, tags } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        let changes = difference(&now.parameters, &planned.parameters);
        if parameters && !changes.is_empty() {
            let calls = changes.calls(&parameters_of(aws, id.as_str(), None).await?.unwrap_or_default());
            for set in calls.set {
                let call = aws.rds().modify_db_parameter_group().db_parameter_group_name(id.as_str());
                call.set_parameters(Some(set)).send().await?;
            }
            for reset in calls.reset {
                let call = aws.rds().reset_db_parameter_group().db_parameter_group_name(id.as_str());
                call.reset_all_parameters(false).set_parameters(Some(reset)).send().await?;
            }
        }
        if tags {
            retag(aws, owner, &arn(aws, "pg", id.as_str()), &now.tags, &planned.tags).await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &ParameterGroupName, _: &Self) -> Result<Deletion> {
        aws.rds().delete_db_parameter_group().db_parameter_group_name(id.as_str()).send().await.or_gone(GONE)?;
        Ok(Deletion::Done)
    }
}

async fn describe(aws: &Aws, name: &str) -> Result<Option<DbParameterGroup>> {
    let answer = aws.rds().describe_db_parameter_groups().db_parameter_group_name(name).send().await.or_gone(GONE)?;
    Ok(answer.and_then(|answer| answer.db_parameter_groups.unwrap_or_default().into_iter().next()))
}

/// The groups of these names that are there. The call takes no filter and no list: one name, or every group of the region.
async fn groups<'n>(
    aws: &Aws,
    names: impl IntoIterator<Item = &'n str>,
) -> Result<BTreeMap<&'n str, Result<DbParameterGroup>>> {
    let all = async {
        let mut found = BTreeMap::new();
        let mut pages = aws.rds().describe_db_parameter_groups().into_paginator().send();
        while let Some(page) = pages.next().await {
            let groups = page?.db_parameter_groups.unwrap_or_default().into_iter();
            found.extend(groups.filter_map(|group| Some((group.db_parameter_group_name.clone()?, group))));
        }
        Ok(found)
    };
    named(names, all, |name| describe(aws, name)).await
}

/// The parameters of a group, all or those of one source; `None` when the group is gone.
async fn parameters_of(aws: &Aws, name: &str, source: Option<&str>) -> Result<Option<Vec<Parameter>>> {
    let mut parameters = Vec::new();
    let call = aws.rds().describe_db_parameters().db_parameter_group_name(name).set_source(source.map(str::to_owned));
    let mut pages = call.into_paginator().send();
    while let Some(page) = pages.next().await {
        match page.or_gone(GONE)? {
            Some(page) => parameters.extend(page.parameters.unwrap_or_default()),
            None => return Ok(None),
        }
    }
    Ok(Some(parameters))
}

/// What a group is; its tags and its parameters are calls of their own. `None` when it went between them.
async fn observe(aws: &Aws, group: DbParameterGroup) -> Result<Option<Observed<ParameterGroup>>> {
    let name = group.db_parameter_group_name.unwrap_or_default();
    let arn = group.db_parameter_group_arn.unwrap_or_default();
    let (tags, parameters) =
        futures::future::try_join(tags_by_arn(aws, &arn, GONE), parameters_of(aws, &name, Some("user"))).await?;
    let (Some(tags), Some(parameters)) = (tags, parameters) else { return Ok(None) };
    let args = ParameterGroup {
        name: Name::new(name.as_str()),
        family: group.db_parameter_group_family.unwrap_or_default(),
        description: group.description.unwrap_or_default(),
        parameters: by_name(parameters),
        tags: tags.tags,
    };
    let outputs = ParameterGroupOutputs { id: ParameterGroupName::new(name), arn: Arn::new(arn) };
    Ok(Some(Observed::new(args, outputs, tags.owner)))
}

impl Conforms for ParameterGroup {
    fn conformance(_: &mut Stack) -> Conformance<Self> {
        // More than one call takes, of both sorts.
        let base = ParameterGroup::builder()
            .name("Conformance-Postgres16")
            .family("postgres16")
            .description("made by the conformance suite")
            .parameters(example(("track_activity_query_size", "4096")))
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("parameters", [("rds.force_ssl", "0"), ("max_connections", "300"), ("work_mem", "8192")])
            .change("tags", [("team", "b")])
            .change("description", "changed")
            .change("family", "postgres17")
            .change("name", "Conformance-Postgres17")
    }
}
