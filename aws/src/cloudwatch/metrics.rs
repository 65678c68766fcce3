//! What an alarm looks at when it is more than one metric: queries and expressions over them.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types as sdk;
use formwork_engine::{Block, Choice};

/// A metric that is read, or an expression over others. One of those of an alarm returns data: that is what the alarm looks at.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct MetricQuery {
    /// Its name among the queries: a small letter, then letters, digits and `_`.
    pub id: String,
    /// The expression over other queries, such as `m1/m2*100`; a metric is read where it is left out.
    pub expression: Option<String>,
    /// The metric that is read.
    pub metric_stat: Option<MetricStat>,
    /// What it is called in diagrams.
    pub label: Option<String>,
    /// Whether the alarm looks at it. Of all queries one does.
    #[arg(default = true)]
    pub return_data: bool,
    /// Seconds that an expression has for each of its points, where its metrics do not say it.
    pub period: Option<i32>,
    /// The account of the metric, where it is another one.
    pub account_id: Option<String>,
}

/// A metric and what is made of its points.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct MetricStat {
    /// The metric.
    pub metric: Metric,
    /// Seconds that are one point.
    pub period: i32,
    /// What is made of all values in that time: `Average`, `Sum`, `p99`.
    pub stat: String,
    /// Which of the units that the metric was published in.
    pub unit: Option<Unit>,
}

/// A metric.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct Metric {
    /// Where it belongs, such as `AWS/SQS`.
    pub namespace: String,
    /// Its name.
    pub metric_name: String,
    /// What tells it from others of the name.
    #[arg(default)]
    pub dimensions: BTreeMap<String, String>,
}

impl MetricQuery {
    /// As CloudWatch takes it.
    pub(super) fn to_sdk(&self) -> sdk::MetricDataQuery {
        sdk::MetricDataQuery::builder()
            .id(&self.id)
            .set_expression(self.expression.clone())
            .set_metric_stat(self.metric_stat.as_ref().map(MetricStat::to_sdk))
            .set_label(self.label.clone())
            .return_data(self.return_data)
            .set_period(self.period)
            .set_account_id(self.account_id.clone())
            .build()
    }

    /// As CloudWatch answers it.
    pub(super) fn of(query: sdk::MetricDataQuery) -> Self {
        Self {
            id: query.id.unwrap_or_default(),
            expression: query.expression.filter(|text| !text.is_empty()),
            metric_stat: query.metric_stat.map(MetricStat::of),
            label: query.label.filter(|text| !text.is_empty()),
            return_data: query.return_data.unwrap_or(true),
            period: query.period,
            account_id: query.account_id,
        }
    }
}

impl MetricStat {
    fn to_sdk(&self) -> sdk::MetricStat {
        let metric = sdk::Metric::builder().namespace(&self.metric.namespace).metric_name(&self.metric.metric_name);
        sdk::MetricStat::builder()
            .metric(metric.set_dimensions(Some(dimensions(&self.metric.dimensions))).build())
            .period(self.period)
            .stat(&self.stat)
            .set_unit(self.unit.map(|unit| unit.as_str().into()))
            .build()
    }

    fn of(stat: sdk::MetricStat) -> Self {
        let (namespace, metric_name, dimensions) = match stat.metric {
            Some(metric) => (metric.namespace, metric.metric_name, metric.dimensions.unwrap_or_default()),
            None => (None, None, Vec::new()),
        };
        Self {
            metric: Metric {
                namespace: namespace.unwrap_or_default(),
                metric_name: metric_name.unwrap_or_default(),
                dimensions: read_dimensions(dimensions),
            },
            period: stat.period.unwrap_or_default(),
            stat: stat.stat.unwrap_or_default(),
            unit: stat.unit.and_then(|unit| Unit::parse(unit.as_str())),
        }
    }
}

pub(super) fn dimensions(dimensions: &BTreeMap<String, String>) -> Vec<sdk::Dimension> {
    dimensions.iter().map(|(name, value)| sdk::Dimension::builder().name(name).value(value).build()).collect()
}

pub(super) fn read_dimensions(dimensions: Vec<sdk::Dimension>) -> BTreeMap<String, String> {
    dimensions.into_iter().filter_map(|one| Some((one.name?, one.value?))).collect()
}

/// Units of metrics.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    #[choice("Seconds")]
    Seconds,
    /// Microseconds.
    #[choice("Microseconds")]
    Microseconds,
    /// Milliseconds.
    #[choice("Milliseconds")]
    Milliseconds,
    /// Bytes.
    #[choice("Bytes")]
    Bytes,
    /// Kilobytes.
    #[choice("Kilobytes")]
    Kilobytes,
    /// Megabytes.
    #[choice("Megabytes")]
    Megabytes,
    /// Gigabytes.
    #[choice("Gigabytes")]
    Gigabytes,
    /// Terabytes.
    #[choice("Terabytes")]
    Terabytes,
    /// Bits.
    #[choice("Bits")]
    Bits,
    /// Kilobits.
    #[choice("Kilobits")]
    Kilobits,
    /// Megabits.
    #[choice("Megabits")]
    Megabits,
    /// Gigabits.
    #[choice("Gigabits")]
    Gigabits,
    /// Terabits.
    #[choice("Terabits")]
    Terabits,
    /// Percent.
    #[choice("Percent")]
    Percent,
    /// A number of things.
    #[choice("Count")]
    Count,
    /// Bytes in a second.
    #[choice("Bytes/Second")]
    BytesPerSecond,
    /// Kilobytes in a second.
    #[choice("Kilobytes/Second")]
    KilobytesPerSecond,
    /// Megabytes in a second.
    #[choice("Megabytes/Second")]
    MegabytesPerSecond,
    /// Gigabytes in a second.
    #[choice("Gigabytes/Second")]
    GigabytesPerSecond,
    /// Terabytes in a second.
    #[choice("Terabytes/Second")]
    TerabytesPerSecond,
    /// Bits in a second.
    #[choice("Bits/Second")]
    BitsPerSecond,
    /// Kilobits in a second.
    #[choice("Kilobits/Second")]
    KilobitsPerSecond,
    /// Megabits in a second.
    #[choice("Megabits/Second")]
    MegabitsPerSecond,
    /// Gigabits in a second.
    #[choice("Gigabits/Second")]
    GigabitsPerSecond,
    /// Terabits in a second.
    #[choice("Terabits/Second")]
    TerabitsPerSecond,
    /// A number of things in a second.
    #[choice("Count/Second")]
    CountPerSecond,
    /// No unit.
    #[choice("None")]
    None,
}
