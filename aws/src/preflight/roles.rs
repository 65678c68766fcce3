//! The roles that services of AWS act with: the first thing of a service in an account needs its role, which AWS would make on the way, or fail to
//! make minutes later. Where it is missing it is made first, visibly.
//!
//! Which kind needs which is in the tables of permissions: whoever makes one must be allowed to make the role.

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::Urn;
use formwork_engine::kind::CallError;
use formwork_engine::preflight::{Intended, Preparation};

use crate::context::Aws;
use crate::error::Result;
use crate::iam::service_linked_role::PATH;
use crate::lifecycle::again;

/// The roles that are needed by what is made, and that the account has not.
pub(super) async fn missing(aws: &Aws, intended: &[Intended]) -> Result<Vec<Preparation>> {
    let needed = needed(intended);
    if needed.is_empty() {
        return Ok(Vec::new());
    }
    let there = services(aws).await?;
    let missing = needed.into_iter().filter(|(service, _)| !there.contains(*service));
    Ok(missing
        .map(|(service, needed_by)| Preparation {
            what: format!("the role that {service} acts with"),
            key: service.to_owned(),
            account: aws.account().to_owned(),
            provider: intended.first().map(|one| one.provider.clone()).unwrap_or_default(),
            needed_by,
        })
        .collect())
}

/// By service, what is made that needs its role.
fn needed(intended: &[Intended]) -> BTreeMap<&'static str, BTreeSet<Urn>> {
    let mut needed: BTreeMap<&'static str, BTreeSet<Urn>> = BTreeMap::new();
    let tables = crate::tables();
    for one in intended.iter().filter(|one| one.is_new()) {
        let kind = one.kind();
        let Some(table) = tables.iter().find(|table| table.kind == kind) else { continue };
        for permission in table.permissions.iter().filter(|it| it.actions == ["iam:CreateServiceLinkedRole"]) {
            let wanted = permission.when.is_empty() || permission.when.iter().any(|path| says(one, path));
            if let (Some(("iam:AWSServiceName", service)), true) = (permission.only, wanted) {
                needed.entry(service).or_default().insert(one.urn.clone());
            }
        }
    }
    needed
}

fn says(one: &Intended, path: &str) -> bool {
    !path.split('.').fold(&one.args, |value, part| value.get(part)).is_null()
}

/// The services whose roles the account has.
async fn services(aws: &Aws) -> Result<BTreeSet<String>> {
    let mut services = BTreeSet::new();
    let mut pages = aws.iam().list_roles().path_prefix(PATH).into_paginator().send();
    while let Some(page) = pages.next().await {
        let service = |path: &str| path.strip_prefix(PATH)?.split('/').next().map(str::to_owned);
        services.extend(page?.roles.into_iter().filter_map(|role| service(&role.path)));
    }
    Ok(services)
}

/// Makes the role of a service. It has a name of its own: a second call makes nothing, so that one that was lost is simply made again.
pub(crate) async fn prepare(aws: &Aws, preparation: &Preparation) -> std::result::Result<(), CallError> {
    let make = || async {
        let made = aws.iam().create_service_linked_role().aws_service_name(&preparation.key).send().await;
        match made.map_err(crate::Error::from) {
            Ok(_) => Ok(()),
            // Taken: by somebody else, by the service itself, or by a call of ours whose answer was lost.
            Err(error) if error.is(&["InvalidInput"]) && services(aws).await?.contains(&preparation.key) => Ok(()),
            Err(error) => Err(error),
        }
    };
    again(aws, make).await
}

#[cfg(test)]
mod tests {
    use formwork_engine::Value;
    use formwork_engine::plan::Op;

    use super::*;

    fn made(op: Op, kind: &str) -> Intended {
        Intended {
            urn: format!("prod::it::{kind}").parse().unwrap(),
            op,
            replaces: false,
            args: Value::Map(BTreeMap::new()),
            changed: BTreeSet::new(),
            references: BTreeMap::new(),
            documents: BTreeMap::new(),
            prefixes: BTreeMap::new(),
            provider: formwork_engine::ProviderName::default(),
            account: "123456789012".to_owned(),
            region: "eu-west-1".to_owned(),
            source: None,
        }
    }

    #[test]
    fn what_is_made_anew_needs_the_role_of_its_service() {
        let of = |op, kind| needed(&[made(op, kind)]).into_keys().collect::<Vec<_>>();
        assert_eq!(of(Op::Create, "aws:eks/cluster"), ["eks.amazonaws.com"]);
        assert_eq!(of(Op::Create, "aws:eks/node-group"), ["eks-nodegroup.amazonaws.com"]);
        assert_eq!(of(Op::Create, "aws:rds/instance"), ["rds.amazonaws.com"]);
        assert_eq!(of(Op::Create, "aws:elasticache/replication-group"), ["elasticache.amazonaws.com"]);
        assert_eq!(of(Op::Create, "aws:elbv2/load-balancer"), ["elasticloadbalancing.amazonaws.com"]);
        assert_eq!(of(Op::Create, "aws:efs/file-system"), ["elasticfilesystem.amazonaws.com"]);
        assert!(of(Op::Update, "aws:eks/cluster").is_empty(), "what stands has had its role");
        assert!(of(Op::Create, "aws:ec2/vpc").is_empty());
    }
}
