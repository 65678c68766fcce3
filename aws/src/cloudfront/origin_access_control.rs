//! `aws:cloudfront/origin-access-control`: who a distribution is towards its origin.
//!
//! ```
//! use formwork_aws::cloudfront::OriginAccessControl;
//!
//! let control = OriginAccessControl::builder().name("assets").build();
//! # drop(control);
//! ```

use std::collections::BTreeMap;

use aws_sdk_cloudfront::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::{Choice, Name, Outputs, Resource, Stack, id};

use super::{unfinished, vanished};
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::named;

id! {
    /// The id of an origin access control, such as `E327GJI25M56DG`.
    pub struct OriginAccessControlId;
}

const GONE: &[&str] = &["NoSuchOriginAccessControl"];

/// Who a distribution is towards its origin: requests are signed in the name of CloudFront, so that the origin can let in just this
/// distribution and nobody else.
#[derive(Resource)]
#[resource(
    kind = "aws:cloudfront/origin-access-control",
    cfn = "AWS::CloudFront::OriginAccessControl",
    id = OriginAccessControlId,
    outputs = OriginAccessControlOutputs,
    guard = unique_name,
    natural_key(name)
)]
pub struct OriginAccessControl {
    /// The name, 1 to 64 characters, unique in the account, or a prefix of it.
    #[arg(replace, cfn = "OriginAccessControlConfig.Name")]
    pub name: Name,
    /// What it is for, at most 256 characters.
    #[arg(in_place, default, cfn = "OriginAccessControlConfig.Description")]
    pub description: String,
    /// What the origin is.
    #[arg(in_place, default = SignedOrigin::S3, cfn = "OriginAccessControlConfig.OriginAccessControlOriginType")]
    pub origin_type: SignedOrigin,
    /// Which requests are signed.
    #[arg(in_place, default = SigningBehavior::Always, cfn = "OriginAccessControlConfig.SigningBehavior")]
    pub signing_behavior: SigningBehavior,
    /// How they are signed.
    #[arg(in_place, default = SigningProtocol::Sigv4, cfn = "OriginAccessControlConfig.SigningProtocol")]
    pub signing_protocol: SigningProtocol,
}

/// Origins that know a signature of CloudFront's.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedOrigin {
    /// A bucket.
    #[choice("s3")]
    S3,
    /// The URL of a Lambda function.
    #[choice("lambda")]
    Lambda,
    /// A container of MediaStore.
    #[choice("mediastore")]
    MediaStore,
    /// A channel of MediaPackage, version 2.
    #[choice("mediapackagev2")]
    MediaPackageV2,
}

/// Which requests are signed.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningBehavior {
    /// All.
    #[choice("always")]
    Always,
    /// None, as if there were no access control.
    #[choice("never")]
    Never,
    /// Those that the viewer has not signed.
    #[choice("no-override")]
    NoOverride,
}

/// How requests are signed.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningProtocol {
    /// AWS's signature version 4.
    #[choice("sigv4")]
    Sigv4,
}

/// What is known of an origin access control once it is there.
#[derive(Outputs)]
pub struct OriginAccessControlOutputs {
    /// The id.
    pub id: OriginAccessControlId,
    /// The name as text.
    #[output(echoes = name)]
    pub name: String,
}

impl Lifecycle for OriginAccessControl {
    async fn create(aws: &Aws, _: &Owner, args: &Self) -> Result<Created> {
        let call = aws.cloudfront().create_origin_access_control();
        let answer =
            call.origin_access_control_config(args.to_sdk("cloudfront CreateOriginAccessControl")?).send().await?;
        let id = answer.origin_access_control.map(|control| control.id);
        Ok(Created::whole(
            id.ok_or_else(|| Error::unexpected("cloudfront CreateOriginAccessControl", "no id in the answer"))?,
        ))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = controls(aws, waiting.iter().map(|one| one.id.as_str())).await?.into_iter();
        Ok(all_ready(found.map(|(id, control)| control.map(|_| id.to_owned())).collect::<Result<Vec<_>>>()?))
    }

    async fn read(aws: &Aws, ids: &[OriginAccessControlId]) -> Result<Readings<Self>> {
        let found = controls(aws, ids.iter().map(OriginAccessControlId::as_str)).await?.into_iter();
        Ok(found
            .map(|(id, control)| {
                let id = OriginAccessControlId::new(id);
                (id.clone(), control.and_then(|control| observe(id, control)))
            })
            .collect())
    }

