//! `aws:acm/certificate`: a certificate for TLS.
//!
//! ```
//! use formwork_aws::acm::{self, Certificate, CertificateValidation};
//! use formwork_aws::route53::{HostedZoneId, RecordSet, RecordType};
//! use formwork_engine::options;
//!
//! # fn declare(stack: &mut formwork_engine::Stack) {
//! // CloudFront takes certificates of us-east-1 only, wherever the rest of the stack is.
//! let virginia = stack.provider("us-east-1");
//! let certificate = Certificate::builder().domain_name("static.example.com").build();
//! let certificate = stack.add_with("static", certificate, options().provider(&virginia));
//! let proof = acm::validation_record(&certificate, "static.example.com");
//! let record = RecordSet::builder()
//!     .hosted_zone(HostedZoneId::new("Z0123456789ABCDEFGHIJ"))
//!     .name(proof.name)
//!     .record_type(RecordType::Cname)
//!     .records([proof.value])
//!     .build();
//! let record = stack.add("static-proof", record);
//! let issued = CertificateValidation::builder().certificate(&certificate).build();
//! let issued = stack.add_with("static-issued", issued, options().provider(&virginia).depends_on(&record));
//! # drop(issued);
//! # }
//! ```
//!
//! It is there, and its validation records are known, long before it is issued: whoever needs an issued one takes it from the
//! [`super::CertificateValidation`] that waits for it.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_acm::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Sought, Status, Swept, Waiting};
use formwork_engine::{Block, Caseless, Choice, Expr, Handle, Output, Outputs, Resource, Stack, Value};

use super::{GONE, describe, failure, state, tag};
use crate::arn::Arn;
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};
use crate::questions::each;
use crate::sweep::{Listed, one_by_one};
use crate::tags::{self, Tags};

/// The id of a certificate is its ARN: the handle of one stands wherever an `Arn<Certificate>` is wanted.
pub type CertificateArn = Arn<Certificate>;

/// What an `Arn<CertificateAuthority>` names: an authority of AWS Private CA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificateAuthority;

/// A certificate that ACM issues and renews by itself, for services of AWS in its region (for CloudFront: us-east-1).
#[derive(Resource)]
#[resource(
    kind = "aws:acm/certificate",
    cfn = "AWS::CertificateManager::Certificate",
    id = CertificateArn,
    outputs = CertificateOutputs,
    guard = token,
    visibility = 120,
    create_wait = (0, 2, 1, 300)
)]
pub struct Certificate {
    /// The name that it is for, such as `example.com` or `*.example.com`.
    #[arg(replace)]
    pub domain_name: Caseless,
    /// Further names that it is for, without `domain_name`; at most nine until AWS raises the account's quota.
    #[arg(replace, default)]
    pub subject_alternative_names: BTreeSet<Caseless>,
    /// How the owner of the names proves to be it. Without meaning for a private authority's.
    #[arg(replace, default = ValidationMethod::Dns)]
    pub validation_method: ValidationMethod,
    /// By name, the parent domain to whose contacts the mail goes instead, such as `example.com` for `www.example.com`; for validation by mail.
    #[arg(replace, default, same = same_domains, cfn = "DomainValidationOptions")]
    pub validation_domains: BTreeMap<String, String>,
    /// The sort of its key. Not every service takes every sort.
    #[arg(replace, default = KeyAlgorithm::Rsa2048)]
    pub key_algorithm: KeyAlgorithm,
    /// The private authority that issues it; Amazon's public one when absent.
    #[arg(replace, cfn = "CertificateAuthorityArn")]
    pub certificate_authority: Option<Arn<CertificateAuthority>>,
    /// Whether it is entered into public logs, without which browsers do not trust it. AWS takes `false` no more for new public certificates.
    #[arg(in_place, default = true, cfn = "CertificateTransparencyLoggingPreference")]
    pub transparency_logging: bool,
    /// Whether it can be exported with its private key, which AWS charges for.
    #[arg(replace, default = false, cfn = "CertificateExport")]
    pub exportable: bool,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags)]
    pub tags: Tags,
}

