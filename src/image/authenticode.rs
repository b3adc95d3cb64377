//! Placeholder until the target branch lands.
