//! The rows about images, secrets and what workloads may do.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value as Json;

use super::{Seen, check, one};

#[tokio::test]
async fn images_are_scanned_immutable_and_expire() {
    check(images, "prod/web is scanned").await;
}

#[tokio::test]
async fn every_image_has_a_repository() {
    check(repositories, "the repositories are").await;
}

#[tokio::test]
async fn secrets_hold_what_the_configuration_says() {
    check(secrets, "prod-app-env").await;
}

#[tokio::test]
async fn artefacts_are_encrypted_versioned_and_expire() {
    check(bucket, "versioning is").await;
}

#[tokio::test]
async fn artefacts_are_closed_to_the_public() {
    check(bucket_is_closed, "public policies").await;
}

#[tokio::test]
async fn artefacts_are_reached_with_tls_only() {
    check(bucket_takes_tls_only, "lets calls without TLS in").await;
}

#[tokio::test]
async fn gateway_uses_its_bucket_only() {
    check(gateway, "gateway may").await;
}

#[tokio::test]
async fn workloads_are_trusted_by_service_account_and_audience() {
    check(trust, "prod-gateway is trusted by").await;
}

#[tokio::test]
async fn external_secrets_reads_those_secrets_only() {
    check(external_secrets, "external-secrets may").await;
}

#[tokio::test]
async fn there_are_no_static_credentials() {
    check(no_static_credentials, "prod-gateway is assumed by anybody").await;
}

async fn repositories(seen: &Seen) -> Result<()> {
    let answer = seen.aws.ecr().describe_repositories().send().await?;
    let names: BTreeSet<&str> = answer.repositories().iter().filter_map(|it| it.repository_name()).collect();
    let wanted = ["gateway", "llm-proxy", "trigger-service", "web", "worker"].map(|name| format!("prod/{name}"));
    ensure!(names == wanted.iter().map(String::as_str).collect(), "the repositories are {names:?}");
    Ok(())
}

async fn images(seen: &Seen) -> Result<()> {
    let ecr = seen.aws.ecr();
    let answer = ecr.describe_repositories().send().await?;
    for repository in answer.repositories() {
        let name = repository.repository_name().unwrap_or_default();
        let scanned = repository.image_scanning_configuration().map(|it| it.scan_on_push());
        ensure!(scanned == Some(true), "{name} is scanned on push: {scanned:?}");
        let tags = repository.image_tag_mutability().map(|it| it.as_str());
        ensure!(tags == Some("IMMUTABLE"), "tags of {name} are {tags:?}");
        let policy = ecr.get_lifecycle_policy().repository_name(name).send().await?;
        let policy: Json = serde_json::from_str(policy.lifecycle_policy_text().unwrap_or_default())?;
        ensure!(policy["rules"].as_array().is_some_and(|rules| rules.len() == 2), "{name} keeps images by {policy}");
    }
    Ok(())
}

async fn secrets(seen: &Seen) -> Result<()> {
    let config = super::config();
    for (name, value) in
        [("prod-app-env", &config.secrets.app_env), ("prod-llm-proxy-env", &config.secrets.llm_proxy_env)]
    {
        let answer = seen.aws.secretsmanager().get_secret_value().secret_id(name).send().await?;
        ensure!(answer.secret_string() == Some(value.reveal().as_str()), "{name} holds something else");
    }
    Ok(())
}

/// The trust policy of a role.
async fn trusted(seen: &Seen, role: &str) -> Result<Vec<Json>> {
    let answer = seen.aws.iam().get_role().role_name(role).send().await?;
    let text = one(answer.role().and_then(|it| it.assume_role_policy_document()), "trust policy")?;
    statements(text)
}

/// The statements of a document, which IAM answers encoded as in a URL.
fn statements(text: &str) -> Result<Vec<Json>> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        (rest, _) = match (first, tail) {
            (b'%', [high, low, after @ ..]) => {
                let digits = String::from_utf8(vec![*high, *low])?;
                (after, bytes.push(u8::from_str_radix(&digits, 16)?))
            }
            _ => (tail, bytes.push(*first)),
        };
    }
    let document: Json = serde_json::from_slice(&bytes).with_context(|| format!("{text} is no document"))?;
    Ok(document["Statement"].as_array().cloned().unwrap_or_default())
}

