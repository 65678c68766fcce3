//! Made by the generator out of the examples of the types; see `generating`.

use formwork::prelude::*;

/// What exists already.
pub fn cache_policy(_: &mut Stack) {}
/// What exists already.
pub fn distribution(_: &mut Stack) {}
/// What exists already.
pub fn origin_access_control(_: &mut Stack) {}
/// What exists already.
pub fn response_headers_policy(_: &mut Stack) {}