/// A name that stands for itself says nothing.
fn same_domains(wanted: &BTreeMap<String, String>, found: &BTreeMap<String, String>) -> bool {
    telling(wanted) == telling(found)
}

fn telling(domains: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let small = domains.iter().map(|(name, domain)| (name.to_ascii_lowercase(), domain.to_ascii_lowercase()));
    small.filter(|(name, domain)| name != domain).collect()
}

/// How the owner of a domain proves to be it.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValidationMethod {
    /// With a record in DNS, for as long as the certificate is to be renewed.
    #[choice("DNS")]
    Dns,
    /// With a link in a mail to the domain's contacts, which a person must follow, each year again.
    #[choice("EMAIL")]
    Email,
}

/// Sorts of keys.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// RSA, 1024 bits: of old certificates, and requested no more.
    #[choice("RSA_1024")]
    Rsa1024,
    /// RSA, 2048 bits.
    #[choice("RSA_2048")]
    Rsa2048,
    /// RSA, 3072 bits.
    #[choice("RSA_3072")]
    Rsa3072,
    /// RSA, 4096 bits.
    #[choice("RSA_4096")]
    Rsa4096,
    /// The curve P-256.
    #[choice("EC_prime256v1")]
    EcPrime256v1,
    /// The curve P-384.
    #[choice("EC_secp384r1")]
    EcSecp384r1,
    /// The curve P-521.
    #[choice("EC_secp521r1")]
    EcSecp521r1,
}

impl KeyAlgorithm {
    /// Some answers have a hyphen in the place of the first underscore.
    fn of(word: &str) -> Option<Self> {
        Self::parse(&word.replacen('-', "_", 1))
    }
}

/// The record in DNS that proves who owns a name. A name and its wildcard have the same one, in all regions of an account.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct ValidationRecord {
    /// Its name, such as `_0123456789abcdef0123456789abcdef.example.com.`.
    pub name: String,
    /// Its type, which is `CNAME`.
    pub record_type: String,
    /// Its value.
    pub value: String,
}

/// What is known of a certificate once it is requested.
#[derive(Outputs)]
pub struct CertificateOutputs {
    /// The ARN.
    #[output(stage = accepted)]
    pub id: CertificateArn,
    /// The ARN. It is known before the certificate is issued; see [`super::CertificateValidation`].
    #[output(stage = accepted)]
    pub arn: CertificateArn,
    /// By name, the record that proves who owns it; empty when it is not validated by DNS. See [`validation_record`].
    pub validation_records: BTreeMap<String, ValidationRecord>,
}

/// The parts of a [`ValidationRecord`], known once the certificate is requested.
#[derive(Debug, Clone)]
pub struct RecordToMake {
    /// The name of the record.
    pub name: Output<String>,
    /// Its value.
    pub value: Output<String>,
}

/// The record that proves who owns one of the names of a certificate.
pub fn validation_record(certificate: &Handle<Certificate>, domain_name: &str) -> RecordToMake {
    let record = certificate.validation_records.field(&domain_name.to_ascii_lowercase());
    let part = |name: &str| Output::of(Expr::Field(Box::new(record.expr().clone()), name.to_owned()));
    RecordToMake { name: part("name"), value: part("value") }
}

