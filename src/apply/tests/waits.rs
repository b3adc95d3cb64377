//! Who is waited for before a switch, and how that is told.

use super::*;

#[test]
fn the_wait_begins_with_the_first_attempt() {
    let options = Options {
        timeout: Duration::from_millis(100),
        ..ONCE
    };
    // What comes before it takes longer than the wait may; so does what comes in between.
    let slow = || {
        let fake = Fake::new();
        fake.call_takes.set(Duration::from_millis(150));
        fake
    };
    let goes_after = |fake: &Fake, last: u32, inside: u64| {
        fake.thread(9, inside, &[]);
        fake.on_census.replace(Some(Box::new(move |fake, census| {
            if census == last {
                fake.threads.borrow_mut().retain(|t| t.id != 9);
            }
        })));
    };
    let fake = slow();
    goes_after(&fake, 2, SERVER_RVAS[2].at(MODULE).0 + 7);
    let applied = apply(&fake, &package(), &options).unwrap();
    assert_eq!(
        (applied.outcome, applied.effort.attempts),
        (Outcome::Applied, 2),
        "{applied:?}"
    );
    // A thread that holds an address while the memory is looked at for the second time, after
    // a call that ends a thread because of what one left.
    let callback = Survey::of(&fake).unwrap().patches[0].record.clone();
    let callback = callback.body.functions[1].replacement.0;
    let heap = Va(0x7000_0000);
    fake.allocate(heap, 0x1000).unwrap();
    fake.poke(heap, &callback.to_le_bytes());
    fake.zombie.set(Some(heap));
    fake.on_census.replace(Some(Box::new(move |fake, census| {
        if census == 5 {
            fake.thread(9, MODULE.0 + 0x3000, &[callback]);
        } else if census == 6 {
            fake.threads.borrow_mut().retain(|t| t.id != 9);
        }
    })));
    let reverted = revert(&fake, None, &options).unwrap();
    assert_eq!(codes(&reverted), [""; 0], "{reverted:?}");
    assert_eq!((fake.version(), fake.regions()), (Version::Old, 0));
}

#[test]
fn who_is_in_the_way_is_told_from_who_may_be() {
    let first = SERVER_RVAS[2].at(MODULE).0 + 7;
    let second = SERVER_RVAS[3].at(MODULE).0 + 7;
    let elsewhere = MODULE.0 + 0x3000;
    // Code that no module has, as a runtime compiles it.
    let compiled = 0x5000_0000;
    let ip = Seen::InstructionPointer;
    let (stack, unwalked) = (Seen::Stack, Seen::UnwalkedStack);
    for (rip, words, expected) in [
        (elsewhere, &[first, 0][..], &[("f_9100", stack)][..]),
        (elsewhere, &[compiled, first, 0], &[("f_9100", unwalked)]),
        (
            elsewhere,
            &[first, compiled, second, 0],
            &[("f_9100", stack), ("f_9ffd", unwalked)],
        ),
        // A walk ends where a thread began; what is above that nobody knows.
        (elsewhere, &[0, first], &[("f_9100", unwalked)]),
        (first, &[second, 0], &[("f_9100", ip), ("f_9ffd", stack)]),
        (
            first,
            &[second, compiled],
            &[("f_9100", ip), ("f_9ffd", stack)],
        ),
    ] {
        let fake = Fake::new();
        fake.thread(9, rip, words);
        let busy = apply(&fake, &package(), &ONCE).unwrap();
        let seen = busy.blocked_by.iter();
        let seen: Vec<_> = seen.map(|b| (b.function.as_str(), b.seen)).collect();
        assert_eq!(seen, expected, "{rip:#x}, {words:x?}");
    }
}

