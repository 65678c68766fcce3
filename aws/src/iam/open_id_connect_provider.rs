//! `aws:iam/open-id-connect-provider`: lets identities of an OpenID Connect issuer, such as an EKS cluster's, assume roles.
//!
//! ```
//! use formwork_aws::iam::OpenIdConnectProvider;
//!
//! let issuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E";
//! let provider = OpenIdConnectProvider::builder().url(issuer).client_ids(["sts.amazonaws.com"]).build();
//! # drop(provider);
//! ```
//!
//! The trust policy of a role names it twice: its ARN as the principal, and its output `url` in the keys of conditions
//! (`join([(&provider.url).into(), ":sub".into()])`).

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::operation::get_open_id_connect_provider::GetOpenIdConnectProviderOutput;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Caseless, Outputs, Resource, Stack};

use super::{proof, read_tags, tag, tags_of};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::each;
use crate::tags::{self, Tags};

/// The id of an identity provider is its ARN.
pub type OpenIdConnectProviderId = Arn<OpenIdConnectProvider>;

/// An OpenID Connect identity provider of the account.
#[derive(Resource)]
#[resource(
    kind = "aws:iam/open-id-connect-provider",
    cfn = "AWS::IAM::OIDCProvider",
    id = OpenIdConnectProviderId,
    outputs = OpenIdConnectProviderOutputs,
    guard = unique_name,
    natural_key(url),
    visibility = 120
)]
pub struct OpenIdConnectProvider {
    /// The issuer, with `https://` and without a port, such as the output `issuer` of an EKS cluster.
    #[arg(replace, same = same_issuer)]
    pub url: String,
    /// The audiences whose tokens are accepted; `sts.amazonaws.com` for roles of service accounts.
    #[arg(in_place, default, cfn = "ClientIdList")]
    pub client_ids: BTreeSet<String>,
    /// SHA-1 thumbprints of the certificates above the issuer's, at most five, in hexadecimal. AWS finds one itself when absent, and does
    /// not use them where it trusts the issuer's certificate anyway.
    #[arg(in_place, cfn = "ThumbprintList")]
    pub thumbprints: Option<BTreeSet<Caseless>>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// AWS leaves the scheme out when it answers.
#[expect(clippy::ptr_arg, reason = "an equality takes references to the type of its field")]
fn same_issuer(wanted: &String, found: &String) -> bool {
    without_scheme(wanted) == without_scheme(found)
}

fn without_scheme(url: &str) -> &str {
    url.strip_prefix("https://").unwrap_or(url)
}

/// What is known of an identity provider once it is there.
#[derive(Outputs)]
pub struct OpenIdConnectProviderOutputs {
    /// The ARN.
    pub id: OpenIdConnectProviderId,
    /// The ARN: the federated principal of trust policies.
    pub arn: Arn<OpenIdConnectProvider>,
    /// The issuer without `https://`, as the keys of conditions have it.
    pub url: String,
}

impl Lifecycle for OpenIdConnectProvider {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let answer = aws
            .iam()
            .create_open_id_connect_provider()
            .url(&args.url)
            .set_client_id_list(Some(args.client_ids.iter().cloned().collect()))
            .set_thumbprint_list(args.thumbprints.as_ref().map(texts))
            .set_tags(Some(tags_of(owner, &args.tags)?))
            .send()
            .await?;
        let arn = answer.open_id_connect_provider_arn;
        arn.map(Created::whole)
            .ok_or_else(|| Error::unexpected("iam CreateOpenIDConnectProvider", "no ARN in the answer"))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = each(waiting, |one| get(aws, &one.id)).await;
        let mut there = Vec::new();
        for (one, provider) in waiting.iter().zip(found) {
            there.extend(provider?.map(|_| one.id.clone()));
        }
        Ok(all_ready(there))
    }

