//! A tag can be read by everybody: it takes no secret.

use formwork::prelude::*;

pub fn network(stack: &mut Stack, token: &Secret) {
    stack.add("main", ec2::Vpc::builder().cidr_block("10.0.0.0/16").tags([("token", token)]).build());
}
