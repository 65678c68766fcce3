//! The component [`DnsValidatedCertificate`], planned.

use formwork::components::DnsValidatedCertificate;
use formwork::prelude::*;
use formwork::testing;

/// One certificate for CloudFront and one for a load balancer, of one set of names in two zones.
fn two_regions(stack: &mut Stack, _: &()) -> Result<()> {
    let zone = route53::hosted_zone(stack, "example.com");
    let other = stack.add("other", route53::HostedZone::builder().name("example.org").build());
    let virginia = stack.provider("us-east-1");
    let certificate = DnsValidatedCertificate::new("example.com", &zone.id)
        .alternative_name("*.example.com")
        .alternative_name("EXAMPLE.com")
        .alternative_name("www.example.org")
        .zone_of("example.org", &other)
        .provider(&ProviderName::default())
        .provider(&virginia)
        .declare(stack, "tls");
    stack.export("here", certificate.arn());
    stack.export("there", certificate.arn_in(&virginia).expect("one was requested there"));
    Ok(())
}

#[test]
fn each_name_is_proven_once_for_all_regions_and_waited_for_in_each() {
    let plan = testing::plan(two_regions, &());
    let mut creates = plan.creates();
    creates.sort_unstable();
    assert_eq!(
        creates,
        [
            "other",
            "tls/certificate",
            "tls/certificate-us-east-1",
            "tls/issued",
            "tls/issued-us-east-1",
            "tls/proof-example.com",
            "tls/proof-www.example.org",
        ]
    );
    let there = plan.resource::<acm::Certificate>("tls/certificate-us-east-1");
    assert_eq!((there.region(), there.arg("domain_name").as_text()), ("us-east-1", Some("example.com")));
    let names = there.args().subject_alternative_names;
    let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
    assert_eq!(names, ["*.example.com", "www.example.org"]);
    let issued = plan.resource::<acm::CertificateValidation>("tls/issued-us-east-1");
    assert_eq!(issued.region(), "us-east-1");
    assert!(issued.refers_to("certificate", "tls/certificate-us-east-1"));
    for record in ["tls/proof-example.com", "tls/proof-www.example.org"] {
        assert!(issued.comes_after(record, &plan), "a record that cannot be made fails the run before the wait");
        assert!(plan.resource::<route53::RecordSet>(record).comes_after("tls/certificate", &plan));
    }
}

#[test]
fn a_name_is_proven_in_the_zone_of_the_longest_domain_that_it_ends_with() {
    let plan = testing::plan(two_regions, &());
    let at_home = plan.resource::<route53::RecordSet>("tls/proof-example.com");
    assert_eq!(at_home.arg("hosted_zone").as_text(), Some("Z0123456789ABCDEFGHIJ"));
    assert!(plan.resource::<route53::RecordSet>("tls/proof-www.example.org").refers_to("hosted_zone", "other"));
}

#[test]
fn one_region_needs_no_provider() {
    let one = |stack: &mut Stack, _: &()| {
        let zone = route53::HostedZoneId::new("Z1");
        DnsValidatedCertificate::new("*.example.com", zone).declare(stack, "tls");
        Ok(())
    };
    let plan = testing::plan(one, &());
    assert_eq!(plan.creates(), ["tls/certificate", "tls/issued", "tls/proof-example.com"]);
}
