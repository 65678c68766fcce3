//! Made by the generator out of the examples of the types; see `generating`.

use formwork::prelude::*;

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn certificate(stack: &mut Stack) {
    stack.component("certificate", |stack| {
        let certificate = acm::Certificate::builder()
            .domain_name("Shop.example.com")
            .subject_alternative_names(["*.shop.example.com", "example.com"])
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("certificate", certificate, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn certificate_validation(stack: &mut Stack) {
    stack.component("certificate-validation", |stack| {
        let certificate_validation =
            acm::CertificateValidation::builder().certificate(Arn::new("certificate-id-1")).build();
        stack.add_with("certificate-validation", certificate_validation, options().import("the-id"));
    });
}
