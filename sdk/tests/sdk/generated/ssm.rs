//! Made by the generator out of the examples of the types; see `generating`.

use formwork::prelude::*;

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn parameter(stack: &mut Stack) {
    stack.component("parameter", |stack| {
        // `secret_value` is a secret, which AWS does not tell: give it where it is to be managed.
        let conformance_parameter = ssm::Parameter::builder()
            .name("/Conformance/Parameter")
            .value("one")
            .description("made by the conformance suite")
            .allowed_pattern("[a-z,]+")
            .tier(ssm::Tier::Advanced)
            .policies(r#"[{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"2040-01-01T00:00:00Z"}}]"#)
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Conformance-Parameter", conformance_parameter, options().import("the-id"));
    });
}
