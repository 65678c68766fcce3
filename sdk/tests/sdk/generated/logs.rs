//! Made by the generator out of the examples of the types; see `generating`.

use formwork::prelude::*;

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn log_group(stack: &mut Stack) {
    stack.component("log-group", |stack| {
        // AWS does not tell `indexed_fields`: the code leaves it out.
        let formwork_conformance = logs::LogGroup::builder()
            .name("/Formwork/Conformance")
            .retention_in_days(90)
            .kms_key(Arn::new("key-arn-1"))
            .deletion_protection(true)
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Formwork-Conformance", formwork_conformance, options().import("the-id"));
    });
}
