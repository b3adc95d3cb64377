//! JSON Schemas of the reports, made from the models themselves.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};

/// A report's name, and its schema.
pub type Entry = (&'static str, fn() -> Schema);

/// Every report that a command prints. The name is the one in the document's `schema`
/// field, without `hotpatch.` and the version.
pub const REPORTS: &[Entry] = &[
    ("apply", of::<super::target::TargetReport>),
    ("audit-checkpoint", of::<crate::ops::audit::Checkpoint>),
    ("audit-record", of::<crate::ops::audit::Record>),
    ("audit-rotate", of::<super::audit::AuditRotateReport>),
    ("audit-show", of::<super::audit::AuditShowReport>),
    ("audit-verify", of::<super::audit::AuditVerifyReport>),
    ("build", of::<super::build::BuildReport>),
    ("check", of::<super::target::TargetReport>),
    (
        "completions",
        of::<super::completions::CompletionsReport<'static>>,
    ),
    ("coverage", of::<super::coverage::CoverageReport>),
    ("diff", of::<super::diff::DiffReport>),
    ("explain", of::<super::explain::ExplainReport>),
    ("export", of::<super::export::ExportReport>),
    ("gate", of::<super::gate::GateReport>),
    ("inspect", of::<super::inspect::InspectReport<'static>>),
    ("keygen", of::<super::keygen::KeygenReport>),
    ("list", of::<super::machine::ListReport>),
    ("man", of::<super::man::ManReport>),
    ("policy", of::<super::policy::PolicyReport>),
    ("proof", of::<super::proof::ProofReport>),
    ("recover", of::<super::target::TargetReport>),
    ("report", of::<super::fleet::FleetReport>),
    ("revert", of::<super::target::TargetReport>),
    ("rollback", of::<super::target::TargetReport>),
    ("rollout", of::<super::rollout::RolloutReport>),
    ("sign", of::<super::sign::SignReport>),
    ("startup", of::<super::startup::StartupReport>),
    ("status", of::<super::status::StatusReport>),
    ("store", of::<super::store::StorePackagesReport>),
    ("sync", of::<super::sync::SyncReport>),
    ("targets", of::<super::targets::TargetsReport>),
    ("trust", of::<super::trust::StoreReport>),
    ("verify", of::<super::verify::VerifyReport>),
    ("withdraw", of::<super::withdraw::WithdrawReport>),
];

/// A report's schema, with its version as the only value of the field `schema`.
pub fn document((name, make): Entry) -> Schema {
    let mut schema = make();
    let version = serde_json::json!(format!("hotpatch.{name}/1"));
    if let Some(field) = schema.pointer_mut("/properties/schema") {
        field["const"] = version;
    }
    schema
}

/// The schema of a report, of what is written (not of what could be read).
pub fn of<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    SchemaGenerator::new(settings).into_root_schema_for::<T>()
}

/// The schema of a file that is read.
pub fn of_input<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12();
    SchemaGenerator::new(settings).into_root_schema_for::<T>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_report_has_a_version_in_its_schema_field() {
        for (name, make) in REPORTS {
            let schema = serde_json::to_value(make()).unwrap();
            let field = &schema["properties"]["schema"];
            let description = field["description"].as_str().unwrap_or("");
            let version = format!("`hotpatch.{name}/1`");
            assert!(description.contains(&version), "{name}: {description}");
            let required = schema["required"].as_array().unwrap();
            assert!(required.iter().any(|r| r == "schema"), "{name}");
        }
    }
}
