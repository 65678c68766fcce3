//! `aws:ssm/parameter`: a piece of configuration that workloads read at run time.
//!
//! ```
//! use formwork_aws::ssm::{Parameter, ParameterType};
//! use formwork_engine::Secret;
//!
//! let domain = Parameter::builder().name("/shop/domain").value("shop.example.com").build();
//! let token = Parameter::builder()
//!     .name("/shop/token")
//!     .parameter_type(ParameterType::SecureString)
//!     .secret_value(Secret::new("abc".to_owned()))
//!     .build();
//! # drop((domain, token));
//! ```

use std::collections::BTreeMap;

use aws_sdk_ssm::types::{self as sdk, ParameterStringFilter, ResourceTypeForTagging, Tag};
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Change, Choice, Hazard, Json, Name, Outputs, Resource, Secret, Stack, id};

use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::kms::{Key, same_key};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::each;
use crate::tags::{self, Tags};

id! {
    /// The name of a parameter, unique in its account and region.
    pub struct ParameterName;
}

/// A parameter, with its current value. Parameter Store keeps the last hundred values itself.
#[derive(Resource)]
#[resource(
    kind = "aws:ssm/parameter",
    cfn = "AWS::SSM::Parameter",
    id = ParameterName,
    outputs = ParameterOutputs,
    guard = unique_name,
    natural_key(name),
    visibility = 120
)]
pub struct Parameter {
    /// The name: letters, digits and `._-`, or a path of such names that begins with `/` and has at most 15 levels. It begins with neither `aws`
    /// nor `ssm`.
    #[arg(replace)]
    pub name: Name,
    /// What sort of value it has. Parameter Store makes no sort out of another.
    #[arg(replace, default = ParameterType::Text, cfn = "Type")]
    pub parameter_type: ParameterType,
    /// The value, of at most 4 KiB (8 in the advanced tier); the items of a list have commas between them. Not for a `SecureString`.
    #[arg(in_place)]
    pub value: Option<String>,
    /// The value of a `SecureString`. It is never read back and never recorded.
    #[arg(in_place, write_only, cfn = "", hazards = value_hazards)]
    pub secret_value: Option<Secret<String>>,
    /// The key that encrypts a `SecureString`; the account's `aws/ssm` when absent.
    #[arg(in_place, same = same_key, cfn = "")]
    pub kms_key: Option<Arn<Key>>,
    /// What it is for, at most 1024 characters. Empty when left out.
    #[arg(in_place, default)]
    pub description: String,
    /// A regular expression that values must match; any value when left out.
    #[arg(in_place)]
    pub allowed_pattern: Option<String>,
    /// The tier, which says how long a value may be and what it costs; the account's own setting when left out. It goes up in place, and down by
    /// a replacement.
    #[arg(decide = tier_change, same = same_tier)]
    pub tier: Option<Tier>,
    /// Policies of the advanced tier, such as an expiration, as a JSON list; none when left out.
    #[arg(in_place)]
    pub policies: Option<Json>,
    /// What Parameter Store checks of the value.
    #[arg(in_place, default = DataType::Text)]
    pub data_type: DataType,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// Workloads that have read the former value go on with it until they read again.
fn value_hazards(before: &Option<Secret<String>>, after: &Option<Secret<String>>) -> &'static [Hazard] {
    if before.is_some() && after.is_some() { &[Hazard::Outage] } else { &[] }
}

/// "You can't revert an advanced parameter to a standard one": its value could be too long.
fn tier_change(before: &Option<Tier>, after: &Option<Tier>) -> Change {
    match (before, after) {
        (Some(Tier::Advanced), Some(Tier::Standard)) => Change::Replace,
        _ => Change::InPlace,
    }
}

/// The intelligent tier chooses one of the other two, and AWS answers that one.
fn same_tier(wanted: &Option<Tier>, found: &Option<Tier>) -> bool {
    wanted == found || (*wanted == Some(Tier::IntelligentTiering) && found.is_some())
}

/// Sorts of values.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterType {
    /// Text.
    #[choice("String")]
    Text,
    /// Texts with commas between them.
    #[choice("StringList")]
    StringList,
    /// Text that is encrypted.
    #[choice("SecureString")]
    SecureString,
}

