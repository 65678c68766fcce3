//! The tests of the sdk: what users see and what does not compile.

mod made_up;
mod planning;
mod rendering;
mod wiring;
