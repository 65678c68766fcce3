//! The tests of the sdk: what users see and what does not compile.

#![expect(missing_docs, reason = "tests are named as claims")]

mod made_up;
mod planning;
mod rendering;
mod wiring;
