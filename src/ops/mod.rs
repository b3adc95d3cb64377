//! What a machine on which patches are applied keeps: who did what, and when.

pub mod audit;
