//! `aws:ec2/route-table`: where the traffic of subnets goes.
//!
//! ```
//! use formwork_aws::ec2::{RouteTable, VpcId};
//!
//! let table = RouteTable::builder().vpc(VpcId::new("vpc-0123456789abcdef0")).tags([("Name", "public")]).build();
//! # drop(table);
//! ```

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{self as sdk, ResourceType};
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Outputs, Resource, Stack, id};

use super::{FILTER_VALUES, Vpc, VpcId, candidate, filter, owned_by, read_tags, retag, tag_specification};
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::tags::Tags;

id! {
    /// The id of a route table, such as `rtb-0123456789abcdef0`.
    pub struct RouteTableId;
}

/// Where the traffic of subnets goes: at first only within the VPC, by the local route that AWS makes with the table.
///
/// Its routes are resources of their own (`aws:ec2/route`), and so is its use by a subnet (`aws:ec2/route-table-association`). The main
/// table of a VPC comes and goes with the VPC and is never managed.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2/route-table",
    cfn = "AWS::EC2::RouteTable",
    id = RouteTableId,
    outputs = RouteTableOutputs,
    guard = token,
    visibility = 300,
    create_wait = (0, 1, 2, 300),
    delete_wait = (0, 1, 1, 300)
)]
pub struct RouteTable {
    /// The VPC.
    #[arg(replace, cfn = "VpcId")]
    pub vpc: VpcId,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// What is known of a route table once it is there.
#[derive(Outputs)]
pub struct RouteTableOutputs {
    /// The id.
    pub id: RouteTableId,
    /// The account it belongs to.
    pub owner_id: String,
}

impl Lifecycle for RouteTable {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let call = aws.ec2().create_route_table().vpc_id(args.vpc.as_str()).client_token(&owner.token);
        let tags = tag_specification(owner, &args.tags, ResourceType::RouteTable);
        let id = call
            .tag_specifications(tags)
            .send()
            .await?
            .route_table
            .and_then(|table| table.route_table_id)
            .ok_or_else(|| Error::unexpected("ec2 CreateRouteTable", "no route table id in the answer"))?;
        Ok(Created::whole(id))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let tables = describe(aws, waiting.iter().map(|one| one.id.as_str())).await?;
        Ok(all_ready(tables.into_iter().filter_map(|table| table.route_table_id)))
    }

    async fn read(aws: &Aws, ids: &[RouteTableId]) -> Result<Readings<Self>> {
        let tables = describe(aws, ids.iter().map(RouteTableId::as_str)).await?.into_iter();
        Ok(tables
            .filter_map(|table| {
                let id = RouteTableId::new(table.route_table_id?);
                let read = read_tags(aws, table.tags);
                let args = Self { vpc: VpcId::new(table.vpc_id.unwrap_or_default()), tags: read.tags };
                let outputs = RouteTableOutputs { id: id.clone(), owner_id: table.owner_id.unwrap_or_default() };
                Some((id, Ok(Observed::new(args, outputs, read.owner))))
            })
            .collect())
    }

    async fn find(aws: &Aws, owner: &Owner, _: Option<&Self>) -> Result<Vec<Candidate>> {
        let answer = aws.ec2().describe_route_tables().filters(owned_by(owner)).send().await?;
        let tables = answer.route_tables.unwrap_or_default().into_iter();
        Ok(tables.filter_map(|table| candidate(aws, owner, table.route_table_id, table.tags)).collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<RouteTableChanges>> {
        let RouteTableChanges { tags } = update.changes;
        if tags {
            let Update { owner, id, now, planned, .. } = update;
            retag(aws, owner, id.as_str(), &now.tags, &planned.tags).await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &RouteTableId, _: &Self) -> Result<Deletion> {
        let call = aws.ec2().delete_route_table().route_table_id(id.as_str());
        call.send().await.or_gone(&["InvalidRouteTableID.NotFound"])?;
        Ok(Deletion::Done)
    }
}

/// The tables with these ids that are there.
pub(super) async fn describe(aws: &Aws, ids: impl IntoIterator<Item = &str>) -> Result<Vec<sdk::RouteTable>> {
    describe_by(aws, "route-table-id", ids).await
}

/// The tables of which a filter finds one of these values.
pub(super) async fn describe_by(
    aws: &Aws,
    by: &str,
    values: impl IntoIterator<Item = &str>,
) -> Result<Vec<sdk::RouteTable>> {
    let mut found = Vec::new();
    let values: Vec<&str> = values.into_iter().collect();
    for chunk in values.chunks(FILTER_VALUES) {
        // Tables and their routes are two types that most often ask for the same tables.
        let asked = aws.once(format!("ec2 route tables by {by} {}", chunk.join(" ")), async {
            let mut tables = Vec::new();
            let filter = filter(by, chunk.iter().copied());
            let mut pages = aws.ec2().describe_route_tables().filters(filter).into_paginator().send();
            while let Some(page) = pages.next().await {
                tables.extend(page?.route_tables.unwrap_or_default());
            }
            Ok(tables)
        });
        found.extend(asked.await?.iter().cloned());
    }
    Ok(found)
}

impl Conforms for RouteTable {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.24.0.0/16").build());
        let other = stack.add("other", Vpc::builder().cidr_block("10.25.0.0/16").build());
        let base = RouteTable::builder().vpc(&vpc).tags([("Name", "private-a")]).build();
        Conformance::of(base).change("tags", [("Name", "private-b")]).change("vpc", &other)
    }
}
