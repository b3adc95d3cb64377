//! Code and exception data, in an image made for them.

use hotpatch::addr::Rva;
use hotpatch::function::{Handler, Program};
use hotpatch::image::Image;
use hotpatch::symbols::{ModuleIndex, Procedure, SwitchEntry, SwitchTable, Symbols};

use crate::{fixtures, tiny};

const HANDLERS: [Handler; 8] = [
    Handler::C,
    Handler::Gs,
    Handler::GsSeh,
    Handler::Cxx3,
    Handler::Cxx4,
    Handler::GsCxx3,
    Handler::GsCxx4,
    Handler::Gxx,
];

/// The data of an exception handler: which one, then the section that holds it.
pub fn handlers(data: &[u8]) {
    let Some((number, section)) = data.split_first() else {
        return;
    };
    let file = tiny::image(section, None);
    let image = Image::parse(&file).expect("a good image");
    let handler = HANDLERS[usize::from(*number) % HANDLERS.len()];
    if let Some(data) = handler.read(&image, Rva(tiny::SECTION)) {
        data.items().for_each(drop);
    }
}

fn words(list: &[u32]) -> Vec<u8> {
    list.iter().flat_map(|w| w.to_le_bytes()).collect()
}

pub fn handler_seeds() -> Vec<Vec<u8>> {
    let with = |number: u8, data: Vec<u8>| [vec![number], data].concat();
    let at = |offset: u32| tiny::SECTION + offset;
    let scopes = words(&[1, 0x1000, 0x1010, 1, 0x1008, 0x20, 0, 0]);
    // FuncInfo with one state, one try block, one catch and one state change.
    let fh3 = words(&[
        at(4),
        0x1993_0522,
        1,
        at(44),
        1,
        at(52),
        1,
        at(92),
        0x20,
        0,
        1,
        u32::MAX,
        at(0),
        0,
        0,
        1,
        1,
        at(72),
        0,
        0,
        8,
        at(0),
        0x38,
        at(0),
        0,
        0,
        0,
    ]);
    let fh4 = [
        words(&[at(4)]),
        vec![0x3c, 2, 0, 0, 0x20, 0x10, 0, 0, 4, 2, 4, 2, 4, 2],
    ]
    .concat();
    // LSDA: no landing pad base, types at 0x20, four call sites as ULEB128.
    let lsda = vec![
        0xff, 0x9b, 0x19, 0x01, 0x0c, 4, 4, 8, 1, 8, 4, 0, 0, 12, 8, 16, 3, 1, 0, 2, 0x7d, 0, 0, 0,
        0, 0, 0, 0,
    ];
    vec![
        with(0, scopes.clone()),
        with(1, words(&[4, 8, 16])),
        with(2, scopes),
        with(3, fh3.clone()),
        with(4, fh4.clone()),
        with(5, fh3),
        with(6, fh4),
        with(7, lsda),
    ]
}

/// Code: two bytes say how the section is divided into functions and tables, the rest is
/// the section.
pub fn code(data: &[u8]) {
    let Some(([cut, table], section)) = data.split_first_chunk::<2>() else {
        return;
    };
    let size = section.len() as u32;
    let file = tiny::image(section, None);
    let image = Image::parse(&file).expect("a good image");
    let cut = u32::from(*cut) * 4 % size.max(1);
    let procedure = |from: u32, to: u32, name: &str| Procedure {
        rva: Rva(tiny::SECTION + from),
        size: to - from,
        name: name.into(),
        module: ModuleIndex(0),
        global: true,
        never_returns: false,
        type_index: hotpatch::symbols::TypeIndex(0),
    };
    let mut symbols = Symbols {
        procedures: vec![procedure(0, cut, "first"), procedure(cut, size, "second")],
        ..Symbols::default()
    };
    if table & 1 == 1 {
        let place = Rva(tiny::SECTION + u32::from(*table));
        symbols.switch_tables.push(SwitchTable {
            base: place,
            branch: Rva(tiny::SECTION),
            table: place,
            entries: u32::from(*table),
            entry: SwitchEntry::Signed(4),
        });
    }
    let program = Program::new(&image, &symbols);
    for index in program.function_indices() {
        program.code_ranges(index);
        program.bytes_of(index);
        for reference in &program.code_of(index).references {
            program.place(reference.target);
            program.anonymous_extent(reference.target);
        }
    }
}

pub fn code_seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for build in fixtures::builds() {
        let image = Image::parse(build.image).expect("a good image");
        let code = image.rest_of_section(Rva(0x1000)).unwrap_or_default();
        for part in code.chunks(512) {
            seeds.push([&[16, 0], part].concat());
        }
    }
    // lea rdx,[rip-7-0x1000]; mov ecx,[rdx+rax*4+0x1020]; add rcx,rdx; jmp rcx; a table.
    let mut switch = vec![
        8, 0x21, 0x83, 0xf8, 3, 0x77, 0x10, 0x48, 0x8d, 0x15, 0xf4, 0xef, 0xff,
    ];
    switch.extend([
        0xff, 0x8b, 0x8c, 0x82, 0x20, 0x10, 0, 0, 0x48, 3, 0xca, 0xff, 0xe1, 0xc3,
    ]);
    switch.resize(34, 0xcc);
    switch.extend(words(&[0x1018, 0x1018, 0x1018, 0x1018]));
    seeds.push(switch);
    seeds
}
