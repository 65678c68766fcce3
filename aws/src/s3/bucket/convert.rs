//! Blocks of a bucket as the SDK has them, and back.

use aws_sdk_s3::types as sdk;
use aws_smithy_types::error::operation::BuildError;

use super::BucketName;
use super::blocks::*;
use crate::arn::Arn;
use crate::error::{Error, Result};
use crate::tags::Tags;

/// What a builder made; it complains only of what is missing, which the types here exclude.
pub(super) fn built<T>(made: std::result::Result<T, BuildError>) -> Result<T> {
    made.map_err(|error| Error::refused("s3 request", error.to_string()))
}

pub(super) fn tag(key: &str, value: &str) -> Result<sdk::Tag> {
    built(sdk::Tag::builder().key(key).value(value).build())
}

fn tag_list(tags: &Tags) -> Result<Vec<sdk::Tag>> {
    tags.iter().map(|(key, value)| tag(key, value)).collect()
}

pub(super) fn tag_map(tags: impl IntoIterator<Item = sdk::Tag>) -> Tags {
    tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

/// A prefix and tags in the form that S3 wants: alone where there is one, joined where there are several.
pub(super) enum Filter {
    Prefix(String),
    Tag(sdk::Tag),
    Both(Option<String>, Vec<sdk::Tag>),
}

pub(super) fn filter(prefix: &str, tags: &Tags) -> Result<Filter> {
    let mut tags = tag_list(tags)?;
    Ok(match (tags.len(), prefix.is_empty()) {
        (0, _) => Filter::Prefix(prefix.to_owned()),
        (1, true) => Filter::Tag(tags.remove(0)),
        (_, empty) => Filter::Both((!empty).then(|| prefix.to_owned()), tags),
    })
}

impl Encryption {
    pub(super) fn to_sdk(&self) -> Result<sdk::ServerSideEncryptionConfiguration> {
        let default = sdk::ServerSideEncryptionByDefault::builder()
            .sse_algorithm(self.algorithm.as_str().into())
            .set_kms_master_key_id(self.kms_key.as_ref().map(ToString::to_string));
        let rule = sdk::ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(built(default.build())?)
            .bucket_key_enabled(self.bucket_key)
            .build();
        built(sdk::ServerSideEncryptionConfiguration::builder().rules(rule).build())
    }

    pub(super) fn of(read: sdk::ServerSideEncryptionConfiguration) -> Self {
        let Some(rule) = read.rules.into_iter().next() else { return Self::default() };
        let bucket_key = rule.bucket_key_enabled.unwrap_or_default();
        let Some(default) = rule.apply_server_side_encryption_by_default else { return Self::default() };
        let algorithm = Algorithm::parse(default.sse_algorithm.as_str()).unwrap_or(Algorithm::Aes256);
        // Without KMS there is nothing to save: S3 answers either.
        let bucket_key = bucket_key && algorithm != Algorithm::Aes256;
        Self { algorithm, kms_key: default.kms_master_key_id.map(Arn::new), bucket_key }
    }
}

impl PublicAccessBlock {
    pub(super) fn to_sdk(&self) -> sdk::PublicAccessBlockConfiguration {
        sdk::PublicAccessBlockConfiguration::builder()
            .block_public_acls(self.block_public_acls)
            .ignore_public_acls(self.ignore_public_acls)
            .block_public_policy(self.block_public_policy)
            .restrict_public_buckets(self.restrict_public_buckets)
            .build()
    }

    /// What was read; nothing blocks where there is no configuration.
    pub(super) fn of(read: Option<sdk::PublicAccessBlockConfiguration>) -> Self {
        let on = |of: fn(&sdk::PublicAccessBlockConfiguration) -> Option<bool>| {
            read.as_ref().and_then(of).unwrap_or_default()
        };
        Self {
            block_public_acls: on(|it| it.block_public_acls),
            ignore_public_acls: on(|it| it.ignore_public_acls),
            block_public_policy: on(|it| it.block_public_policy),
            restrict_public_buckets: on(|it| it.restrict_public_buckets),
        }
    }
}

impl LifecycleRule {
    pub(super) fn to_sdk(&self) -> Result<sdk::LifecycleRule> {
        let (greater, less) = (self.object_size_greater_than, self.object_size_less_than);
        let filter_of = sdk::LifecycleRuleFilter::builder();
        let filter = match (filter(&self.prefix, &self.tags)?, greater, less) {
            (Filter::Prefix(prefix), None, None) => filter_of.prefix(prefix),
            (Filter::Tag(tag), None, None) => filter_of.tag(tag),
            (Filter::Prefix(prefix), Some(bytes), None) if prefix.is_empty() => {
                filter_of.object_size_greater_than(bytes)
            }
            (Filter::Prefix(prefix), None, Some(bytes)) if prefix.is_empty() => filter_of.object_size_less_than(bytes),
            _ => filter_of.and(
                sdk::LifecycleRuleAndOperator::builder()
                    .set_prefix((!self.prefix.is_empty()).then(|| self.prefix.clone()))
                    .set_tags((!self.tags.is_empty()).then(|| tag_list(&self.tags)).transpose()?)
                    .set_object_size_greater_than(greater)
                    .set_object_size_less_than(less)
                    .build(),
            ),
        };
        let expires = self.expiration_days.is_some() || self.expired_object_delete_marker;
        let expiration = expires.then(|| {
            let markers = self.expired_object_delete_marker.then_some(true);
            let expiration = sdk::LifecycleExpiration::builder().set_days(self.expiration_days);
            expiration.set_expired_object_delete_marker(markers).build()
        });
        let noncurrent = self.noncurrent_expiration_days.map(|days| {
            let expiration = sdk::NoncurrentVersionExpiration::builder().noncurrent_days(days);
            expiration.set_newer_noncurrent_versions(self.newer_noncurrent_versions).build()
        });
        let transition = |it: &Transition| {
            sdk::Transition::builder().days(it.days).storage_class(it.storage_class.as_str().into()).build()
        };
        let noncurrent_transition = |it: &Transition| {
            let transition = sdk::NoncurrentVersionTransition::builder().noncurrent_days(it.days);
            transition.storage_class(it.storage_class.as_str().into()).build()
        };
        let transitions: Vec<_> = self.transitions.iter().map(transition).collect();
        let of_noncurrent: Vec<_> = self.noncurrent_transitions.iter().map(noncurrent_transition).collect();
        let uploads = self
            .abort_incomplete_multipart_upload_days
            .map(|days| sdk::AbortIncompleteMultipartUpload::builder().days_after_initiation(days).build());
        built(
            sdk::LifecycleRule::builder()
                .id(&self.id)
                .status(if self.enabled { "Enabled" } else { "Disabled" }.into())
                .filter(filter.build())
                .set_expiration(expiration)
                .set_transitions((!transitions.is_empty()).then_some(transitions))
                .set_noncurrent_version_expiration(noncurrent)
                .set_noncurrent_version_transitions((!of_noncurrent.is_empty()).then_some(of_noncurrent))
                .set_abort_incomplete_multipart_upload(uploads)
                .build(),
        )
    }

    #[expect(deprecated, reason = "rules that others made may have the prefix beside the filter")]
    pub(super) fn of(read: sdk::LifecycleRule) -> Self {
        let mut rule = Self {
            id: read.id.unwrap_or_default(),
            enabled: read.status.as_str() == "Enabled",
            prefix: read.prefix.unwrap_or_default(),
            ..Self::default()
        };
        if let Some(filter) = read.filter {
            let and = filter.and.unwrap_or_else(|| sdk::LifecycleRuleAndOperator::builder().build());
            rule.prefix = filter.prefix.or(and.prefix).unwrap_or_default();
            rule.tags = tag_map(filter.tag.into_iter().chain(and.tags.unwrap_or_default()));
            rule.object_size_greater_than = filter.object_size_greater_than.or(and.object_size_greater_than);
            rule.object_size_less_than = filter.object_size_less_than.or(and.object_size_less_than);
        }
        if let Some(expiration) = read.expiration {
            rule.expiration_days = expiration.days;
            rule.expired_object_delete_marker = expiration.expired_object_delete_marker.unwrap_or_default();
        }
        if let Some(expiration) = read.noncurrent_version_expiration {
            rule.noncurrent_expiration_days = expiration.noncurrent_days;
            rule.newer_noncurrent_versions = expiration.newer_noncurrent_versions;
        }
        let moved = |days: Option<i32>, class: Option<sdk::TransitionStorageClass>| {
            Some(Transition { days: days.unwrap_or_default(), storage_class: StorageClass::parse(class?.as_str())? })
        };
        let transitions = read.transitions.unwrap_or_default().into_iter();
        rule.transitions = transitions.filter_map(|it| moved(it.days, it.storage_class)).collect();
        let transitions = read.noncurrent_version_transitions.unwrap_or_default().into_iter();
        rule.noncurrent_transitions =
            transitions.filter_map(|it| moved(it.noncurrent_days, it.storage_class)).collect();
        rule.abort_incomplete_multipart_upload_days =
            read.abort_incomplete_multipart_upload.and_then(|it| it.days_after_initiation);
        rule
    }
}

impl CorsRule {
    pub(super) fn to_sdk(&self) -> Result<sdk::CorsRule> {
        let some = |list: &Vec<String>| (!list.is_empty()).then(|| list.clone());
        built(
            sdk::CorsRule::builder()
                .set_id(self.id.clone())
                .set_allowed_methods(Some(self.allowed_methods.clone()))
                .set_allowed_origins(Some(self.allowed_origins.clone()))
                .set_allowed_headers(some(&self.allowed_headers))
                .set_expose_headers(some(&self.expose_headers))
                .set_max_age_seconds(self.max_age_seconds)
                .build(),
        )
    }

    pub(super) fn of(read: sdk::CorsRule) -> Self {
        Self {
            id: read.id,
            allowed_methods: read.allowed_methods,
            allowed_origins: read.allowed_origins,
            allowed_headers: read.allowed_headers.unwrap_or_default(),
            expose_headers: read.expose_headers.unwrap_or_default(),
            max_age_seconds: read.max_age_seconds,
        }
    }
}

impl Logging {
    pub(super) fn to_sdk(&self) -> Result<sdk::BucketLoggingStatus> {
        let enabled = |bucket: &BucketName, prefix: &str, format: sdk::TargetObjectKeyFormat| {
            let to = sdk::LoggingEnabled::builder().target_bucket(bucket.as_str()).target_prefix(prefix);
            built(to.target_object_key_format(format).build())
        };
        let format = sdk::TargetObjectKeyFormat::builder();
        let to = match self {
            Self::Off => None,
            Self::Simple { bucket, prefix } => {
                let format = format.simple_prefix(sdk::SimplePrefix::builder().build());
                Some(enabled(bucket, prefix, format.build())?)
            }
            Self::Partitioned { bucket, prefix, date_source } => {
                let by = sdk::PartitionedPrefix::builder().partition_date_source(date_source.as_str().into());
                Some(enabled(bucket, prefix, format.partitioned_prefix(by.build()).build())?)
            }
        };
        Ok(sdk::BucketLoggingStatus::builder().set_logging_enabled(to).build())
    }

    pub(super) fn of(read: Option<sdk::LoggingEnabled>) -> Self {
        let Some(to) = read else { return Self::Off };
        let (bucket, prefix) = (BucketName::new(to.target_bucket), to.target_prefix);
        let by = to.target_object_key_format.and_then(|format| format.partitioned_prefix);
        let source = by.and_then(|by| DateSource::parse(by.partition_date_source?.as_str()));
        match source {
            Some(date_source) => Self::Partitioned { bucket, prefix, date_source },
            None => Self::Simple { bucket, prefix },
        }
    }
}

impl Website {
    /// `None` where there is to be none.
    pub(super) fn to_sdk(&self) -> Result<Option<sdk::WebsiteConfiguration>> {
        let website = sdk::WebsiteConfiguration::builder();
        let website = match self {
            Self::Off => return Ok(None),
            Self::Redirected { to } => {
                let protocol = to.protocol.as_deref().map(Into::into);
                let all = sdk::RedirectAllRequestsTo::builder().host_name(&to.host_name).set_protocol(protocol);
                website.redirect_all_requests_to(built(all.build())?)
            }
            Self::Hosted { site } => {
                let index = built(sdk::IndexDocument::builder().suffix(&site.index_document).build())?;
                let error = site.error_document.as_ref().map(|key| sdk::ErrorDocument::builder().key(key).build());
                let rules: Vec<_> = site.routing_rules.iter().map(RoutingRule::to_sdk).collect();
                website
                    .index_document(index)
                    .set_error_document(error.map(built).transpose()?)
                    .set_routing_rules((!rules.is_empty()).then_some(rules))
            }
        };
        Ok(Some(website.build()))
    }

    pub(super) fn of(read: aws_sdk_s3::operation::get_bucket_website::GetBucketWebsiteOutput) -> Self {
        if let Some(all) = read.redirect_all_requests_to {
            let protocol = all.protocol.map(|protocol| protocol.as_str().to_owned());
            return Self::Redirected { to: RedirectAll { host_name: all.host_name, protocol } };
        }
        let Some(index) = read.index_document else { return Self::Off };
        Self::Hosted {
            site: Site {
                index_document: index.suffix,
                error_document: read.error_document.map(|error| error.key),
                routing_rules: read.routing_rules.unwrap_or_default().into_iter().map(RoutingRule::of).collect(),
            },
        }
    }
}

impl RoutingRule {
    fn to_sdk(&self) -> sdk::RoutingRule {
        let condition = (self.http_error_code.is_some() || self.key_prefix.is_some()).then(|| {
            let condition = sdk::Condition::builder().set_key_prefix_equals(self.key_prefix.clone());
            condition.set_http_error_code_returned_equals(self.http_error_code.clone()).build()
        });
        let redirect = sdk::Redirect::builder()
            .set_host_name(self.host_name.clone())
            .set_http_redirect_code(self.http_redirect_code.clone())
            .set_protocol(self.protocol.as_deref().map(Into::into))
            .set_replace_key_prefix_with(self.replace_key_prefix_with.clone())
            .set_replace_key_with(self.replace_key_with.clone());
        sdk::RoutingRule::builder().set_condition(condition).redirect(redirect.build()).build()
    }

    fn of(read: sdk::RoutingRule) -> Self {
        let condition = read.condition.unwrap_or_else(|| sdk::Condition::builder().build());
        let redirect = read.redirect.unwrap_or_else(|| sdk::Redirect::builder().build());
        Self {
            http_error_code: condition.http_error_code_returned_equals,
            key_prefix: condition.key_prefix_equals,
            host_name: redirect.host_name,
            http_redirect_code: redirect.http_redirect_code,
            protocol: redirect.protocol.map(|protocol| protocol.as_str().to_owned()),
            replace_key_prefix_with: redirect.replace_key_prefix_with,
            replace_key_with: redirect.replace_key_with,
        }
    }
}

impl DefaultRetention {
    pub(super) fn to_sdk(&self) -> sdk::ObjectLockConfiguration {
        let retention = sdk::DefaultRetention::builder();
        let retention = match self {
            Self::Off => None,
            Self::Days { mode, days } => Some(retention.mode(mode.as_str().into()).days(*days).build()),
            Self::Years { mode, years } => Some(retention.mode(mode.as_str().into()).years(*years).build()),
        };
        let rule = retention.map(|retention| sdk::ObjectLockRule::builder().default_retention(retention).build());
        let lock = sdk::ObjectLockConfiguration::builder().object_lock_enabled(sdk::ObjectLockEnabled::Enabled);
        lock.set_rule(rule).build()
    }

    pub(super) fn of(read: Option<sdk::ObjectLockRule>) -> Self {
        let Some(retention) = read.and_then(|rule| rule.default_retention) else { return Self::Off };
        let mode = retention.mode.and_then(|mode| RetentionMode::parse(mode.as_str()));
        match (mode, retention.days, retention.years) {
            (Some(mode), Some(days), _) => Self::Days { mode, days },
            (Some(mode), None, Some(years)) => Self::Years { mode, years },
            _ => Self::Off,
        }
    }
}

impl IntelligentTiering {
    pub(super) fn to_sdk(&self) -> Result<sdk::IntelligentTieringConfiguration> {
        let of = sdk::IntelligentTieringFilter::builder();
        let of = match filter(&self.prefix, &self.tags)? {
            Filter::Prefix(prefix) if prefix.is_empty() => None,
            Filter::Prefix(prefix) => Some(of.prefix(prefix)),
            Filter::Tag(tag) => Some(of.tag(tag)),
            Filter::Both(prefix, tags) => {
                let and = sdk::IntelligentTieringAndOperator::builder().set_prefix(prefix).set_tags(Some(tags));
                Some(of.and(and.build()))
            }
        };
        let tier = |days: i32, tier: sdk::IntelligentTieringAccessTier| {
            built(sdk::Tiering::builder().days(days).access_tier(tier).build())
        };
        let mut tiers = Vec::new();
        if let Some(days) = self.archive_days {
            tiers.push(tier(days, sdk::IntelligentTieringAccessTier::ArchiveAccess)?);
        }
        if let Some(days) = self.deep_archive_days {
            tiers.push(tier(days, sdk::IntelligentTieringAccessTier::DeepArchiveAccess)?);
        }
        built(
            sdk::IntelligentTieringConfiguration::builder()
                .id(&self.id)
                .status(if self.enabled { "Enabled" } else { "Disabled" }.into())
                .set_filter(of.map(|of| of.build()))
                .set_tierings(Some(tiers))
                .build(),
        )
    }

    pub(super) fn of(read: sdk::IntelligentTieringConfiguration) -> Self {
        let days = |tier: sdk::IntelligentTieringAccessTier| {
            read.tierings.iter().find(|it| it.access_tier == tier).map(|it| it.days)
        };
        let (archive_days, deep_archive_days) = (
            days(sdk::IntelligentTieringAccessTier::ArchiveAccess),
            days(sdk::IntelligentTieringAccessTier::DeepArchiveAccess),
        );
        let (prefix, tags) = match read.filter {
            None => (None, Vec::new()),
            Some(filter) => match filter.and {
                Some(and) => (and.prefix, and.tags.unwrap_or_default()),
                None => (filter.prefix, filter.tag.into_iter().collect()),
            },
        };
        Self {
            enabled: read.status.as_str() == "Enabled",
            prefix: prefix.unwrap_or_default(),
            tags: tag_map(tags),
            archive_days,
            deep_archive_days,
            id: read.id,
        }
    }
}

impl Inventory {
    pub(super) fn to_sdk(&self) -> Result<sdk::InventoryConfiguration> {
        let encryption = match &self.kms_key {
            Some(key) => {
                let kms = built(sdk::Ssekms::builder().key_id(key.as_str()).build())?;
                Some(sdk::InventoryEncryption::builder().ssekms(kms).build())
            }
            None => None,
        };
        let destination = sdk::InventoryS3BucketDestination::builder()
            .bucket(self.bucket.as_str())
            .set_account_id(self.account.clone())
            .set_prefix(self.prefix.clone())
            .format(self.format.as_str().into())
            .set_encryption(encryption);
        let destination =
            sdk::InventoryDestination::builder().s3_bucket_destination(built(destination.build())?).build();
        let only = self.key_prefix.as_ref().map(|prefix| sdk::InventoryFilter::builder().prefix(prefix).build());
        let fields: Vec<_> = self.fields.iter().map(|field| field.as_str().into()).collect();
        built(
            sdk::InventoryConfiguration::builder()
                .id(&self.id)
                .is_enabled(self.enabled)
                .set_filter(only.map(built).transpose()?)
                .included_object_versions(if self.all_versions { "All" } else { "Current" }.into())
                .schedule(built(sdk::InventorySchedule::builder().frequency(self.frequency.as_str().into()).build())?)
                .set_optional_fields((!fields.is_empty()).then_some(fields))
                .destination(destination)
                .build(),
        )
    }

    /// `None` for one without a bucket, which S3 does not take.
    pub(super) fn of(read: sdk::InventoryConfiguration) -> Option<Self> {
        let to = read.destination?.s3_bucket_destination?;
        let fields = read.optional_fields.unwrap_or_default().into_iter();
        Some(Self {
            id: read.id,
            enabled: read.is_enabled,
            key_prefix: read.filter.map(|filter| filter.prefix).filter(|prefix| !prefix.is_empty()),
            all_versions: read.included_object_versions.as_str() == "All",
            frequency: read
                .schedule
                .and_then(|schedule| Frequency::parse(schedule.frequency.as_str()))
                .unwrap_or(Frequency::Weekly),
            fields: fields.map(|field| field.as_str().to_owned()).collect(),
            bucket: Arn::new(to.bucket),
            account: to.account_id,
            prefix: to.prefix,
            format: InventoryFormat::parse(to.format.as_str()).unwrap_or(InventoryFormat::Csv),
            kms_key: to.encryption.and_then(|it| it.ssekms).map(|kms| Arn::new(kms.key_id)),
        })
    }
}

impl Analytics {
    pub(super) fn to_sdk(&self) -> Result<sdk::AnalyticsConfiguration> {
        let of = match filter(&self.prefix, &self.tags)? {
            Filter::Prefix(prefix) if prefix.is_empty() => None,
            Filter::Prefix(prefix) => Some(sdk::AnalyticsFilter::Prefix(prefix)),
            Filter::Tag(tag) => Some(sdk::AnalyticsFilter::Tag(tag)),
            Filter::Both(prefix, tags) => {
                let and = sdk::AnalyticsAndOperator::builder().set_prefix(prefix).set_tags(Some(tags));
                Some(sdk::AnalyticsFilter::And(and.build()))
            }
        };
        let export = match &self.export {
            None => None,
            Some(export) => {
                let to = sdk::AnalyticsS3BucketDestination::builder()
                    .format(sdk::AnalyticsS3ExportFileFormat::Csv)
                    .bucket(export.bucket.as_str())
                    .set_bucket_account_id(export.account.clone())
                    .set_prefix(export.prefix.clone());
                let to = sdk::AnalyticsExportDestination::builder().s3_bucket_destination(built(to.build())?);
                let export = sdk::StorageClassAnalysisDataExport::builder()
                    .output_schema_version(sdk::StorageClassAnalysisSchemaVersion::V1)
                    .destination(to.build());
                Some(built(export.build())?)
            }
        };
        let analysis = sdk::StorageClassAnalysis::builder().set_data_export(export).build();
        let analytics = sdk::AnalyticsConfiguration::builder().id(&self.id).set_filter(of);
        built(analytics.storage_class_analysis(analysis).build())
    }

    pub(super) fn of(read: sdk::AnalyticsConfiguration) -> Self {
        let (prefix, tags) = match read.filter {
            Some(sdk::AnalyticsFilter::Prefix(prefix)) => (Some(prefix), Vec::new()),
            Some(sdk::AnalyticsFilter::Tag(tag)) => (None, vec![tag]),
            Some(sdk::AnalyticsFilter::And(and)) => (and.prefix, and.tags.unwrap_or_default()),
            _ => (None, Vec::new()),
        };
        let export = read.storage_class_analysis.and_then(|analysis| analysis.data_export);
        let to = export.and_then(|export| export.destination).and_then(|to| to.s3_bucket_destination);
        Self {
            id: read.id,
            prefix: prefix.unwrap_or_default(),
            tags: tag_map(tags),
            export: to.map(|to| AnalyticsExport {
                bucket: Arn::new(to.bucket),
                account: to.bucket_account_id,
                prefix: to.prefix,
            }),
        }
    }
}

impl RequestMetrics {
    pub(super) fn to_sdk(&self) -> Result<sdk::MetricsConfiguration> {
        let of = match (filter(&self.prefix, &self.tags)?, &self.access_point) {
            (Filter::Prefix(prefix), None) if prefix.is_empty() => None,
            (Filter::Prefix(prefix), None) => Some(sdk::MetricsFilter::Prefix(prefix)),
            (Filter::Prefix(prefix), Some(point)) if prefix.is_empty() => {
                Some(sdk::MetricsFilter::AccessPointArn(point.to_string()))
            }
            (Filter::Tag(tag), None) => Some(sdk::MetricsFilter::Tag(tag)),
            (_, point) => Some(sdk::MetricsFilter::And(
                sdk::MetricsAndOperator::builder()
                    .set_prefix((!self.prefix.is_empty()).then(|| self.prefix.clone()))
                    .set_tags((!self.tags.is_empty()).then(|| tag_list(&self.tags)).transpose()?)
                    .set_access_point_arn(point.as_ref().map(ToString::to_string))
                    .build(),
            )),
        };
        built(sdk::MetricsConfiguration::builder().id(&self.id).set_filter(of).build())
    }

    pub(super) fn of(read: sdk::MetricsConfiguration) -> Self {
        let (prefix, tags, point) = match read.filter {
            Some(sdk::MetricsFilter::Prefix(prefix)) => (Some(prefix), Vec::new(), None),
            Some(sdk::MetricsFilter::Tag(tag)) => (None, vec![tag], None),
            Some(sdk::MetricsFilter::AccessPointArn(point)) => (None, Vec::new(), Some(point)),
            Some(sdk::MetricsFilter::And(and)) => (and.prefix, and.tags.unwrap_or_default(), and.access_point_arn),
            _ => (None, Vec::new(), None),
        };
        Self { id: read.id, prefix: prefix.unwrap_or_default(), tags: tag_map(tags), access_point: point.map(Arn::new) }
    }
}
