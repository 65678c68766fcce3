//! Where objects, and the news of them, go: notification and replication as the SDK has them, and back.

use aws_sdk_s3::types as sdk;

use super::blocks::*;
use super::convert::{Filter, built, filter, tag_map};
use crate::arn::Arn;
use crate::error::Result;

impl Listener {
    fn filter(&self) -> Option<sdk::NotificationConfigurationFilter> {
        let rule =
            |name: sdk::FilterRuleName, value: &String| sdk::FilterRule::builder().name(name).value(value).build();
        let prefix = self.prefix.as_ref().map(|prefix| rule(sdk::FilterRuleName::Prefix, prefix));
        let suffix = self.suffix.as_ref().map(|suffix| rule(sdk::FilterRuleName::Suffix, suffix));
        let rules: Vec<_> = prefix.into_iter().chain(suffix).collect();
        let key = || sdk::S3KeyFilter::builder().set_filter_rules(Some(rules.clone())).build();
        (!rules.is_empty()).then(|| sdk::NotificationConfigurationFilter::builder().key(key()).build())
    }

    fn events(&self) -> Option<Vec<sdk::Event>> {
        Some(self.events.iter().map(|event| event.as_str().into()).collect())
    }

    fn of(
        id: Option<String>,
        target: String,
        events: &[sdk::Event],
        filter: Option<sdk::NotificationConfigurationFilter>,
    ) -> Self {
        let rules = filter.and_then(|filter| filter.key?.filter_rules).unwrap_or_default();
        let value = |name: &str| {
            // S3 answers the names capitalised, whatever was sent.
            let named = |rule: &&sdk::FilterRule| rule.name().is_some_and(|it| it.as_str().eq_ignore_ascii_case(name));
            rules.iter().find(named).and_then(|rule| rule.value.clone())
        };
        Self {
            id,
            target: Arn::new(target),
            events: events.iter().map(|event| event.as_str().to_owned()).collect(),
            prefix: value("prefix"),
            suffix: value("suffix"),
        }
    }
}

impl Notification {
    pub(super) fn to_sdk(&self) -> Result<sdk::NotificationConfiguration> {
        let mut notification = sdk::NotificationConfiguration::builder();
        for it in &self.functions {
            let to = sdk::LambdaFunctionConfiguration::builder().set_id(it.id.clone()).set_events(it.events());
            let to = to.lambda_function_arn(it.target.as_str()).set_filter(it.filter());
            notification = notification.lambda_function_configurations(built(to.build())?);
        }
        for it in &self.queues {
            let to = sdk::QueueConfiguration::builder().set_id(it.id.clone()).set_events(it.events());
            let to = to.queue_arn(it.target.as_str()).set_filter(it.filter());
            notification = notification.queue_configurations(built(to.build())?);
        }
        for it in &self.topics {
            let to = sdk::TopicConfiguration::builder().set_id(it.id.clone()).set_events(it.events());
            let to = to.topic_arn(it.target.as_str()).set_filter(it.filter());
            notification = notification.topic_configurations(built(to.build())?);
        }
        let bridge = self.event_bridge.then(|| sdk::EventBridgeConfiguration::builder().build());
        Ok(notification.set_event_bridge_configuration(bridge).build())
    }

    pub(super) fn of(
        read: aws_sdk_s3::operation::get_bucket_notification_configuration::GetBucketNotificationConfigurationOutput,
    ) -> Self {
        let functions = read.lambda_function_configurations.unwrap_or_default().into_iter();
        let queues = read.queue_configurations.unwrap_or_default().into_iter();
        let topics = read.topic_configurations.unwrap_or_default().into_iter();
        Self {
            event_bridge: read.event_bridge_configuration.is_some(),
            functions: functions.map(|it| Listener::of(it.id, it.lambda_function_arn, &it.events, it.filter)).collect(),
            queues: queues.map(|it| Listener::of(it.id, it.queue_arn, &it.events, it.filter)).collect(),
            topics: topics.map(|it| Listener::of(it.id, it.topic_arn, &it.events, it.filter)).collect(),
        }
    }
}

impl Replication {
    /// `None` where there is to be none.
    pub(super) fn to_sdk(&self) -> Result<Option<sdk::ReplicationConfiguration>> {
        let Self::On { role, rules } = self else { return Ok(None) };
        let rules = rules.iter().map(ReplicationRule::to_sdk).collect::<Result<Vec<_>>>()?;
        let replication = sdk::ReplicationConfiguration::builder().role(role.as_str()).set_rules(Some(rules));
        Ok(Some(built(replication.build())?))
    }

