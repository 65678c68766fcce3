//! Made by the generator out of the examples of the types; see `generating`.

use formwork::prelude::*;

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn resource(stack: &mut Stack) {
    stack.component("resource", |stack| {
        // AWS does not tell what the type's schema lists under `writeOnlyProperties`, nor `type_version` and `role`:
        // the code leaves it out.
        // What the schema lists under `createOnlyProperties` belongs into `fixed`, and what it lists under
        // `readOnlyProperties` can go.
        let resource = cloudcontrol::Resource::of("AWS::RedshiftServerless::Namespace")
            .fixed("NamespaceName", "reports")
            .property("AdminUsername", "admin")
            .property("LogExports", cloudcontrol::Property::list(["userlog".into()]))
            .build();
        stack.add_with("resource", resource, options().import("the-id"));
    });
}
