//! Components: what production stacks are mostly made of, built from public resource types only.