    pub(super) fn of(read: Option<sdk::ReplicationConfiguration>) -> Self {
        let Some(read) = read else { return Self::Off };
        let rules = read.rules.into_iter().filter_map(ReplicationRule::of).collect();
        Self::On { role: Arn::new(read.role), rules }
    }
}

impl ReplicationRule {
    fn to_sdk(&self) -> Result<sdk::ReplicationRule> {
        let word = |on: bool| if on { "Enabled" } else { "Disabled" };
        let of = sdk::ReplicationRuleFilter::builder();
        let of = match filter(&self.prefix, &self.tags)? {
            Filter::Prefix(prefix) => of.prefix(prefix),
            Filter::Tag(tag) => of.tag(tag),
            Filter::Both(prefix, tags) => {
                of.and(sdk::ReplicationRuleAndOperator::builder().set_prefix(prefix).set_tags(Some(tags)).build())
            }
        };
        let owner = sdk::AccessControlTranslation::builder().owner(sdk::OwnerOverride::Destination).build();
        let key = self
            .replica_kms_key
            .as_ref()
            .map(|key| sdk::EncryptionConfiguration::builder().replica_kms_key_id(key.as_str()).build());
        let mut to = sdk::Destination::builder()
            .bucket(self.bucket.as_str())
            .set_account(self.account.clone())
            .set_access_control_translation(self.account.as_ref().map(|_| built(owner)).transpose()?)
            .set_storage_class(self.storage_class.map(|class| class.as_str().into()))
            .set_encryption_configuration(key);
        if self.time_control {
            // S3 takes no other number.
            let minutes = sdk::ReplicationTimeValue::builder().minutes(15).build();
            let time = sdk::ReplicationTime::builder().status("Enabled".into()).time(minutes.clone()).build();
            let metrics = sdk::Metrics::builder().status("Enabled".into()).event_threshold(minutes).build();
            to = to.replication_time(built(time)?).metrics(built(metrics)?);
        }
        let kms = sdk::SseKmsEncryptedObjects::builder().status("Enabled".into()).build();
        let back = sdk::ReplicaModifications::builder().status("Enabled".into()).build();
        let source = sdk::SourceSelectionCriteria::builder()
            .set_sse_kms_encrypted_objects(self.replica_kms_key.as_ref().map(|_| built(kms)).transpose()?)
            .set_replica_modifications(self.replica_modifications.then(|| built(back)).transpose()?);
        let selected = self.replica_kms_key.is_some() || self.replica_modifications;
        let markers = sdk::DeleteMarkerReplication::builder().status(word(self.delete_markers).into()).build();
        built(
            sdk::ReplicationRule::builder()
                .id(&self.id)
                .priority(self.priority)
                .status(word(self.enabled).into())
                .filter(of.build())
                .delete_marker_replication(markers)
                .set_source_selection_criteria(selected.then(|| source.build()))
                .destination(built(to.build())?)
                .build(),
        )
    }

    #[expect(deprecated, reason = "rules that others made may have the prefix beside the filter")]
    fn of(read: sdk::ReplicationRule) -> Option<Self> {
        let to = read.destination?;
        let (prefix, tags) = match read.filter {
            None => (read.prefix, Vec::new()),
            Some(filter) => match filter.and {
                Some(and) => (and.prefix, and.tags.unwrap_or_default()),
                None => (filter.prefix, filter.tag.into_iter().collect()),
            },
        };
        let source = read.source_selection_criteria;
        let back = source.and_then(|source| source.replica_modifications);
        Some(Self {
            id: read.id.unwrap_or_default(),
            priority: read.priority.unwrap_or_default(),
            enabled: read.status.as_str() == "Enabled",
            prefix: prefix.unwrap_or_default(),
            tags: tag_map(tags),
            delete_markers: read
                .delete_marker_replication
                .and_then(|markers| markers.status)
                .is_some_and(|status| status.as_str() == "Enabled"),
            bucket: Arn::new(to.bucket),
            account: to.account,
            storage_class: to.storage_class.and_then(|class| StorageClass::parse(class.as_str())),
            replica_kms_key: to.encryption_configuration.and_then(|it| it.replica_kms_key_id).map(Arn::new),
            time_control: to.replication_time.is_some_and(|time| time.status.as_str() == "Enabled"),
            replica_modifications: back.is_some_and(|back| back.status.as_str() == "Enabled"),
        })
    }
}
