use formwork::prelude::*;

pub fn network(stack: &mut Stack) {
    let _ = stack;
}
