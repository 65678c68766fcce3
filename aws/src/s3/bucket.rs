//! `aws:s3/bucket`: a bucket of objects with all its settings.
//!
//! ```
//! use formwork_aws::s3::{Bucket, LifecycleRule};
//!
//! let backups = Bucket::builder()
//!     .name("acme-backups")
//!     .versioning(true)
//!     .lifecycle_rules([LifecycleRule::builder().id("old").expiration_days(30).noncurrent_expiration_days(7).build()])
//!     .build();
//! # drop(backups);
//! ```
//!
//! What the program does not say is off: a setting that is taken out of it is taken off the bucket. Without a word, a bucket is
//! closed to the public, owned by its account and encrypted.

mod blocks;
mod convert;
mod flows;
mod read;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_s3::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::{Change, Expr, Hazard, Name, Outputs, Resource, Stack, id};

use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::Result;
use crate::hazards::{one_way, unguarded};
use crate::iam::{PolicyDocument, Principal, Role, Statement};
use crate::kms::Key;
use crate::lifecycle::{Lifecycle, Readings, Update, Updated, all_ready};
use crate::questions::each;
use crate::tags::{self, Tags};

pub use blocks::*;
pub(super) use read::tags as all_tags;

id! {
    /// The name of a bucket, unique in all of AWS's partition.
    pub struct BucketName;
}

const GONE: &[&str] = &["NoSuchBucket", "NotFound", "Http404"];

