//! The permissions of the types of ACM.

use super::{Certificate, CertificateValidation};
use crate::permissions::{Permission, Permitted, create, delete, look, update};

/// AWS makes up the last part of the ARN.
const CERTIFICATES: &[&str] = &["arn:{partition}:acm:{region}:{account}:certificate/*"];

impl Permitted for Certificate {
    const ID_IS_ARN: bool = true;
    const PERMISSIONS: &'static [Permission] = &[
        look(&["acm:DescribeCertificate", "acm:ListTagsForCertificate"]).on(CERTIFICATES),
        look(&["acm:ListCertificates"]).because("what a lost request has made is looked for by its tags"),
        create(&["acm:AddTagsToCertificate", "acm:RequestCertificate"]).because("a request has no ARN yet"),
        create(&["acm-pca:DescribeCertificateAuthority", "acm-pca:GetCertificate", "acm-pca:IssueCertificate"])
            .on(&["{certificate_authority}"])
            .when(&["certificate_authority"])
            .because("a private authority issues it"),
        update(&["acm:AddTagsToCertificate", "acm:RemoveTagsFromCertificate", "acm:UpdateCertificateOptions"])
            .on(CERTIFICATES),
        delete(&["acm:DeleteCertificate"]).on(CERTIFICATES),
    ];
}

impl Permitted for CertificateValidation {
    const PERMISSIONS: &'static [Permission] = &[look(&["acm:DescribeCertificate"]).on(CERTIFICATES)];
}
