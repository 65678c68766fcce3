//! The permissions of a parameter.

use super::Parameter;
use crate::permissions::{Permission, Permitted, create, delete, look, update};

const OWN: &[&str] = &[Parameter::ARN];

impl Permitted for Parameter {
    const ARN: &'static str = "arn:{partition}:ssm:{region}:{account}:parameter/{name}";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["ssm:DescribeParameters"]),
        look(&["ssm:GetParameters", "ssm:ListTagsForResource"]).on(OWN),
        create(&["ssm:AddTagsToResource", "ssm:PutParameter"]).on(OWN),
        create(&["kms:Encrypt", "kms:GenerateDataKey"])
            .on(&["{kms_key}"])
            .when(&["kms_key"])
            .because("the value is encrypted under the key in the name of the caller"),
        update(&["ssm:AddTagsToResource", "ssm:PutParameter", "ssm:RemoveTagsFromResource"]).on(OWN),
        update(&["ssm:GetParameter"])
            .on(OWN)
            .when(&["secret_value"])
            .because("whatever is changed, the value is written again, and is not recorded"),
        update(&["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"])
            .on(&["{kms_key}"])
            .when(&["kms_key"])
            .because("the value is encrypted under the key in the name of the caller"),
        delete(&["ssm:DeleteParameter"]).on(OWN),
    ];
}
