//! Amazon CloudWatch: alarms.

pub mod alarm;
pub(crate) mod marks;
mod metrics;
mod permissions;

pub use alarm::{Alarm, AlarmName, AlarmOutputs, ComparisonOperator, LowSamplePercentile, MissingData, Statistic};
pub use metrics::{Metric, MetricQuery, MetricStat, Unit};
