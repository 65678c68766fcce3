//! [`marked`]: what carries the tag of a stack, asked for with one list per type.
//!
//! There is one API of AWS for all tags of an account (`GetResources`); it is behind by minutes, leaves out what never had a tag before, and
//! does not know IAM, EKS's children or buckets everywhere. So each service is asked in its own words. Some lists show the tags: then a type costs a
//! call per page. Others do not: there each thing that no row knows costs a call more, and before a run no more of them are asked than
//! [`Sought::most`], the newest first, since what a run left behind is new. What was not asked is said.
//!
//! Types without tags have no list here: what they are hangs on something that has.

use std::collections::BTreeMap;

use formwork_engine::kind::{CallClass, CallError, Mark, Sought, Swept};
use futures::future::{BoxFuture, FutureExt};

use crate::context::Aws;
use crate::error::{Error, Result};
use crate::questions::each;
use crate::tags;

/// What lists the things of some types.
type List<'a> = BoxFuture<'a, Result<Swept>>;

macro_rules! lists {
    ($($feature:literal { $($kind:literal => $list:path, $actions:expr;)+ })*) => {
        fn lists<'a>(aws: &'a Aws, sought: &'a Sought) -> Vec<(&'static str, List<'a>)> {
            let mut lists: Vec<(&'static str, List<'a>)> = Vec::new();
            $(#[cfg(feature = $feature)] {
                $(if asks(sought, $kind) {
                    lists.push(($kind, $list(aws, sought).boxed()));
                })+
            })*
            lists
        }

        /// The IAM actions with which what carries the tag of a stack is looked for among the things of a kind; none for a kind without tags.
        pub(crate) fn actions(kind: &str) -> &'static [&'static str] {
            $(#[cfg(feature = $feature)] {
                $(if covers($kind, kind) {
                    return $actions;
                })+
            })*
            &[]
        }
    };
}

