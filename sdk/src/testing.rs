//! Testing a stack without a cloud.
