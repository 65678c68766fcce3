//! The permissions of the types of Route 53.

use super::{HostedZone, RecordSet};
use crate::permissions::{Permission, Permitted, create, delete, look, update};

/// AWS makes up the ids of zones and changes.
const ZONES: &[&str] = &["arn:{partition}:route53:::hostedzone/*"];
const CHANGES: &[&str] = &["arn:{partition}:route53:::change/*"];
/// The zone that records are in.
const ITS_ZONE: &[&str] = &["arn:{partition}:route53:::hostedzone/{hosted_zone}"];

impl Permitted for HostedZone {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["route53:GetHostedZone", "route53:ListTagsForResource", "route53:ListTagsForResources"]).on(ZONES),
        look(&["route53:GetChange"]).on(CHANGES),
        look(&["route53:ListQueryLoggingConfigs"]).because("the logging of all zones is one list"),
        look(&["route53:ListHostedZones"]).because("what a lost create has made is looked for by its reference"),
        create(&["route53:CreateHostedZone"]).because("the id is made up by the create"),
        create(&["ec2:DescribeVpcs", "ec2:DescribeRegions"]).when(&["vpcs"]),
        update(&["route53:ChangeTagsForResource", "route53:UpdateHostedZoneComment"]).on(ZONES),
        update(&["route53:UpdateHostedZoneFeatures"]).on(ZONES).when(&["accelerated_recovery"]),
        update(&["route53:AssociateVPCWithHostedZone", "route53:DisassociateVPCFromHostedZone"])
            .on(ZONES)
            .when(&["vpcs"]),
        update(&["ec2:DescribeVpcs"]).when(&["vpcs"]),
        update(&["route53:CreateQueryLoggingConfig"]).on(ZONES).when(&["query_logging"]),
        update(&["route53:DeleteQueryLoggingConfig"]).when(&["query_logging"]),
        delete(&["route53:DeleteHostedZone"]).on(ZONES),
        delete(&["route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets"])
            .on(ZONES)
            .because("the records in it are listed, and with `force_delete` deleted"),
    ];
}

impl Permitted for RecordSet {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["route53:ListResourceRecordSets"]).on(ITS_ZONE),
        look(&["route53:GetChange"]).on(CHANGES),
        create(&["route53:ChangeResourceRecordSets"]).on(ITS_ZONE),
        update(&["route53:ChangeResourceRecordSets"]).on(ITS_ZONE),
        delete(&["route53:ChangeResourceRecordSets"]).on(ITS_ZONE),
    ];
}
