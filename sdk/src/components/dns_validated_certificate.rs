//! [`DnsValidatedCertificate`]: a certificate, the records that prove its names, and the wait until it is issued.

use std::collections::{BTreeMap, BTreeSet};

use formwork_aws::acm::{Certificate, CertificateArn, CertificateValidation, KeyAlgorithm, validation_record};
use formwork_aws::route53::{HostedZoneId, RecordSet, RecordType};
use formwork_engine::{Handle, IntoInput, Output, ProviderName, Stack, options};

use super::Tags;

/// A certificate for names in Route 53, in one region or several: it is requested, proven by records in the zones of its names, and waited for.
///
/// A name and its wildcard have the same record, and so has the same name in all regions of an account: each record is made once. Where two
/// regions need a certificate for one name (a load balancer here, CloudFront in us-east-1), let one component request both.
///
/// ```
/// use formwork::components::DnsValidatedCertificate;
/// use formwork::prelude::*;
///
/// fn certificate(stack: &mut Stack) {
///     let zone = route53::hosted_zone(stack, "example.com");
///     let virginia = stack.provider("us-east-1");
///     let certificate = DnsValidatedCertificate::new("static.example.com", &zone.id)
///         .alternative_name("*.static.example.com")
///         .provider(&virginia)
///         .declare(stack, "tls");
///     // Whoever takes this ARN comes after the certificate was issued.
///     stack.export("certificate", certificate.arn());
/// }
/// ```
#[derive(Debug, Clone)]
pub struct DnsValidatedCertificate {
    /// The name that it is for, such as `example.com` or `*.example.com`.
    pub domain_name: String,
    /// Further names that it is for.
    pub alternative_names: Vec<String>,
    /// The public zone that the names are in, but for those of `other_zones`.
    pub zone: Output<HostedZoneId>,
    /// By domain, further zones: a name is proven in the zone of the longest domain that it ends with.
    pub other_zones: BTreeMap<String, Output<HostedZoneId>>,
    /// Where certificates are requested, each in the region of its provider; in that of the default one when empty.
    pub providers: Vec<ProviderName>,
    /// The sort of its key.
    pub key_algorithm: KeyAlgorithm,
    /// Tags of the certificates.
    pub tags: Tags,
}

/// The handles of a [`DnsValidatedCertificate`].
#[derive(Debug)]
pub struct DnsValidatedCertificateParts {
    /// The certificate of each provider, in the order of the providers.
    pub certificates: Vec<IssuedCertificate>,
    /// The records that prove the names, in the order of the names.
    pub records: Vec<Handle<RecordSet>>,
    first: Output<CertificateArn>,
}

/// A certificate and the wait for it.
#[derive(Debug)]
pub struct IssuedCertificate {
    /// Where it is.
    pub provider: ProviderName,
    /// The certificate as it was requested.
    pub certificate: Handle<Certificate>,
    /// The wait, of which the output `certificate` is known once it is issued.
    pub validation: Handle<CertificateValidation>,
}

impl DnsValidatedCertificateParts {
    /// The ARN of the (first) certificate, known once it is issued.
    pub fn arn(&self) -> &Output<CertificateArn> {
        &self.first
    }

    /// The ARN of the certificate of a provider, known once it is issued; `None` where none was requested.
    pub fn arn_in(&self, provider: &ProviderName) -> Option<&Output<CertificateArn>> {
        self.certificates.iter().find(|one| one.provider == *provider).map(|one| &one.validation.certificate)
    }
}

impl DnsValidatedCertificate {
    /// A certificate for one name, in the region of the default provider.
    pub fn new(domain_name: impl Into<String>, zone: impl IntoInput<HostedZoneId>) -> Self {
        Self {
            domain_name: domain_name.into(),
            alternative_names: Vec::new(),
            zone: zone.into_input().into(),
            other_zones: BTreeMap::new(),
            providers: Vec::new(),
            key_algorithm: KeyAlgorithm::Rsa2048,
            tags: Tags::new(),
        }
    }

    /// With a name more.
    #[must_use]
    pub fn alternative_name(mut self, name: impl Into<String>) -> Self {
        self.alternative_names.push(name.into());
        self
    }

