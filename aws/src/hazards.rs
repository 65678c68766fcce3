//! What changes of data stores put at risk: the rules that several types share, and the table of all of them.
//!
//! A change is marked where it deletes data that is there or that would have been kept, where AWS takes it back in no way, or where it
//! takes away what stands between a mistake and the data. The table names every argument that can change in place, so that a new one is judged.

use formwork_engine::Hazard;

/// AWS no longer refuses to delete it: the next delete by anybody meets nothing.
pub(crate) fn unguarded(before: &bool, after: &bool) -> &'static [Hazard] {
    if *before && !*after { &[Hazard::DataLoss] } else { &[] }
}

/// What is older than the new, shorter time goes; 0 keeps nothing.
pub(crate) fn shorter(before: &i32, after: &i32) -> &'static [Hazard] {
    if after < before { &[Hazard::DataLoss] } else { &[] }
}

/// The same where the time may be AWS's.
pub(crate) fn shorter_if_known(before: &Option<i32>, after: &Option<i32>) -> &'static [Hazard] {
    match (before, after) {
        (Some(before), Some(after)) => shorter(before, after),
        _ => &[],
    }
}

/// It can be switched on, and never off.
pub(crate) fn one_way(before: &bool, after: &bool) -> &'static [Hazard] {
    if !*before && *after { &[Hazard::Irreversible] } else { &[] }
}

#[cfg(test)]
mod tests;
