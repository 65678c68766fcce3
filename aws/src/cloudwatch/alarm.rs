//! `aws:cloudwatch/alarm`: tells when a metric, or an expression over several, goes where it should not.
//!
//! ```
//! use formwork_aws::cloudwatch::{Alarm, ComparisonOperator, Statistic};
//! use formwork_aws::sns::Topic;
//!
//! # fn declare(stack: &mut formwork_engine::Stack) {
//! let people = stack.add("people", Topic::builder().name("people").build());
//! let alarm = Alarm::builder()
//!     .name("orders-wait")
//!     .namespace("AWS/SQS")
//!     .metric_name("ApproximateAgeOfOldestMessage")
//!     .dimensions([("QueueName", "orders")])
//!     .statistic(Statistic::Maximum)
//!     .period(60)
//!     .evaluation_periods(5)
//!     .comparison_operator(ComparisonOperator::GreaterThanThreshold)
//!     .threshold(300)
//!     .alarm_actions([&people.arn]);
//! stack.add("orders-wait", alarm.build());
//! # }
//! ```
//!
//! One call writes all of an alarm: whatever is changed, what the program leaves out is left out of the alarm.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmFluentBuilder;
use aws_sdk_cloudwatch::types::{self as sdk, AlarmType, Tag};
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Choice, Expr, Name, Outputs, Resource, Stack, Value, id};

use super::metrics::{Metric, MetricQuery, MetricStat, Unit, dimensions, read_dimensions};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::decimal::Decimal;
use crate::error::{OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::each;
use crate::sns::Topic;
use crate::tags::{self, Tags};

id! {
    /// The name of an alarm, unique in its account and region.
    pub struct AlarmName;
}

/// An alarm over one metric, or over queries.
#[derive(Resource)]
#[resource(
    kind = "aws:cloudwatch/alarm",
    cfn = "AWS::CloudWatch::Alarm",
    id = AlarmName,
    outputs = AlarmOutputs,
    guard = upsert,
    natural_key(name),
    visibility = 120
)]
pub struct Alarm {
    /// The name, at most 255 characters.
    #[arg(replace, cfn = "AlarmName")]
    pub name: Name,
    /// What it means and what is to be done, at most 1024 characters. Empty when left out.
    #[arg(in_place, default, cfn = "AlarmDescription")]
    pub description: String,
    /// Whether its actions are taken.
    #[arg(in_place, default = true)]
    pub actions_enabled: bool,
    /// Who is told when it goes off, at most five topics. Actions of other services are named by `Arn::new`.
    #[arg(in_place, default)]
    pub alarm_actions: BTreeSet<Arn<Topic>>,
    /// Who is told when all is well again.
    #[arg(in_place, default, cfn = "OKActions")]
    pub ok_actions: BTreeSet<Arn<Topic>>,
    /// Who is told when there is too little data to tell.
    #[arg(in_place, default)]
    pub insufficient_data_actions: BTreeSet<Arn<Topic>>,
    /// Where the metric belongs, such as `AWS/SQS`; not with `metrics`.
    #[arg(in_place)]
    pub namespace: Option<String>,
    /// The name of the metric; not with `metrics`.
    #[arg(in_place)]
    pub metric_name: Option<String>,
    /// What tells the metric from others of its name.
    #[arg(in_place, default)]
    pub dimensions: BTreeMap<String, String>,
    /// What is made of the values of a period; not with `extended_statistic`.
    #[arg(in_place)]
    pub statistic: Option<Statistic>,
    /// The percentile or trimmed mean of the values of a period, such as `p99` or `tm90`.
    #[arg(in_place)]
    pub extended_statistic: Option<String>,
    /// Seconds of a period: 10, 30, or a multiple of 60.
    #[arg(in_place)]
    pub period: Option<i32>,
    /// Which of the units that the metric was published in. Better left out: it is no conversion.
    #[arg(in_place)]
    pub unit: Option<Unit>,
    /// Queries and expressions, in place of one metric; none when left out.
    #[arg(in_place, default)]
    pub metrics: Vec<MetricQuery>,
    /// How many of the latest periods are looked at.
    #[arg(in_place)]
    pub evaluation_periods: i32,
    /// How many of these must be beyond the threshold; all when left out.
    #[arg(in_place)]
    pub datapoints_to_alarm: Option<i32>,
    /// The threshold.
    #[arg(in_place)]
    pub threshold: Option<Decimal>,
    /// The query that makes the band of an anomaly detection, in place of a threshold.
    #[arg(in_place)]
    pub threshold_metric_id: Option<String>,
    /// How a value stands to the threshold when the alarm goes off.
    #[arg(in_place)]
    pub comparison_operator: ComparisonOperator,
    /// What periods without data count as.
    #[arg(in_place, default = MissingData::Missing)]
    pub treat_missing_data: MissingData,
    /// Whether a percentile of too few values is looked at; it is when this is left out.
    #[arg(in_place)]
    pub evaluate_low_sample_count_percentile: Option<LowSamplePercentile>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// What is made of the values of a period.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// How many there are.
    #[choice("SampleCount")]
    SampleCount,
    /// Their mean.
    #[choice("Average")]
    Average,
    /// Their sum.
    #[choice("Sum")]
    Sum,
    /// The smallest.
    #[choice("Minimum")]
    Minimum,
    /// The largest.
    #[choice("Maximum")]
    Maximum,
}

