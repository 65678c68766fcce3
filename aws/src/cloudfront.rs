//! CloudFront: distributions, and what they are made of.
