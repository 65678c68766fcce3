//! The choices and blocks of a bucket.

use std::collections::BTreeSet;

use formwork_engine::{Block, Choice};

use super::{Bucket, BucketName};
use crate::arn::{Anything, Arn};
use crate::iam::Role;
use crate::kms::Key;
use crate::tags::Tags;

/// Who owns the objects that others write.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// The bucket's owner; access control lists are off.
    #[choice("BucketOwnerEnforced")]
    BucketOwnerEnforced,
    /// The bucket's owner where the writer says so.
    #[choice("BucketOwnerPreferred")]
    BucketOwnerPreferred,
    /// The writer.
    #[choice("ObjectWriter")]
    ObjectWriter,
}

/// How objects are encrypted that are written without saying how.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct Encryption {
    /// By which kind of key.
    #[arg(default = Algorithm::Aes256)]
    pub algorithm: Algorithm,
    /// The key, for the KMS kinds; the account's `aws/s3` when absent.
    pub kms_key: Option<Arn<Key>>,
    /// Whether a key of the bucket's own saves calls to KMS.
    #[arg(default = false)]
    pub bucket_key: bool,
}

impl Default for Encryption {
    fn default() -> Self {
        Self { algorithm: Algorithm::Aes256, kms_key: None, bucket_key: false }
    }
}

/// Kinds of encryption.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Keys of S3's.
    #[choice("AES256")]
    Aes256,
    /// A KMS key.
    #[choice("aws:kms")]
    Kms,
    /// A KMS key, two layers.
    #[choice("aws:kms:dsse")]
    KmsDsse,
}

/// What keeps a bucket from the public, whatever lists and policies say.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct PublicAccessBlock {
    /// Whether new public access control lists are refused.
    #[arg(default = true)]
    pub block_public_acls: bool,
    /// Whether public access control lists that are there count for nothing.
    #[arg(default = true)]
    pub ignore_public_acls: bool,
    /// Whether new public policies are refused.
    #[arg(default = true)]
    pub block_public_policy: bool,
    /// Whether a public policy lets in only this account and AWS's services.
    #[arg(default = true)]
    pub restrict_public_buckets: bool,
}

impl Default for PublicAccessBlock {
    fn default() -> Self {
        let all = true;
        Self { block_public_acls: all, ignore_public_acls: all, block_public_policy: all, restrict_public_buckets: all }
    }
}

/// What happens to objects in the course of time. Without a filter it is for all objects.
#[derive(Block, Clone, PartialEq, Eq, Default)]
pub struct LifecycleRule {
    /// The name, unique in its bucket.
    pub id: String,
    /// Whether it is in force.
    #[arg(default = true)]
    pub enabled: bool,
    /// Only for keys that begin so.
    #[arg(default)]
    pub prefix: String,
    /// Only for objects with all these tags.
    #[arg(default)]
    pub tags: Tags,
    /// Only for objects of more bytes.
    pub object_size_greater_than: Option<i64>,
    /// Only for objects of fewer bytes.
    pub object_size_less_than: Option<i64>,
    /// Days after which objects are deleted; with versioning they become noncurrent.
    pub expiration_days: Option<i32>,
    /// Whether delete markers go that hide nothing any more. Not together with `expiration_days`.
    #[arg(default = false)]
    pub expired_object_delete_marker: bool,
    /// Moves of objects to other storage.
    #[arg(default)]
    pub transitions: Vec<Transition>,
    /// Days after which noncurrent versions are deleted.
    pub noncurrent_expiration_days: Option<i32>,
    /// How many of the newest noncurrent versions stay nevertheless; needs `noncurrent_expiration_days`.
    pub newer_noncurrent_versions: Option<i32>,
    /// Moves of noncurrent versions to other storage.
    #[arg(default)]
    pub noncurrent_transitions: Vec<Transition>,
    /// Days after which parts of unfinished uploads are deleted.
    pub abort_incomplete_multipart_upload_days: Option<i32>,
}

/// A move to other storage.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct Transition {
    /// Days after which it happens.
    pub days: i32,
    /// Where to.
    pub storage_class: StorageClass,
}

/// Kinds of storage.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StorageClass {
    /// The usual one.
    #[choice("STANDARD")]
    Standard,
    /// For what is rarely read.
    #[choice("STANDARD_IA")]
    StandardIa,
    /// The same in a single zone.
    #[choice("ONEZONE_IA")]
    OnezoneIa,
    /// AWS chooses by use.
    #[choice("INTELLIGENT_TIERING")]
    IntelligentTiering,
    /// An archive that is read at once.
    #[choice("GLACIER_IR")]
    GlacierIr,
    /// An archive that is read within minutes to hours.
    #[choice("GLACIER")]
    Glacier,
    /// An archive that is read within hours.
    #[choice("DEEP_ARCHIVE")]
    DeepArchive,
}