/// How a value stands to the threshold when an alarm goes off.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparisonOperator {
    /// At it or above.
    #[choice("GreaterThanOrEqualToThreshold")]
    GreaterThanOrEqualToThreshold,
    /// Above it.
    #[choice("GreaterThanThreshold")]
    GreaterThanThreshold,
    /// Below it.
    #[choice("LessThanThreshold")]
    LessThanThreshold,
    /// At it or below.
    #[choice("LessThanOrEqualToThreshold")]
    LessThanOrEqualToThreshold,
    /// Outside of the band.
    #[choice("LessThanLowerOrGreaterThanUpperThreshold")]
    OutsideOfBand,
    /// Below the band.
    #[choice("LessThanLowerThreshold")]
    BelowBand,
    /// Above the band.
    #[choice("GreaterThanUpperThreshold")]
    AboveBand,
}

/// What periods without data count as.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingData {
    /// Beyond the threshold.
    #[choice("breaching")]
    Breaching,
    /// Within it.
    #[choice("notBreaching")]
    NotBreaching,
    /// Neither: the alarm stays as it is.
    #[choice("ignore")]
    Ignore,
    /// Neither: without any data there is too little of it.
    #[choice("missing")]
    Missing,
}

/// Whether a percentile of too few values is looked at.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum LowSamplePercentile {
    /// It is.
    #[choice("evaluate")]
    Evaluate,
    /// The alarm stays as it is.
    #[choice("ignore")]
    Ignore,
}

/// What is known of an alarm once it is there.
#[derive(Outputs)]
pub struct AlarmOutputs {
    /// The name.
    pub id: AlarmName,
    /// The ARN.
    pub arn: Arn<Alarm>,
    /// The name as text.
    #[output(echoes = name)]
    pub name: String,
}

const GONE: &[&str] = &["ResourceNotFound", "ResourceNotFoundException"];