async fn trust(seen: &Seen) -> Result<()> {
    let cluster = seen.aws.eks().describe_cluster().name("prod").send().await?;
    let issuer = cluster.cluster().and_then(|it| it.identity()).and_then(|it| it.oidc()).and_then(|it| it.issuer());
    let issuer = one(issuer, "issuer")?.trim_start_matches("https://");
    let accounts = [("external-secrets", "external-secrets:external-secrets"), ("gateway", "app:gateway")];
    for (workload, account) in accounts {
        let statements = trusted(seen, &format!("prod-{workload}")).await?;
        let equal = serde_json::json!({
            format!("{issuer}:aud"): "sts.amazonaws.com",
            format!("{issuer}:sub"): format!("system:serviceaccount:{account}"),
        });
        let by = statements.first().map(|it| it["Condition"]["StringEquals"].clone()).unwrap_or_default();
        ensure!(statements.len() == 1 && by == equal, "prod-{workload} is trusted by {statements:?}");
        let provider = statements[0]["Principal"]["Federated"].as_str().unwrap_or_default();
        ensure!(provider.ends_with(issuer), "prod-{workload} trusts {provider}");
    }
    Ok(())
}

async fn external_secrets(seen: &Seen) -> Result<()> {
    let mut wanted = BTreeSet::new();
    for name in ["prod-app-env", "prod-llm-proxy-env"] {
        let answer = seen.aws.secretsmanager().describe_secret().secret_id(name).send().await?;
        wanted.insert(one(answer.arn, "secret")?);
    }
    let said = allowed(seen, "external-secrets").await?;
    ensure!(said.len() == 1, "external-secrets may {said:?}");
    let resources: BTreeSet<String> = texts(&said[0]["Resource"]).into_iter().collect();
    let actions = texts(&said[0]["Action"]);
    let reads = actions.iter().all(|it| ["GetSecretValue", "DescribeSecret"].iter().any(|read| it.ends_with(read)));
    ensure!(resources == wanted && reads, "external-secrets may {actions:?} on {resources:?}");
    Ok(())
}

async fn gateway(seen: &Seen) -> Result<()> {
    let bucket = format!("arn:aws:s3:::{}", seen.text("artefacts_bucket")?);
    let said = allowed(seen, "gateway").await?;
    let resources: BTreeSet<String> = said.iter().flat_map(|it| texts(&it["Resource"])).collect();
    let actions: BTreeSet<String> = said.iter().flat_map(|it| texts(&it["Action"])).collect();
    let own = BTreeSet::from([bucket.clone(), format!("{bucket}/*")]);
    let wanted = ["s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"].map(str::to_owned);
    ensure!(resources == own && actions == BTreeSet::from(wanted), "gateway may {actions:?} on {resources:?}");
    Ok(())
}

async fn bucket(seen: &Seen) -> Result<()> {
    let (s3, name) = (seen.aws.s3(), seen.text("artefacts_bucket")?);
    let expected = format!("prod-artefacts-{}-eu-west-1", seen.aws.account());
    ensure!(name == expected, "the bucket is {name}");
    let encryption = s3.get_bucket_encryption().bucket(&name).send().await?;
    let rules = encryption.server_side_encryption_configuration().map(|it| it.rules()).unwrap_or_default();
    let by = rules.first().and_then(|it| it.apply_server_side_encryption_by_default());
    ensure!(by.is_some_and(|it| it.sse_algorithm().as_str() == "AES256"), "it is encrypted by {by:?}");
    let versioning = s3.get_bucket_versioning().bucket(&name).send().await?;
    let status = versioning.status().map(|it| it.as_str());
    ensure!(status == Some("Enabled"), "versioning is {status:?}");
    let lifecycle = s3.get_bucket_lifecycle_configuration().bucket(&name).send().await?;
    let expires = lifecycle.rules().iter().find_map(|it| it.expiration()?.days());
    let noncurrent = lifecycle.rules().iter().find_map(|it| it.noncurrent_version_expiration()?.noncurrent_days());
    let uploads =
        lifecycle.rules().iter().find_map(|it| it.abort_incomplete_multipart_upload()?.days_after_initiation());
    let days = [expires, noncurrent, uploads];
    ensure!(days == [365, 30, 7].map(Some), "objects, versions and uploads go after {days:?} days");
    Ok(())
}