impl Lifecycle for Certificate {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let operation = "acm RequestCertificate";
        if args.subject_alternative_names.iter().any(|name| same_name(name, &args.domain_name)) {
            let reason = format!("{} is on it as `domain_name`: leave it out of the further names", args.domain_name);
            return Err(Error::refused(operation, reason));
        }
        let names: Vec<String> = args.subject_alternative_names.iter().map(ToString::to_string).collect();
        let tags = tags::all(owner, &args.tags).iter().map(|(key, value)| tag(key, value)).collect::<Result<_>>()?;
        let public = args.certificate_authority.is_none();
        let answer = aws
            .acm()
            .request_certificate()
            .domain_name(args.domain_name.as_str())
            .set_subject_alternative_names((!names.is_empty()).then_some(names))
            .set_validation_method(public.then(|| args.validation_method.as_str().into()))
            .set_domain_validation_options(args.options_of_domains()?)
            .key_algorithm(args.key_algorithm.as_str().into())
            .set_certificate_authority_arn(args.certificate_authority.as_ref().map(ToString::to_string))
            .set_options(args.options_of_create())
            .set_tags(Some(tags))
            // Up to 32 characters, remembered for an hour.
            .idempotency_token(&owner.token)
            .send()
            .await?;
        let arn = answer.certificate_arn.ok_or_else(|| Error::unexpected(operation, "no ARN in the answer"))?;
        Ok(Created::whole(arn))
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = each(waiting, |one| describe(aws, &one.id)).await;
        let pairs = waiting.iter().zip(found).map(|(one, found)| Ok(found?.map(|it| (one.id.clone(), status_of(&it)))));
        pairs.filter_map(Result::transpose).collect()
    }

    async fn read(aws: &Aws, ids: &[CertificateArn]) -> Result<Readings<Self>> {
        let found = each(ids, |id| observe(aws, id)).await;
        Ok(ids.iter().cloned().zip(found).filter_map(|(id, seen)| Some((id, seen.transpose()?))).collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let named = |summary: &sdk::CertificateSummary| {
            let name = summary.domain_name.as_deref().map(Caseless::new);
            args.is_none_or(|args| name.is_some_and(|name| same_name(&name, &args.domain_name)))
        };
        let arns: Vec<String> = all(aws).await?.into_iter().filter(named).filter_map(|it| it.certificate_arn).collect();
        let tags = each(&arns, |arn| tags_of(aws, arn)).await;
        let mut found = Vec::new();
        for (arn, tags) in arns.into_iter().zip(tags) {
            // A domain may have any number of certificates: only one that is marked as the owner's can be its.
            let theirs = tags?.and_then(|tags| tags::read(aws, tags).owner).filter(|theirs| theirs.uid == owner.uid);
            found.extend(theirs.map(|theirs| tags::candidate(owner, arn, Some(&theirs))));
        }
        Ok(found)
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<CertificateChanges>> {
        let CertificateChanges { transparency_logging, tags } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        if transparency_logging {
            let options = logged(sdk::CertificateOptions::builder(), planned.transparency_logging).build();
            aws.acm().update_certificate_options().certificate_arn(id.as_str()).options(options).send().await?;
        }
        if tags {
            let (set, removed) = tags::difference(owner, &now.tags, &planned.tags);
            let set = set.iter().map(|(key, value)| tag(key, value)).collect::<Result<_>>()?;
            aws.acm().add_tags_to_certificate().certificate_arn(id.as_str()).set_tags(Some(set)).send().await?;
            if !removed.is_empty() {
                let key = |key: String| sdk::Tag::builder().key(key).build();
                let removed = removed.into_iter().map(key).collect::<std::result::Result<_, _>>();
                let removed = removed.map_err(|error| Error::refused("acm RemoveTags", error.to_string()))?;
                let call = aws.acm().remove_tags_from_certificate().certificate_arn(id.as_str());
                call.set_tags(Some(removed)).send().await?;
            }
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &CertificateArn, _: &Self) -> Result<Deletion> {
        aws.acm().delete_certificate().certificate_arn(id.as_str()).send().await.or_gone(GONE)?;
        Ok(Deletion::Done)
    }
}

impl Certificate {
    fn options_of_domains(&self) -> Result<Option<Vec<sdk::DomainValidationOption>>> {
        let option = |(name, domain): (&String, &String)| {
            let option = sdk::DomainValidationOption::builder().domain_name(name).validation_domain(domain).build();
            option.map_err(|error| Error::refused("acm RequestCertificate", error.to_string()))
        };
        let options = self.validation_domains.iter().map(option).collect::<Result<Vec<_>>>()?;
        Ok((!options.is_empty()).then_some(options))
    }

    /// Only what differs from what AWS does without being told.
    fn options_of_create(&self) -> Option<sdk::CertificateOptions> {
        let mut options = sdk::CertificateOptions::builder();
        if !self.transparency_logging {
            options = logged(options, false);
        }
        if self.exportable {
            options = options.export(sdk::CertificateExport::Enabled);
        }
        (!self.transparency_logging || self.exportable).then(|| options.build())
    }
}

#[expect(
    deprecated,
    reason = "AWS takes no new opt-out, and certificates from before may have one that can be taken back"
)]
fn logged(options: sdk::builders::CertificateOptionsBuilder, logged: bool) -> sdk::builders::CertificateOptionsBuilder {
    use sdk::CertificateTransparencyLoggingPreference::{Disabled, Enabled};
    options.certificate_transparency_logging_preference(if logged { Enabled } else { Disabled })
}

