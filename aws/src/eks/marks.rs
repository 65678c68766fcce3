//! What carries the tag of a stack in EKS. Clusters are listed by name alone; what is in one is listed per cluster, and looked for in the clusters that
//! rows know or that carry the tag themselves: another's cluster is none of the stack's.

use std::sync::Arc;

use formwork_engine::kind::{Mark, Sought, Swept};

use crate::context::Aws;
use crate::error::{OrGone, Result};
use crate::questions::each;
use crate::sweep::{Listed, one_by_one};

const GONE: &[&str] = &["ResourceNotFoundException"];

fn pairs(tags: Option<impl IntoIterator<Item = (String, String)>>) -> Vec<(String, String)> {
    tags.into_iter().flatten().collect()
}

async fn names(aws: &Aws) -> Result<Arc<Vec<String>>> {
    let ask = async {
        let mut names = Vec::new();
        let mut pages = aws.eks().list_clusters().into_paginator().send();
        while let Some(page) = pages.next().await {
            names.extend(page?.clusters.unwrap_or_default());
        }
        Ok(names)
    };
    aws.once("eks cluster names", ask).await
}

pub(crate) async fn clusters(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let ask = async {
        let listed: Vec<Listed> = names(aws).await?.iter().map(Listed::of).collect();
        one_by_one(sought, "aws:eks/cluster", listed, async |name: String| {
            let answer = aws.eks().describe_cluster().name(&name).send().await.or_gone(GONE)?;
            Ok(answer.and_then(|answer| answer.cluster).map(|cluster| pairs(cluster.tags)))
        })
        .await
    };
    Ok((*aws.once(format!("eks clusters of {}", sought.stack), ask).await?).clone())
}

/// The clusters that are the stack's.
async fn ours(aws: &Aws, sought: &Sought) -> Result<Vec<String>> {
    let marked = clusters(aws, sought).await?.marks;
    let known = |name: &String| {
        let within = |id: &String| id.split_once('|').map_or(id.as_str(), |(cluster, _)| cluster) == name;
        sought.known.iter().any(within) || marked.iter().any(|Mark { id, .. }| id == name)
    };
    Ok(names(aws).await?.iter().filter(|name| known(name)).cloned().collect())
}

/// What is listed in each of the stack's clusters, under ids as rows have them.
async fn in_clusters<F>(aws: &Aws, sought: &Sought, list: impl Fn(String) -> F) -> Result<Vec<Listed>>
where
    F: Future<Output = Result<Vec<String>>>,
{
    let answers = each(ours(aws, sought).await?, |cluster| {
        let listed = list(cluster.clone());
        async move { listed.await.map(|found| (cluster, found)) }
    });
    let mut listed = Vec::new();
    for answer in answers.await {
        let (cluster, found) = answer?;
        listed.extend(found.into_iter().map(|name| Listed::of(format!("{cluster}|{name}"))));
    }
    Ok(listed)
}

fn parts(id: &str) -> (&str, &str) {
    id.split_once('|').unwrap_or((id, ""))
}

pub(crate) async fn node_groups(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let listed = in_clusters(aws, sought, async |cluster: String| {
        let mut found = Vec::new();
        let mut pages = aws.eks().list_nodegroups().cluster_name(cluster).into_paginator().send();
        while let Some(page) = pages.next().await {
            found.extend(page.or_gone(GONE)?.and_then(|page| page.nodegroups).unwrap_or_default());
        }
        Ok(found)
    });
    one_by_one(sought, "aws:eks/node-group", listed.await?, async |id: String| {
        let (cluster, name) = parts(&id);
        let answer = aws.eks().describe_nodegroup().cluster_name(cluster).nodegroup_name(name).send().await;
        Ok(answer.or_gone(GONE)?.and_then(|answer| answer.nodegroup).map(|group| pairs(group.tags)))
    })
    .await
}

pub(crate) async fn addons(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let listed = in_clusters(aws, sought, async |cluster: String| {
        let mut found = Vec::new();
        let mut pages = aws.eks().list_addons().cluster_name(cluster).into_paginator().send();
        while let Some(page) = pages.next().await {
            found.extend(page.or_gone(GONE)?.and_then(|page| page.addons).unwrap_or_default());
        }
        Ok(found)
    });
    one_by_one(sought, "aws:eks/addon", listed.await?, async |id: String| {
        let (cluster, name) = parts(&id);
        let answer = aws.eks().describe_addon().cluster_name(cluster).addon_name(name).send().await;
        Ok(answer.or_gone(GONE)?.and_then(|answer| answer.addon).map(|addon| pairs(addon.tags)))
    })
    .await
}

pub(crate) async fn access_entries(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let listed = in_clusters(aws, sought, async |cluster: String| {
        let mut found = Vec::new();
        let mut pages = aws.eks().list_access_entries().cluster_name(cluster).into_paginator().send();
        while let Some(page) = pages.next().await {
            found.extend(page.or_gone(GONE)?.and_then(|page| page.access_entries).unwrap_or_default());
        }
        Ok(found)
    });
    one_by_one(sought, "aws:eks/access-entry", listed.await?, async |id: String| {
        let (cluster, principal) = parts(&id);
        let answer = aws.eks().describe_access_entry().cluster_name(cluster).principal_arn(principal).send().await;
        Ok(answer.or_gone(GONE)?.and_then(|answer| answer.access_entry).map(|entry| pairs(entry.tags)))
    })
    .await
}

pub(crate) async fn fargate_profiles(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let listed = in_clusters(aws, sought, async |cluster: String| {
        let mut found = Vec::new();
        let mut pages = aws.eks().list_fargate_profiles().cluster_name(cluster).into_paginator().send();
        while let Some(page) = pages.next().await {
            found.extend(page.or_gone(GONE)?.and_then(|page| page.fargate_profile_names).unwrap_or_default());
        }
        Ok(found)
    });
    one_by_one(sought, "aws:eks/fargate-profile", listed.await?, async |id: String| {
        let (cluster, name) = parts(&id);
        let answer = aws.eks().describe_fargate_profile().cluster_name(cluster).fargate_profile_name(name).send().await;
        Ok(answer.or_gone(GONE)?.and_then(|answer| answer.fargate_profile).map(|profile| pairs(profile.tags)))
    })
    .await
}

pub(crate) async fn pod_identities(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let listed = in_clusters(aws, sought, async |cluster: String| {
        let mut found = Vec::new();
        let mut pages = aws.eks().list_pod_identity_associations().cluster_name(cluster).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.or_gone(GONE)?.and_then(|page| page.associations).unwrap_or_default();
            found.extend(page.into_iter().filter_map(|it| it.association_id));
        }
        Ok(found)
    });
    one_by_one(sought, "aws:eks/pod-identity-association", listed.await?, async |id: String| {
        let (cluster, association) = parts(&id);
        let call = aws.eks().describe_pod_identity_association().cluster_name(cluster).association_id(association);
        Ok(call.send().await.or_gone(GONE)?.and_then(|answer| answer.association).map(|it| pairs(it.tags)))
    })
    .await
}
