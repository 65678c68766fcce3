//! `aws:ec2/client-vpn-authorization-rule`: who may reach which addresses through a Client VPN endpoint.
//!
//! ```
//! use formwork_aws::ec2::{ClientVpnAccess, ClientVpnAuthorizationRule, ClientVpnEndpointId};
//!
//! let rule = ClientVpnAuthorizationRule::builder()
//!     .client_vpn_endpoint(ClientVpnEndpointId::new("cvpn-endpoint-0123456789abcdef0"))
//!     .target_network_cidr("10.0.0.0/16")
//!     .access(ClientVpnAccess::everybody())
//!     .build();
//! # drop(rule);
//! ```

use std::collections::BTreeMap;

use aws_sdk_ec2::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::{Block, Outputs, Resource, Stack, id};

use super::ClientVpnEndpointId;
use super::client_vpn::{ENDPOINT_GONE, leaves, listed, split, words};
use super::client_vpn_endpoint::example;
use crate::cidr::{self, canonical};
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};

id! {
    /// Endpoint, range and, of a rule for one group, the group, as `cvpn-endpoint-0123456789abcdef0|10.0.0.0/16|S-1-5-21-1`.
    pub struct ClientVpnAuthorizationRuleId;
}

impl ClientVpnAuthorizationRuleId {
    fn of(args: &ClientVpnAuthorizationRule) -> Self {
        let (endpoint, range) = (&args.client_vpn_endpoint, canonical(&args.target_network_cidr));
        Self::new(match &args.access {
            ClientVpnAccess::Everybody => format!("{endpoint}|{range}"),
            ClientVpnAccess::Group { access_group } => format!("{endpoint}|{range}|{access_group}"),
        })
    }

    fn endpoint(&self) -> &str {
        split(self.as_str()).0
    }

    fn range(&self) -> &str {
        split(split(self.as_str()).1).0
    }

    fn access(&self) -> ClientVpnAccess {
        match split(split(self.as_str()).1).1 {
            "" => ClientVpnAccess::Everybody,
            group => ClientVpnAccess::Group { access_group: group.to_owned() },
        }
    }
}

/// Who may reach which addresses through an endpoint. Without one that fits, traffic is dropped; of several, the one with the longest range counts.
///
/// It has no id and no tags: endpoint, range and group are what tells it apart. AWS changes none of it.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2/client-vpn-authorization-rule",
    cfn = "AWS::EC2::ClientVpnAuthorizationRule",
    id = ClientVpnAuthorizationRuleId,
    outputs = ClientVpnAuthorizationRuleOutputs,
    guard = unique_name,
    natural_key(client_vpn_endpoint, target_network_cidr, access),
    visibility = 300,
    create_wait = (0, 5, 1, 600),
    delete_wait = (0, 5, 1, 600)
)]
pub struct ClientVpnAuthorizationRule {
    /// The endpoint.
    #[arg(replace, cfn = "ClientVpnEndpointId")]
    pub client_vpn_endpoint: ClientVpnEndpointId,
    /// The range that may be reached, such as `10.0.0.0/16`, or `0.0.0.0/0` for everything that routes lead to.
    #[arg(replace, same = cidr::same)]
    pub target_network_cidr: String,
    /// Who may reach it.
    #[arg(replace, cfn = "")]
    pub access: ClientVpnAccess,
    /// What it is for; nothing when it is empty.
    #[arg(replace, default = "")]
    pub description: String,
}

/// Who may reach something.
#[derive(Block, Clone, PartialEq, Eq)]
#[block(choice = "who", choice_cfn = "AuthorizeAllGroups")]
pub enum ClientVpnAccess {
    /// Everybody who is connected.
    #[choice("everybody")]
    Everybody,
    /// The members of a group, of those who prove themselves to a directory or an identity provider.
    #[choice("group")]
    Group {
        /// The SID of the group in the directory, or its name or id as the identity provider tells it; without a `|`.
        #[arg(cfn = "AccessGroupId")]
        access_group: String,
    },
}

