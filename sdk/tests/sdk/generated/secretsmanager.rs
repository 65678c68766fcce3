//! Made by the generator out of the examples of the types; see `generating`.

use formwork::prelude::*;

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn secret(stack: &mut Stack) {
    stack.component("secret", |stack| {
        // `secret_string` is a secret, which AWS does not tell: give it where it is to be managed.
        // AWS does not tell `recovery_window_in_days`: the code leaves it out.
        let conformance_secret = secretsmanager::Secret::builder()
            .name("conformance/secret")
            .description("made by the conformance suite")
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("conformance-secret", conformance_secret, options().import("the-id"));
    });
}
