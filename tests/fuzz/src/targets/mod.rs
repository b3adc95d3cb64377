//! The targets: one per parser, and one for the whole comparison.

mod audit;
mod code;
mod comparison;
mod files;
mod keys;
mod memory;
mod packages;
mod trust;
mod withdrawals;

/// Something that reads bytes which may be anything.
pub struct Target {
    /// Its name for `HOTPATCH_FUZZ_TARGET`.
    pub name: &'static str,
    /// Reads an input.
    pub run: fn(&[u8]),
    /// Good inputs to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const ALL: &[Target] = &[
    Target {
        name: "audit",
        run: audit::log,
        seeds: audit::log_seeds,
    },
    Target {
        name: "image",
        run: files::image,
        seeds: files::image_seeds,
    },
    Target {
        name: "pdb",
        run: files::pdb,
        seeds: files::pdb_seeds,
    },
    Target {
        name: "streams",
        run: files::streams,
        seeds: crate::edits::seeds,
    },
    Target {
        name: "types",
        run: files::types,
        seeds: files::type_seeds,
    },
    Target {
        name: "handlers",
        run: code::handlers,
        seeds: code::handler_seeds,
    },
    Target {
        name: "code",
        run: code::code,
        seeds: code::code_seeds,
    },
    Target {
        name: "diff",
        run: comparison::diff,
        seeds: crate::edits::seeds,
    },
    Target {
        name: "container",
        run: packages::container,
        seeds: packages::container_seeds,
    },
    Target {
        name: "manifest",
        run: packages::manifest,
        seeds: packages::manifest_seeds,
    },
    Target {
        name: "payload",
        run: packages::payload,
        seeds: packages::payload_seeds,
    },
    Target {
        name: "verify",
        run: packages::verify,
        seeds: packages::verify_seeds,
    },
    Target {
        name: "keys",
        run: keys::keys,
        seeds: keys::seeds,
    },
    Target {
        name: "policy",
        run: trust::policy,
        seeds: trust::policy_seeds,
    },
    Target {
        name: "state",
        run: trust::state,
        seeds: trust::state_seeds,
    },
    Target {
        name: "withdrawals",
        run: withdrawals::list,
        seeds: withdrawals::list_seeds,
    },
    Target {
        name: "record",
        run: memory::record,
        seeds: memory::record_seeds,
    },
    Target {
        name: "loaded",
        run: memory::loaded,
        seeds: memory::module_seeds,
    },
    Target {
        name: "unwind",
        run: memory::unwind,
        seeds: memory::unwind_seeds,
    },
];