    async fn find(aws: &Aws, _: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let all = all(aws).await?.into_iter();
        let named = all.filter(|(_, control)| control.name == args.name.as_str());
        Ok(named.map(|(id, _)| Candidate { id, proof: Proof::Name }).collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<OriginAccessControlChanges>> {
        const UPDATE: &str = "cloudfront UpdateOriginAccessControl";
        // One call takes everything.
        let OriginAccessControlChanges { description: _, origin_type: _, signing_behavior: _, signing_protocol: _ } =
            update.changes;
        let (_, etag) = get(aws, update.id.as_str()).await?.ok_or_else(|| vanished(UPDATE))?;
        let call = aws.cloudfront().update_origin_access_control().id(update.id.as_str()).set_if_match(etag);
        call.origin_access_control_config(update.planned.to_sdk(UPDATE)?).send().await?;
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &OriginAccessControlId, _: &Self) -> Result<Deletion> {
        let Some((_, etag)) = get(aws, id.as_str()).await? else { return Ok(Deletion::Done) };
        let call = aws.cloudfront().delete_origin_access_control().id(id.as_str()).set_if_match(etag);
        call.send().await.or_gone(GONE)?;
        Ok(Deletion::Done)
    }
}

impl OriginAccessControl {
    fn to_sdk(&self, operation: &'static str) -> Result<sdk::OriginAccessControlConfig> {
        sdk::OriginAccessControlConfig::builder()
            .name(self.name.as_str())
            // Sent also where it is empty: one that is left out stays as it was.
            .description(&self.description)
            .origin_access_control_origin_type(self.origin_type.as_str().into())
            .signing_behavior(self.signing_behavior.as_str().into())
            .signing_protocol(self.signing_protocol.as_str().into())
            .build()
            .map_err(unfinished(operation))
    }
}

/// An origin access control, and its version tag.
async fn get(aws: &Aws, id: &str) -> Result<Option<(sdk::OriginAccessControlConfig, Option<String>)>> {
    let answer = aws.cloudfront().get_origin_access_control().id(id).send().await.or_gone(GONE)?;
    Ok(answer.and_then(|it| Some((it.origin_access_control?.origin_access_control_config?, it.e_tag))))
}

async fn all(aws: &Aws) -> Result<BTreeMap<String, sdk::OriginAccessControlConfig>> {
    const LIST: &str = "cloudfront ListOriginAccessControls";
    let mut found = BTreeMap::new();
    let mut pages = aws.cloudfront().list_origin_access_controls().into_paginator().send();
    while let Some(page) = pages.next().await {
        let list = page?.origin_access_control_list.and_then(|list| list.items);
        for it in list.unwrap_or_default() {
            let config = sdk::OriginAccessControlConfig::builder()
                .name(it.name)
                .description(it.description)
                .origin_access_control_origin_type(it.origin_access_control_origin_type)
                .signing_behavior(it.signing_behavior)
                .signing_protocol(it.signing_protocol)
                .build();
            found.insert(it.id, config.map_err(unfinished(LIST))?);
        }
    }
    Ok(found)
}

async fn controls<'n>(
    aws: &Aws,
    ids: impl IntoIterator<Item = &'n str>,
) -> Result<BTreeMap<&'n str, Result<sdk::OriginAccessControlConfig>>> {
    named(ids, all(aws), |id| async move { Ok(get(aws, id).await?.map(|(config, _)| config)) }).await
}

fn observe(id: OriginAccessControlId, config: sdk::OriginAccessControlConfig) -> Result<Observed<OriginAccessControl>> {
    let unknown = |what: &str, word: &str| {
        Error::unexpected("cloudfront GetOriginAccessControl", format!("{word:?} is no known {what}"))
    };
    let (origin, behavior, protocol) = (
        config.origin_access_control_origin_type.as_str(),
        config.signing_behavior.as_str(),
        config.signing_protocol.as_str(),
    );
    let args = OriginAccessControl {
        name: Name::new(config.name.as_str()),
        description: config.description.clone().unwrap_or_default(),
        origin_type: SignedOrigin::parse(origin).ok_or_else(|| unknown("type of origin", origin))?,
        signing_behavior: SigningBehavior::parse(behavior).ok_or_else(|| unknown("behaviour", behavior))?,
        signing_protocol: SigningProtocol::parse(protocol).ok_or_else(|| unknown("protocol", protocol))?,
    };
    // It has no tags: whose it is, is not known.
    Ok(Observed::new(args, OriginAccessControlOutputs { id, name: config.name }, None))
}

impl Conforms for OriginAccessControl {
    fn conformance(_: &mut Stack) -> Conformance<Self> {
        let base = OriginAccessControl::builder()
            .name("Conformance-Access")
            .description("made by the conformance suite")
            .origin_type(SignedOrigin::S3)
            .signing_behavior(SigningBehavior::Always)
            .signing_protocol(SigningProtocol::Sigv4)
            .build();
        Conformance::of(base)
            .change("description", "changed")
            .change("origin_type", "lambda")
            .change("signing_behavior", "no-override")
            .change("name", "Conformance-Access-2")
            .unseen("signing_protocol", "there is only one")
    }
}