#[test]
fn a_thread_inside_an_old_function_is_waited_for() {
    let fake = Fake::new();
    let inside = SERVER_RVAS[2].at(MODULE).0 + 7;
    fake.thread(8, inside, &[]);
    fake.thread(9, MODULE.0 + 0x3000, &[1, 2, inside, 3]);
    let busy = apply(&fake, &package(), &ONCE).unwrap();
    assert_eq!((busy.outcome, busy.exit()), (Outcome::Busy, Exit::Busy));
    let who: Vec<_> = busy
        .blocked_by
        .iter()
        .map(|b| (b.thread, b.function.as_str()))
        .collect();
    assert_eq!(who, [(8, "f_9100"), (9, "f_9100")]);
    assert_eq!((fake.version(), fake.regions()), (Version::Old, 0));
    assert!(fake.tables.borrow().is_empty());

    let left = Rc::new(Cell::new(0));
    let at = left.clone();
    fake.on_census.replace(Some(Box::new(move |fake, census| {
        at.set(census);
        if census == 4 {
            fake.thread(8, MODULE.0 + 0x3000, &[]);
            fake.thread(9, MODULE.0 + 0x3000, &[]);
        }
    })));
    let patient = Options {
        timeout: Duration::from_secs(60),
        ..ONCE
    };
    let applied = apply(&fake, &package(), &patient).unwrap();
    assert_eq!(applied.outcome, Outcome::Applied);
    assert_eq!((applied.effort.attempts, left.get()), (3, 4));
}

#[test]
fn a_pointer_to_a_function_is_no_call_of_it() {
    let fake = Fake::new();
    let entry = SERVER_RVAS[0].at(MODULE).0;
    fake.thread(8, MODULE.0 + 0x3000, &[entry]);
    assert_eq!(
        apply(&fake, &package(), &ONCE).unwrap().outcome,
        Outcome::Applied
    );
}

#[test]
fn a_call_at_the_very_end_of_a_function_is_a_call() {
    let fake = Fake::new();
    let start = SERVER_RVAS[2].at(MODULE).0;
    fake.poke(Va(start + 12), &[0xe8, 0, 0, 0, 0]);
    let calls = package_with(|m| {
        let range = &mut m.functions[2].ranges[0];
        range.size += 5;
        let code = fake.read_vec(Va(start), range.size as usize).unwrap();
        range.sha256 = hex::encode(Sha256::digest(code));
    });
    fake.thread(8, MODULE.0 + 0x3000, &[start + 17]);
    let busy = apply(&fake, &calls, &ONCE).unwrap();
    assert_eq!(busy.outcome, Outcome::Busy);
    assert_eq!(busy.blocked_by[0].function, "f_9100");
}

#[test]
fn a_zero_proves_nothing_about_what_is_above_it() {
    let fake = Fake::new();
    let inside = SERVER_RVAS[2].at(MODULE).0 + 7;
    // As code that lies about its frame would leave it.
    fake.thread(8, MODULE.0 + 0x3000, &[0, 1, inside]);
    let busy = apply(&fake, &package(), &ONCE).unwrap();
    assert_eq!(busy.outcome, Outcome::Busy);
    assert_eq!(busy.blocked_by[0].function, "f_9100");
}

#[test]
fn a_thread_inside_the_payload_is_waited_for() {
    let fake = Fake::new();
    apply(&fake, &package(), &ONCE).unwrap();
    let record = Survey::of(&fake).unwrap().patches[0].record.clone();
    let replacement = record.body.functions[1].replacement;
    // It may be where a call returns to that is the last of the function before.
    fake.thread(8, MODULE.0 + 0x3000, &[replacement.0]);
    let busy = revert(&fake, None, &ONCE).unwrap();
    assert_eq!(busy.outcome, Outcome::Busy);
    let seen = busy.blocked_by.iter().map(|b| (&*b.function, b.seen));
    let expected = [("f_1010", Seen::Stack), ("f_1080", Seen::UnwalkedStack)];
    assert_eq!(seen.collect::<Vec<_>>(), expected);
    assert_eq!(fake.version(), Version::New);
    assert_eq!(states(&fake), [State::Active]);
}

#[test]
fn an_unknown_stack_is_busy() {
    let fake = Fake::new();
    fake.threads.borrow_mut()[0].registers.rsp = 0x10;
    let busy = apply(&fake, &package(), &ONCE).unwrap();
    assert_eq!(busy.outcome, Outcome::Busy);
}

#[test]
fn fibers_are_refused_at_once() {
    let fake = Fake::new();
    fake.threads.borrow_mut()[0].fiber = true;
    let patient = Options {
        timeout: Duration::from_secs(3600),
        ..ONCE
    };
    let refused = apply(&fake, &package(), &patient).unwrap();
    assert_eq!(refused.exit(), Exit::RestartRequired);
    assert_eq!(codes(&refused), ["HP503", "HP519"]);
    assert_eq!((fake.version(), fake.regions()), (Version::Old, 0));
}
