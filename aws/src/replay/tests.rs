//! How lists are followed, and what is asked for with them.

use std::fmt::Write as _;

use super::*;
use crate::ec2::{Subnet, SubnetId};
use crate::iam::{Role, RoleName, RolePolicy, RolePolicyAttachment, RolePolicyAttachmentId, RolePolicyId};
use crate::lifecycle::Lifecycle;
use crate::rds::{SubnetGroup, SubnetGroupName};

/// The values of the first filter of a call, in their order.
fn filtered(call: &Parameters) -> Vec<String> {
    (1..).map_while(|number| call.get(&format!("Filter.1.Value.{number}")).cloned()).collect()
}

/// Two pages for each filter: its first half, and what is left.
fn subnets(call: &Parameters) -> (u16, String) {
    let ids = filtered(call);
    let (first, second) = ids.split_at(ids.len() / 2);
    let (page, token) = match call.get("NextToken") {
        None => (first, "<nextToken>more</nextToken>"),
        Some(_) => (second, ""),
    };
    let items = page.iter().fold(String::new(), |mut items, id| {
        let _ = write!(items, "<item><subnetId>{id}</subnetId><vpcId>vpc-1</vpcId></item>");
        items
    });
    (200, format!("<DescribeSubnetsResponse><subnetSet>{items}</subnetSet>{token}</DescribeSubnetsResponse>"))
}

#[tokio::test]
async fn all_pages_of_a_filter_are_read_and_no_filter_has_too_many_values() {
    let (replay, _, aws) = Replay::of(subnets).await;
    let ids: Vec<SubnetId> = (0..450).map(|number| SubnetId::new(format!("subnet-{number}"))).collect();
    let read = Subnet::read(&aws, &ids).await.unwrap();
    assert_eq!(read.len(), 450);
    let calls = replay.made("DescribeSubnets");
    let sizes: Vec<usize> = calls.iter().map(|call| filtered(call).len()).collect();
    assert_eq!(sizes, [200, 200, 200, 200, 50, 50]);
    assert!(calls.iter().all(|call| call["Filter.1.Name"] == "subnet-id"));
}

/// Sixty roles on pages of twenty-five; the policies of the last role of a page go on on the next one.
fn roles(call: &Parameters) -> (u16, String) {
    const ROLES: usize = 60;
    const PAGE: usize = 25;
    let start: usize = call.get("Marker").map_or(0, |marker| marker.parse().unwrap());
    let end = (start + PAGE).min(ROLES);
    let more = match end < ROLES {
        true => format!("<IsTruncated>true</IsTruncated><Marker>{end}</Marker>"),
        false => "<IsTruncated>false</IsTruncated>".to_owned(),
    };
    let common = |number: usize| {
        format!(
            "<Path>/</Path><RoleName>role-{number}</RoleName><RoleId>AROA{number}</RoleId>\
             <Arn>arn:aws:iam::123456789012:role/role-{number}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate>\
             <AssumeRolePolicyDocument>%7B%7D</AssumeRolePolicyDocument>"
        )
    };
    let attached = |name: &str| {
        format!("<member><PolicyName>{name}</PolicyName><PolicyArn>arn:aws:iam::aws:policy/{name}</PolicyArn></member>")
    };
    let mut members = String::new();
    match call["Action"].as_str() {
        "GetAccountAuthorizationDetails" => {
            if start > 0 {
                let (role, policy) = (common(start - 1), attached("Second"));
                let policies = format!("<AttachedManagedPolicies>{policy}</AttachedManagedPolicies>");
                let _ = write!(members, "<member>{role}{policies}</member>");
            }
            for number in start..end {
                let _ = write!(
                    members,
                    "<member>{}<RolePolicyList><member><PolicyName>inline</PolicyName>\
                     <PolicyDocument>%7B%22Id%22%3A{number}%7D</PolicyDocument></member></RolePolicyList>\
                     <AttachedManagedPolicies>{}</AttachedManagedPolicies>\
                     <Tags><member><Key>number</Key><Value>{number}</Value></member></Tags></member>",
                    common(number),
                    attached("First"),
                );
            }
            (
                200,
                result("GetAccountAuthorizationDetails", &format!("<RoleDetailList>{members}</RoleDetailList>{more}")),
            )
        }
        "ListRoles" => {
            for number in start..end {
                // One of which the list does not say all that it says of the others.
                let session = if number == 7 { "" } else { "<MaxSessionDuration>7200</MaxSessionDuration>" };
                let description = format!("<Description>number {number}</Description>");
                let _ = write!(members, "<member>{}{description}{session}</member>", common(number));
            }
            (200, result("ListRoles", &format!("<Roles>{members}</Roles>{more}")))
        }
        "GetRole" if call["RoleName"] == "role-7" => {
            let role = format!("<Role>{}<MaxSessionDuration>3600</MaxSessionDuration></Role>", common(7));
            (200, result("GetRole", &role))
        }
        _ => (404, error("NoSuchEntity")),
    }
}

