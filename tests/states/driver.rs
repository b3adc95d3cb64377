//! Does the steps of a sequence to a program, and looks at it after each.

use std::path::Path;
use std::time::Duration;

use hotpatch::addr::Va;
use hotpatch::apply::survey::{State, Survey};
use hotpatch::apply::target::Target;
use hotpatch::process::{Access, Process};

use crate::catalogue::Catalogue;
use crate::ended::{Ended, run, start};
use crate::ends::Ends;
use crate::look;
use crate::means::Means;
use crate::model::{Model, Standing};
use crate::program::Program;
use crate::step::{Death, Operation, Step};

/// The exit code of a `hotpatch` that died at a fault point.
const DIED: i32 = 99;

/// A program and what it should be like.
pub struct Driver<'m> {
    pub all: &'m Catalogue,
    pub means: &'m Means,
    pub program: Program,
    pub model: Model,
    /// Open as long as no other `hotpatch` has to come near.
    process: Option<Process>,
    /// The record of the patch that the program points into.
    pub held: Option<Va>,
    /// How often the threads had called everything when it was asked last.
    pub calls: u64,
    /// Counts the looks.
    pub looks: usize,
    /// Patches of which the memory was still there in the end.
    pub kept: usize,
}

impl<'m> Driver<'m> {
    pub fn start(folder: &Path, all: &'m Catalogue, means: &'m Means) -> Driver<'m> {
        Driver {
            all,
            means,
            program: Program::start(folder),
            model: Model::default(),
            process: None,
            held: None,
            calls: 0,
            looks: 0,
            kept: 0,
        }
    }

    /// The program, opened by the library.
    pub fn process(&mut self) -> Result<&Process, String> {
        if self.process.is_none() {
            let process = Process::open(self.program.pid(), Access::Change);
            self.process = Some(process.map_err(|e| format!("it cannot be opened: {e}"))?);
        }
        self.process.as_ref().ok_or_else(|| unreachable!())
    }

    pub fn survey(&mut self) -> Result<Survey, String> {
        Survey::of(self.process()?).map_err(|e| e.to_string())
    }

    /// Does a step, and looks whether all is as it should be then.
    pub fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Do(operation) => drop(self.operate(operation)?),
            Step::Kill(death, operation) => self.kill(death, operation)?,
            Step::Load => self.program.load("load")?,
            Step::Move => self.program.load("move")?,
            Step::Unload => self.program.must("unload", "1")?,
            Step::Sit(name) => self.program.must(&format!("sit {name}"), "sitting")?,
            Step::Leave => self.program.must("leave", "left")?,
            Step::Drop => self.program.must("drop", "dropped")?,
            Step::Hold(id) => {
                let survey = self.survey()?;
                let led = [State::Active, State::Replaced];
                let mut patches = survey.patches.iter();
                let patch = patches.find(|p| p.record.body.id == *id && led.contains(&p.state));
                let record = &patch.ok_or_else(|| format!("{id} is not there"))?.record;
                let word = record.body.functions[0].replacement;
                self.held = Some(record.at);
                self.program.must(&format!("hold {:x}", word.0), "held")?;
            }
        }
        self.model = self.model.after_step(self.all, step);
        if self.model.held.is_none() {
            self.held = None;
        }
        look::at(self)
    }

    fn operate(&mut self, operation: &Operation) -> Result<Ended, String> {
        let (ends, next) = self.model.after(self.all, operation);
        let means = self.means;
        let ended = means.by_library(self.process()?, operation, ends.is_busy());
        as_promised(&ends, &ended)?;
        self.model = next;
        Ok(ended)
    }

    /// Lets the program do it and die, or not if it never comes so far.
    fn kill(&mut self, death: &Death, operation: &Operation) -> Result<(), String> {
        let (ends, next) = self.model.after(self.all, operation);
        self.process = None;
        let mut command = self
            .means
            .program(self.program.pid(), operation, ends.is_busy());
        let output = match death {
            Death::Point { point, both } => {
                let watchdog = if *both { "watchdog" } else { "" };
                command.env("HOTPATCH_FAULT", point);
                command.env("HOTPATCH_WATCHDOG_FAULT", watchdog);
                run(&mut command)
            }
            Death::After(ms) => {
                let mut child = start(&mut command);
                std::thread::sleep(Duration::from_millis(*ms));
                let _ = child.kill();
                child.wait_with_output().map_err(|e| e.to_string())?
            }
        };
        let ended = Ended::from(output);
        let died = match death {
            Death::Point { .. } => ended.code == Some(DIED),
            Death::After(_) => ended.json.is_null(),
        };
        if !died {
            as_promised(&ends, &ended)?;
            self.model = next;
            return Ok(());
        }
        let both = matches!(death, Death::Point { both: true, .. });
        if both {
            // Nobody is left who would let it go.
            let means = self.means;
            let ended = means.by_library(self.process()?, &Operation::Recover, false);
            if !["recovered", "clean"].contains(&&*ended.outcome) {
                return Err(format!("recover: {}", ended.text));
            }
        }
        // What has the lock is the watchdog, which may still be at work.
        drop(self.process()?.lock().map_err(|e| e.to_string())?);
        self.settle(next)
    }

    /// Whether the operation that was killed is done or not: one of the two.
    fn settle(&mut self, next: Model) -> Result<(), String> {
        let survey = self.survey()?;
        let found = look::standing(&survey);
        let is = |model: &Model| look::wanted(model) == found;
        let done = match (is(&next), is(&self.model)) {
            (true, _) => next,
            (_, true) => self.model.clone(),
            _ => {
                let (before, after) = (look::wanted(&self.model), look::wanted(&next));
                return Err(format!("neither {before:?} nor {after:?}, but {found:?}"));
            }
        };
        self.model = done;
        self.model.remains = true;
        // Whether what unloaded modules left was cleared away before the death isn't promised.
        let detached = survey.patches.iter().filter(|p| p.state == State::Detached);
        let detached: Vec<&String> = detached.map(|p| &p.record.body.id).collect();
        let gone = |p: &crate::model::Patch| {
            p.standing == Standing::Detached && !detached.contains(&&p.id)
        };
        self.model.patches.retain(|p| !gone(p));
        Ok(())
    }

    /// Takes everything out: whatever is active can be, and what was there before comes back.
    pub fn finish(&mut self) -> Result<(), String> {
        for step in [Step::Leave, Step::Drop] {
            if self.model.allows(&step) {
                self.step(&step)?;
            }
        }
        self.step(&Step::Do(Operation::Recover))?;
        loop {
            let active = self.model.patches.iter();
            let active = active.filter(|p| p.standing == Standing::Active);
            let reverts = active.map(|p| Operation::Revert(Some(p.id.clone())));
            let may = |o: &Operation| self.model.after(self.all, o).0.outcomes == ["reverted"];
            match reverts.clone().find(may) {
                Some(revert) => self.step(&Step::Do(revert))?,
                None if reverts.count() == 0 => break,
                None => return Err("what is active can't be taken out".to_owned()),
            }
        }
        // Wine leaves words on stacks that no debugger sees; they go after a while. Those that it
        // left in its heap of the unwind table of an earlier patch, which was in the same place,
        // may not: memory that does nothing stays then.
        let mut said = String::new();
        for _ in 0..20 {
            said = self.operate(&Operation::Recover)?.text;
            if self.survey()?.patches.is_empty() {
                return look::at(self);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let survey = self.survey()?;
        self.kept += survey.patches.len();
        match survey.patches.iter().all(|p| p.state == State::Kept) {
            true => look::at(self),
            false => Err(format!("something is left for good: {said}")),
        }
    }
}

/// Whether an operation ended as it must.
fn as_promised(ends: &Ends, ended: &Ended) -> Result<(), String> {
    let refusing = look::refusing(&ended.findings);
    let outcome = ends.outcomes.contains(&&*ended.outcome);
    let certain = ends.outcomes.len() == 1;
    let codes = refusing == ends.codes || !certain;
    let exit = ended.code.is_none_or(|code| code == ends.exit) || !certain;
    match outcome && codes && exit {
        true => Ok(()),
        false => Err(format!("it must end as {ends:?}, and says {}", ended.text)),
    }
}
