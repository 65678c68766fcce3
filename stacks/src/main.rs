//! stacks
fn main() {}
