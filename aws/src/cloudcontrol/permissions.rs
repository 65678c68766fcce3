//! The permissions of the generic type. IAM knows Cloud Control under CloudFormation's name, and the handler of a type acts in the name of the
//! caller: what that needs stands in the type's schema and not here.

use super::Resource;
use crate::permissions::Verb;
use crate::permissions::{Permission, Permitted, create, delete, look, pass, update};

const BECAUSE: &str = "and, beside it, what the handlers in the schema of the type ask for";

impl Permitted for Resource {
    const ARN: &'static str = "*";
    const ID_IS_ARN: bool = false;
    const PERMISSIONS: &'static [Permission] = &[
        look(&[
            "cloudformation:GetResource",
            "cloudformation:GetResourceRequestStatus",
            "cloudformation:ListResourceRequests",
        ]),
        create(&["cloudformation:CreateResource"]).because(BECAUSE),
        update(&["cloudformation:UpdateResource"]).because(BECAUSE),
        delete(&["cloudformation:DeleteResource"]).because(BECAUSE),
        pass(Verb::Create, &["{role}"], "cloudformation.amazonaws.com").when(&["role"]),
    ];
}