#[expect(deprecated, reason = "certificates from before may have opted out")]
fn is_logged(options: &sdk::CertificateOptions) -> bool {
    use sdk::CertificateTransparencyLoggingPreference::Disabled;
    options.certificate_transparency_logging_preference != Some(Disabled)
}

fn same_name(one: &Caseless, other: &Caseless) -> bool {
    one.as_str().eq_ignore_ascii_case(other.as_str())
}

/// It is ready when everybody knows what to prove; of a private authority, who asks for no proof, when it is issued.
fn status_of(certificate: &sdk::CertificateDetail) -> Status {
    let word = state(certificate);
    if let ("FAILED" | "VALIDATION_TIMED_OUT", Some(why)) = (word, failure(certificate)) {
        return Status::Failed(why);
    }
    let pending = match word {
        "PENDING_VALIDATION" => certificate.certificate_authority_arn.is_some() || lacks_records(certificate),
        "ISSUED" | "INACTIVE" | "EXPIRED" | "REVOKED" => false,
        _ => true,
    };
    if pending { Status::Pending(word.to_owned()) } else { Status::Ready }
}

/// AWS makes up the records in the seconds after the request.
fn lacks_records(certificate: &sdk::CertificateDetail) -> bool {
    let options = certificate.domain_validation_options();
    let lacks = |option: &sdk::DomainValidation| {
        let by_mail = option.validation_method == Some(sdk::ValidationMethod::Email);
        !by_mail && option.resource_record.is_none()
    };
    options.is_empty() || options.iter().any(lacks)
}

/// All certificates of the region. Without being told the sorts of keys, AWS leaves out those of most.
async fn all(aws: &Aws) -> Result<Vec<sdk::CertificateSummary>> {
    let sorts = sdk::KeyAlgorithm::values().iter().map(|word| sdk::KeyAlgorithm::from(*word)).collect();
    let every = sdk::Filters::builder().set_key_types(Some(sorts)).build();
    let mut found = Vec::new();
    let mut pages = aws.acm().list_certificates().includes(every).into_paginator().send();
    while let Some(page) = pages.next().await {
        found.extend(page?.certificate_summary_list.unwrap_or_default());
    }
    Ok(found)
}

/// The tags of a certificate; `None` when it is gone.
async fn tags_of(aws: &Aws, arn: &str) -> Result<Option<Vec<(String, String)>>> {
    let answer = aws.acm().list_tags_for_certificate().certificate_arn(arn).send().await.or_gone(GONE)?;
    let pair = |tag: sdk::Tag| (tag.key, tag.value.unwrap_or_default());
    Ok(answer.map(|answer| answer.tags.unwrap_or_default().into_iter().map(pair).collect()))
}