/// Tiers.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Values of at most 4 KiB, without policies, free of charge.
    #[choice("Standard")]
    Standard,
    /// Values of at most 8 KiB, with policies.
    #[choice("Advanced")]
    Advanced,
    /// The one that the parameter needs.
    #[choice("Intelligent-Tiering")]
    IntelligentTiering,
}

/// What is checked of a value.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataType {
    /// Nothing: it is text.
    #[choice("text")]
    Text,
    /// That it is the id of an image. The check takes a while, in which the former value stays.
    #[choice("aws:ec2:image")]
    Image,
    /// That it is an integration of another AWS service.
    #[choice("aws:ssm:integration")]
    Integration,
}

/// What is known of a parameter once it is there.
#[derive(Outputs)]
pub struct ParameterOutputs {
    /// The name.
    pub id: ParameterName,
    /// The ARN.
    pub arn: Arn<Parameter>,
    /// The name as text.
    #[output(echoes = name)]
    pub name: String,
    /// How often it was written: every change of anything but the tags makes one more.
    #[output(always)]
    pub version: i64,
}

const GONE: &[&str] = &["ParameterNotFound", "InvalidResourceId"];

impl Lifecycle for Parameter {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let value = match (args.parameter_type, &args.value, &args.secret_value) {
            (ParameterType::SecureString, None, Some(secret)) => secret.reveal(),
            (ParameterType::Text | ParameterType::StringList, Some(value), None) => value,
            (ParameterType::SecureString, ..) => {
                return Err(refused("a SecureString has a `secret_value` and no `value`"));
            }
            _ => return Err(refused("a String or StringList has a `value` and no `secret_value`")),
        };
        // With `overwrite` it would be an upsert, and AWS takes tags only without.
        args.put(aws, args.name.as_str(), value)
            .overwrite(false)
            .set_tags(Some(tags_of(tags::all(owner, &args.tags))?))
            .send()
            .await?;
        // The answer has only the version.
        Ok(Created::whole(args.name.as_str()))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = describe(aws, waiting.iter().map(|one| one.id.as_str())).await?;
        Ok(all_ready(found.into_keys()))
    }

    async fn read(aws: &Aws, ids: &[ParameterName]) -> Result<Readings<Self>> {
        let found = describe(aws, ids.iter().map(ParameterName::as_str)).await?;
        let plain = found.iter().filter(|(_, it)| it.r#type != Some(sdk::ParameterType::SecureString));
        let mut values = values(aws, plain.map(|(name, _)| name.as_str())).await?;
        let tags = each(found.keys(), |name| read_tags(aws, name)).await;
        let seen = found.into_iter().zip(tags).filter_map(|((name, it), tags)| {
            let value = values.remove(&name);
            let id = ParameterName::new(name.as_str());
            // Gone between the calls.
            let seen = tags.transpose()?.map(|tags| observe(aws, &id, it, value, tags));
            Some((id, seen))
        });
        Ok(seen.collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let name = args.name.as_str();
        if describe(aws, [name]).await?.is_empty() {
            return Ok(Vec::new());
        }
        let theirs = read_tags(aws, name).await?.and_then(|tags| tags.owner);
        Ok(vec![tags::candidate(owner, name, theirs.as_ref())])
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<ParameterChanges>> {
        let ParameterChanges {
            value,
            secret_value,
            kms_key,
            description,
            allowed_pattern,
            tier,
            policies,
            data_type,
            tags,
        } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        let name = id.as_str();
        if value || secret_value || kms_key || description || allowed_pattern || tier || policies || data_type {
            // One call writes everything, the value included; where that is left to AWS, it stays what it is.
            let text = match planned.value.as_ref().or(planned.secret_value.as_ref().map(Secret::reveal)) {
                Some(text) => text.clone(),
                None => current(aws, name).await?,
            };
            planned.put(aws, name, &text).overwrite(true).send().await?;
        }
        if tags {
            let (set, removed) = tags::difference(owner, &now.tags, &planned.tags);
            let call = aws.ssm().add_tags_to_resource().resource_type(ResourceTypeForTagging::Parameter);
            call.resource_id(name).set_tags(Some(tags_of(set)?)).send().await?;
            if !removed.is_empty() {
                let call = aws.ssm().remove_tags_from_resource().resource_type(ResourceTypeForTagging::Parameter);
                call.resource_id(name).set_tag_keys(Some(removed.into_iter().collect())).send().await?;
            }
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &ParameterName, _: &Self) -> Result<Deletion> {
        aws.ssm().delete_parameter().name(id.as_str()).send().await.or_gone(GONE)?;
        Ok(Deletion::Done)
    }
}

impl Parameter {
    /// The call that writes everything but the tags.
    fn put(
        &self,
        aws: &Aws,
        name: &str,
        value: &str,
    ) -> aws_sdk_ssm::operation::put_parameter::builders::PutParameterFluentBuilder {
        let secure = self.parameter_type == ParameterType::SecureString;
        aws.ssm()
            .put_parameter()
            .name(name)
            .r#type(self.parameter_type.as_str().into())
            .value(value)
            .set_key_id(self.kms_key.as_ref().filter(|_| secure).map(ToString::to_string))
            .description(&self.description)
            .set_allowed_pattern(self.allowed_pattern.clone())
            .set_tier(self.tier.map(|tier| tier.as_str().into()))
            .set_policies(self.policies.as_ref().map(ToString::to_string))
            .data_type(self.data_type.as_str())
    }
}

fn refused(reason: &str) -> Error {
    Error::refused("ssm PutParameter", reason)
}

fn tags_of(tags: impl IntoIterator<Item = (String, String)>) -> Result<Vec<Tag>> {
    let tag = |(key, value)| Tag::builder().key(key).value(value).build();
    tags.into_iter().map(|pair| tag(pair).map_err(|error| Error::refused("ssm Tag", error.to_string()))).collect()
}

/// The most names that a filter takes.
const DESCRIBED: usize = 50;
/// The most names that one call answers the values of.
const ANSWERED: usize = 10;

/// The parameters of these names that are there, without their values.
async fn describe<'n>(
    aws: &Aws,
    names: impl IntoIterator<Item = &'n str>,
) -> Result<BTreeMap<String, sdk::ParameterMetadata>> {
    let names: Vec<&str> = names.into_iter().collect();
    let mut found = BTreeMap::new();
    for chunk in names.chunks(DESCRIBED) {
        let named = chunk.iter().map(|name| (*name).to_owned()).collect();
        let filter = ParameterStringFilter::builder().key("Name").option("Equals").set_values(Some(named)).build();
        let filter = filter.map_err(|error| Error::refused("ssm DescribeParameters", error.to_string()))?;
        let mut pages = aws.ssm().describe_parameters().parameter_filters(filter).into_paginator().send();
        while let Some(page) = pages.next().await {
            let parameters = page?.parameters.unwrap_or_default().into_iter();
            found.extend(parameters.filter_map(|it| Some((it.name.clone()?, it))));
        }
    }
    Ok(found)
}

/// The values of these names. One that is gone fails no other.
async fn values<'n>(aws: &Aws, names: impl Iterator<Item = &'n str>) -> Result<BTreeMap<String, String>> {
    let names: Vec<&str> = names.collect();
    let mut found = BTreeMap::new();
    for chunk in names.chunks(ANSWERED) {
        let named = chunk.iter().map(|name| (*name).to_owned()).collect();
        let answer = aws.ssm().get_parameters().set_names(Some(named)).send().await?;
        let parameters = answer.parameters.unwrap_or_default().into_iter();
        found.extend(parameters.filter_map(|it| Some((it.name?, it.value?))));
    }
    Ok(found)
}

/// The value that a parameter has, decrypted.
async fn current(aws: &Aws, name: &str) -> Result<String> {
    let answer = aws.ssm().get_parameter().name(name).with_decryption(true).send().await?;
    let value = answer.parameter.and_then(|parameter| parameter.value);
    value.ok_or_else(|| Error::unexpected("ssm GetParameter", "no value in the answer"))
}

/// The tags; `None` when there is no such parameter.
async fn read_tags(aws: &Aws, name: &str) -> Result<Option<tags::Read>> {
    let call = aws.ssm().list_tags_for_resource().resource_type(ResourceTypeForTagging::Parameter).resource_id(name);
    let answer = call.send().await.or_gone(GONE)?;
    let pairs = answer.map(|answer| answer.tag_list.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)));
    Ok(pairs.map(|pairs| tags::read(aws, pairs)))
}