/// A bucket.
///
/// S3 makes a bucket that is one's own already once more, and says nothing in us-east-1: its name is looked for first, and one that
/// is not this stack's is refused.
#[derive(Resource)]
#[resource(
    kind = "aws:s3/bucket",
    cfn = "AWS::S3::Bucket",
    id = BucketName,
    outputs = BucketOutputs,
    guard = upsert,
    natural_key(name),
    data_store,
    visibility = 120,
    create_wait = (0, 1, 2, 1200)
)]
pub struct Bucket {
    /// The name, 3 to 63 small letters, digits, hyphens and periods; or a prefix of at most 54.
    #[arg(replace, cfn = "BucketName")]
    pub name: Name,
    /// Who owns the objects that others write.
    #[arg(in_place, default = Ownership::BucketOwnerEnforced, cfn = "OwnershipControls")]
    pub ownership: Ownership,
    /// What keeps it from the public: everything, by default.
    #[arg(in_place, after_create, default, cfn = "PublicAccessBlockConfiguration")]
    pub public_access_block: PublicAccessBlock,
    /// How objects are encrypted.
    #[arg(in_place, after_create, default, cfn = "BucketEncryption")]
    pub encryption: Encryption,
    /// Whether overwritten and deleted objects are kept as versions.
    #[arg(in_place, after_create, default = false, cfn = "VersioningConfiguration", hazards = unguarded)]
    pub versioning: bool,
    /// Whether objects can be locked. Needs `versioning`; can be switched on later, never off.
    #[arg(decide = object_lock_change, default = false, cfn = "ObjectLockEnabled", hazards = one_way)]
    pub object_lock: bool,
    /// How long new objects are locked. Needs `object_lock`.
    #[arg(in_place, after_create, default = DefaultRetention::Off, cfn = "ObjectLockConfiguration")]
    pub default_retention: DefaultRetention,
    /// What happens to objects in the course of time.
    #[arg(in_place, after_create, default, cfn = "LifecycleConfiguration.Rules", hazards = lifecycle_hazards)]
    pub lifecycle_rules: Vec<LifecycleRule>,
    /// From which size on rules move objects; 128 KiB on new buckets when absent. Needs a rule.
    #[arg(in_place, after_create, cfn = "LifecycleConfiguration.TransitionDefaultMinimumObjectSize")]
    pub transition_minimum_object_size: Option<MinimumObjectSize>,
    /// What pages of other origins may do; the first rule that fits counts.
    #[arg(in_place, after_create, default, cfn = "CorsConfiguration")]
    pub cors_rules: Vec<CorsRule>,
    /// Whether it can be reached through AWS's edge locations.
    #[arg(in_place, after_create, default = false, cfn = "AccelerateConfiguration")]
    pub acceleration: bool,
    /// Where requests are logged.
    #[arg(in_place, after_create, default = Logging::Off, cfn = "LoggingConfiguration")]
    pub logging: Logging,
    /// Whether it is a website.
    #[arg(in_place, after_create, default = Website::Off, cfn = "WebsiteConfiguration")]
    pub website: Website,
    /// Archives for objects in `INTELLIGENT_TIERING`.
    #[arg(in_place, after_create, default, cfn = "IntelligentTieringConfigurations")]
    pub intelligent_tiering: BTreeSet<IntelligentTiering>,
    /// Lists of objects, written regularly.
    #[arg(in_place, after_create, default, cfn = "InventoryConfigurations")]
    pub inventories: BTreeSet<Inventory>,
    /// Studies of which objects are read how often.
    #[arg(in_place, after_create, default, cfn = "AnalyticsConfigurations")]
    pub analytics: BTreeSet<Analytics>,
    /// Requests that CloudWatch counts.
    #[arg(in_place, after_create, default, cfn = "MetricsConfigurations")]
    pub metrics: BTreeSet<RequestMetrics>,
    /// Who hears of what happens to objects.
    #[arg(in_place, after_create, default, cfn = "NotificationConfiguration")]
    pub notification: Notification,
    /// Whether objects are copied to other buckets. Needs `versioning`.
    #[arg(in_place, after_create, default = Replication::Off, cfn = "ReplicationConfiguration")]
    pub replication: Replication,
    /// Whether its objects, all versions of them, are deleted with it. Without it a bucket that holds objects refuses to go.
    #[arg(in_place, default = false, write_only, cfn = "")]
    pub force_destroy: bool,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// What is known of a bucket once it is there.
#[derive(Outputs)]
pub struct BucketOutputs {
    /// The name.
    pub id: BucketName,
    /// The name as text.
    #[output(echoes = name)]
    pub name: String,
    /// The ARN.
    pub arn: Arn<Bucket>,
    /// The host name, such as `acme-backups.s3.amazonaws.com`.
    pub domain_name: String,
    /// The host name in its region, such as `acme-backups.s3.eu-west-1.amazonaws.com`.
    pub regional_domain_name: String,
}

fn object_lock_change(before: &bool, after: &bool) -> Change {
    if *before && !*after { Change::Replace } else { Change::InPlace }
}

impl LifecycleRule {
    /// Whether this rule deletes nothing that `before` would not have deleted as early.
    fn deletes_no_more_than(&self, before: &LifecycleRule) -> bool {
        let no_earlier = |after: Option<i32>, before: Option<i32>| match (after, before) {
            (None, _) => true,
            (Some(after), Some(before)) => after >= before,
            (Some(_), None) => false,
        };
        // Fewer conditions, or others, reach other objects.
        let same_objects = (&self.prefix, &self.tags, self.object_size_greater_than, self.object_size_less_than)
            == (&before.prefix, &before.tags, before.object_size_greater_than, before.object_size_less_than);
        before.enabled
            && same_objects
            && no_earlier(self.expiration_days, before.expiration_days)
            && no_earlier(self.noncurrent_expiration_days, before.noncurrent_expiration_days)
            && self.newer_noncurrent_versions >= before.newer_noncurrent_versions
    }

    fn deletes(&self) -> bool {
        self.enabled && (self.expiration_days.is_some() || self.noncurrent_expiration_days.is_some())
    }
}

#[expect(clippy::ptr_arg, reason = "takes references to the type of its field")]
fn lifecycle_hazards(before: &Vec<LifecycleRule>, after: &Vec<LifecycleRule>) -> &'static [Hazard] {
    let known = |rule: &&LifecycleRule| before.iter().any(|before| rule.deletes_no_more_than(before));
    if after.iter().filter(|rule| rule.deletes()).all(|rule| known(&rule)) { &[] } else { &[Hazard::DataLoss] }
}

