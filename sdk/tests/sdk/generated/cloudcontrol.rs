//! Made by the generator out of the examples of the types; see `generating`.

use formwork::prelude::*;

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn resource(stack: &mut Stack) {
    stack.component("resource", |stack| {
        // `secrets` is a secret, which AWS does not tell: give it where it is to be managed.
        // AWS does not tell `role`, `type_version`, `unread`: the code leaves it out.
        let resource = cloudcontrol::Resource::builder().type_name("AWS::RedshiftServerless::Namespace").build();
        stack.add_with("resource", resource, options().import("the-id"));
    });
}