/// From which size on objects are moved where a rule does not say.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum MinimumObjectSize {
    /// 128 KiB.
    #[choice("all_storage_classes_128K")]
    AllStorageClasses128K,
    /// As each kind of storage has it.
    #[choice("varies_by_storage_class")]
    VariesByStorageClass,
}

/// What pages of other origins may do in a browser.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct CorsRule {
    /// A name.
    pub id: Option<String>,
    /// The methods, such as `GET`.
    pub allowed_methods: Vec<String>,
    /// The origins, such as `https://example.com` or `*`.
    pub allowed_origins: Vec<String>,
    /// The headers that requests may have.
    #[arg(default)]
    pub allowed_headers: Vec<String>,
    /// The headers that scripts may see.
    #[arg(default)]
    pub expose_headers: Vec<String>,
    /// For how many seconds a browser may remember it.
    pub max_age_seconds: Option<i32>,
}

/// Where requests are logged.
#[derive(Block, Clone, PartialEq, Eq)]
pub enum Logging {
    /// Nowhere.
    #[choice("off")]
    Off,
    /// In a bucket, under keys `<prefix><date>-<…>`.
    #[choice("simple")]
    Simple {
        /// The bucket.
        bucket: BucketName,
        /// The beginning of the keys.
        prefix: String,
    },
    /// In a bucket, under keys by account, region, bucket and date.
    #[choice("partitioned")]
    Partitioned {
        /// The bucket.
        bucket: BucketName,
        /// The beginning of the keys.
        prefix: String,
        /// Which date.
        date_source: DateSource,
    },
}

/// The date in the key of a log.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateSource {
    /// When requests were made.
    #[choice("EventTime")]
    EventTime,
    /// When the log was delivered.
    #[choice("DeliveryTime")]
    DeliveryTime,
}

/// Whether a bucket is a website.
#[derive(Block, Clone, PartialEq, Eq)]
pub enum Website {
    /// It is none.
    #[choice("off")]
    Off,
    /// Its objects are pages.
    #[choice("hosted")]
    Hosted {
        /// The pages.
        site: Site,
    },
    /// Every request is sent elsewhere.
    #[choice("redirected")]
    Redirected {
        /// Where to.
        to: RedirectAll,
    },
}

/// A website of objects.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct Site {
    /// The object that stands for a directory, such as `index.html`.
    pub index_document: String,
    /// The object that is answered with an error.
    pub error_document: Option<String>,
    /// Requests that are sent elsewhere.
    #[arg(default)]
    pub routing_rules: Vec<RoutingRule>,
}

/// Another host for all requests.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct RedirectAll {
    /// The host.
    pub host_name: String,
    /// `http` or `https`; that of the request when absent.
    pub protocol: Option<String>,
}

/// Requests that a website sends elsewhere.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct RoutingRule {
    /// Only where the answer would be this code, such as `404`.
    pub http_error_code: Option<String>,
    /// Only for keys that begin so.
    pub key_prefix: Option<String>,
    /// The host.
    pub host_name: Option<String>,
    /// The code of the answer, such as `301`.
    pub http_redirect_code: Option<String>,
    /// `http` or `https`.
    pub protocol: Option<String>,
    /// What stands in place of `key_prefix`.
    pub replace_key_prefix_with: Option<String>,
    /// What stands in place of the key.
    pub replace_key_with: Option<String>,
}

/// How long new objects cannot be deleted, where object lock is on.
#[derive(Block, Clone, PartialEq, Eq)]
pub enum DefaultRetention {
    /// Not by default.
    #[choice("off")]
    Off,
    /// For days.
    #[choice("days")]
    Days {
        /// Who may lift it.
        mode: RetentionMode,
        /// How many.
        days: i32,
    },
    /// For years.
    #[choice("years")]
    Years {
        /// Who may lift it.
        mode: RetentionMode,
        /// How many.
        years: i32,
    },
}

/// Who may delete a locked object.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetentionMode {
    /// Those with a permission for it.
    #[choice("GOVERNANCE")]
    Governance,
    /// Nobody.
    #[choice("COMPLIANCE")]
    Compliance,
}

/// Archives for objects in `INTELLIGENT_TIERING`.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IntelligentTiering {
    /// The name, unique in its bucket.
    pub id: String,
    /// Whether it is in force.
    #[arg(default = true)]
    pub enabled: bool,
    /// Only for keys that begin so.
    #[arg(default)]
    pub prefix: String,
    /// Only for objects with all these tags.
    #[arg(default)]
    pub tags: Tags,
    /// Days without use after which objects go to the archive.
    pub archive_days: Option<i32>,
    /// Days without use after which objects go to the deep archive.
    pub deep_archive_days: Option<i32>,
}

