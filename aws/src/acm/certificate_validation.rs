//! `aws:acm/certificate-validation`: the wait until a certificate is issued.
//!
//! ```
//! use formwork_aws::acm::{CertificateArn, CertificateValidation};
//!
//! let requested = CertificateArn::new("arn:aws:acm:us-east-1:123456789012:certificate/0123");
//! let issued = CertificateValidation::builder().certificate(requested).build();
//! # drop(issued);
//! ```
//!
//! Nothing in the account corresponds to it. What needs an issued certificate (a listener, a distribution) takes the ARN from its output
//! `certificate`, and so comes after the wait. Let it depend on the validation records, so that a record that cannot be made fails the run
//! at once and not after the wait.

use std::collections::BTreeMap;

use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Outputs, Resource, Stack, options};

use super::{Certificate, CertificateArn, describe, failure, state, validation_record};
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};
use crate::questions::each;
use crate::route53::{HostedZone, RecordSet, RecordType};

/// Waits until a certificate is issued, and hands its ARN on.
///
/// It is made in the region of the certificate: give both the same provider. A certificate that AWS gives up on fails it for good; a new one
/// is requested with `up --replace` and the name of the certificate.
#[derive(Resource)]
#[resource(
    kind = "aws:acm/certificate-validation",
    cfn = "",
    id = CertificateArn,
    outputs = CertificateValidationOutputs,
    guard = token,
    visibility = 120,
    create_wait = (0, 5, 1, 4500)
)]
pub struct CertificateValidation {
    /// The certificate to wait for.
    #[arg(replace, cfn = "")]
    pub certificate: CertificateArn,
}

/// What is known once the certificate is issued.
#[derive(Outputs)]
pub struct CertificateValidationOutputs {
    /// The ARN of the certificate.
    pub id: CertificateArn,
    /// The ARN of the certificate, which is issued.
    pub certificate: CertificateArn,
}

impl Lifecycle for CertificateValidation {
    async fn create(aws: &Aws, _: &Owner, args: &Self) -> Result<Created> {
        // Nothing is made: what is waited for must be there.
        match describe(aws, args.certificate.as_str()).await? {
            Some(_) => Ok(Created::whole(args.certificate.as_str())),
            None => Err(Error::refused("acm DescribeCertificate", not_here(aws, &args.certificate))),
        }
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = each(waiting, |one| describe(aws, &one.id)).await;
        let pairs = waiting.iter().zip(found).map(|(one, found)| Ok(found?.map(|it| (one.id.clone(), status_of(&it)))));
        pairs.filter_map(Result::transpose).collect()
    }

    async fn read(aws: &Aws, ids: &[CertificateArn]) -> Result<Readings<Self>> {
        let found = each(ids, |id| async {
            let Some(certificate) = describe(aws, id.as_str()).await? else { return Ok(None) };
            match failure(&certificate) {
                // Its users go on with it until somebody requests another one: the plan says so and changes nothing.
                Some(why) => Err(Error::refused("acm DescribeCertificate", format!("the certificate is {why}"))),
                None => {
                    let outputs = CertificateValidationOutputs { id: id.clone(), certificate: id.clone() };
                    Ok(Some(Observed::new(Self { certificate: id.clone() }, outputs, None)))
                }
            }
        });
        Ok(ids.iter().cloned().zip(found.await).filter_map(|(id, seen)| Some((id, seen.transpose()?))).collect())
    }

    async fn find(_: &Aws, _: &Owner, _: Option<&Self>) -> Result<Vec<Candidate>> {
        // A lost wait has made nothing, and is simply begun again.
        Ok(Vec::new())
    }

    async fn update(_: &Aws, update: Update<'_, Self>) -> Result<Updated<CertificateValidationChanges>> {
        let CertificateValidationChanges {} = update.changes;
        Ok(Updated::done())
    }

    async fn delete(_: &Aws, _: &CertificateArn, _: &Self) -> Result<Deletion> {
        Ok(Deletion::Done)
    }
}

fn not_here(aws: &Aws, certificate: &CertificateArn) -> String {
    match certificate.as_str().split(':').nth(3) {
        Some(region) if region != aws.region() => {
            let here = aws.region();
            format!("the certificate is in {region} and is waited for in {here}: give both the same provider")
        }
        _ => format!("there is no certificate {certificate}"),
    }
}

fn status_of(certificate: &aws_sdk_acm::types::CertificateDetail) -> Status {
    match (failure(certificate), state(certificate)) {
        (Some(why), _) => Status::Failed(format!("{why}; a new one is requested with --replace and its name")),
        (None, "ISSUED") => Status::Ready,
        (None, word) => {
            let open = certificate.domain_validation_options().iter().filter(|option| {
                option.validation_status.as_ref().is_some_and(|status| status.as_str() == "PENDING_VALIDATION")
            });
            let open: Vec<&str> = open.map(|option| option.domain_name.as_str()).collect();
            let word = if open.is_empty() { word.to_owned() } else { format!("{word} of {}", open.join(", ")) };
            Status::Pending(word)
        }
    }
}

impl Conforms for CertificateValidation {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let zone = stack.add("zone", HostedZone::builder().name("waiting.example.com").build());
        let mut issued = |name: &str, domain_name: &str| {
            let certificate = stack.add(name, Certificate::builder().domain_name(domain_name).build());
            let proof = validation_record(&certificate, domain_name);
            let record = RecordSet::builder()
                .hosted_zone(&zone)
                .name(proof.name)
                .record_type(RecordType::Cname)
                .records([proof.value])
                .build();
            stack.add_with(&format!("{name}-proof"), record, options());
            certificate
        };
        let certificate = issued("certificate", "a.waiting.example.com");
        let other = issued("other", "*.b.waiting.example.com");
        Conformance::of(CertificateValidation::builder().certificate(&certificate).build())
            .change("certificate", &other)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_acm::types as sdk;

    use super::*;

    fn certificate(status: &str, domains: &[(&str, &str)]) -> sdk::CertificateDetail {
        let options = domains.iter().map(|(name, status)| {
            let option = sdk::DomainValidation::builder().domain_name(*name).validation_status((*status).into());
            option.build().unwrap()
        });
        let options = Some(options.collect());
        sdk::CertificateDetail::builder().status(status.into()).set_domain_validation_options(options).build()
    }

    #[test]
    fn only_an_issued_certificate_ends_the_wait_and_open_domains_are_named() {
        let domains = [("a.example.com", "SUCCESS"), ("b.example.com", "PENDING_VALIDATION")];
        let pending = Status::Pending("PENDING_VALIDATION of b.example.com".to_owned());
        assert_eq!(status_of(&certificate("PENDING_VALIDATION", &domains)), pending);
        assert_eq!(status_of(&certificate("ISSUED", &[])), Status::Ready);
        assert_eq!(status_of(&certificate("OF_TOMORROW", &[])), Status::Pending("OF_TOMORROW".to_owned()));
    }

    #[test]
    fn what_will_never_be_issued_fails_it_for_good_with_a_way_out() {
        for word in ["FAILED", "VALIDATION_TIMED_OUT", "REVOKED", "EXPIRED"] {
            let Status::Failed(why) = status_of(&certificate(word, &[])) else { panic!("{word} has failed") };
            assert!(why.starts_with(word) && why.contains("--replace"), "{why}");
        }
    }
}