fn result(operation: &str, inner: &str) -> String {
    format!("<{operation}Response><{operation}Result>{inner}</{operation}Result></{operation}Response>")
}

fn error(code: &str) -> String {
    format!("<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>")
}

#[tokio::test]
async fn roles_that_are_read_at_once_are_read_over_all_pages_and_completely() {
    let (replay, cloud, aws) = Replay::of(roles).await;
    let look = Look::at(&cloud);
    let names: Vec<RoleName> = (0..61).map(|number| RoleName::new(format!("role-{number}"))).collect();
    let read = Role::read(&aws, &names).await.unwrap();
    assert_eq!(read.len(), 60, "the last is asked for by name, and is not there");
    let of = |number: usize| &read[&names[number]].as_ref().unwrap().args;
    assert_eq!((of(59).description.as_str(), of(59).max_session_duration), ("number 59", 7200));
    assert_eq!(of(59).tags.get("number").map(String::as_str), Some("59"));
    assert_eq!(of(7).max_session_duration, 3600, "what the list left out is read by itself");

    let inline: Vec<_> = (0..60).map(|number| RolePolicyId::new(format!("role-{number}|inline"))).collect();
    let policies = RolePolicy::read(&aws, &inline).await.unwrap();
    assert_eq!(policies.len(), 60);
    assert_eq!(policies[&inline[33]].as_ref().unwrap().args.policy.as_str(), r#"{"Id":33}"#);

    // On the first page ends the list of role 24, and goes on on the second.
    let attachment =
        |(number, name)| RolePolicyAttachmentId::new(format!("role-{number}|arn:aws:iam::aws:policy/{name}"));
    let mut attached: Vec<_> = (0..60).map(|number| attachment((number, "First"))).collect();
    attached.push(attachment((24, "Second")));
    assert_eq!(RolePolicyAttachment::read(&aws, &attached).await.unwrap().len(), 61);

    let calls = |operation| replay.made(operation).len();
    assert_eq!(calls("GetAccountAuthorizationDetails"), 3, "three pages, once for three types");
    assert_eq!((calls("ListRoles"), calls("GetRole"), calls("GetRolePolicy")), (3, 2, 0));
    assert_eq!(calls("ListAttachedRolePolicies"), 0);
    assert!(replay.made("ListRoles").iter().all(|call| call["MaxItems"] == "1000"));

    // Outside of a look nothing is read at once and nothing is remembered.
    drop(look);
    Role::read(&aws, &names[..1]).await.unwrap();
    Role::read(&aws, &names).await.unwrap();
    assert_eq!((calls("GetAccountAuthorizationDetails"), calls("GetRole")), (3, 2 + 1 + 61));
}

#[tokio::test]
async fn what_was_answered_before_a_change_is_asked_again() {
    let (replay, cloud, aws) = Replay::of(roles).await;
    let _look = Look::at(&cloud);
    let names: Vec<RoleName> = (0..60).map(|number| RoleName::new(format!("role-{number}"))).collect();
    Role::read(&aws, &names).await.unwrap();
    Role::read(&aws, &names).await.unwrap();
    assert_eq!(replay.made("GetAccountAuthorizationDetails").len(), 3);
    // It is refused, and may have changed something all the same.
    aws.iam().delete_role().role_name("role-1").send().await.unwrap_err();
    Role::read(&aws, &names).await.unwrap();
    assert_eq!(replay.made("GetAccountAuthorizationDetails").len(), 6);
}

#[tokio::test]
async fn a_refusal_to_read_all_roles_is_told_once_and_the_roles_are_read() {
    let (replay, cloud, aws) = Replay::of(|call| match call["Action"].as_str() {
        "GetAccountAuthorizationDetails" => (403, error("AccessDenied")),
        "ListAttachedRolePolicies" => (200, result("ListAttachedRolePolicies", "")),
        "GetRole" => roles(&[("Action", "GetRole"), ("RoleName", "role-7")].map(owned).into()),
        _ => (404, error("NoSuchEntity")),
    })
    .await;
    cloud.observation_begins();
    let names: Vec<RoleName> = (0..50).map(|number| RoleName::new(format!("role-{number}"))).collect();
    assert_eq!(Role::read(&aws, &names).await.unwrap().len(), 50);
    let inline: Vec<_> = (0..50).map(|number| RolePolicyId::new(format!("role-{number}|inline"))).collect();
    assert!(RolePolicy::read(&aws, &inline).await.unwrap().is_empty());
    let warnings = cloud.observation_ends();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("iam:GetAccountAuthorizationDetails"), "{warnings:?}");
    assert_eq!(replay.made("GetAccountAuthorizationDetails").len(), 1);
    assert_eq!((replay.made("GetRole").len(), replay.made("GetRolePolicy").len()), (50, 50));
}

