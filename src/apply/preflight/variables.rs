//! Variables that a replaced patch brought, and that live on in the package.

use std::collections::HashMap;

use crate::addr::Va;
use crate::apply::record::VariableAt;
use crate::apply::survey::{Installed, Survey};
use crate::finding::rules::target as rules;
use crate::finding::{Finding, some_of};
use crate::package::Package;
use crate::package::manifest::Variable;

/// Where the package's variables are that the replaced patches brought, by symbol.
pub(in crate::apply) fn keep(
    survey: &Survey,
    replaced: &[Installed],
    package: &Package,
    findings: &mut Vec<Finding>,
) -> HashMap<String, Va> {
    let before: Vec<&VariableAt> = replaced
        .iter()
        .flat_map(|p| &p.record.body.variables)
        .collect();
    let after = &package.manifest.variables;
    let mut kept = HashMap::new();
    let mut lost = |variable: &str, why: &str| {
        let detail = format!("{variable}: {why}.");
        findings.push(Finding::about(&rules::VARIABLE_LOST, variable, detail));
    };
    for variable in &before {
        let Some(name) = &variable.name else {
            lost(
                "(unnamed)",
                "it has no name by which the package could know it",
            );
            continue;
        };
        let same_name = |v: &&&Variable| v.name.as_ref() == Some(name);
        let mut named = after.iter().filter(|v| same_name(&v));
        let Some(new) = named.next() else {
            // The fixed build has no use for it any more.
            continue;
        };
        let namesakes = before.iter().filter(|v| v.name.as_ref() == Some(name));
        let inside = survey.patches.iter().any(|p| {
            let end = variable.at.0 + u64::from(variable.size);
            p.record.at <= variable.at && end <= p.record.end().0
        });
        if named.next().is_some() || namesakes.count() > 1 {
            lost(name, "several variables have this name");
        } else if new.size != variable.size {
            let (size, wanted) = (variable.size, new.size);
            lost(
                name,
                &format!("it has {size} bytes, the package wants {wanted}"),
            );
        } else if new.type_sha256.is_none() || new.type_sha256 != variable.type_sha256 {
            lost(name, "its type is not the same, or not known");
        } else if !inside {
            lost(name, "it is in no patch that is known");
        } else {
            kept.insert(new.symbol.clone(), variable.at);
        }
    }
    for pair in after.windows(2) {
        let [previous, variable] = pair else { continue };
        let Some(distance) = variable.behind else {
            continue;
        };
        let both = (kept.get(&previous.symbol), kept.get(&variable.symbol));
        let fits = match both {
            (None, None) => true,
            (Some(a), Some(b)) => b.0.checked_sub(a.0) == Some(u64::from(distance)),
            _ => false,
        };
        if !fits {
            lost(
                &variable.symbol,
                "code walks into it from the variable before",
            );
        }
    }
    if !kept.is_empty() {
        let mut names: Vec<&str> = kept.keys().map(String::as_str).collect();
        names.sort_unstable();
        findings.push(Finding::new(
            &rules::VARIABLES_KEPT,
            format!("{}.", some_of(&names)),
        ));
    }
    kept
}