impl Lifecycle for Alarm {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        // Of an alarm that is there already the tags would be ignored.
        args.put(aws, args.name.as_str()).set_tags(Some(tags_of(tags::all(owner, &args.tags)))).send().await?;
        Ok(Created::whole(args.name.as_str()))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = describe(aws, waiting.iter().map(|one| one.id.as_str())).await?;
        Ok(all_ready(found.into_keys()))
    }

    async fn read(aws: &Aws, ids: &[AlarmName]) -> Result<Readings<Self>> {
        let found = describe(aws, ids.iter().map(AlarmName::as_str)).await?;
        let tags = each(found.values(), |alarm| read_tags(aws, alarm.alarm_arn().unwrap_or_default())).await;
        let seen = found.into_iter().zip(tags).filter_map(|((name, alarm), tags)| {
            let id = AlarmName::new(name);
            // Gone between the two calls.
            let seen = tags.transpose()?.map(|tags| observe(&id, alarm, tags));
            Some((id, seen))
        });
        Ok(seen.collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let name = args.name.as_str();
        let Some(alarm) = describe(aws, [name]).await?.remove(name) else { return Ok(Vec::new()) };
        let theirs = read_tags(aws, alarm.alarm_arn().unwrap_or_default()).await?.and_then(|tags| tags.owner);
        Ok(vec![tags::candidate(owner, name, theirs.as_ref())])
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<AlarmChanges>> {
        let AlarmChanges {
            description,
            actions_enabled,
            alarm_actions,
            ok_actions,
            insufficient_data_actions,
            namespace,
            metric_name,
            dimensions,
            statistic,
            extended_statistic,
            period,
            unit,
            metrics,
            evaluation_periods,
            datapoints_to_alarm,
            threshold,
            threshold_metric_id,
            comparison_operator,
            treat_missing_data,
            evaluate_low_sample_count_percentile,
            tags,
        } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        let actions = actions_enabled || alarm_actions || ok_actions || insufficient_data_actions;
        let metric = namespace || metric_name || dimensions || statistic || extended_statistic || period || unit;
        let evaluation = evaluation_periods || datapoints_to_alarm || treat_missing_data;
        let bounds = threshold || threshold_metric_id || comparison_operator || evaluate_low_sample_count_percentile;
        if description || actions || metric || metrics || evaluation || bounds {
            planned.put(aws, id.as_str()).send().await?;
        }
        if tags {
            let (set, removed) = tags::difference(owner, &now.tags, &planned.tags);
            let arn = arn(aws, id.as_str());
            aws.cloudwatch().tag_resource().resource_arn(&arn).set_tags(Some(tags_of(set))).send().await?;
            if !removed.is_empty() {
                let call = aws.cloudwatch().untag_resource().resource_arn(&arn);
                call.set_tag_keys(Some(removed.into_iter().collect())).send().await?;
            }
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &AlarmName, _: &Self) -> Result<Deletion> {
        aws.cloudwatch().delete_alarms().alarm_names(id.as_str()).send().await.or_gone(GONE)?;
        Ok(Deletion::Done)
    }
}

impl Alarm {
    /// The call that writes everything but the tags.
    fn put(&self, aws: &Aws, name: &str) -> PutMetricAlarmFluentBuilder {
        let arns = |arns: &BTreeSet<Arn<Topic>>| Some(arns.iter().map(ToString::to_string).collect());
        let queries: Vec<_> = self.metrics.iter().map(MetricQuery::to_sdk).collect();
        // With queries even an empty list of dimensions is refused.
        let dimensions = dimensions(&self.dimensions);
        aws.cloudwatch()
            .put_metric_alarm()
            .alarm_name(name)
            .alarm_description(&self.description)
            .actions_enabled(self.actions_enabled)
            .set_alarm_actions(arns(&self.alarm_actions))
            .set_ok_actions(arns(&self.ok_actions))
            .set_insufficient_data_actions(arns(&self.insufficient_data_actions))
            .set_namespace(self.namespace.clone())
            .set_metric_name(self.metric_name.clone())
            .set_dimensions(Some(dimensions).filter(|all| !all.is_empty()))
            .set_statistic(self.statistic.map(|it| it.as_str().into()))
            .set_extended_statistic(self.extended_statistic.clone())
            .set_period(self.period)
            .set_unit(self.unit.map(|it| it.as_str().into()))
            .set_metrics(Some(queries).filter(|all| !all.is_empty()))
            .evaluation_periods(self.evaluation_periods)
            .set_datapoints_to_alarm(self.datapoints_to_alarm)
            .set_threshold(self.threshold.map(Decimal::get))
            .set_threshold_metric_id(self.threshold_metric_id.clone())
            .comparison_operator(self.comparison_operator.as_str().into())
            .treat_missing_data(self.treat_missing_data.as_str())
            .set_evaluate_low_sample_count_percentile(
                self.evaluate_low_sample_count_percentile.map(|it| it.as_str().to_owned()),
            )
    }
}

fn arn(aws: &Aws, name: &str) -> String {
    let (partition, region, account) = (aws.partition(), aws.region(), aws.account());
    format!("arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}")
}

fn tags_of(tags: impl IntoIterator<Item = (String, String)>) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// The most names that one call takes.
const NAMES: usize = 100;

/// The alarms of these names that are there.
async fn describe<'n>(
    aws: &Aws,
    names: impl IntoIterator<Item = &'n str>,
) -> Result<BTreeMap<String, sdk::MetricAlarm>> {
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let mut found = BTreeMap::new();
    for chunk in names.chunks(NAMES) {
        let call = aws.cloudwatch().describe_alarms().alarm_types(AlarmType::MetricAlarm);
        let mut pages = call.set_alarm_names(Some(chunk.to_vec())).into_paginator().send();
        while let Some(page) = pages.next().await {
            let alarms = page?.metric_alarms.unwrap_or_default().into_iter();
            found.extend(alarms.filter_map(|alarm| Some((alarm.alarm_name.clone()?, alarm))));
        }
    }
    Ok(found)
}

/// The tags; `None` when there is no such alarm.
async fn read_tags(aws: &Aws, arn: &str) -> Result<Option<tags::Read>> {
    let answer = aws.cloudwatch().list_tags_for_resource().resource_arn(arn).send().await.or_gone(GONE)?;
    let pairs = answer.map(|answer| answer.tags.unwrap_or_default().into_iter());
    Ok(pairs.map(|pairs| tags::read(aws, pairs.filter_map(|tag| Some((tag.key?, tag.value?))))))
}

fn observe(id: &AlarmName, alarm: sdk::MetricAlarm, tags: tags::Read) -> Observed<Alarm> {
    let arns = |arns: Option<Vec<String>>| arns.unwrap_or_default().into_iter().map(Arn::new).collect();
    let operator = alarm.comparison_operator.and_then(|it| ComparisonOperator::parse(it.as_str()));
    let args = Alarm {
        name: Name::new(id.as_str()),
        description: alarm.alarm_description.unwrap_or_default(),
        actions_enabled: alarm.actions_enabled.unwrap_or(true),
        alarm_actions: arns(alarm.alarm_actions),
        ok_actions: arns(alarm.ok_actions),
        insufficient_data_actions: arns(alarm.insufficient_data_actions),
        namespace: alarm.namespace,
        metric_name: alarm.metric_name,
        dimensions: read_dimensions(alarm.dimensions.unwrap_or_default()),
        statistic: alarm.statistic.and_then(|it| Statistic::parse(it.as_str())),
        extended_statistic: alarm.extended_statistic,
        period: alarm.period,
        unit: alarm.unit.and_then(|it| Unit::parse(it.as_str())),
        metrics: alarm.metrics.unwrap_or_default().into_iter().map(MetricQuery::of).collect(),
        evaluation_periods: alarm.evaluation_periods.unwrap_or_default(),
        datapoints_to_alarm: alarm.datapoints_to_alarm,
        threshold: alarm.threshold.map(Decimal::new),
        threshold_metric_id: alarm.threshold_metric_id,
        comparison_operator: operator.unwrap_or(ComparisonOperator::GreaterThanThreshold),
        treat_missing_data: alarm
            .treat_missing_data
            .and_then(|it| MissingData::parse(&it))
            .unwrap_or(MissingData::Missing),
        evaluate_low_sample_count_percentile: alarm
            .evaluate_low_sample_count_percentile
            .and_then(|it| LowSamplePercentile::parse(&it)),
        tags: tags.tags,
    };
    let outputs =
        AlarmOutputs { id: id.clone(), arn: Arn::new(alarm.alarm_arn.unwrap_or_default()), name: id.to_string() };
    Observed::new(args, outputs, tags.owner)
}

impl Conforms for Alarm {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let topic = stack.add("topic", Topic::builder().name("alarmed").build());
        let other = stack.add("other", Topic::builder().name("alarmed-too").build());
        let query = |id: &str| MetricQuery::builder().id(id).label(id.to_uppercase());
        let ages = |stat: &str| {
            let metric = Metric::builder().namespace("AWS/SQS").metric_name("ApproximateAgeOfOldestMessage");
            let metric = metric.dimensions([("QueueName", "orders")]).build();
            let stat = MetricStat::builder().metric(metric).period(60).stat(stat).unit(Unit::Seconds).build();
            Expr::from(query("m1").metric_stat(stat).return_data(false).build())
        };
        let band = || Expr::from(query("band").expression("ANOMALY_DETECTION_BAND(m1, 2)").return_data(true).build());
        let minutes = || Expr::from(query("e1").expression("m1 / 60").period(60).return_data(true).build());
        let base = Alarm::builder()
            .name("Conformance")
            .description("made by the conformance suite")
            .actions_enabled(false)
            .alarm_actions([&topic.arn])
            .ok_actions([&topic.arn])
            .insufficient_data_actions([&topic.arn])
            .namespace("AWS/SQS")
            .metric_name("ApproximateAgeOfOldestMessage")
            .dimensions([("QueueName", "orders")])
            .statistic(Statistic::Maximum)
            .period(60)
            .unit(Unit::Seconds)
            .evaluation_periods(5)
            .datapoints_to_alarm(3)
            .threshold(300.5)
            .comparison_operator(ComparisonOperator::GreaterThanThreshold)
            .treat_missing_data(MissingData::NotBreaching)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        Conformance::of(base)
            .change("description", "changed")
            .change("actions_enabled", true)
            .change("alarm_actions", vec![Expr::from(&other.arn)])
            .change("ok_actions", vec![Expr::from(&other.arn)])
            .change("insufficient_data_actions", Vec::<Expr>::new())
            .change("namespace", "Shop")
            .change("metric_name", "Age")
            .change("dimensions", [("Queue", "orders")])
            .change("statistic", "Average")
            .change("period", 300)
            .change("unit", "Milliseconds")
            .change("evaluation_periods", 6)
            .change("datapoints_to_alarm", 4)
            .change("threshold", "0.25")
            .change("comparison_operator", "LessThanThreshold")
            .change("treat_missing_data", "breaching")
            .change("tags", [("team", "b")])
            .change("extended_statistic", "p99")
            .together_with("statistic", Value::Null)
            .together_with("evaluate_low_sample_count_percentile", "ignore")
            .change("extended_statistic", "p90")
            .change("evaluate_low_sample_count_percentile", "evaluate")
            .change("metrics", vec![ages("Maximum"), minutes()])
            .together_with("namespace", Value::Null)
            .together_with("metric_name", Value::Null)
            .together_with("dimensions", Value::empty_map())
            .together_with("extended_statistic", Value::Null)
            .together_with("evaluate_low_sample_count_percentile", Value::Null)
            .together_with("period", Value::Null)
            .together_with("unit", Value::Null)
            .change("metrics", vec![ages("Average"), band()])
            .together_with("threshold", Value::Null)
            .together_with("threshold_metric_id", "band")
            .together_with("comparison_operator", "GreaterThanUpperThreshold")
            .change("name", "Conformance-2")
    }
}
