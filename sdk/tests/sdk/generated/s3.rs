//! Made by the generator out of the examples of the types; see `generating`.

use formwork::prelude::*;

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn bucket(stack: &mut Stack) {
    stack.component("bucket", |stack| {
        // AWS does not tell `force_destroy`: the code leaves it out.
        let formwork_conformance_bucket_lifecycle_rules_1 =
            s3::LifecycleRule::builder().id("old").prefix("tmp/").expiration_days(30).build();
        let formwork_conformance_bucket_lifecycle_rules_2 = s3::LifecycleRule::builder()
            .id("aged")
            .tags([("kind", "log")])
            .object_size_greater_than(1024)
            .transitions([s3::Transition::builder().days(30).storage_class(s3::StorageClass::StandardIa).build()])
            .noncurrent_expiration_days(7)
            .abort_incomplete_multipart_upload_days(7)
            .build();
        let formwork_conformance_bucket_cors_rules =
            s3::CorsRule::builder().allowed_methods(["GET"]).allowed_origins(["https://example.com"]).build();
        let formwork_conformance_bucket_inventories = s3::Inventory::builder()
            .id("all")
            .frequency(s3::Frequency::Daily)
            .fields(["Size"])
            .bucket(Arn::new("aside-arn-1"))
            .build();
        let formwork_conformance_bucket = s3::Bucket::builder()
            .name("formwork-conformance-bucket")
            .versioning(true)
            .lifecycle_rules([
                formwork_conformance_bucket_lifecycle_rules_1,
                formwork_conformance_bucket_lifecycle_rules_2,
            ])
            .cors_rules([formwork_conformance_bucket_cors_rules])
            .website(s3::Website::hosted(s3::Site::builder().index_document("index.html").build()))
            .intelligent_tiering([s3::IntelligentTiering::builder().id("cold").archive_days(90).build()])
            .inventories([formwork_conformance_bucket_inventories])
            .analytics([s3::Analytics::builder().id("use").prefix("a/").build()])
            .metrics([s3::RequestMetrics::builder().id("requests").prefix("a/").build()])
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("formwork-conformance-bucket", formwork_conformance_bucket, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn bucket_policy(stack: &mut Stack) {
    stack.component("bucket-policy", |stack| {
        let bucket_policy_policy = iam::Statement::deny()
            .principal(iam::Principal::anybody())
            .action("s3:PutObject")
            .resource("arn:aws:s3:::formwork-conformance-policy-1/*");
        let bucket_policy_policy = iam::PolicyDocument::of([bucket_policy_policy]);
        let bucket_policy = s3::BucketPolicy::builder()
            .bucket(s3::BucketName::new("formwork-conformance-policy-1-id-1"))
            .policy(bucket_policy_policy)
            .build();
        stack.add_with("bucket-policy", bucket_policy, options().import("the-id"));
    });
}
