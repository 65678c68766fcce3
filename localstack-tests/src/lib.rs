//! What the tests against the emulator share.
//!
//! * [`emulator`]: the one LocalStack of a test process.
//! * [`Account`]: an account of it that no other test meets, with its independent lister and its log of calls.
//! * [`Trial`]: a stack in that account, with a store of its own: `up`, `plan`, `refresh`, `destroy`.
//! * [`Many`]: a stack with very many resources, and what reading it one by one would take.
//! * [`Target`]: a run as a process of its own, to be killed.
//! * [`kills`]: a type's example, killed in every part of its life.
//! * [`sweep`]: a stack's own binary, killed at every call of its life.
//! * [`Proxy`]: a network that loses things, between a run and the emulator.
//! * [`disk`]: a process whose calls on the files of its store are recorded, fail, or are the last thing it does.
//! * [`ScaledClock`]: time that goes faster, since the emulator needs none of the waits that AWS needs.
//!
//! Nothing here sleeps: what takes time is waited for by the engine, on the clock it is given. A call that the emulator does not know
//! fails the test as a gap of the emulator ([`Account::gaps`]), and not as whatever came of it.

mod account;
pub mod disk;
mod home;
pub mod kills;
mod many;
mod proxy;
pub mod sweep;
mod target;
mod trial;

use formwork_engine::Stack;

/// Declares the example of every type, each with what it needs in a component of its own. Without buckets: their names are the emulator's and
/// not an account's, and the tests of these types have them.
pub fn examples(stack: &mut Stack) {
    for example in formwork_aws::examples().into_iter().filter(|example| !example.kind.starts_with("aws:s3/")) {
        let name = example.kind.replace([':', '/'], "-");
        stack.component(&name, |stack| (example.declare)(stack, 0));
    }
}

pub use account::{Account, plain, stands};
pub use formwork_engine::clock::ScaledClock;
pub use home::{cache, emulator};
pub use many::{Many, one_by_one};
pub use proxy::{Deed, Proxy};
pub use target::Target;
pub use trial::{REGION, Trial, told};