/// What is known of a rule once it is there.
#[derive(Outputs)]
pub struct ClientVpnAuthorizationRuleOutputs {
    /// Endpoint, range and group.
    pub id: ClientVpnAuthorizationRuleId,
}

impl Lifecycle for ClientVpnAuthorizationRule {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let call = aws
            .ec2()
            .authorize_client_vpn_ingress()
            .client_vpn_endpoint_id(args.client_vpn_endpoint.as_str())
            .target_network_cidr(canonical(&args.target_network_cidr))
            .set_description((!args.description.is_empty()).then(|| args.description.clone()))
            .client_token(&owner.token);
        let call = match &args.access {
            ClientVpnAccess::Everybody => call.authorize_all_groups(true),
            ClientVpnAccess::Group { access_group } => call.access_group_id(access_group),
        };
        call.send().await?;
        Ok(Created::whole(ClientVpnAuthorizationRuleId::of(args).to_string()))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let ids: Vec<_> = waiting.iter().map(|one| ClientVpnAuthorizationRuleId::new(&one.id)).collect();
        let found = rules(aws, &ids).await.into_iter();
        found.map(|(id, rule)| Ok((id.to_string(), status_of(&rule?)))).collect()
    }

    async fn read(aws: &Aws, ids: &[ClientVpnAuthorizationRuleId]) -> Result<Readings<Self>> {
        let found = rules(aws, ids).await.into_iter();
        let there = found.filter(|(_, rule)| rule.as_ref().map_or(true, stands));
        Ok(there.map(|(id, rule)| (id.clone(), rule.map(|rule| observe(id, rule)))).collect())
    }

    async fn find(aws: &Aws, _: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let id = ClientVpnAuthorizationRuleId::of(args);
        let rules = describe(aws, id.endpoint()).await?;
        let there = rules.iter().any(|rule| is(&id, rule) && stands(rule));
        Ok(there.then(|| Candidate { id: id.to_string(), proof: Proof::Name }).into_iter().collect())
    }

    async fn update(_: &Aws, update: Update<'_, Self>) -> Result<Updated<ClientVpnAuthorizationRuleChanges>> {
        let ClientVpnAuthorizationRuleChanges {} = update.changes;
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &ClientVpnAuthorizationRuleId, _: &Self) -> Result<Deletion> {
        if leaves(rules(aws, std::slice::from_ref(id)).await, stands)? {
            return Ok(Deletion::Wait);
        }
        let call = aws.ec2().revoke_client_vpn_ingress().client_vpn_endpoint_id(id.endpoint());
        let call = call.target_network_cidr(id.range());
        let call = match id.access() {
            ClientVpnAccess::Everybody => call.revoke_all_groups(true),
            ClientVpnAccess::Group { access_group } => call.access_group_id(access_group),
        };
        let gone = call.send().await.or_gone(GONE)?.is_none();
        Ok(if gone { Deletion::Done } else { Deletion::Wait })
    }
}

const GONE: &[&str] = &["InvalidClientVpnEndpointAuthorizationRuleNotFound", ENDPOINT_GONE];

async fn rules(
    aws: &Aws,
    ids: &[ClientVpnAuthorizationRuleId],
) -> BTreeMap<ClientVpnAuthorizationRuleId, Result<sdk::AuthorizationRule>> {
    listed(ids, ClientVpnAuthorizationRuleId::endpoint, |endpoint| describe(aws, endpoint), is).await
}

async fn describe(aws: &Aws, endpoint: &str) -> Result<Vec<sdk::AuthorizationRule>> {
    let mut found = Vec::new();
    let call = aws.ec2().describe_client_vpn_authorization_rules().client_vpn_endpoint_id(endpoint);
    let mut pages = call.into_paginator().send();
    while let Some(page) = pages.next().await {
        let Some(page) = page.or_gone(&[ENDPOINT_GONE])? else { break };
        found.extend(page.authorization_rules.unwrap_or_default());
    }
    Ok(found)
}

fn is(id: &ClientVpnAuthorizationRuleId, rule: &sdk::AuthorizationRule) -> bool {
    rule.destination_cidr().map(canonical).as_deref() == Some(id.range()) && access_of(rule) == id.access()
}