/// Six groups on pages of two; the last was made just now and is in no list yet.
fn groups(call: &Parameters) -> (u16, String) {
    let group = |number: usize| {
        format!(
            "<DBSubnetGroup><DBSubnetGroupName>group-{number}</DBSubnetGroupName>\
             <DBSubnetGroupArn>arn:aws:rds:eu-west-1:123456789012:subgrp:group-{number}</DBSubnetGroupArn></DBSubnetGroup>"
        )
    };
    match (call["Action"].as_str(), call.get("DBSubnetGroupName").map(String::as_str)) {
        ("DescribeDBSubnetGroups", Some("group-6")) => {
            let group = format!("<DBSubnetGroups>{}</DBSubnetGroups>", group(6));
            (200, result("DescribeDBSubnetGroups", &group))
        }
        ("DescribeDBSubnetGroups", Some(_)) => (404, error("DBSubnetGroupNotFoundFault")),
        ("DescribeDBSubnetGroups", None) => {
            let start: usize = call.get("Marker").map_or(0, |marker| marker.parse().unwrap());
            let more = if start < 4 { format!("<Marker>{}</Marker>", start + 2) } else { String::new() };
            let page: String = (start..start + 2).map(group).collect();
            (200, result("DescribeDBSubnetGroups", &format!("<DBSubnetGroups>{page}</DBSubnetGroups>{more}")))
        }
        ("ListTagsForResource", _) => (200, result("ListTagsForResource", "<TagList></TagList>")),
        _ => (400, error("InvalidAction")),
    }
}

/// The calls that reading these groups takes, and how many there are.
async fn groups_read(
    answers: impl Fn(&Parameters) -> (u16, String) + Send + Sync + 'static,
    numbers: &[usize],
) -> (usize, usize) {
    let (replay, _, aws) = Replay::of(answers).await;
    let names: Vec<_> = numbers.iter().map(|number| SubnetGroupName::new(format!("group-{number}"))).collect();
    let read = SubnetGroup::read(&aws, &names).await.unwrap();
    assert!(read.iter().all(|(name, seen)| seen.as_ref().unwrap().args.name.as_str() == name.as_str()));
    (read.len(), replay.made("DescribeDBSubnetGroups").len())
}

#[tokio::test]
async fn many_groups_are_picked_out_of_a_list_and_a_few_are_asked_for_by_name() {
    assert_eq!(groups_read(groups, &[0, 3, 5]).await, (3, 3), "three pages of a list");
    assert_eq!(groups_read(groups, &[0, 3, 6, 9]).await, (3, 5), "who is not in the list is asked for by name");
    assert_eq!(groups_read(groups, &[6, 9]).await, (1, 2), "two are no list");
    let no_list = |call: &Parameters| match call.contains_key("DBSubnetGroupName") {
        false if call["Action"] == "DescribeDBSubnetGroups" => (403, error("AccessDenied")),
        _ => groups(call),
    };
    assert_eq!(groups_read(no_list, &[6, 7, 8, 9]).await, (1, 5), "where the list is not permitted, by name too");
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[tokio::test]
async fn one_that_was_not_answered_is_asked_for_again_without_the_others() {
    let failures = std::sync::atomic::AtomicU32::new(0);
    let (replay, cloud, _) = Replay::of(move |call| {
        let role = call["RoleName"].clone();
        // Thrice: an outage, an answer that says to come slower, another outage.
        if role == "role-1" {
            let error = |code| {
                format!("<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>")
            };
            match failures.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
                0 | 2 => return (500, error("ServiceFailure")),
                1 => return (400, error("Throttling")),
                _ => {}
            }
        }
        let answer = format!(
            "<GetRolePolicyResponse><GetRolePolicyResult><RoleName>{role}</RoleName><PolicyName>inline</PolicyName>\
             <PolicyDocument>%7B%7D</PolicyDocument></GetRolePolicyResult></GetRolePolicyResponse>"
        );
        (200, answer)
    })
    .await;
    let registry = cloud.registry(&formwork_engine::ProviderName::default(), None).await.unwrap();
    let ids = ["role-0|inline", "role-1|inline", "role-2|inline"].map(str::to_owned);
    let read = registry.kind("aws:iam/role-policy").unwrap().read(&ids).await.unwrap();
    assert!(read.len() == 3 && read.values().all(Result::is_ok), "{read:?}");
    let asked = |role: &str| replay.made("GetRolePolicy").iter().filter(|call| call["RoleName"] == role).count();
    assert_eq!((asked("role-0"), asked("role-1"), asked("role-2")), (1, 4, 1));
}
