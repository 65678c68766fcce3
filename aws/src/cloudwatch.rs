//! Amazon CloudWatch: alarms.

pub mod alarm;
mod metrics;
mod permissions;

pub use alarm::{Alarm, AlarmName, AlarmOutputs, ComparisonOperator, LowSamplePercentile, MissingData, Statistic};
pub use metrics::{Metric, MetricQuery, MetricStat, Unit};