fn access_of(rule: &sdk::AuthorizationRule) -> ClientVpnAccess {
    match rule.group_id().filter(|group| !group.is_empty() && rule.access_all() != Some(true)) {
        Some(group) => ClientVpnAccess::Group { access_group: group.to_owned() },
        None => ClientVpnAccess::Everybody,
    }
}

fn state(rule: &sdk::AuthorizationRule) -> &str {
    rule.status().and_then(|status| status.code()).map_or("authorizing", |code| code.as_str())
}

fn stands(rule: &sdk::AuthorizationRule) -> bool {
    state(rule) != "revoking"
}

fn status_of(rule: &sdk::AuthorizationRule) -> Status {
    match state(rule) {
        "active" => Status::Ready,
        state @ "failed" => Status::Failed(words(state, rule.status().and_then(|status| status.message()))),
        other => Status::Pending(other.to_owned()),
    }
}

fn observe(id: ClientVpnAuthorizationRuleId, rule: sdk::AuthorizationRule) -> Observed<ClientVpnAuthorizationRule> {
    let args = ClientVpnAuthorizationRule {
        client_vpn_endpoint: ClientVpnEndpointId::new(id.endpoint()),
        access: access_of(&rule),
        target_network_cidr: rule.destination_cidr.unwrap_or_default(),
        description: rule.description.unwrap_or_default(),
    };
    Observed::new(args, ClientVpnAuthorizationRuleOutputs { id }, None)
}

impl Conforms for ClientVpnAuthorizationRule {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let endpoint = example(stack, "endpoint", "10.200.0.0/22");
        let other = example(stack, "other", "10.204.0.0/22");
        let base = ClientVpnAuthorizationRule::builder()
            .client_vpn_endpoint(&endpoint)
            .target_network_cidr("10.44.3.1/16")
            .access(ClientVpnAccess::group("S-1-5-21-1-2-3-513"))
            .description("developers")
            .build();
        Conformance::of(base)
            .on_double("Client VPN, which the emulator has no part of: nothing connects to it")
            .change("description", "all developers")
            .change("access", ClientVpnAccess::everybody())
            .change("target_network_cidr", "0.0.0.0/0")
            .change("client_vpn_endpoint", &other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(access: ClientVpnAccess) -> ClientVpnAuthorizationRule {
        ClientVpnAuthorizationRule {
            client_vpn_endpoint: ClientVpnEndpointId::new("cvpn-endpoint-1"),
            target_network_cidr: "10.1.2.3/8".to_owned(),
            access,
            description: String::new(),
        }
    }

    #[test]
    fn an_id_says_endpoint_range_and_group() {
        let group = ClientVpnAccess::Group { access_group: "S-1".to_owned() };
        let id = ClientVpnAuthorizationRuleId::of(&rule(group.clone()));
        assert_eq!(id.as_str(), "cvpn-endpoint-1|10.0.0.0/8|S-1");
        assert_eq!((id.endpoint(), id.range(), id.access()), ("cvpn-endpoint-1", "10.0.0.0/8", group));
        let id = ClientVpnAuthorizationRuleId::of(&rule(ClientVpnAccess::Everybody));
        assert_eq!((id.as_str(), id.access()), ("cvpn-endpoint-1|10.0.0.0/8", ClientVpnAccess::Everybody));
    }

    #[test]
    fn rules_of_one_range_are_told_apart_by_their_group() {
        let found = |group: &str, all: bool| {
            sdk::AuthorizationRule::builder().destination_cidr("10.0.0.0/8").group_id(group).access_all(all).build()
        };
        let everybody = ClientVpnAuthorizationRuleId::new("cvpn-endpoint-1|10.0.0.0/8");
        let group = ClientVpnAuthorizationRuleId::new("cvpn-endpoint-1|10.0.0.0/8|S-1");
        assert!(is(&everybody, &found("", true)) && is(&group, &found("S-1", false)));
        assert!(!is(&everybody, &found("S-1", false)) && !is(&group, &found("", true)));
    }
}
