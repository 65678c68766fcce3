//! `aws:ec2/launch-template`: what machines are made of that others start: node groups, scaling groups, or instances here.
//!
//! ```
//! use formwork_aws::ec2::{LaunchTemplate, LaunchTemplateData, MetadataOptions};
//!
//! let nodes = LaunchTemplate::builder()
//!     .name("nodes")
//!     .data(
//!         LaunchTemplateData::builder()
//!             .instance_type("m7g.large")
//!             .metadata_options(MetadataOptions::builder().hop_limit(2).build())
//!             .build(),
//!     )
//!     .build();
//! # drop(nodes);
//! ```

mod convert;
mod data;

pub use data::{
    CapacityReservation, CapacityReservationPreference, InstanceRequirements, LaunchTemplateData, SpotInterruption,
    SpotOptions, SpotRequest, TemplateInterface, TemplatePlacement,
};

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{self as sdk, ResourceType};
use aws_smithy_types::base64;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Name, Outputs, Resource, Stack, id};

use super::instance::{BlockDevice, CpuCredits, CpuOptions, MetadataOptions, PrivateDnsNames, ShutdownBehavior};
use super::instance::{HostTenancy, VolumeType};
use super::{candidate, filter, owned_by, read_tags, retag, tag_specification};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::{each, named};
use crate::tags::{self, Tags};

id! {
    /// The id of a launch template, such as `lt-0123456789abcdef0`.
    pub struct LaunchTemplateId;
}

/// A launch template. A change makes its next version, and that the default one; machines that run are not touched.
///
/// What is observed is the default version: somebody who makes another one the default has changed the template.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2/launch-template",
    cfn = "AWS::EC2::LaunchTemplate",
    id = LaunchTemplateId,
    outputs = LaunchTemplateOutputs,
    guard = token,
    natural_key(name),
    visibility = 300
)]
pub struct LaunchTemplate {
    /// The name, 3 to 128 characters of `[A-Za-z0-9().\-/_]`, unique in the account and region; or a prefix of it.
    #[arg(replace, cfn = "LaunchTemplateName")]
    pub name: Name,
    /// What the template says. What it leaves out is left to whoever starts a machine of it.
    #[arg(in_place, same = data::same, cfn = "LaunchTemplateData")]
    pub data: LaunchTemplateData,
    /// What a machine does at its first start, as text of at most 16 KiB. What is joined from a secret stays secret here, though everybody who may
    /// describe the template can read it.
    #[arg(in_place, default, cfn = "LaunchTemplateData.UserData")]
    pub user_data: String,
    /// What is said of the version that a change makes, at most 255 characters.
    #[arg(in_place, default)]
    pub version_description: String,
    /// How many versions stay when a change makes a new one, the new one included; all when absent. Who names a version by its number needs it.
    #[arg(in_place, write_only, cfn = "")]
    pub keep_versions: Option<i32>,
    /// Tags of the template itself, without the ones that mark ownership. Those of machines and volumes are in `data`.
    #[arg(in_place, default, tags, cfn = "TagSpecifications")]
    pub tags: Tags,
}

/// What is known of a launch template once it is there.
#[derive(Outputs)]
pub struct LaunchTemplateOutputs {
    /// The id.
    pub id: LaunchTemplateId,
    /// The ARN.
    pub arn: Arn<LaunchTemplate>,
    /// The name as text.
    #[output(echoes = name)]
    pub name: String,
    /// The number of the newest version, which each change raises.
    #[output(moves_with(data, user_data, version_description))]
    pub latest_version: String,
    /// The number of the default version.
    #[output(moves_with(data, user_data, version_description))]
    pub default_version: String,
}

const GONE: &[&str] = &[
    "InvalidLaunchTemplateId.NotFound",
    "InvalidLaunchTemplateId.NotFoundException",
    "InvalidLaunchTemplateName.NotFoundException",
];

impl LaunchTemplate {
    fn request(&self) -> sdk::RequestLaunchTemplateData {
        let user_data = (!self.user_data.is_empty()).then(|| base64::encode(&self.user_data));
        convert::request(&self.data).set_user_data(user_data).build()
    }
}

