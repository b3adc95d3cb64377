//! Random sequences, the same for ever for one seed.

use crate::catalogue::{Catalogue, Image, functions};
use crate::model::{Model, Standing};
use crate::rng::Rng;
use crate::step::{Death, Operation, Step};

/// Makes up the next step, one that means something.
pub fn next(rng: &mut Rng, all: &Catalogue, model: &Model, points: &[String]) -> Step {
    loop {
        let step = any(rng, all, model, points);
        if model.allows(&step) {
            return step;
        }
    }
}

fn any(rng: &mut Rng, all: &Catalogue, model: &Model, points: &[String]) -> Step {
    match rng.below(100) {
        0..=61 => Step::Do(operation(rng, all, model)),
        62..=75 => {
            let point = rng.pick(points).clone();
            let death = match rng.below(8) {
                0 => Death::After(20 + rng.below(600) as u64),
                n => Death::Point {
                    point,
                    both: n == 1,
                },
            };
            Step::Kill(death, operation(rng, all, model))
        }
        76..=78 => Step::Load,
        79..=80 => Step::Move,
        81..=83 => Step::Unload,
        84..=86 => {
            let seats = functions(Image::Program)
                .iter()
                .filter(|f| f.starts_with('w'));
            let seats: Vec<&&str> = seats.collect();
            Step::Sit((**rng.pick(&seats)).to_owned())
        }
        87..=91 => Step::Leave,
        92..=95 => match model.patches.is_empty() {
            true => Step::Drop,
            false => Step::Hold(rng.pick(&model.patches).id.clone()),
        },
        _ => Step::Drop,
    }
}

fn operation(rng: &mut Rng, all: &Catalogue, model: &Model) -> Operation {
    let active = model
        .patches
        .iter()
        .filter(|p| p.standing == Standing::Active);
    let active: Vec<&String> = active.map(|p| &p.id).collect();
    let any = |rng: &mut Rng| rng.pick(&all.packages).id.clone();
    // Mostly one that is there.
    let there = |rng: &mut Rng| match active.is_empty() || rng.percent(10) {
        true => any(rng),
        false => (*rng.pick(&active)).clone(),
    };
    match rng.below(100) {
        // Mostly one that may be applied, so that much is there.
        0..=39 => {
            let ready = all.packages.iter().map(|p| &p.id);
            let ready = ready.filter(|id| model.check(all, id).0.outcomes == ["ready"]);
            let ready: Vec<&String> = ready.collect();
            match ready.is_empty() {
                true => Operation::Apply(any(rng)),
                false => Operation::Apply((*rng.pick(&ready)).clone()),
            }
        }
        40..=54 => Operation::Apply(any(rng)),
        55..=74 => Operation::Revert(Some(there(rng))),
        75..=78 => Operation::Revert(None),
        79..=90 => Operation::Rollback(Some(there(rng))),
        91..=93 => Operation::Rollback(None),
        _ => Operation::Recover,
    }
}
