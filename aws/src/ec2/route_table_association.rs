//! `aws:ec2/route-table-association`: a subnet that uses a route table.
//!
//! ```
//! use formwork_aws::ec2::{RouteTableAssociation, RouteTableId, SubnetId};
//!
//! let association = RouteTableAssociation::builder()
//!     .subnet(SubnetId::new("subnet-0123456789abcdef0"))
//!     .route_table(RouteTableId::new("rtb-0123456789abcdef0"))
//!     .build();
//! # drop(association);
//! ```

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::{Outputs, Resource, Stack, id};

use super::route_table::describe_by;
use super::{RouteTable, RouteTableId, Subnet, SubnetId, Vpc};
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};

id! {
    /// The id of the subnet, such as `subnet-0123456789abcdef0`: a subnet has at most one association, and the id that AWS gives it is
    /// another one after each change.
    pub struct RouteTableAssociationId;
}

/// A subnet that uses a route table instead of the main one of its VPC.
///
/// It has no tags and no token: the subnet is all there is to tell it by. Another table is taken in one call, so that there is no moment
/// in which the subnet has only the main table's routes.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2/route-table-association",
    cfn = "AWS::EC2::SubnetRouteTableAssociation",
    id = RouteTableAssociationId,
    outputs = RouteTableAssociationOutputs,
    guard = unique_name,
    natural_key(subnet),
    visibility = 300,
    create_wait = (0, 1, 1, 300),
    delete_wait = (0, 1, 1, 300)
)]
pub struct RouteTableAssociation {
    /// The subnet.
    #[arg(replace, cfn = "SubnetId")]
    pub subnet: SubnetId,
    /// The route table, of the same VPC.
    #[arg(in_place, cfn = "RouteTableId")]
    pub route_table: RouteTableId,
}

/// What is known of an association once it is there.
#[derive(Outputs)]
pub struct RouteTableAssociationOutputs {
    /// The id of the subnet.
    pub id: RouteTableAssociationId,
    /// AWS's own id, such as `rtbassoc-0123456789abcdef0`.
    #[output(moves_with(route_table))]
    pub association_id: String,
}

impl Lifecycle for RouteTableAssociation {
    async fn create(aws: &Aws, _: &Owner, args: &Self) -> Result<Created> {
        associate(aws, &args.subnet, &args.route_table).await?;
        Ok(Created::whole(args.subnet.as_str()))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let mut found = associations(aws, waiting.iter().map(|one| one.id.as_str())).await?;
        let status = |one: &Waiting| {
            let found = found.remove(&one.id);
            match (found, &one.change) {
                // Right after a change the new association may not be shown yet.
                (found, Some(wanted)) if found.as_ref().and_then(own_id) != Some(wanted) => {
                    Some((one.id.clone(), Status::Pending("associating".to_owned())))
                }
                (Some(association), _) => Some((one.id.clone(), status_of(&association))),
                (None, _) => None,
            }
        };
        Ok(waiting.iter().filter_map(status).collect())
    }

    async fn read(aws: &Aws, ids: &[RouteTableAssociationId]) -> Result<Readings<Self>> {
        let found = associations(aws, ids.iter().map(RouteTableAssociationId::as_str)).await?.into_iter();
        Ok(found
            .map(|(subnet, association)| {
                let id = RouteTableAssociationId::new(&subnet);
                let args = Self {
                    subnet: SubnetId::new(subnet),
                    route_table: RouteTableId::new(association.route_table_id.unwrap_or_default()),
                };
                let association_id = association.route_table_association_id.unwrap_or_default();
                let outputs = RouteTableAssociationOutputs { id: id.clone(), association_id };
                (id, Ok(Observed::new(args, outputs, None)))
            })
            .collect())
    }