/// A list of objects, written regularly.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Inventory {
    /// The name, unique in its bucket.
    pub id: String,
    /// Whether it is in force.
    #[arg(default = true)]
    pub enabled: bool,
    /// Only keys that begin so.
    pub key_prefix: Option<String>,
    /// Whether noncurrent versions are listed too.
    #[arg(default = false)]
    pub all_versions: bool,
    /// How often.
    #[arg(default = Frequency::Weekly)]
    pub frequency: Frequency,
    /// What is listed beside the key, such as `Size`.
    #[arg(default)]
    pub fields: BTreeSet<String>,
    /// The bucket it is written to.
    pub bucket: Arn<Bucket>,
    /// The account of that bucket.
    pub account: Option<String>,
    /// The beginning of the lists' keys.
    pub prefix: Option<String>,
    /// The form of the lists.
    #[arg(default = InventoryFormat::Csv)]
    pub format: InventoryFormat,
    /// The key that encrypts the lists; S3's own where absent.
    pub kms_key: Option<Arn<Key>>,
}

/// How often an inventory is written.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Frequency {
    /// Every day.
    #[choice("Daily")]
    Daily,
    /// Every Sunday.
    #[choice("Weekly")]
    Weekly,
}

/// The form of an inventory.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InventoryFormat {
    /// CSV.
    #[choice("CSV")]
    Csv,
    /// ORC.
    #[choice("ORC")]
    Orc,
    /// Parquet.
    #[choice("Parquet")]
    Parquet,
}

/// A study of which objects are read how often.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Analytics {
    /// The name, unique in its bucket.
    pub id: String,
    /// Only for keys that begin so.
    #[arg(default)]
    pub prefix: String,
    /// Only for objects with all these tags.
    #[arg(default)]
    pub tags: Tags,
    /// Where it is written every day.
    pub export: Option<AnalyticsExport>,
}

/// Where a study is written.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AnalyticsExport {
    /// The bucket.
    pub bucket: Arn<Bucket>,
    /// The account of that bucket.
    pub account: Option<String>,
    /// The beginning of the keys.
    pub prefix: Option<String>,
}

/// Requests that CloudWatch counts.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestMetrics {
    /// The name, unique in its bucket.
    pub id: String,
    /// Only for keys that begin so.
    #[arg(default)]
    pub prefix: String,
    /// Only for objects with all these tags.
    #[arg(default)]
    pub tags: Tags,
    /// Only through this access point.
    pub access_point: Option<Arn<Anything>>,
}

/// Who hears of what happens to objects.
#[derive(Block, Clone, PartialEq, Eq, Default)]
pub struct Notification {
    /// Whether EventBridge hears of everything.
    #[arg(default = false)]
    pub event_bridge: bool,
    /// Lambda functions.
    #[arg(default)]
    pub functions: BTreeSet<Listener>,
    /// SQS queues.
    #[arg(default)]
    pub queues: BTreeSet<Listener>,
    /// SNS topics.
    #[arg(default)]
    pub topics: BTreeSet<Listener>,
}

/// Who hears of which events.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listener {
    /// A name; AWS gives one when absent.
    pub id: Option<String>,
    /// The function, queue or topic.
    pub target: Arn<Anything>,
    /// The events, such as `s3:ObjectCreated:*`.
    pub events: BTreeSet<String>,
    /// Only for keys that begin so.
    pub prefix: Option<String>,
    /// Only for keys that end so.
    pub suffix: Option<String>,
}

/// Whether objects are copied to other buckets. Needs versioning.
#[derive(Block, Clone, PartialEq, Eq)]
pub enum Replication {
    /// They are not.
    #[choice("off")]
    Off,
    /// They are, by these rules.
    #[choice("on")]
    On {
        /// The role by which S3 copies.
        role: Arn<Role>,
        /// The rules.
        rules: Vec<ReplicationRule>,
    },
}

/// Which objects are copied where.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct ReplicationRule {
    /// The name, unique in its bucket.
    pub id: String,
    /// Which rule counts for an object of several: that of the highest number.
    #[arg(default = 0)]
    pub priority: i32,
    /// Whether it is in force.
    #[arg(default = true)]
    pub enabled: bool,
    /// Only for keys that begin so.
    #[arg(default)]
    pub prefix: String,
    /// Only for objects with all these tags.
    #[arg(default)]
    pub tags: Tags,
    /// Whether delete markers are copied too.
    #[arg(default = false)]
    pub delete_markers: bool,
    /// The bucket they are copied to.
    pub bucket: Arn<Bucket>,
    /// The account of that bucket, which then owns the copies.
    pub account: Option<String>,
    /// The storage of the copies; that of the object when absent.
    pub storage_class: Option<StorageClass>,
    /// The key that encrypts the copies. Objects encrypted by KMS are copied only with one.
    pub replica_kms_key: Option<Arn<Key>>,
    /// Whether AWS promises to copy within 15 minutes, and counts.
    #[arg(default = false)]
    pub time_control: bool,
    /// Whether changes to the copies' metadata are copied back.
    #[arg(default = false)]
    pub replica_modifications: bool,
}