    /// With another zone, for the names that end with this domain.
    #[must_use]
    pub fn zone_of(mut self, domain: impl Into<String>, zone: impl IntoInput<HostedZoneId>) -> Self {
        self.other_zones.insert(domain.into(), zone.into_input().into());
        self
    }

    /// In the region of this provider; several times for several regions.
    #[must_use]
    pub fn provider(mut self, provider: &ProviderName) -> Self {
        self.providers.push(provider.clone());
        self
    }

    /// With another sort of key.
    #[must_use]
    pub fn key_algorithm(mut self, key_algorithm: KeyAlgorithm) -> Self {
        self.key_algorithm = key_algorithm;
        self
    }

    /// With these tags.
    #[must_use]
    pub fn tags(mut self, tags: Tags) -> Self {
        self.tags = tags;
        self
    }

    /// Declares certificates, records and waits under `name`. The records are made by the default provider: zones belong to no region.
    #[track_caller]
    pub fn declare(&self, stack: &mut Stack, name: &str) -> DnsValidatedCertificateParts {
        let providers = match self.providers.is_empty() {
            true => vec![ProviderName::default()],
            false => self.providers.clone(),
        };
        stack.component(name, |stack| {
            let request = |stack: &mut Stack, provider: &ProviderName| {
                let certificate = Certificate::builder()
                    .domain_name(self.domain_name.as_str())
                    .subject_alternative_names(self.further_names())
                    .key_algorithm(self.key_algorithm)
                    .tags(self.tags.clone());
                stack.add_with(&named("certificate", provider), certificate.build(), options().provider(provider))
            };
            let requested: Vec<Handle<Certificate>> =
                providers.iter().map(|provider| request(stack, provider)).collect();
            let records = self.prove(stack, requested.first());
            let wait = |stack: &mut Stack, provider: &ProviderName, certificate: &Handle<Certificate>| {
                let wait = CertificateValidation::builder().certificate(certificate).build();
                let options = records.iter().fold(options().provider(provider), |options, it| options.depends_on(it));
                stack.add_with(&named("issued", provider), wait, options)
            };
            let certificates: Vec<IssuedCertificate> = providers
                .into_iter()
                .zip(requested)
                .map(|(provider, certificate)| {
                    let validation = wait(stack, &provider, &certificate);
                    IssuedCertificate { provider, certificate, validation }
                })
                .collect();
            let first = certificates.iter().map(|one| one.validation.certificate.clone()).next();
            let first = first.unwrap_or_else(|| Output::known(CertificateArn::new("")));
            DnsValidatedCertificateParts { certificates, records, first }
        })
    }

    /// The names beside the first one, each once.
    fn further_names(&self) -> Vec<String> {
        let mut seen = BTreeSet::from([self.domain_name.to_ascii_lowercase()]);
        let names = self.alternative_names.iter().filter(|name| seen.insert(name.to_ascii_lowercase()));
        names.cloned().collect()
    }

    /// A record for each name that is not only the wildcard of another one.
    fn prove(&self, stack: &mut Stack, certificate: Option<&Handle<Certificate>>) -> Vec<Handle<RecordSet>> {
        let Some(certificate) = certificate else { return Vec::new() };
        let mut seen = BTreeSet::new();
        let mut records = Vec::new();
        for name in std::iter::once(&self.domain_name).chain(&self.further_names()) {
            let plain = name.trim_start_matches("*.").to_ascii_lowercase();
            if !seen.insert(plain.clone()) {
                continue;
            }
            let proof = validation_record(certificate, name);
            let record = RecordSet::builder()
                .hosted_zone(self.zone_that_holds(&plain))
                .name(proof.name)
                .record_type(RecordType::Cname)
                .records([proof.value])
                .build();
            records.push(stack.add(&format!("proof-{plain}"), record));
        }
        records
    }

    fn zone_that_holds(&self, name: &str) -> &Output<HostedZoneId> {
        let within = |domain: &str| {
            let domain = domain.trim_end_matches('.').to_ascii_lowercase();
            name.strip_suffix(&domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let zones = self.other_zones.iter().filter(|(domain, _)| within(domain));
        zones.max_by_key(|(domain, _)| domain.len()).map_or(&self.zone, |(_, zone)| zone)
    }
}

/// The default provider has no name.
fn named(what: &str, provider: &ProviderName) -> String {
    if provider.0.is_empty() { what.to_owned() } else { format!("{what}-{provider}") }
}