    async fn find(aws: &Aws, _: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let found = associations(aws, [args.subnet.as_str()]).await?;
        // To another table it is not what a create with these arguments can have made.
        let same = |one: &sdk::RouteTableAssociation| one.route_table_id.as_deref() == Some(args.route_table.as_str());
        let found = found.into_iter().filter(|(_, association)| same(association));
        Ok(found.map(|(id, _)| Candidate { id, proof: Proof::Name }).collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<RouteTableAssociationChanges>> {
        let RouteTableAssociationChanges { route_table } = update.changes;
        let Update { id, planned, .. } = update;
        if !route_table {
            return Ok(Updated::done());
        }
        let now = associations(aws, [id.as_str()]).await?.remove(id.as_str());
        let waiting = match now {
            Some(now) if now.route_table_id.as_deref() == Some(planned.route_table.as_str()) => None,
            Some(now) => {
                let call =
                    aws.ec2().replace_route_table_association().set_association_id(now.route_table_association_id);
                call.route_table_id(planned.route_table.as_str()).send().await?.new_association_id
            }
            None => Some(associate(aws, &planned.subnet, &planned.route_table).await?),
        };
        Ok(Updated { left: RouteTableAssociationChanges::default(), waiting })
    }

    async fn delete(aws: &Aws, id: &RouteTableAssociationId, _: &Self) -> Result<Deletion> {
        if let Some(association) = associations(aws, [id.as_str()]).await?.remove(id.as_str()) {
            let call = aws.ec2().disassociate_route_table();
            let call = call.set_association_id(association.route_table_association_id);
            call.send().await.or_gone(&["InvalidAssociationID.NotFound"])?;
        }
        Ok(Deletion::Done)
    }
}

/// Answers AWS's id of the association.
async fn associate(aws: &Aws, subnet: &SubnetId, table: &RouteTableId) -> Result<String> {
    let call = aws.ec2().associate_route_table().subnet_id(subnet.as_str()).route_table_id(table.as_str());
    let id = call.send().await?.association_id;
    id.ok_or_else(|| Error::unexpected("ec2 AssociateRouteTable", "no association id in the answer"))
}

/// The associations of these subnets, by subnet; without those that are gone or going.
async fn associations(
    aws: &Aws,
    subnets: impl IntoIterator<Item = &str>,
) -> Result<BTreeMap<String, sdk::RouteTableAssociation>> {
    let wanted: BTreeSet<&str> = subnets.into_iter().collect();
    // A table comes with all of its associations, and once per chunk that names one of its subnets.
    let tables = describe_by(aws, "association.subnet-id", wanted.iter().copied()).await?;
    Ok(tables
        .into_iter()
        .flat_map(|table| table.associations.unwrap_or_default())
        .filter(|association| !matches!(state(association), "disassociating" | "disassociated"))
        .filter_map(|association| Some((association.subnet_id.clone()?, association)))
        .filter(|(subnet, _)| wanted.contains(subnet.as_str()))
        .collect())
}

fn own_id(association: &sdk::RouteTableAssociation) -> Option<&String> {
    association.route_table_association_id.as_ref()
}

/// AWS leaves the state out where it does not change.
fn state(association: &sdk::RouteTableAssociation) -> &str {
    let state = association.association_state.as_ref().and_then(|state| state.state.as_ref());
    state.map_or("associated", |code| code.as_str())
}

fn status_of(association: &sdk::RouteTableAssociation) -> Status {
    match state(association) {
        "associated" => Status::Ready,
        "failed" => {
            let why = association.association_state.as_ref().and_then(|state| state.status_message.clone());
            Status::Failed(why.unwrap_or_else(|| "failed".to_owned()))
        }
        other => Status::Pending(other.to_owned()),
    }
}

impl Conforms for RouteTableAssociation {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let vpc = stack.add("vpc", Vpc::builder().cidr_block("10.26.0.0/16").build());
        let subnet = stack.add("subnet", Subnet::builder().vpc(&vpc).cidr_block("10.26.1.0/24").build());
        let another = stack.add("another", Subnet::builder().vpc(&vpc).cidr_block("10.26.2.0/24").build());
        let table = stack.add("table", RouteTable::builder().vpc(&vpc).build());
        let other = stack.add("other", RouteTable::builder().vpc(&vpc).build());
        let base = RouteTableAssociation::builder().subnet(&subnet).route_table(&table).build();
        Conformance::of(base).change("route_table", &other).change("subnet", &another)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::RouteTableAssociationStateCode::{Associated, Associating, Failed};

    fn association(code: sdk::RouteTableAssociationStateCode) -> sdk::RouteTableAssociation {
        let state = sdk::RouteTableAssociationState::builder().state(code).status_message("it is shared").build();
        sdk::RouteTableAssociation::builder().association_state(state).build()
    }

    #[test]
    fn the_state_is_that_of_the_association() {
        assert_eq!(status_of(&association(Associated)), Status::Ready);
        assert_eq!(status_of(&association(Associating)), Status::Pending("associating".into()));
        assert_eq!(status_of(&association(Failed)), Status::Failed("it is shared".into()));
        assert_eq!(status_of(&sdk::RouteTableAssociation::builder().build()), Status::Ready);
    }
}