fn observe(
    aws: &Aws,
    id: &ParameterName,
    parameter: sdk::ParameterMetadata,
    value: Option<String>,
    tags: tags::Read,
) -> Observed<Parameter> {
    let sort = parameter.r#type.and_then(|it| ParameterType::parse(it.as_str())).unwrap_or(ParameterType::Text);
    let args = Parameter {
        name: Name::new(id.as_str()),
        parameter_type: sort,
        value,
        secret_value: None,
        kms_key: parameter.key_id.filter(|key| key != "alias/aws/ssm").map(Arn::new),
        description: parameter.description.unwrap_or_default(),
        allowed_pattern: parameter.allowed_pattern,
        tier: parameter.tier.and_then(|tier| Tier::parse(tier.as_str())),
        policies: policies(&parameter.policies.unwrap_or_default()),
        data_type: parameter.data_type.and_then(|it| DataType::parse(&it)).unwrap_or(DataType::Text),
        tags: tags.tags,
    };
    let arn = parameter.arn.unwrap_or_else(|| {
        let (partition, region, account) = (aws.partition(), aws.region(), aws.account());
        format!("arn:{partition}:ssm:{region}:{account}:parameter/{}", id.as_str().trim_start_matches('/'))
    });
    let outputs =
        ParameterOutputs { id: id.clone(), arn: Arn::new(arn), name: id.to_string(), version: parameter.version };
    Observed::new(args, outputs, tags.owner)
}