    async fn read(aws: &Aws, ids: &[OpenIdConnectProviderId]) -> Result<Readings<Self>> {
        let found = each(ids, |id| get(aws, id.as_str())).await;
        let found = ids.iter().zip(found).filter_map(|(id, provider)| {
            let provider = provider.transpose()?;
            Some((id.clone(), provider.map(|provider| observe(aws, id, provider))))
        });
        Ok(found.collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        // Providers cannot be filtered by tag; the ARN follows from the issuer.
        let Some(args) = args else { return Ok(Vec::new()) };
        let (partition, account, issuer) = (aws.partition(), aws.account(), without_scheme(&args.url));
        let arn = format!("arn:{partition}:iam::{account}:oidc-provider/{issuer}");
        let Some(provider) = get(aws, &arn).await? else { return Ok(Vec::new()) };
        Ok(vec![Candidate { id: arn, proof: proof(aws, owner, provider.tags) }])
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<OpenIdConnectProviderChanges>> {
        let OpenIdConnectProviderChanges { client_ids, thumbprints, tags } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        let arn = id.as_str();
        if client_ids {
            for client in planned.client_ids.difference(&now.client_ids) {
                let call = aws.iam().add_client_id_to_open_id_connect_provider().open_id_connect_provider_arn(arn);
                call.client_id(client).send().await?;
            }
            for client in now.client_ids.difference(&planned.client_ids) {
                let call = aws.iam().remove_client_id_from_open_id_connect_provider().open_id_connect_provider_arn(arn);
                call.client_id(client).send().await?;
            }
        }
        if let (true, Some(thumbprints)) = (thumbprints, &planned.thumbprints) {
            let call = aws.iam().update_open_id_connect_provider_thumbprint().open_id_connect_provider_arn(arn);
            call.set_thumbprint_list(Some(texts(thumbprints))).send().await?;
        }
        if tags {
            let (set, removed) = tags::difference(owner, &now.tags, &planned.tags);
            let set = set.iter().map(|(key, value)| tag(key, value)).collect::<Result<_>>()?;
            let call = aws.iam().tag_open_id_connect_provider().open_id_connect_provider_arn(arn);
            call.set_tags(Some(set)).send().await?;
            if !removed.is_empty() {
                let call = aws.iam().untag_open_id_connect_provider().open_id_connect_provider_arn(arn);
                call.set_tag_keys(Some(removed.into_iter().collect())).send().await?;
            }
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &OpenIdConnectProviderId, _: &Self) -> Result<Deletion> {
        let call = aws.iam().delete_open_id_connect_provider().open_id_connect_provider_arn(id.as_str());
        call.send().await.or_gone(&["NoSuchEntity"])?;
        Ok(Deletion::Done)
    }
}

fn texts(thumbprints: &BTreeSet<Caseless>) -> Vec<String> {
    thumbprints.iter().map(ToString::to_string).collect()
}

async fn get(aws: &Aws, arn: &str) -> Result<Option<GetOpenIdConnectProviderOutput>> {
    let call = aws.iam().get_open_id_connect_provider().open_id_connect_provider_arn(arn);
    call.send().await.or_gone(&["NoSuchEntity"])
}

fn observe(
    aws: &Aws,
    id: &OpenIdConnectProviderId,
    provider: GetOpenIdConnectProviderOutput,
) -> Observed<OpenIdConnectProvider> {
    let read = read_tags(aws, provider.tags);
    let issuer = provider.url.unwrap_or_default();
    let issuer = without_scheme(&issuer);
    let args = OpenIdConnectProvider {
        url: format!("https://{issuer}"),
        client_ids: provider.client_id_list.unwrap_or_default().into_iter().collect(),
        thumbprints: provider.thumbprint_list.map(|list| list.into_iter().map(Caseless::from).collect()),
        tags: read.tags,
    };
    let outputs = OpenIdConnectProviderOutputs { id: id.clone(), arn: id.clone(), url: issuer.to_owned() };
    Observed::new(args, outputs, read.owner)
}

impl Conforms for OpenIdConnectProvider {
    fn conformance(_: &mut Stack) -> Conformance<Self> {
        let thumbprint = "9E99A48A9960B14926BB7F3B02E22DA2B0AB7280";
        let base = OpenIdConnectProvider::builder()
            .url("https://issuer.formwork.example/id/CONFORMANCE")
            .client_ids(["sts.amazonaws.com"])
            .thumbprints([thumbprint])
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("client_ids", formwork_engine::Expr::List(vec!["sts.amazonaws.com".into(), "other".into()]))
            .change("client_ids", formwork_engine::Expr::List(vec!["other".into()]))
            .change(
                "thumbprints",
                formwork_engine::Expr::List(vec![thumbprint.into(), "990f4193972f2becf12ddeda5237f9c952f20d9e".into()]),
            )
            .change("tags", [("team", "b")])
            .change("url", "https://issuer.formwork.example/id/CONFORMANCE-2")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_makes_no_difference() {
        let (with, without) = ("https://issuer.example/id/1".to_owned(), "issuer.example/id/1".to_owned());
        assert!(same_issuer(&with, &without) && same_issuer(&without, &with));
        assert!(!same_issuer(&with, &"https://issuer.example/id/2".to_owned()));
    }
}
