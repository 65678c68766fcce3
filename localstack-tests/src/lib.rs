//! localstack-tests
