//! What must be true of the program after every step, seen from outside and from inside.

use std::collections::BTreeSet;

use hotpatch::apply::survey::{Installed, State, Survey};

use crate::driver::Driver;
use crate::model::{Model, Standing};

/// Findings that refuse nothing.
const NOTES: [&str; 6] = ["HP503", "HP514", "HP517", "HP518", "HP523", "HP530"];

/// Codes of the findings that refuse.
pub fn refusing(findings: &[String]) -> BTreeSet<&str> {
    let codes = findings.iter().map(String::as_str);
    codes.filter(|c| !NOTES.contains(c)).collect()
}

/// The patches that run, and those beneath them.
pub fn standing(survey: &Survey) -> BTreeSet<(String, Standing)> {
    let patches = survey.patches.iter().filter_map(|p| {
        let standing = match p.state {
            State::Active => Standing::Active,
            State::Replaced => Standing::Replaced,
            _ => return None,
        };
        Some((p.record.body.id.clone(), standing))
    });
    patches.collect()
}

/// The same of a model.
pub fn wanted(model: &Model) -> BTreeSet<(String, Standing)> {
    let patches = model.patches.iter();
    let patches = patches.filter(|p| p.standing != Standing::Detached);
    patches.map(|p| (p.id.clone(), p.standing)).collect()
}

/// Everything that is there, for reading.
pub fn all(survey: &Survey) -> Vec<(String, State)> {
    let patches = survey.patches.iter();
    patches
        .map(|p| (p.record.body.id.clone(), p.state))
        .collect()
}

/// Looks at everything.
pub fn at(driver: &mut Driver<'_>) -> Result<(), String> {
    runs(driver)?;
    let survey = driver.survey()?;
    records_tell(driver, &survey)?;
    checks(driver)?;
    proven(driver, &survey)
}

/// Every function runs in the version that is to run, and nobody ever got another answer.
fn runs(driver: &mut Driver<'_>) -> Result<(), String> {
    let said = driver.program.ask()?;
    let wanted = driver.model.versions(driver.all);
    if said.wrong > 0 {
        return Err(format!("{} answers that no version gives", said.wrong));
    }
    if said.versions != wanted {
        return Err(format!("{:?} run, and not {wanted:?}", said.versions));
    }
    // Its threads go on.
    let since = std::time::Instant::now();
    let before = driver.calls;
    driver.calls = said.calls;
    while driver.calls <= before {
        if since.elapsed().as_secs() > 10 {
            return Err("its threads stand still".to_owned());
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
        driver.calls = driver.program.ask()?.calls;
    }
    Ok(())
}

/// The records say what the model says. Memory may stay for a while, and remains of what was
/// killed until they are cleared away.
fn records_tell(driver: &Driver<'_>, survey: &Survey) -> Result<(), String> {
    let model = &driver.model;
    let found = || format!("{:?}; unreadable: {:?}", all(survey), survey.unreadable);
    if standing(survey) != wanted(model) || !survey.unreadable.is_empty() {
        return Err(format!("{} are there, not {:?}", found(), wanted(model)));
    }
    let held = |p: &hotpatch::apply::survey::Installed| driver.held == Some(p.record.at);
    for patch in &survey.patches {
        let id = &patch.record.body.id;
        let known = match patch.state {
            State::Active | State::Replaced | State::Kept => true,
            State::Pending => model.remains,
            State::Detached => {
                let mut patches = model.patches.iter();
                let is = |p: &crate::model::Patch| p.id == *id && p.standing == Standing::Detached;
                patches.any(is) || model.remains || held(patch) || driver.held.is_some()
            }
            State::Torn => false,
        };
        // A death leaves the mark that the next operation takes away.
        if !known || (patch.record.header.frozen && !model.remains) {
            return Err(format!("{} are there, {id} should not be", found()));
        }
    }
    for patch in &model.patches {
        let is = |p: &hotpatch::apply::survey::Installed| {
            p.state == State::Detached && p.record.body.id == patch.id
        };
        if patch.standing == Standing::Detached && !survey.patches.iter().any(is) {
            return Err(format!("{} are there, {} is lost", found(), patch.id));
        }
    }
    match driver.held.is_none_or(|at| survey.at(at).is_some()) {
        true => Ok(()),
        false => Err(format!(
            "memory is gone that the program points into: {}",
            found()
        )),
    }
}

/// So many packages are checked after a step, and all of them in turn.
const CHECKED: usize = 3;

/// The code is compared after every so many steps.
const PROVEN: usize = 2;

/// Of packages `check` says what the model says.
fn checks(driver: &mut Driver<'_>) -> Result<(), String> {
    let first = driver.looks * CHECKED;
    driver.looks += 1;
    let packages = driver.all.packages.iter().cycle();
    for package in packages
        .skip(first % driver.all.packages.len())
        .take(CHECKED)
    {
        let (ends, replaced) = driver.model.check(driver.all, &package.id);
        let means = driver.means;
        let ended = means.check(driver.process()?, &package.id)?;
        if ended.outcome != ends.outcomes[0] || refusing(&ended.findings) != ends.codes {
            let id = &package.id;
            return Err(format!(
                "check {id} must say {ends:?}, and says {}",
                ended.text
            ));
        }
        let id_of = |key: &u32| driver.model.patch(*key).map(|p| p.id.clone());
        let replaced: BTreeSet<String> = replaced.iter().filter_map(id_of).collect();
        let found: BTreeSet<String> = ended.replaced.iter().cloned().collect();
        if ended.outcome == "ready" && found != replaced {
            let id = &package.id;
            return Err(format!("{id} would replace {found:?}, not {replaced:?}"));
        }
    }
    Ok(())
}

/// The code is the shipped one and that of the patches that are there, byte for byte.
fn proven(driver: &mut Driver<'_>, survey: &Survey) -> Result<(), String> {
    let settled = [State::Active, State::Replaced, State::Kept];
    let settled = |p: &Installed| settled.contains(&p.state);
    if !driver.looks.is_multiple_of(PROVEN) || !survey.patches.iter().all(settled) {
        return Ok(());
    }
    let (kept, led): (Vec<&Installed>, Vec<&Installed>) =
        survey.patches.iter().partition(|p| p.state == State::Kept);
    fn ids<'p>(patches: &[&'p Installed]) -> Vec<&'p str> {
        let ids = patches.iter().map(|p| p.record.body.id.as_str());
        ids.collect()
    }
    let (ids, kept) = (ids(&led), ids(&kept));
    let (means, library) = (driver.means, driver.model.loaded);
    let differences = means.differences(driver.process()?, (&ids, &kept), library);
    match differences.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "{ids:?} and kept {kept:?} are not all that is there: {differences:?}"
        )),
    }
}
