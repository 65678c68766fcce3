//! A cloud, a clock and a store that do as they are told, for tests without a cloud and without waiting.
//!
//! * [`ScriptedCloud`]: an account in memory that knows resource types by their schema alone. Scripts make it slow, forgetful, wrong or deadly.
//! * [`ScriptedClock`]: time that passes when nobody has anything to do.
//! * [`MemoryExchange`]: what stacks tell each other, with others that come in between.
//! * [`JournaledStore`]: any store, with its commits written into the same [`Journal`] as the calls, and with deaths between them.
//!
//! A *death* stands for `kill -9`: what is under way never returns, and everything after it hangs; the test drops the run and begins another.

mod account;
mod clock;
mod cloud;
mod exchange;
mod journal;

pub use account::{Behaviour, Thing};
pub use clock::ScriptedClock;
pub use cloud::{Fault, ScriptedCloud, When};
pub use exchange::MemoryExchange;
pub use journal::{Journal, JournaledStore};