async fn bucket_is_closed(seen: &Seen) -> Result<()> {
    let (s3, name) = (seen.aws.s3(), seen.text("artefacts_bucket")?);
    let answer = s3.get_public_access_block().bucket(&name).send().await?;
    let block = one(answer.public_access_block_configuration(), "public access block")?;
    ensure!(block.block_public_acls() == Some(true), "public lists are taken");
    ensure!(block.ignore_public_acls() == Some(true), "public lists count");
    ensure!(block.block_public_policy() == Some(true), "public policies are taken");
    ensure!(block.restrict_public_buckets() == Some(true), "public policies count");
    let answer = s3.get_bucket_ownership_controls().bucket(&name).send().await?;
    let rules = answer.ownership_controls().map(|it| it.rules()).unwrap_or_default();
    let owner = rules.first().map(|it| it.object_ownership().as_str());
    ensure!(owner == Some("BucketOwnerEnforced"), "objects belong to {owner:?}");
    Ok(())
}

async fn bucket_takes_tls_only(seen: &Seen) -> Result<()> {
    let name = seen.text("artefacts_bucket")?;
    let answer = seen.aws.s3().get_bucket_policy().bucket(&name).send().await?;
    let policy: Json = serde_json::from_str(answer.policy().unwrap_or_default())?;
    let arn = format!("arn:aws:s3:::{name}");
    let refuses = |it: &Json| {
        it["Effect"] == "Deny"
            && it["Action"] == "s3:*"
            && (it["Principal"] == "*" || it["Principal"]["AWS"] == "*")
            && texts(&it["Resource"]) == [arn.clone(), format!("{arn}/*")]
            && it["Condition"]["Bool"]["aws:SecureTransport"] == "false"
    };
    let said = policy["Statement"].as_array().cloned().unwrap_or_default();
    ensure!(said.iter().any(refuses), "{name} lets calls without TLS in: {policy}");
    Ok(())
}

/// What a workload may do: its only policy.
async fn allowed(seen: &Seen, workload: &str) -> Result<Vec<Json>> {
    let (iam, role) = (seen.aws.iam(), format!("prod-{workload}"));
    let attached = iam.list_attached_role_policies().role_name(&role).send().await?;
    ensure!(attached.attached_policies().is_empty(), "{role} has managed policies too");
    let policies = iam.list_role_policies().role_name(&role).send().await?;
    ensure!(policies.policy_names() == [workload], "{role} has the policies {:?}", policies.policy_names());
    let policy = iam.get_role_policy().role_name(&role).policy_name(workload).send().await?;
    statements(policy.policy_document())
}

fn texts(value: &Json) -> Vec<String> {
    match value {
        Json::String(text) => vec![text.clone()],
        Json::Array(all) => all.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

async fn no_static_credentials(seen: &Seen) -> Result<()> {
    let iam = seen.aws.iam();
    let users = iam.list_users().send().await?;
    ensure!(users.users().is_empty(), "there are users: {:?}", users.users());
    let roles = iam.list_roles().send().await?;
    let ours = roles.roles().iter().map(|it| it.role_name()).filter(|it| it.starts_with("prod-"));
    let mut found = 0;
    for role in ours {
        found += 1;
        for statement in trusted(seen, role).await? {
            let principal = &statement["Principal"];
            ensure!(principal != "*" && principal["AWS"] != "*", "{role} is assumed by anybody");
            let people = texts(&principal["AWS"]);
            ensure!(people.iter().all(|it| it.ends_with(":root")), "{role} is assumed by {people:?}");
        }
    }
    ensure!(found == 5, "there are {found} roles of the stack with a name");
    Ok(())
}
