//! What the calls that make and change a cluster carry.

use std::collections::BTreeSet;

use aws_sdk_eks::types as sdk;

use super::{AutoMode, Cluster, ControlPlaneTier, LogType};
use crate::arn::Arn;
use crate::kms::Key;

impl Cluster {
    pub(super) fn vpc_request(&self) -> sdk::VpcConfigRequest {
        sdk::VpcConfigRequest::builder()
            .set_subnet_ids(Some(self.subnets.iter().map(ToString::to_string).collect()))
            .set_security_group_ids(Some(self.security_groups.iter().map(ToString::to_string).collect()))
            .endpoint_private_access(self.endpoint_private_access)
            .endpoint_public_access(self.endpoint_public_access)
            .set_public_access_cidrs(self.public_cidrs())
            .build()
    }

    pub(super) fn endpoint_request(&self) -> sdk::VpcConfigRequest {
        sdk::VpcConfigRequest::builder()
            .endpoint_private_access(self.endpoint_private_access)
            .endpoint_public_access(self.endpoint_public_access)
            .set_public_access_cidrs(self.public_cidrs())
            .build()
    }

    pub(super) fn network_request(&self) -> sdk::VpcConfigRequest {
        sdk::VpcConfigRequest::builder()
            .set_subnet_ids(Some(self.subnets.iter().map(ToString::to_string).collect()))
            .set_security_group_ids(Some(self.security_groups.iter().map(ToString::to_string).collect()))
            .build()
    }

    fn public_cidrs(&self) -> Option<Vec<String>> {
        self.public_access_cidrs.clone().map(|cidrs| cidrs.into_iter().collect())
    }

    /// All types, each switched on or off: one that is not named would keep its state.
    pub(super) fn logging(&self) -> sdk::Logging {
        let all =
            [LogType::Api, LogType::Audit, LogType::Authenticator, LogType::ControllerManager, LogType::Scheduler];
        let setup = |enabled: bool| {
            let types = all.iter().filter(|one| self.log_types.contains(one) == enabled).map(|one| one.as_str().into());
            sdk::LogSetup::builder().enabled(enabled).set_types(Some(types.collect())).build()
        };
        let setups = [setup(true), setup(false)].into_iter().filter(|setup| !setup.types().is_empty());
        sdk::Logging::builder().set_cluster_logging(Some(setups.collect())).build()
    }

    pub(super) fn upgrade_policy(&self) -> sdk::UpgradePolicyRequest {
        sdk::UpgradePolicyRequest::builder().support_type(self.support_type.as_str().into()).build()
    }

    pub(super) fn has_remote_networks(&self) -> bool {
        !self.remote_node_networks.is_empty() || !self.remote_pod_networks.is_empty()
    }

    pub(super) fn remote_networks(&self) -> sdk::RemoteNetworkConfigRequest {
        let list =
            |cidrs: &BTreeSet<String>| Some(cidrs.iter().cloned().collect::<Vec<_>>()).filter(|it| !it.is_empty());
        let nodes =
            list(&self.remote_node_networks).map(|it| sdk::RemoteNodeNetwork::builder().set_cidrs(Some(it)).build());
        let pods =
            list(&self.remote_pod_networks).map(|it| sdk::RemotePodNetwork::builder().set_cidrs(Some(it)).build());
        sdk::RemoteNetworkConfigRequest::builder()
            .set_remote_node_networks(Some(nodes.into_iter().collect()))
            .set_remote_pod_networks(Some(pods.into_iter().collect()))
            .build()
    }
}

impl AutoMode {
    pub(super) fn compute(&self, enabled: bool) -> sdk::ComputeConfigRequest {
        let pools = self.node_pools.iter().cloned().collect::<Vec<_>>();
        sdk::ComputeConfigRequest::builder()
            .enabled(enabled)
            .set_node_pools((!pools.is_empty()).then_some(pools))
            .set_node_role_arn(self.node_role_arn.as_ref().map(ToString::to_string))
            .build()
    }
}

pub(super) fn load_balancing(enabled: bool) -> sdk::ElasticLoadBalancing {
    sdk::ElasticLoadBalancing::builder().enabled(enabled).build()
}

pub(super) fn storage(enabled: bool) -> sdk::StorageConfigRequest {
    sdk::StorageConfigRequest::builder().block_storage(sdk::BlockStorage::builder().enabled(enabled).build()).build()
}

pub(super) fn scaling(tier: ControlPlaneTier) -> sdk::ControlPlaneScalingConfig {
    sdk::ControlPlaneScalingConfig::builder().tier(tier.as_str().into()).build()
}

#[expect(deprecated, reason = "clusters of versions before 1.28 are only encrypted for what is named here")]
pub(super) fn encryption(key: &Arn<Key>) -> sdk::EncryptionConfig {
    let provider = sdk::Provider::builder().key_arn(key.as_str()).build();
    sdk::EncryptionConfig::builder().resources("secrets").provider(provider).build()
}
