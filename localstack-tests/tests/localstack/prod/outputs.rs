//! The outputs say what AWS says.

use super::{Seen, prod};

#[tokio::test]
async fn outputs_are_what_aws_says() {
    let seen = Seen::of(prod()).await;
    let text = |name: &str| seen.text(name).unwrap();
    let account = &prod().account.id;

    let cluster = seen.aws.eks().describe_cluster().name("prod").send().await.unwrap().cluster.unwrap();
    assert_eq!(text("cluster_name"), "prod");
    assert_eq!(Some(text("cluster_endpoint").as_str()), cluster.endpoint());
    let authority = cluster.certificate_authority().and_then(|it| it.data()).unwrap();
    let kubeconfig = text("kubeconfig");
    for part in [cluster.endpoint().unwrap(), authority, "get-token", "eu-west-1"] {
        assert!(kubeconfig.contains(part), "{kubeconfig}");
    }

    let databases = seen.aws.rds().describe_db_instances().send().await.unwrap();
    let at = databases.db_instances()[0].endpoint().unwrap();
    let endpoint = format!("{}:{}", at.address().unwrap(), at.port().unwrap());
    assert_eq!(text("database_endpoint"), endpoint);
    assert_eq!(text("database_url"), format!("postgresql://app@{endpoint}/app?sslmode=require"));

    let caches = seen.aws.elasticache().describe_replication_groups().send().await.unwrap();
    let primary = caches.replication_groups()[0].node_groups()[0].primary_endpoint().unwrap();
    assert_eq!(Some(text("redis_endpoint").as_str()), primary.address());
    assert!(seen.outputs["redis_url"].has_secret());
    let url = format!("rediss://:{}@{}:6379", super::config().cache.auth_token.reveal(), text("redis_endpoint"));
    assert!(text("redis_url") == url, "the URL of Redis is another one");

    let repositories = seen.aws.ecr().describe_repositories().send().await.unwrap();
    for repository in repositories.repositories() {
        let name = repository.repository_name().unwrap().trim_start_matches("prod/").replace('-', "_");
        assert_eq!(Some(text(&format!("repository_url_{name}")).as_str()), repository.repository_uri());
    }
    for role in ["operators", "external-secrets", "gateway"] {
        let output = format!("{}_role_arn", role.replace('-', "_"));
        assert_eq!(text(&output), format!("arn:aws:iam::{account}:role/prod-{role}"));
    }
}
