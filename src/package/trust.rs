//! Trust store.