impl Lifecycle for Bucket {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let tags = tags::all(owner, &args.tags);
        let tags = tags.iter().map(|(key, value)| convert::tag(key, value)).collect::<Result<Vec<_>>>()?;
        // us-east-1 is where a bucket stands that is made without a place, and no place that may be named.
        let place = (aws.region() != "us-east-1").then(|| aws.region().into());
        let made = sdk::CreateBucketConfiguration::builder().set_location_constraint(place).set_tags(Some(tags));
        aws.s3()
            .create_bucket()
            .bucket(args.name.as_str())
            .create_bucket_configuration(made.build())
            .object_ownership(args.ownership.as_str().into())
            .set_object_lock_enabled_for_bucket(args.object_lock.then_some(true))
            .send()
            .await?;
        Ok(Created::whole(args.name.as_str()))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = each(waiting, |one| read::exists(aws, &one.id)).await;
        let found = waiting.iter().zip(found).map(|(one, there)| Ok(there?.then(|| one.id.clone())));
        Ok(all_ready(found.collect::<Result<Vec<_>>>()?.into_iter().flatten()))
    }

    async fn read(aws: &Aws, ids: &[BucketName]) -> Result<Readings<Self>> {
        let found = each(ids, |id| read::observe(aws, id)).await;
        Ok(ids.iter().cloned().zip(found).filter_map(|(id, seen)| Some((id, seen.transpose()?))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let id = args.name.as_str();
        let there = match read::exists(aws, id).await {
            // Somebody else's, or in another region: there is no making it.
            Err(error) if error.is(&["Http403", "Forbidden", "AccessDenied", "Http301", "PermanentRedirect"]) => {
                return Ok(vec![Candidate { id: id.to_owned(), proof: Proof::Name }]);
            }
            there => there?,
        };
        let tags = if there { read::tags(aws, id).await? } else { None };
        let Some(tags) = tags else { return Ok(Vec::new()) };
        let theirs = tags::read(aws, tags).owner;
        Ok(vec![tags::candidate(owner, id, theirs.as_ref())])
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<BucketChanges>> {
        write::update(aws, update).await
    }

    async fn delete(aws: &Aws, id: &BucketName, recorded: &Self) -> Result<Deletion> {
        write::delete(aws, id.as_str(), recorded.force_destroy || aws.leaves_nothing()).await
    }
}

impl Conforms for Bucket {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let trust = PolicyDocument::of([Statement::allow()
            .principal(Principal::service("s3.amazonaws.com"))
            .action("sts:AssumeRole")]);
        let role = stack.add("role", Role::builder().name("Bucket-Copier").assume_role_policy(trust).build());
        let key = stack.add("key", Key::builder().description("bucket").build());
        let aside = Bucket::builder().name("formwork-conformance-aside").versioning(true).force_destroy(true).build();
        let aside = stack.add("aside", aside);
        let rule = |days: i32| LifecycleRule::builder().id("old").prefix("tmp/").expiration_days(days).build();
        let aged = LifecycleRule::builder()
            .id("aged")
            .tags([("kind", "log")])
            .object_size_greater_than(1024)
            .transitions([Transition::builder().days(30).storage_class(StorageClass::StandardIa).build()])
            .noncurrent_expiration_days(7)
            .abort_incomplete_multipart_upload_days(7)
            .build();
        let cors = |method: &str| {
            CorsRule::builder().allowed_methods([method]).allowed_origins(["https://example.com"]).build()
        };
        let tiering = |days: i32| IntelligentTiering::builder().id("cold").archive_days(days).build();
        let inventory =
            |frequency| Inventory::builder().id("all").bucket(&aside.arn).frequency(frequency).fields(["Size"]).build();
        let analytics = |prefix: &str| Analytics::builder().id("use").prefix(prefix).build();
        let metrics = |prefix: &str| RequestMetrics::builder().id("requests").prefix(prefix).build();
        let copies = |enabled: bool| {
            let rule = ReplicationRule::builder().id("aside").enabled(enabled).bucket(&aside.arn).build();
            Replication::on(&role.arn, [rule])
        };
        let kms = Encryption::builder().algorithm(Algorithm::Kms).kms_key(&key.arn).bucket_key(true).build();
        let site = |page: &str| Website::hosted(Site::builder().index_document(page).build());
        let base = Bucket::builder()
            .name("formwork-conformance-bucket")
            .ownership(Ownership::BucketOwnerEnforced)
            .versioning(true)
            .object_lock(false)
            .lifecycle_rules([rule(30), aged.clone()])
            .cors_rules([cors("GET")])
            .intelligent_tiering([tiering(90)])
            .inventories([inventory(Frequency::Daily)])
            .analytics([analytics("a/")])
            .metrics([metrics("a/")])
            .website(site("index.html"))
            .logging(Logging::off())
            .force_destroy(true)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        let block = PublicAccessBlock::builder().restrict_public_buckets(false).build();
        Conformance::of(base)
            .change("tags", [("team", "b")])
            .change("ownership", "BucketOwnerPreferred")
            .change("public_access_block", block)
            .change("encryption", kms)
            .change("lifecycle_rules", vec![Expr::from(aged), Expr::from(rule(60))])
            .change("transition_minimum_object_size", "varies_by_storage_class")
            .change("transition_minimum_object_size", "all_storage_classes_128K")
            .change("cors_rules", vec![Expr::from(cors("HEAD"))])
            .change("acceleration", true)
            .change("logging", Logging::simple(&aside, "log/"))
            .change("logging", Logging::partitioned(&aside, "log/", DateSource::EventTime))
            .change("logging", Logging::off())
            .change("website", site("home.html"))
            .change("website", Website::off())
            .change("intelligent_tiering", vec![Expr::from(tiering(120))])
            .change("inventories", vec![Expr::from(inventory(Frequency::Weekly))])
            .change("analytics", vec![Expr::from(analytics("b/"))])
            .change("metrics", vec![Expr::from(metrics("b/"))])
            .change("notification", Notification::builder().event_bridge(true).build())
            .change("replication", copies(true))
            .change("replication", copies(false))
            .change("replication", Replication::off())
            .change("force_destroy", false)
            .change("object_lock", true)
            .change("default_retention", DefaultRetention::days(RetentionMode::Governance, 1))
            .change("default_retention", DefaultRetention::off())
            .change("object_lock", false)
            .together_with("force_destroy", true)
            .change("versioning", false)
            .change("name", "formwork-conformance-bucket-2")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(days: i32) -> LifecycleRule {
        LifecycleRule { id: "old".to_owned(), enabled: true, expiration_days: Some(days), ..LifecycleRule::default() }
    }

    #[test]
    fn deleting_earlier_or_more_needs_consent() {
        let hazards = |before: &[LifecycleRule], after: &[LifecycleRule]| {
            !lifecycle_hazards(&before.to_vec(), &after.to_vec()).is_empty()
        };
        assert!(hazards(&[], &[rule(30)]), "a new rule deletes");
        assert!(hazards(&[rule(30)], &[rule(7)]), "sooner");
        assert!(!hazards(&[rule(30)], &[rule(60)]), "later");
        assert!(!hazards(&[rule(30)], &[]), "not any more");
        assert!(!hazards(&[], &[LifecycleRule { enabled: false, ..rule(1) }]), "not in force");
        let narrow = LifecycleRule { prefix: "tmp/".to_owned(), ..rule(30) };
        assert!(hazards(&[narrow], &[rule(30)]), "for more objects");
        assert!(hazards(&[LifecycleRule { enabled: false, ..rule(30) }], &[rule(30)]), "in force from now on");
    }

    #[test]
    fn versions_and_locks_are_not_switched_off_lightly() {
        assert_eq!(object_lock_change(&true, &false), Change::Replace);
        assert_eq!(object_lock_change(&false, &true), Change::InPlace);
    }

    #[test]
    fn a_lifecycle_rule_survives_the_way_to_s3_and_back() {
        let tags: Tags = [("kind".to_owned(), "log".to_owned())].into();
        let cases = [
            rule(30),
            LifecycleRule { prefix: "a/".to_owned(), ..rule(1) },
            LifecycleRule { tags: tags.clone(), ..rule(1) },
            LifecycleRule { tags, prefix: "a/".to_owned(), object_size_less_than: Some(9), ..rule(1) },
            LifecycleRule { object_size_greater_than: Some(9), newer_noncurrent_versions: None, ..rule(1) },
            LifecycleRule { expired_object_delete_marker: true, expiration_days: None, ..rule(1) },
        ];
        for case in cases {
            let sent = case.to_sdk().map_err(|error| error.to_string());
            assert_eq!(sent.map(LifecycleRule::of).as_ref(), Ok(&case));
        }
    }
}
