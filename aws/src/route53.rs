//! Route 53: hosted zones and their records.