/// The certificates that carry the tags of a stack: nothing else tells whose a certificate is.
pub(crate) async fn marked(aws: &Aws, sought: &Sought) -> Result<Swept> {
    let listed = all(aws).await?.into_iter().filter_map(|summary| {
        let made_at = summary.created_at.map_or(0, |moment| moment.secs());
        Some(Listed { made_at, ..Listed::of(summary.certificate_arn?) })
    });
    one_by_one(sought, "aws:acm/certificate", listed, async |arn: String| tags_of(aws, &arn).await).await
}

async fn observe(aws: &Aws, id: &CertificateArn) -> Result<Option<Observed<Certificate>>> {
    let Some(certificate) = describe(aws, id.as_str()).await? else { return Ok(None) };
    let Some(tags) = tags_of(aws, id.as_str()).await? else { return Ok(None) };
    Ok(Some(seen(id, certificate, tags::read(aws, tags))))
}

fn seen(id: &CertificateArn, certificate: sdk::CertificateDetail, tags: tags::Read) -> Observed<Certificate> {
    let domain_name = Caseless::new(certificate.domain_name.as_deref().unwrap_or_default());
    // AWS counts the name itself among the further ones.
    let names = certificate.subject_alternative_names().iter().map(Caseless::new);
    let names = names.filter(|name| !same_name(name, &domain_name)).collect();
    let options = certificate.domain_validation_options();
    let by_mail = |option: &&sdk::DomainValidation| option.validation_method == Some(sdk::ValidationMethod::Email);
    let domains = options.iter().filter(by_mail).filter_map(|option| {
        let domain = option.validation_domain.clone().filter(|domain| *domain != option.domain_name)?;
        Some((option.domain_name.clone(), domain))
    });
    let told = certificate.options.as_ref();
    let export = told.and_then(|told| told.export.as_ref());
    let args = Certificate {
        domain_name,
        subject_alternative_names: names,
        validation_method: if options.iter().any(|option| by_mail(&option)) {
            ValidationMethod::Email
        } else {
            ValidationMethod::Dns
        },
        validation_domains: domains.collect(),
        key_algorithm: certificate
            .key_algorithm
            .as_ref()
            .and_then(|sort| KeyAlgorithm::of(sort.as_str()))
            .unwrap_or(KeyAlgorithm::Rsa2048),
        certificate_authority: certificate.certificate_authority_arn.clone().map(Arn::new),
        transparency_logging: told.is_none_or(is_logged),
        exportable: export == Some(&sdk::CertificateExport::Enabled),
        tags: tags.tags,
    };
    let outputs = CertificateOutputs {
        id: id.clone(),
        arn: id.clone(),
        validation_records: options.iter().filter_map(record_of).collect(),
    };
    Observed::new(args, outputs, tags.owner)
}

fn record_of(option: &sdk::DomainValidation) -> Option<(String, ValidationRecord)> {
    let record = option.resource_record.as_ref()?;
    let record = ValidationRecord {
        name: record.name.clone(),
        record_type: record.r#type.as_str().to_owned(),
        value: record.value.clone(),
    };
    Some((option.domain_name.to_ascii_lowercase(), record))
}