lists! {
    "acm" {
        "aws:acm/certificate" => crate::acm::certificate::marked, &["acm:ListCertificates", "acm:ListTagsForCertificate"];
    }
    "cloudfront" {
        "aws:cloudfront/distribution" => crate::cloudfront::distribution::marked, &["cloudfront:ListDistributions", "cloudfront:ListTagsForResource"];
    }
    "ec2" {
        "aws:ec2" => crate::ec2::marked, &["ec2:DescribeTags"];
    }
    "ecr" {
        "aws:ecr/repository" => crate::ecr::marks::repositories, &["ecr:DescribeRepositories", "ecr:ListTagsForResource"];
    }
    "eks" {
        "aws:eks/access-entry" => crate::eks::marks::access_entries, &["eks:DescribeAccessEntry", "eks:DescribeCluster", "eks:ListAccessEntries", "eks:ListClusters"];
        "aws:eks/addon" => crate::eks::marks::addons, &["eks:DescribeAddon", "eks:DescribeCluster", "eks:ListAddons", "eks:ListClusters"];
        "aws:eks/cluster" => crate::eks::marks::clusters, &["eks:DescribeCluster", "eks:ListClusters"];
        "aws:eks/fargate-profile" => crate::eks::marks::fargate_profiles, &["eks:DescribeCluster", "eks:DescribeFargateProfile", "eks:ListClusters", "eks:ListFargateProfiles"];
        "aws:eks/node-group" => crate::eks::marks::node_groups, &["eks:DescribeCluster", "eks:DescribeNodegroup", "eks:ListClusters", "eks:ListNodegroups"];
        "aws:eks/pod-identity-association" => crate::eks::marks::pod_identities, &["eks:DescribeCluster", "eks:DescribePodIdentityAssociation", "eks:ListClusters", "eks:ListPodIdentityAssociations"];
    }
    "elasticache" {
        "aws:elasticache/parameter-group" => crate::elasticache::marks::parameter_groups, &["elasticache:DescribeCacheParameterGroups", "elasticache:ListTagsForResource"];
        "aws:elasticache/replication-group" => crate::elasticache::marks::replication_groups, &["elasticache:DescribeReplicationGroups", "elasticache:ListTagsForResource"];
        "aws:elasticache/subnet-group" => crate::elasticache::marks::subnet_groups, &["elasticache:DescribeCacheSubnetGroups", "elasticache:ListTagsForResource"];
    }
    "efs" {
        "aws:efs/file-system" => crate::efs::file_system::marked, &["elasticfilesystem:DescribeFileSystems"];
    }
    "elbv2" {
        "aws:elbv2/listener" => crate::elbv2::listeners, &["elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeTags"];
        "aws:elbv2/listener-rule" => crate::elbv2::listener_rules, &["elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTags"];
        "aws:elbv2/load-balancer" => crate::elbv2::load_balancers, &["elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeTags"];
        "aws:elbv2/target-group" => crate::elbv2::target_groups, &["elasticloadbalancing:DescribeTags", "elasticloadbalancing:DescribeTargetGroups"];
    }
    "iam" {
        "aws:iam/instance-profile" => crate::iam::marks::instance_profiles, &["iam:ListInstanceProfileTags", "iam:ListInstanceProfiles"];
        "aws:iam/open-id-connect-provider" => crate::iam::marks::providers, &["iam:ListOpenIDConnectProviderTags", "iam:ListOpenIDConnectProviders"];
        "aws:iam/policy" => crate::iam::marks::policies, &["iam:ListPolicies", "iam:ListPolicyTags"];
        "aws:iam/role" => crate::iam::marks::roles, &["iam:GetAccountAuthorizationDetails", "iam:ListRoleTags", "iam:ListRoles"];
    }
    "kms" {
        "aws:kms/key" => crate::kms::marks::keys, &["kms:ListKeys", "kms:ListResourceTags"];
    }
    "logs" {
        "aws:logs/log-group" => crate::logs::marks::log_groups, &["logs:DescribeLogGroups", "logs:ListTagsForResource"];
    }
    "rds" {
        "aws:rds/cluster" => crate::rds::marks::clusters, &["rds:DescribeDBClusters"];
        "aws:rds/cluster-instance" => crate::rds::marks::cluster_instances, &["rds:DescribeDBInstances"];
        "aws:rds/cluster-parameter-group" => crate::rds::marks::cluster_parameter_groups, &["rds:DescribeDBClusterParameterGroups", "rds:ListTagsForResource"];
        "aws:rds/instance" => crate::rds::marks::instances, &["rds:DescribeDBInstances"];
        "aws:rds/parameter-group" => crate::rds::marks::parameter_groups, &["rds:DescribeDBParameterGroups", "rds:ListTagsForResource"];
        "aws:rds/subnet-group" => crate::rds::marks::subnet_groups, &["rds:DescribeDBSubnetGroups", "rds:ListTagsForResource"];
    }
    "route53" {
        "aws:route53/hosted-zone" => crate::route53::hosted_zone::marked, &["route53:ListHostedZones", "route53:ListTagsForResources"];
    }
    "s3" {
        "aws:s3/bucket" => crate::s3::marks::buckets, &["s3:GetBucketTagging", "s3:ListAllMyBuckets"];
    }
    "secretsmanager" {
        "aws:secretsmanager/secret" => crate::secretsmanager::marks::secrets, &["secretsmanager:ListSecrets"];
    }
}

/// Whether a list, of one kind or of a whole service, has the things of a kind.
fn covers(list: &str, kind: &str) -> bool {
    kind.strip_prefix(list).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn asks(sought: &Sought, list: &str) -> bool {
    sought.kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|kind| covers(list, kind.as_str())))
}

/// Everything of the kinds that are asked about that carries the tag of the stack.
pub(crate) async fn marked(aws: &Aws, sought: &Sought) -> Swept {
    let answers = each(lists(aws, sought), |(kind, list)| async move { (kind, list.await) }).await;
    let mut swept = Swept::default();
    for (kind, answer) in answers {
        match answer {
            Ok(found) => {
                swept.marks.extend(found.marks);
                swept.unasked.extend(found.unasked);
            }
            Err(error) => swept.refused.push((kind.to_owned(), CallError::from(error))),
        }
    }
    swept
}

/// The marks among things whose list shows their tags.
pub(crate) fn among<T: IntoIterator<Item = (String, String)>>(
    sought: &Sought,
    kind: &str,
    things: impl IntoIterator<Item = (String, T)>,
) -> Vec<Mark> {
    things.into_iter().filter_map(|(id, tags)| tags::mark(&sought.stack, kind, &id, tags)).collect()
}

