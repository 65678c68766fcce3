//! [`StateAccess`]: what a run needs for its own state, beside what it needs for the resources.

use super::{Permission, Verb, look};

/// Where the state of a stack is, as far as that is in AWS. The default: in a folder, with nothing that KMS unwraps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateAccess {
    /// The objects of a store in S3.
    pub objects: Option<Objects>,
    /// The ARNs of the KMS keys that the keys of the stack's secrets are wrapped with.
    pub wrapping_keys: Vec<String>,
    /// Whether the records are sealed as a whole, so that nothing can be read without those keys.
    pub sealed: bool,
}

/// The objects of a store in S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objects {
    /// The bucket.
    pub bucket: String,
    /// What the names of the stack's own objects begin with, without a `/` at the end.
    pub root: String,
    /// The same of what the stacks of the project tell each other.
    pub exchange: String,
    /// The ARN of the KMS key that the objects are encrypted with; S3's own keys need no permission.
    pub kms_key: Option<String>,
}

impl StateAccess {
    /// What is needed, and on what.
    pub(super) fn needs(&self, partition: &str) -> Vec<(Permission, Vec<String>)> {
        let mut needs = Vec::new();
        if let Some(Objects { bucket, root, exchange, kms_key }) = &self.objects {
            let bucket = format!("arn:{partition}:s3:::{bucket}");
            let objects = [root, exchange].map(|folder| format!("{bucket}/{folder}/*")).to_vec();
            needs.push((look(&["s3:ListBucket"]).because("the state is there"), vec![bucket]));
            needs.push((look(&["s3:GetObject"]).because("the state is read"), objects.clone()));
            let write = Permission::new(Verb::Record, &["s3:PutObject", "s3:DeleteObject"]);
            needs.push((write.because("the state is written, and outdated snapshots of it are removed"), objects));
            if let Some(key) = kms_key {
                let read = look(&["kms:Decrypt"]).because("the bucket encrypts the state with this key");
                needs.push((read, vec![key.clone()]));
                let write = Permission::new(Verb::Record, &["kms:GenerateDataKey"]);
                needs.push((write.because("the bucket encrypts the state with this key"), vec![key.clone()]));
            }
        }
        if !self.wrapping_keys.is_empty() {
            // Of a store that is not sealed as a whole, a preview shows what it can without them.
            let verb = if self.sealed { Verb::Look } else { Verb::Record };
            let unwrap = Permission::new(verb, &["kms:Decrypt"]);
            needs.push((unwrap.because("it unwraps the key of the stack's secrets"), self.wrapping_keys.clone()));
        }
        needs
    }
}
