//! AWS Certificate Manager: certificates, and the wait for them.

pub mod certificate;
pub mod certificate_validation;
mod permissions;

pub use certificate::{
    Certificate, CertificateArn, CertificateAuthority, CertificateOutputs, KeyAlgorithm, ValidationMethod,
    ValidationRecord, validation_record,
};
pub use certificate_validation::{CertificateValidation, CertificateValidationOutputs};

use aws_sdk_acm::types as sdk;

use crate::context::Aws;
use crate::error::{Error, OrGone, Result};

const GONE: &[&str] = &["ResourceNotFoundException"];

async fn describe(aws: &Aws, arn: &str) -> Result<Option<sdk::CertificateDetail>> {
    let answer = aws.acm().describe_certificate().certificate_arn(arn).send().await.or_gone(GONE)?;
    Ok(answer.and_then(|answer| answer.certificate))
}

fn state(certificate: &sdk::CertificateDetail) -> &str {
    certificate.status.as_ref().map_or("PENDING_VALIDATION", |status| status.as_str())
}

/// Why a certificate will never be issued, or is none any more; `None` while it may still be issued, or is.
fn failure(certificate: &sdk::CertificateDetail) -> Option<String> {
    let why = match state(certificate) {
        "FAILED" => {
            let reason = certificate.failure_reason.as_ref().map_or("AWS gives no reason", |reason| reason.as_str());
            format!("FAILED: {reason}")
        }
        "VALIDATION_TIMED_OUT" => "VALIDATION_TIMED_OUT: within 72 hours nobody proved to own its domains".to_owned(),
        "REVOKED" => {
            let reason = certificate.revocation_reason.as_ref().map_or("AWS gives no reason", |reason| reason.as_str());
            format!("REVOKED: {reason}")
        }
        "EXPIRED" => "EXPIRED: it was not renewed".to_owned(),
        _ => return None,
    };
    Some(why)
}

fn tag(key: &str, value: &str) -> Result<sdk::Tag> {
    let tag = sdk::Tag::builder().key(key).value(value).build();
    tag.map_err(|error| Error::refused("acm AddTagsToCertificate", error.to_string()))
}
