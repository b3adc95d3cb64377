use super::*;
use crate::apply::Options;
use crate::apply::apply;
use crate::apply::survey::Survey;
use crate::apply::testing::Fake;
use crate::apply::testing::package::package;

/// A process with a patch, and the patch's record.
fn patched() -> (Fake, Record) {
    static NEVER: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
    let fake = Fake::new();
    let options = Options {
        timeout: std::time::Duration::ZERO,
        max_freeze: None,
        on_stack: &[],
        interrupted: &NEVER,
        consent: None,
    };
    apply(&fake, &package(), &options).unwrap();
    let record = Survey::of(&fake).unwrap().patches.remove(0).record;
    (fake, record)
}

#[test]
fn a_record_reads_as_it_was_written() {
    let (fake, record) = patched();
    let bytes = Record::encode(&record.header, &record.body).unwrap();
    fake.poke(record.at, &bytes);
    assert_eq!(Record::read(&fake, record.at).unwrap(), record);
    assert_eq!(record.header.stage, Stage::Committed);
    assert_eq!(record.header.registered, Registration::Yes);
    assert!(record.header.active && !record.header.frozen);
}

#[test]
fn no_damage_is_believed() {
    let (fake, record) = patched();
    fake.unchecked.set(true);
    let good = Record::encode(&record.header, &record.body).unwrap();
    // What changes on purpose isn't guarded; everything else is.
    let mutable = |at: usize| (0x40..0x100).contains(&at);
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x11;
        fake.poke(record.at, &bad);
        match Record::read(&fake, record.at) {
            Ok(read) => assert!(
                mutable(at) || (0x38..0x40).contains(&at) || (0x10..0x18).contains(&at),
                "byte {at:#x}: {read:?}"
            ),
            Err(RecordError::Absent(_)) => assert!(at < 8),
            Err(RecordError::Version { .. }) => assert!((8..0xc).contains(&at)),
            Err(RecordError::Damaged { .. } | RecordError::TooMany { .. }) => {}
            // A length that reaches beyond the region is one of these.
            Err(RecordError::Target(_)) => panic!("byte {at:#x}: more is read than there is"),
        }
    }
}

#[test]
fn what_lies_outside_of_the_region_is_not_believed() {
    let (fake, record) = patched();
    fake.unchecked.set(true);
    let damaged = |change: &dyn Fn(&mut Record)| {
        let mut bad = record.clone();
        change(&mut bad);
        fake.poke(record.at, &Record::encode(&bad.header, &bad.body).unwrap());
        let read = Record::read(&fake, record.at);
        assert!(matches!(read, Err(RecordError::Damaged { .. })), "{read:?}");
    };
    let table = record.body.function_table.unwrap();
    damaged(&|r| {
        r.body.function_table = Some(FunctionTable {
            entries: u32::MAX,
            ..table
        });
    });
    damaged(&|r| r.body.call = Some(Va(record.at.0 - 1)));
    damaged(&|r| r.body.code[0].size = u64::MAX);
    damaged(&|r| r.body.functions[0].entry = Va(0x1000));
    damaged(&|r| r.body.functions.swap(0, 1));
    damaged(&|r| r.header.region_size = u64::MAX);
    // Nor is what lies outside of the module, or would be made to run and be written.
    damaged(&|r| r.body.module.size = 0x1000);
    damaged(&|r| r.body.pages[0].protection = 0x40);
    damaged(&|r| r.body.pages[0].size += 0x800);
    damaged(&|r| {
        let mut far = r.body.pages[0];
        far.at = Va(1 << 45);
        r.body.pages.push(far);
    });
    damaged(&|r| r.body.over = (1..=101).map(|n| Va(n << 16)).collect());
}

#[test]
fn a_length_beyond_the_region_is_not_believed() {
    let (fake, record) = patched();
    fake.unchecked.set(true);
    let mut bytes = Record::encode(&record.header, &record.body).unwrap();
    bytes[0xc..0x10].copy_from_slice(&(25u32 << 20).to_le_bytes());
    fake.poke(record.at, &bytes);
    let read = Record::read(&fake, record.at);
    assert!(matches!(read, Err(RecordError::Damaged { .. })), "{read:?}");
    // Nor is the size that the header itself gives: no memory is taken for what is not there.
    bytes[0x10..0x18].copy_from_slice(&(30u64 << 20).to_le_bytes());
    fake.poke(record.at, &bytes);
    let longest = fake.longest_read.take();
    assert!(longest < 1 << 20, "{longest}");
    assert!(Record::read(&fake, record.at).is_err());
    let longest = fake.longest_read.take();
    assert!(longest < 1 << 20, "{longest}");
}