impl Lifecycle for LaunchTemplate {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let description = (!args.version_description.is_empty()).then(|| args.version_description.clone());
        let answer = aws
            .ec2()
            .create_launch_template()
            .client_token(&owner.token)
            .launch_template_name(args.name.as_str())
            .launch_template_data(args.request())
            .set_version_description(description)
            .tag_specifications(tag_specification(owner, &args.tags, ResourceType::LaunchTemplate))
            .send()
            .await?;
        let id = answer.launch_template.and_then(|template| template.launch_template_id);
        id.map(Created::whole).ok_or_else(|| Error::unexpected("ec2 CreateLaunchTemplate", "no id in the answer"))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = describe(aws, waiting.iter().map(|one| one.id.as_str())).await?;
        let found: Vec<String> = found.into_iter().map(|(id, found)| found.map(|_| id)).collect::<Result<_>>()?;
        Ok(all_ready(found))
    }

    async fn read(aws: &Aws, ids: &[LaunchTemplateId]) -> Result<Readings<Self>> {
        let found: Vec<_> = describe(aws, ids.iter().map(LaunchTemplateId::as_str)).await?.into_iter().collect();
        let versions = each(&found, |(id, _)| version(aws, id, "$Default")).await;
        let mut readings = Readings::<Self>::new();
        for ((id, template), version) in found.into_iter().zip(versions) {
            let id = LaunchTemplateId::new(id);
            let reading = match (template, version) {
                (Ok(template), Ok(Some(version))) => Ok(observe(aws, id.clone(), template, version)),
                (Ok(_), Ok(None)) => continue,
                (Err(error), _) | (_, Err(error)) => Err(error),
            };
            readings.insert(id, reading);
        }
        Ok(readings)
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let ours = filtered(aws, Some(owned_by(owner))).await?.into_iter();
        let mut found: Vec<_> =
            ours.filter_map(|one| candidate(aws, owner, one.launch_template_id, one.tags)).collect();
        if let (true, Some(args)) = (found.is_empty(), args) {
            for template in filtered(aws, Some(filter("launch-template-name", [args.name.as_str()]))).await? {
                let theirs = read_tags(aws, template.tags).owner;
                found.extend(template.launch_template_id.map(|id| tags::candidate(owner, id, theirs.as_ref())));
            }
        }
        Ok(found)
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<LaunchTemplateChanges>> {
        let LaunchTemplateChanges {
            data,
            user_data,
            version_description,
            // Looked at when a version is made.
            keep_versions: _,
            tags,
        } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        if tags {
            retag(aws, owner, id.as_str(), &now.tags, &planned.tags).await?;
        }
        if data || user_data || version_description {
            // One that an interrupted run has made is not made again.
            let number = match version(aws, id.as_str(), "$Latest").await? {
                Some(latest) if says(&latest, planned) => latest.version_number.unwrap_or_default(),
                _ => next_version(aws, id, planned).await?,
            };
            let call = aws.ec2().modify_launch_template().launch_template_id(id.as_str());
            call.default_version(number.to_string()).send().await?;
            if let Some(kept) = planned.keep_versions {
                prune(aws, id, number, kept).await?;
            }
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &LaunchTemplateId, _: &Self) -> Result<Deletion> {
        aws.ec2().delete_launch_template().launch_template_id(id.as_str()).send().await.or_gone(GONE)?;
        Ok(Deletion::Done)
    }
}

/// Makes a version of all that is planned, and of nothing that stood in the one before.
async fn next_version(aws: &Aws, id: &LaunchTemplateId, planned: &LaunchTemplate) -> Result<i64> {
    let description = (!planned.version_description.is_empty()).then(|| planned.version_description.clone());
    let call = aws.ec2().create_launch_template_version().launch_template_id(id.as_str());
    let call = call.launch_template_data(planned.request()).set_version_description(description);
    let made = call.send().await?.launch_template_version.and_then(|version| version.version_number);
    made.ok_or_else(|| Error::unexpected("ec2 CreateLaunchTemplateVersion", "no number in the answer"))
}

/// Deletes the oldest versions until so many are left. The default one never is among them: it is the newest.
async fn prune(aws: &Aws, id: &LaunchTemplateId, newest: i64, kept: i32) -> Result<()> {
    let mut numbers = Vec::new();
    let mut pages =
        aws.ec2().describe_launch_template_versions().launch_template_id(id.as_str()).into_paginator().send();
    while let Some(page) = pages.next().await {
        let versions = page?.launch_template_versions.unwrap_or_default().into_iter();
        numbers.extend(versions.filter_map(|version| version.version_number));
    }
    let leaving: Vec<String> = surplus(numbers, newest, kept).iter().map(ToString::to_string).collect();
    if !leaving.is_empty() {
        let call = aws.ec2().delete_launch_template_versions().launch_template_id(id.as_str());
        let answer = call.set_versions(Some(leaving)).send().await?;
        let refused = answer.unsuccessfully_deleted_launch_template_versions.unwrap_or_default();
        if let Some(error) = refused.into_iter().find_map(|one| one.response_error) {
            let code = error.code.map(|code| code.as_str().to_owned()).unwrap_or_default();
            // Gone already is as good.
            if !code.contains("VersionNotFound") && !code.contains("versionDoesNotExist") {
                let reason = format!("{code}: {}", error.message.unwrap_or_default());
                return Err(Error::refused("ec2 DeleteLaunchTemplateVersions", reason));
            }
        }
    }
    Ok(())
}

/// AWS deletes at most this many versions by one call.
const DELETED_PER_CALL: usize = 200;

/// The oldest ones, up to what one call takes.
fn surplus(mut numbers: Vec<i64>, newest: i64, kept: i32) -> Vec<i64> {
    numbers.retain(|number| *number != newest);
    numbers.sort_unstable();
    let others = usize::try_from(kept).unwrap_or_default().saturating_sub(1);
    let leaving = numbers.len().saturating_sub(others).min(DELETED_PER_CALL);
    numbers.truncate(leaving);
    numbers
}

/// The templates that pass a filter, or all.
async fn filtered(aws: &Aws, filter: Option<sdk::Filter>) -> Result<Vec<sdk::LaunchTemplate>> {
    let mut found = Vec::new();
    let call = aws.ec2().describe_launch_templates().set_filters(filter.map(|filter| vec![filter]));
    let mut pages = call.into_paginator().send();
    while let Some(page) = pages.next().await {
        found.extend(page?.launch_templates.unwrap_or_default());
    }
    Ok(found)
}

/// The templates of these ids. There is no filter by id, and of a list of ids one that is gone fails the whole.
async fn describe<'i>(
    aws: &Aws,
    ids: impl IntoIterator<Item = &'i str>,
) -> Result<BTreeMap<String, Result<sdk::LaunchTemplate>>> {
    let all = async {
        let all = filtered(aws, None).await?.into_iter();
        Ok(all.filter_map(|template| Some((template.launch_template_id.clone()?, template))).collect())
    };
    let one = async |id: &'i str| {
        let answer = aws.ec2().describe_launch_templates().launch_template_ids(id).send().await.or_gone(GONE)?;
        Ok(answer.and_then(|answer| answer.launch_templates.unwrap_or_default().into_iter().next()))
    };
    let found = named(ids, all, one).await?;
    Ok(found.into_iter().map(|(id, template)| (id.to_owned(), template)).collect())
}