/// A thing whose list does not show its tags.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    /// Its id, as rows have it.
    pub(crate) id: String,
    /// What its tags are asked by: the id, or an ARN.
    pub(crate) by: String,
    /// Seconds since 1970; 0 where the list does not tell.
    pub(crate) made_at: i64,
}

impl Listed {
    /// One whose tags are asked by its id, and of which the list does not tell how old it is.
    pub(crate) fn of(id: impl Into<String>) -> Self {
        let id = id.into();
        Self { by: id.clone(), id, made_at: 0 }
    }
}

/// The marks among things each of which must be asked; `tags` answers `None` for what is gone. One that may not be asked is none of ours.
pub(crate) async fn one_by_one<F>(
    sought: &Sought,
    kind: &str,
    listed: impl IntoIterator<Item = Listed>,
    tags: impl Fn(String) -> F,
) -> Result<Swept>
where
    F: Future<Output = Result<Option<Vec<(String, String)>>>>,
{
    let (asked, unasked) = chosen(sought, kind, listed);
    let answers = each(asked, |one| {
        let answer = tags(one.by.clone());
        async move { (one.id, answer.await) }
    });
    let mut swept = Swept { unasked: unasked.into_iter().collect(), ..Swept::default() };
    for (id, answer) in answers.await {
        match answer {
            Ok(tags) => swept.marks.extend(tags.and_then(|tags| tags::mark(&sought.stack, kind, &id, tags))),
            Err(Error(error)) if error.class == CallClass::Denied => {}
            Err(error) => return Err(error),
        }
    }
    Ok(swept)
}

/// Those that are asked, and a sentence where that are not all.
fn chosen(sought: &Sought, kind: &str, listed: impl IntoIterator<Item = Listed>) -> (Vec<Listed>, Option<String>) {
    let unknown = listed.into_iter().filter(|one| !sought.known.contains(&one.id));
    // Once each, where a list moves under the pages.
    let mut open: Vec<Listed> =
        unknown.map(|one| (one.id.clone(), one)).collect::<BTreeMap<_, _>>().into_values().collect();
    open.sort_by_key(|one| std::cmp::Reverse(one.made_at));
    let most = sought.most.unwrap_or(usize::MAX);
    let left = open.len().saturating_sub(most);
    let dated = open.iter().any(|one| one.made_at > 0);
    open.truncate(most);
    let which = if dated { "the newest were" } else { "only some were" };
    let sentence = || {
        format!("{kind}: {left} that no row knows were not asked for their tags ({which}): `state repair` asks for all")
    };
    (open, (left > 0).then(sentence))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(id: &str, made_at: i64) -> Listed {
        Listed { made_at, ..Listed::of(id) }
    }

    #[test]
    fn what_rows_know_is_not_asked_and_of_the_rest_the_newest() {
        let sought = Sought { known: ["known".to_owned()].into(), most: Some(2), ..Sought::default() };
        let all = [listed("old", 1), listed("known", 9), listed("newest", 8), listed("newer", 7), listed("newer", 7)];
        let (asked, said) = chosen(&sought, "aws:logs/log-group", all.clone());
        assert_eq!(asked.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["newest", "newer"]);
        assert!(said.unwrap().starts_with("aws:logs/log-group: 1 that no row knows were not asked"));
        let (asked, said) = chosen(&Sought::default(), "aws:logs/log-group", all);
        assert_eq!((asked.len(), said), (4, None));
    }

    #[test]
    fn a_list_is_of_its_kind_or_of_its_service() {
        assert!(covers("aws:ec2", "aws:ec2/vpc") && covers("aws:iam/role", "aws:iam/role"));
        assert!(!covers("aws:iam/role", "aws:iam/role-policy") && !covers("aws:ec", "aws:ec2/vpc"));
    }

    #[test]
    #[cfg(feature = "all")]
    fn every_type_with_tags_is_looked_for() {
        let tagged = crate::schemas().into_iter().filter(|schema| schema.args.iter().any(|arg| arg.tags));
        let missing: Vec<&str> = tagged.map(|schema| schema.kind).filter(|kind| actions(kind).is_empty()).collect();
        assert!(missing.is_empty(), "without a list of what carries the stack's tag: {missing:?}");
    }
}
