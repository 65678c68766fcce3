//! Cloud Control API: types that have no file of their own.
