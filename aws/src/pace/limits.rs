//! How many calls AWS takes, as data: where a bucket of calls begins. What AWS does not publish begins with a guess on the generous side; the
//! bucket learns the rest from being refused.
//!
//! Sources: "Request throttling for the Amazon EC2 API" in the EC2 developer guide; the service quotas of ACM, KMS, CloudWatch Logs, Route 53 and
//! Secrets Manager.

/// One row: the calls that share a bucket in an account and region.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// The service as its client is named here, such as `ec2`; empty for all that have no row.
    pub service: &'static str,
    /// The operations; empty for all others of the service.
    pub operations: &'static [&'static str],
    /// Whether it is for the calls that change something, or for those that only read.
    pub mutate: bool,
    /// How many calls may leave at once after a time without any.
    pub size: f64,
    /// How many more may leave each second.
    pub refill: f64,
}

const fn row(
    service: &'static str,
    operations: &'static [&'static str],
    mutate: bool,
    size: f64,
    refill: f64,
) -> Limit {
    Limit { service, operations, mutate, size, refill }
}

/// The table: the first row that fits a call is its bucket.
pub const LIMITS: &[Limit] = &[
    // Not published; a handler makes many calls of its own for each, under the limits of its service.
    row("cloudcontrol", &[], true, 5.0, 1.0),
    row("cloudcontrol", &[], false, 20.0, 5.0),
    // RequestCertificate, AddTagsToCertificate and others: 5 a second each; DescribeCertificate and ListTagsForCertificate: 10.
    row("acm", &[], true, 10.0, 5.0),
    row("acm", &[], false, 20.0, 10.0),
    row("ec2", &["CreateVpcEndpoint"], true, 4.0, 0.3),
    row("ec2", &["RunInstances", "StartInstances"], true, 5.0, 2.0),
    row("ec2", &[], true, 50.0, 5.0),
    // Each describe call has a bucket of 100 and 20 at AWS; of those without filter and pages, which nothing here makes, it is half of that.
    row("ec2", &[], false, 100.0, 20.0),
    // Not published, and small.
    row("iam", &[], true, 50.0, 10.0),
    row("iam", &[], false, 100.0, 20.0),
    // CreateKey and CreateAlias: 5 a second each; PutKeyPolicy, TagResource: 10 and more.
    row("kms", &[], true, 15.0, 5.0),
    row("kms", &[], false, 200.0, 100.0),
    // CreateLogGroup, PutRetentionPolicy and DescribeLogGroups: 10 a second each.
    row("logs", &[], true, 20.0, 10.0),
    row("logs", &[], false, 20.0, 10.0),
    // Five calls a second of all sorts together, for the whole account.
    row("route53", &[], true, 5.0, 2.5),
    row("route53", &[], false, 5.0, 2.5),
    // CreateSecret, PutResourcePolicy: 50 a second each.
    row("secretsmanager", &[], true, 50.0, 50.0),
    row("secretsmanager", &[], false, 200.0, 100.0),
    row("", &[], true, 50.0, 10.0),
    row("", &[], false, 100.0, 20.0),
];

/// The row of a call, by its place in the table.
pub(super) fn of(service: &str, operation: &str, mutate: bool) -> usize {
    let fits = |limit: &Limit| {
        limit.mutate == mutate
            && (limit.service.is_empty() || limit.service == service)
            && (limit.operations.is_empty() || limit.operations.contains(&operation))
    };
    LIMITS.iter().position(fits).unwrap_or(LIMITS.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_a_row() {
        let limit = |service, operation, mutate| {
            let Limit { size, refill, .. } = LIMITS[of(service, operation, mutate)];
            (size, refill)
        };
        assert_eq!(limit("ec2", "CreateVpcEndpoint", true), (4.0, 0.3));
        assert_eq!(limit("ec2", "RunInstances", true), (5.0, 2.0));
        assert_eq!(limit("ec2", "CreateVpc", true), (50.0, 5.0));
        assert_eq!(limit("ec2", "DescribeVpcs", false), (100.0, 20.0));
        assert_eq!(limit("iam", "CreateRole", true), (50.0, 10.0));
        assert_eq!(limit("kms", "CreateKey", true), (15.0, 5.0));
        assert_eq!(limit("logs", "DescribeLogGroups", false), (20.0, 10.0));
        assert_eq!(limit("acm", "RequestCertificate", true), (10.0, 5.0));
        assert_eq!(limit("route53", "ListResourceRecordSets", false), (5.0, 2.5));
        assert_eq!(limit("secretsmanager", "CreateSecret", true), (50.0, 50.0));
        assert_eq!(limit("rds", "CreateDBInstance", true), (50.0, 10.0));
        assert_eq!(limit("rds", "DescribeDBInstances", false), (100.0, 20.0));
    }

    #[test]
    fn every_row_can_be_reached_and_lets_calls_through() {
        for (index, limit) in LIMITS.iter().enumerate() {
            let service = if limit.service.is_empty() { "another" } else { limit.service };
            assert_eq!(of(service, limit.operations.first().unwrap_or(&"Anything"), limit.mutate), index, "{limit:?}");
            assert!(limit.size >= 1.0 && limit.refill > 0.0, "{limit:?}");
        }
    }
}
