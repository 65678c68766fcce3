//! An address range is text.

use formwork::prelude::*;

pub fn network(stack: &mut Stack) {
    stack.add("main", ec2::Vpc::builder().cidr_block(true).build());
}
