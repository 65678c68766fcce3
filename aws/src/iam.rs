//! AWS Identity and Access Management: roles and policies, and what the types here share.

mod account;
pub mod instance_profile;
pub mod managed_policy;
pub(crate) mod marks;
pub mod open_id_connect_provider;
mod permissions;
pub mod policy;
pub mod policy_document;
pub mod role;
pub mod role_policy;
pub mod role_policy_attachment;
pub mod service_linked_role;

pub use instance_profile::{InstanceProfile, InstanceProfileName, InstanceProfileOutputs};
pub use managed_policy::{managed_policy, managed_policy_in};
pub use open_id_connect_provider::{OpenIdConnectProvider, OpenIdConnectProviderId, OpenIdConnectProviderOutputs};
pub use policy::{Policy, PolicyId, PolicyOutputs, aws_managed_policy};
pub use policy_document::{Pattern, PolicyDocument, Principal, Statement};
pub use role::{Role, RoleName, RoleOutputs};
pub use role_policy::{RolePolicy, RolePolicyId, RolePolicyOutputs};
pub use role_policy_attachment::{RolePolicyAttachment, RolePolicyAttachmentId, RolePolicyAttachmentOutputs};
pub use service_linked_role::{ServiceLinkedRole, ServiceLinkedRoleOutputs};

use aws_sdk_iam::types::Tag;
use formwork_engine::kind::{Owner, Proof};

use crate::context::Aws;
use crate::error::{Error, Result};
use crate::tags::{self, Tags};

pub(crate) fn tag(key: &str, value: &str) -> Result<Tag> {
    Tag::builder().key(key).value(value).build().map_err(|error| Error::refused("iam Tag", error.to_string()))
}

/// The tags of a create call: ownership and the user's.
pub(crate) fn tags_of(owner: &Owner, tags: &Tags) -> Result<Vec<Tag>> {
    tags::all(owner, tags).iter().map(|(key, value)| tag(key, value)).collect()
}

/// Takes apart the tags of an answer.
pub(crate) fn read_tags(aws: &Aws, tags: Option<Vec<Tag>>) -> tags::Read {
    tags::read(aws, tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)))
}

/// What the tags of a thing of the right name prove.
pub(crate) fn proof(aws: &Aws, owner: &Owner, tags: Option<Vec<Tag>>) -> Proof {
    tags::proof(owner, read_tags(aws, tags).owner.as_ref())
}

/// IAM answers documents URL-encoded (RFC 3986).
pub(crate) fn document(encoded: &str) -> String {
    percent_decode(encoded)
}

fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