impl Conforms for Certificate {
    fn conformance(_: &mut Stack) -> Conformance<Self> {
        let base = Certificate::builder()
            .domain_name("Shop.example.com")
            .subject_alternative_names(["*.shop.example.com", "example.com"])
            .transparency_logging(true)
            .tags([("team", "a"), ("cost", "1")])
            .build();
        let authority =
            "arn:aws:acm-pca:eu-west-1:111122223333:certificate-authority/01234567-89ab-cdef-0123-456789abcdef";
        Conformance::of(base)
            .change("tags", [("team", "b")])
            .change("transparency_logging", false)
            .change("subject_alternative_names", Value::from(vec![Value::from("*.shop.example.com")]))
            .change("key_algorithm", "EC_prime256v1")
            .change("exportable", true)
            .change("domain_name", "www.example.com")
            .together_with("subject_alternative_names", Value::from(vec![Value::from("www.example.org")]))
            .change("validation_method", "EMAIL")
            .change("validation_domains", Value::from([("www.example.com", "example.com")]))
            .change("certificate_authority", authority)
            .together_with("validation_method", "DNS")
            .together_with("validation_domains", Value::Map(BTreeMap::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(status: &str, method: &str, record: bool) -> sdk::CertificateDetail {
        let record = record.then(|| {
            let record = sdk::ResourceRecord::builder().name("_a.example.com.").value("_b.acm-validations.aws.");
            record.r#type(sdk::RecordType::Cname).build().unwrap()
        });
        let option = sdk::DomainValidation::builder().domain_name("Example.com").validation_method(method.into());
        let option = option.set_resource_record(record).build().unwrap();
        sdk::CertificateDetail::builder().status(status.into()).domain_validation_options(option).build()
    }

    #[test]
    fn it_is_ready_once_its_records_are_known_and_not_only_once_it_is_issued() {
        let pending = Status::Pending("PENDING_VALIDATION".to_owned());
        assert_eq!(status_of(&certificate("PENDING_VALIDATION", "DNS", false)), pending);
        assert_eq!(status_of(&certificate("PENDING_VALIDATION", "DNS", true)), Status::Ready);
        assert_eq!(status_of(&certificate("PENDING_VALIDATION", "EMAIL", false)), Status::Ready);
        let private = sdk::CertificateDetail::builder().status("PENDING_VALIDATION".into());
        assert_eq!(status_of(&private.certificate_authority_arn("arn").build()), pending);
        assert_eq!(status_of(&certificate("ISSUED", "DNS", true)), Status::Ready);
    }

    #[test]
    fn one_that_can_never_be_issued_has_failed_in_the_words_of_aws() {
        let mut failed = certificate("FAILED", "DNS", true);
        failed.failure_reason = Some(sdk::FailureReason::CaaError);
        assert_eq!(status_of(&failed), Status::Failed("FAILED: CAA_ERROR".to_owned()));
        let Status::Failed(why) = status_of(&certificate("VALIDATION_TIMED_OUT", "DNS", true)) else {
            panic!("it has failed");
        };
        assert!(why.starts_with("VALIDATION_TIMED_OUT"), "{why}");
    }

    #[test]
    fn the_name_itself_is_none_of_the_further_ones_and_records_go_by_small_names() {
        let mut certificate = certificate("ISSUED", "DNS", true);
        certificate.domain_name = Some("example.com".to_owned());
        certificate.subject_alternative_names = Some(vec!["Example.com".to_owned(), "*.example.com".to_owned()]);
        let seen = seen(&Arn::new("arn"), certificate, tags::Read::default());
        assert_eq!(seen.args.subject_alternative_names, [Caseless::new("*.example.com")].into());
        assert_eq!(seen.outputs.validation_records["example.com"].name, "_a.example.com.");
    }

    #[test]
    fn sorts_of_keys_are_known_in_both_spellings() {
        assert_eq!(KeyAlgorithm::of("RSA-2048"), Some(KeyAlgorithm::Rsa2048));
        assert_eq!(KeyAlgorithm::of("EC_prime256v1"), Some(KeyAlgorithm::EcPrime256v1));
    }

    #[test]
    fn a_validation_domain_that_is_the_name_itself_says_nothing() {
        let domains = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, domain)| ((*name).to_owned(), (*domain).to_owned())).collect()
        };
        assert!(same_domains(&domains(&[("a.b", "A.b"), ("c.b", "b")]), &domains(&[("c.b", "b")])));
        assert!(!same_domains(&domains(&[("c.b", "b")]), &domains(&[])));
    }
}