async fn version(aws: &Aws, id: &str, which: &str) -> Result<Option<sdk::LaunchTemplateVersion>> {
    let call = aws.ec2().describe_launch_template_versions().launch_template_id(id).versions(which);
    let answer = call.send().await.or_gone(GONE)?;
    Ok(answer.and_then(|answer| answer.launch_template_versions.unwrap_or_default().into_iter().next()))
}

/// What a version says: data, user data and description.
fn said(version: &sdk::LaunchTemplateVersion) -> (LaunchTemplateData, String, String) {
    let data = version.launch_template_data.as_ref();
    let user_data = data.and_then(|data| data.user_data.as_deref()).unwrap_or_default();
    let description = version.version_description.clone().unwrap_or_default();
    (data.map(convert::of).unwrap_or_default(), super::instance::decoded(user_data), description)
}

fn says(version: &sdk::LaunchTemplateVersion, planned: &LaunchTemplate) -> bool {
    let (data, user_data, description) = said(version);
    data::same(&planned.data, &data) && (&planned.user_data, &planned.version_description) == (&user_data, &description)
}

fn observe(
    aws: &Aws,
    id: LaunchTemplateId,
    template: sdk::LaunchTemplate,
    version: sdk::LaunchTemplateVersion,
) -> Observed<LaunchTemplate> {
    let read = read_tags(aws, template.tags);
    let (data, user_data, version_description) = said(&version);
    let name = template.launch_template_name.unwrap_or_default();
    let args = LaunchTemplate {
        name: Name::new(name.as_str()),
        data,
        user_data,
        version_description,
        keep_versions: None,
        tags: read.tags,
    };
    let (partition, region, account) = (aws.partition(), aws.region(), aws.account());
    let number = |number: Option<i64>| number.unwrap_or_default().to_string();
    let outputs = LaunchTemplateOutputs {
        arn: Arn::new(format!("arn:{partition}:ec2:{region}:{account}:launch-template/{id}")),
        id,
        name,
        latest_version: number(template.latest_version_number),
        default_version: number(template.default_version_number),
    };
    Observed::new(args, outputs, read.owner)
}

