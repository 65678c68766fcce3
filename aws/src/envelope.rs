//! [`Envelope`]: a key of KMS that wraps the data key of a stack's secrets.
//!
//! KMS makes the data key (`GenerateDataKey`) or wraps one that is there (`Encrypt`), and unwraps it (`Decrypt`), always with an encryption
//! context that says whose key it is: what was wrapped for one stack does not open for another, and CloudTrail shows for which one it was
//! asked. The key itself never leaves KMS, and the data key never touches the disk.

use aws_config::Region;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use aws_smithy_types::retry::RetryConfig;
use zeroize::Zeroizing;

use crate::context::{AwsCloud, AwsConfig};
use crate::error::{Error, Result};

/// Whose key it is: names and values of the encryption context.
pub type Pairs = [(&'static str, String)];

/// KMS, in the region of a key.
#[derive(Clone)]
pub struct Envelope {
    kms: aws_sdk_kms::Client,
}

impl Envelope {
    /// With the credentials of this configuration, in the region that the key's ARN names. Calls nothing but what finding credentials takes.
    pub async fn connect(config: AwsConfig, key_arn: &str) -> Self {
        let cloud = AwsCloud::connect(config).await;
        // arn:aws:kms:eu-west-1:123456789012:key/…
        let region = key_arn.split(':').nth(3).filter(|region| !region.is_empty());
        let mut kms = aws_sdk_kms::config::Builder::from(cloud.base()).retry_config(RetryConfig::standard());
        if let Some(region) = region {
            kms = kms.region(Region::new(region.to_owned()));
        }
        Self { kms: aws_sdk_kms::Client::from_conf(kms.build()) }
    }

    /// A new data key of 32 bytes, and the same wrapped.
    ///
    /// # Errors
    /// What KMS says.
    pub async fn generate(&self, key_arn: &str, pairs: &Pairs) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>)> {
        let call = self.kms.generate_data_key().key_id(key_arn).key_spec(DataKeySpec::Aes256);
        let made = call.set_encryption_context(Some(context(pairs))).send().await?;
        match (made.plaintext, made.ciphertext_blob) {
            (Some(plain), Some(wrapped)) => Ok((Zeroizing::new(plain.into_inner()), wrapped.into_inner())),
            _ => Err(Error::unexpected("kms GenerateDataKey", "there is no key in the answer")),
        }
    }

    /// A data key that is there, wrapped.
    ///
    /// # Errors
    /// What KMS says.
    pub async fn wrap(&self, key_arn: &str, plain: &[u8], pairs: &Pairs) -> Result<Vec<u8>> {
        let call = self.kms.encrypt().key_id(key_arn).plaintext(Blob::new(plain));
        let made = call.set_encryption_context(Some(context(pairs))).send().await?;
        let wrapped = made.ciphertext_blob.map(Blob::into_inner);
        wrapped.ok_or_else(|| Error::unexpected("kms Encrypt", "there is no wrapped key in the answer"))
    }

    /// A wrapped data key, opened.
    ///
    /// # Errors
    /// What KMS says: the credentials may not, the key is another one, or it was wrapped for another stack.
    pub async fn open(&self, key_arn: &str, wrapped: &[u8], pairs: &Pairs) -> Result<Zeroizing<Vec<u8>>> {
        let call = self.kms.decrypt().key_id(key_arn).ciphertext_blob(Blob::new(wrapped));
        let opened = call.set_encryption_context(Some(context(pairs))).send().await?;
        let plain = opened.plaintext.map(|plain| Zeroizing::new(plain.into_inner()));
        plain.ok_or_else(|| Error::unexpected("kms Decrypt", "there is no key in the answer"))
    }
}

impl std::fmt::Debug for Envelope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Envelope")
    }
}

#[expect(
    clippy::disallowed_types,
    reason = "the SDK takes this type, and the order of a map in a request is nobody's concern"
)]
fn context(pairs: &Pairs) -> std::collections::HashMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}
