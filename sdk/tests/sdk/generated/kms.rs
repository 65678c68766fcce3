//! Made by the generator out of the examples of the types; see `generating`.

use formwork::prelude::*;

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn alias(stack: &mut Stack) {
    stack.component("alias", |stack| {
        let alias_conformance =
            kms::Alias::builder().name("alias/conformance").key(kms::KeyId::new("key-id-1")).build();
        stack.add_with("alias-conformance", alias_conformance, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn key(stack: &mut Stack) {
    stack.component("key", |stack| {
        // AWS does not tell `bypass_policy_lockout_safety_check`, `pending_window_in_days`: the code leaves it out.
        let key_policy =
            iam::Statement::allow().sid("One").principal(iam::Principal::anybody()).action("kms:*").resource("*");
        let key_policy = iam::PolicyDocument::of([key_policy]);
        let key = kms::Key::builder()
            .description("made by the conformance suite")
            .policy(key_policy)
            .enable_key_rotation(true)
            .rotation_period_in_days(180)
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("key", key, options().import("the-id"));
    });
}
