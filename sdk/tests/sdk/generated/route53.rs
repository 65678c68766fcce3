//! Made by the generator out of the examples of the types; see `generating`.

use formwork::prelude::*;

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn hosted_zone(stack: &mut Stack) {
    stack.component("hosted-zone", |stack| {
        // AWS does not tell `force_delete`: the code leaves it out.
        let hosted_zone = route53::HostedZone::builder()
            .name("Zone.example.com.")
            .comment("made by the conformance suite")
            .vpcs([
                route53::ZoneVpc::builder().vpc(ec2::VpcId::new("first-id-1")).build(),
                route53::ZoneVpc::builder().vpc(ec2::VpcId::new("second-id-1")).build(),
            ])
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("hosted-zone", hosted_zone, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn record_set(stack: &mut Stack) {
    stack.component("record-set", |stack| {
        // AWS does not tell `comment`: the code leaves it out.
        let record_set = route53::RecordSet::builder()
            .hosted_zone(route53::HostedZoneId::new("zone-id-1"))
            .name("A.b.Records.example.com")
            .record_type(route53::RecordType::A)
            .ttl(60)
            .records(["192.0.2.1", "192.0.2.2"])
            .set_identifier("first")
            .routing(route53::Routing::weighted(10))
            .build();
        stack.add_with("record-set", record_set, options().import("the-id"));
    });
}
