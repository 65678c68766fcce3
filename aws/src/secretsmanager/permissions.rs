//! The permissions of a secret. AWS adds six random characters to its name.

use super::Secret;
use crate::permissions::{Permission, Permitted, create, delete, look, update};

const OWN: &[&str] = &[Secret::ARN];

impl Permitted for Secret {
    const ARN: &'static str = "arn:{partition}:secretsmanager:{region}:{account}:secret:{name}-??????";
    const ID_IS_ARN: bool = true;
    const PERMISSIONS: &'static [Permission] = &[
        look(&["secretsmanager:DescribeSecret"]).on(OWN),
        create(&["secretsmanager:CreateSecret", "secretsmanager:TagResource"]).on(OWN),
        create(&["secretsmanager:RestoreSecret"])
            .on(OWN)
            .because("one that is only scheduled for deletion is restored, since its name is taken until then"),
        create(&["kms:Decrypt", "kms:GenerateDataKey"])
            .on(&["{kms_key_id}"])
            .when(&["kms_key_id"])
            .because("the value is encrypted under the key in the name of the caller"),
        update(&["secretsmanager:TagResource", "secretsmanager:UntagResource", "secretsmanager:UpdateSecret"]).on(OWN),
        update(&["kms:Decrypt", "kms:GenerateDataKey"])
            .on(&["{kms_key_id}"])
            .when(&["kms_key_id"])
            .because("the value is encrypted under the key in the name of the caller"),
        update(&["secretsmanager:RemoveRegionsFromReplication", "secretsmanager:ReplicateSecretToRegions"])
            .on(OWN)
            .when(&["replica_regions"]),
        delete(&["secretsmanager:DeleteSecret", "secretsmanager:UntagResource"]).on(OWN),
        delete(&["secretsmanager:RemoveRegionsFromReplication"]).on(OWN).when(&["replica_regions"]),
    ];
}
