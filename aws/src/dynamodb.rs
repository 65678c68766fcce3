//! Amazon DynamoDB: tables.

pub(crate) mod marks;
mod permissions;
pub mod table;

pub use table::{
    AttributeType, BillingMode, GlobalIndex, InsightsMode, KinesisPrecision, KinesisStream, LocalIndex,
    OnDemandThroughput, Projection, ProvisionedThroughput, Stream, Table, TableClass, TableName, TableOutputs,
    WarmThroughput,
};
