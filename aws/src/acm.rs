//! AWS Certificate Manager: certificates.