/// The list as it was written: AWS answers each policy as a text of its own.
fn policies(answered: &[sdk::ParameterInlinePolicy]) -> Option<Json> {
    let texts: Vec<&str> = answered.iter().filter_map(|policy| policy.policy_text()).collect();
    (!texts.is_empty()).then(|| Json::new(format!("[{}]", texts.join(","))))
}

impl Conforms for Parameter {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let key = stack.add("key", Key::builder().description("parameters").build());
        let other = stack.add("other", Key::builder().description("parameters, too").build());
        let expires = |year: u32| {
            format!(
                r#"[{{"Type":"Expiration","Version":"1.0","Attributes":{{"Timestamp":"{year}-01-01T00:00:00Z"}}}}]"#
            )
        };
        let secret = |text: &str| formwork_engine::Field::to_value(&Secret::new(text.to_owned()));
        let base = Parameter::builder()
            .name("/Conformance/Parameter")
            .parameter_type(ParameterType::Text)
            .value("one")
            .description("made by the conformance suite")
            .allowed_pattern("[a-z,]+")
            .tier(Tier::Advanced)
            .policies(expires(2040))
            .data_type(DataType::Text)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("value", "two")
            .change("description", "changed")
            .change("allowed_pattern", "[a-z]+")
            .change("policies", expires(2041))
            .change("data_type", "aws:ec2:image")
            .together_with("value", "ami-0123456789abcdef0")
            .together_with("allowed_pattern", "ami-[0-9a-f]+")
            .change("tags", [("team", "b")])
            .change("tier", "Standard")
            .together_with("policies", formwork_engine::Value::Null)
            .change("tier", "Advanced")
            .change("parameter_type", "SecureString")
            .together_with("data_type", "text")
            .together_with("allowed_pattern", "[a-z]+")
            .together_with("value", formwork_engine::Value::Null)
            .together_with("secret_value", secret("three"))
            .change("secret_value", secret("four"))
            .change("kms_key", &key.arn)
            .change("kms_key", &other.arn)
            .change("name", "/Conformance/Parameter-2")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_goes_up_in_place_and_down_by_a_replacement() {
        use Tier::{Advanced, IntelligentTiering, Standard};
        assert_eq!(tier_change(&Some(Standard), &Some(Advanced)), Change::InPlace);
        assert_eq!(tier_change(&Some(Advanced), &Some(Standard)), Change::Replace);
        assert!(same_tier(&Some(IntelligentTiering), &Some(Advanced)));
        assert!(!same_tier(&Some(Advanced), &Some(Standard)));
    }

    #[test]
    fn policies_are_one_list_again() {
        let policy = |text: &str| sdk::ParameterInlinePolicy::builder().policy_text(text).build();
        let list = policies(&[policy(r#"{"Type":"Expiration"}"#), policy(r#"{"Type":"NoChangeNotification"}"#)]);
        assert_eq!(list, Some(Json::new(r#"[{"Type":"Expiration"},{"Type":"NoChangeNotification"}]"#)));
        assert_eq!(policies(&[]), None);
    }
}