impl Conforms for LaunchTemplate {
    fn conformance(_: &mut Stack) -> Conformance<Self> {
        let group = super::SecurityGroupId::new("sg-0123456789abcdef0");
        let tags = |team: &str| {
            let tags: Tags = [("team".to_owned(), team.to_owned())].into();
            BTreeMap::from([("instance".to_owned(), tags)])
        };
        let root = BlockDevice::builder().device_name("/dev/xvda").volume_size(20).volume_type(VolumeType::Gp3);
        let interface = TemplateInterface::builder()
            .associate_public_ip(false)
            .security_groups([group.clone()])
            .delete_on_termination(true);
        let whole = LaunchTemplateData::builder()
            .ami(super::AmiId::new("ami-0123456789abcdef0"))
            .instance_type("m7g.large")
            .key_pair(super::KeyPairName::new("nodes"))
            .instance_profile(crate::iam::InstanceProfileName::new("nodes"))
            .block_devices([root.iops(4000).throughput(250).encrypted(true).delete_on_termination(true).build()])
            .network_interfaces([interface.build()])
            .metadata_options(MetadataOptions::builder().hop_limit(2).tags(true).build())
            .monitoring(true)
            .ebs_optimized(true)
            .termination_protection(true)
            .stop_protection(false)
            .shutdown_behavior(ShutdownBehavior::Terminate)
            .cpu_credits(CpuCredits::Standard)
            .cpu_options(CpuOptions::builder().core_count(1).threads_per_core(1).build())
            .hibernation(false)
            .enclaves(false)
            .placement(TemplatePlacement::builder().tenancy(HostTenancy::Dedicated).group_name("nodes").build())
            .private_dns_names(
                PrivateDnsNames::builder()
                    .hostname_type(super::HostnameType::ResourceName)
                    .resource_name_a_record(true)
                    .build(),
            )
            .spot(SpotOptions::builder().max_price("0.05").request(SpotRequest::OneTime).build())
            .capacity_reservation(
                CapacityReservation::builder().preference(CapacityReservationPreference::None).build(),
            )
            .license_configurations(["arn:aws:license-manager:eu-west-1:123456789012:license-configuration:lic-1"])
            .auto_recovery(false)
            .resource_tags(tags("a"))
            .build();
        let by_need = LaunchTemplateData::builder()
            .security_groups([group])
            .requirements(
                InstanceRequirements::builder()
                    .vcpu_count_min(2)
                    .vcpu_count_max(8)
                    .memory_mib_min(4096)
                    .allowed_instance_types(["m7g.*"])
                    .build(),
            )
            .resource_tags(tags("b"))
            .build();
        let base = LaunchTemplate::builder()
            .name("Conformance-Template")
            .data(whole)
            .user_data("#!/bin/sh\ntrue\n")
            .version_description("the first")
            .keep_versions(2)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("tags", [("team", "b")])
            .change("data", by_need)
            .change("user_data", "")
            .change("version_description", "the fourth")
            .change("keep_versions", 1_i64)
            .change("name", "Conformance-Template-2")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_versions_make_room() {
        assert_eq!(surplus(vec![5, 1, 3, 2, 4], 5, 2), [1, 2, 3]);
        assert_eq!(surplus(vec![1, 2], 2, 5), Vec::<i64>::new());
        assert_eq!(surplus(vec![1, 2, 3], 3, 1), [1, 2]);
        // Nothing is kept: the newest is, which is the default one.
        assert_eq!(surplus(vec![1, 2, 3], 3, 0), [1, 2]);
    }

    #[test]
    fn what_is_sent_is_read_again() {
        let data = LaunchTemplateData {
            instance_type: Some("m7g.large".to_owned()),
            monitoring: Some(true),
            block_devices: vec![BlockDevice { device_name: "/dev/xvda".to_owned(), ..BlockDevice::default() }],
            ..LaunchTemplateData::default()
        };
        let sent = convert::request(&data).build();
        assert_eq!(sent.instance_type.map(|sort| sort.as_str().to_owned()).as_deref(), Some("m7g.large"));
        assert_eq!(sent.block_device_mappings.map(|devices| devices.len()), Some(1));
        assert!(sent.network_interfaces.is_none() && sent.placement.is_none());
        let answered = sdk::ResponseLaunchTemplateData::builder()
            .instance_type("m7g.large".into())
            .monitoring(sdk::LaunchTemplatesMonitoring::builder().enabled(true).build())
            .block_device_mappings(
                sdk::LaunchTemplateBlockDeviceMapping::builder()
                    .device_name("/dev/xvda")
                    .ebs(sdk::LaunchTemplateEbsBlockDevice::builder().build())
                    .build(),
            )
            .build();
        assert!(data::same(&data, &convert::of(&answered)));
    }
}
