//! The permissions of the types of KMS.

use super::{Alias, Key};
use crate::permissions::{Permission, Permitted, create, delete, look, update};

/// AWS makes the ids of keys.
const KEYS: &[&str] = &[Key::ARN];
const ALIAS: &[&str] = &[Alias::ARN, Key::ARN];

impl Permitted for Alias {
    const ARN: &'static str = "arn:{partition}:kms:{region}:{account}:{name}";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["kms:ListAliases"]),
        create(&["kms:CreateAlias"]).on(ALIAS),
        update(&["kms:UpdateAlias"]).on(ALIAS),
        delete(&["kms:DeleteAlias"]).on(ALIAS),
    ];
}

impl Permitted for Key {
    const ARN: &'static str = "arn:{partition}:kms:{region}:{account}:key/*";
    const PERMISSIONS: &'static [Permission] = &[
        look(&["kms:ListKeys"]),
        look(&["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"]).on(KEYS),
        create(&["kms:CreateKey", "kms:TagResource"]),
        update(&[
            "kms:DisableKey",
            "kms:DisableKeyRotation",
            "kms:EnableKey",
            "kms:EnableKeyRotation",
            "kms:PutKeyPolicy",
            "kms:TagResource",
            "kms:UntagResource",
            "kms:UpdateKeyDescription",
        ])
        .on(KEYS),
        delete(&["kms:ScheduleKeyDeletion"]).on(KEYS),
    ];
}
