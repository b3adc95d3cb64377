//! What functions do with objects of a type as a whole, and which of its members they use.
//!
//! Proven is what a record of the debug information says: that a call allocates the type, that
//! a function is its constructor or destructor. The rest may be: a function that has to do with
//! the type hands over the size of its objects, or calls what gives memory back.

use super::layout_change::{LayoutChange, MemberFate, MemberPlace};
use crate::function::{Call, Callee, FunctionIndex, Program};
use crate::symbols::{ALLOCATION, Relation, Touch, TypeIndex, last_component};

/// What is done with a whole object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// Memory for it is allocated.
    Allocates,
    /// Its constructor runs.
    Constructs,
    /// It is copied.
    Copies,
    /// Its bytes are filled with one value.
    Clears,
    /// Its destructor runs.
    Destroys,
    /// Memory is given back.
    Frees,
    /// Its size is handed to something of which it is not known what it does: one of those.
    HandsOnSize,
}

impl Deed {
    /// In words, behind the name of who does it.
    pub fn words(self) -> &'static str {
        match self {
            Deed::Allocates => "allocates",
            Deed::Constructs => "constructs",
            Deed::Copies => "copies",
            Deed::Clears => "clears",
            Deed::Destroys => "destroys",
            Deed::Frees => "frees",
            Deed::HandsOnSize => "allocates, copies or clears",
        }
    }
}

/// Something that a function does with objects of a type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Handling {
    /// What it does.
    pub deed: Deed,
    /// Whether that is proven; else it may be.
    pub proven: bool,
    /// What says so, in words.
    pub how: String,
}

/// A build, a function of it, and its size of the type.
pub(super) type Side<'s, 'p> = (&'s Program<'p>, Option<FunctionIndex>);

/// What a function does with objects of a type.
pub(super) fn of(
    layout: &LayoutChange,
    name: &str,
    [old, new]: [Side<'_, '_>; 2],
    touches: &[Touch],
) -> Vec<Handling> {
    let mut found = Vec::new();
    let mut add = |deed, proven, how: String| found.push(Handling { deed, proven, how });
    let is = |t: &&Touch| t.related.relation == Relation::Is;
    let has_object = touches.iter().any(|t| is(&t));
    if touches.iter().filter(is).any(|t| t.what == ALLOCATION) {
        add(Deed::Allocates, true, "a record calls it its type".into());
    }
    let function = new.1.map(|f| new.0.function(f));
    let function = function.or_else(|| old.1.map(|f| old.0.function(f)));
    if let Some(deed) = function.and_then(|f| special(&f.display_name(), name)) {
        add(deed, true, "by its name".into());
    }
    let sides = [
        (old, layout.old, layout.old_size),
        (new, layout.new, layout.new_size),
    ];
    let mut sizes: Vec<(Deed, String, u64)> = Vec::new();
    for ((program, function), index, size) in sides {
        for call in function.map(|f| program.calls(f)).unwrap_or_default() {
            let callee = match &call.callee {
                Callee::Named(name) => name.clone(),
                Callee::Member(at) => telling_member(program, index, touches, *at),
                Callee::Pointer => String::new(),
                Callee::Repeated(name) => (*name).to_owned(),
            };
            let through_member = matches!(call.callee, Callee::Member(_));
            if gives_back(&callee) && (has_object || through_member) {
                add(Deed::Frees, false, format!("calls {callee}"));
            } else if hands_over(&call, size) {
                let (callee, deed) = match callee.as_str() {
                    "" => ("what a pointer leads to".to_owned(), Deed::HandsOnSize),
                    name => (callee.clone(), deed_of(name)),
                };
                sizes.push((deed, callee, size));
            }
        }
    }
    sizes.sort();
    sizes.dedup();
    for (deed, callee, _) in &sizes {
        let same = sizes.iter().filter(|(d, c, _)| (d, c) == (deed, callee));
        let numbers: Vec<String> = same.map(|(_, _, size)| size.to_string()).collect();
        let verb = if callee.starts_with("rep ") {
            "has a"
        } else {
            "calls"
        };
        add(
            *deed,
            false,
            format!("{verb} {callee} with {}", numbers.join(", ")),
        );
    }
    found.sort();
    found.dedup();
    let proven: Vec<Deed> = found.iter().filter(|h| h.proven).map(|h| h.deed).collect();
    found.retain(|h| h.proven || !proven.contains(&h.deed));
    found
}

/// Which of the members that differ a function may use: it reads, writes or takes the address
/// of what lies so far behind a register, in each build in which the function and the member
/// are.
pub(super) fn members(layout: &LayoutChange, [old, new]: [Side<'_, '_>; 2]) -> Vec<usize> {
    let accesses = |(program, function): Side<'_, '_>| function.map(|f| program.member_accesses(f));
    let (before, after) = (accesses(old), accesses(new));
    let uses = |accesses: &Option<_>, place: Option<&MemberPlace>| {
        let accesses: &std::collections::BTreeSet<(i64, u16)> = accesses.as_ref()?;
        let place = place?;
        let within =
            |at: i64| u64::try_from(at).is_ok_and(|at| (place.offset..place.end).contains(&at));
        Some(accesses.iter().any(|(at, _)| within(*at)))
    };
    let members = layout.members.iter().enumerate();
    let used = members.filter(|(_, m)| {
        let (was, is) = (uses(&before, m.old.as_ref()), uses(&after, m.new.as_ref()));
        match m.fate {
            MemberFate::Came => is == Some(true),
            MemberFate::Went => was == Some(true),
            MemberFate::Retyped | MemberFate::Moved => {
                was != Some(false) && is != Some(false) && (was.is_some() || is.is_some())
            }
        }
    });
    used.map(|(index, _)| index).collect()
}

/// The member that lies so far behind an object of the type, or of one that leads to it, and
/// whose name says what calling it does; empty where none does.
fn telling_member(program: &Program<'_>, index: TypeIndex, touches: &[Touch], at: i64) -> String {
    let types = &program.symbols.types;
    let Ok(at) = u64::try_from(at) else {
        return String::new();
    };
    let others = touches
        .iter()
        .filter(|t| t.related.relation != Relation::Is);
    let others = others.filter_map(|t| {
        let member = types.member_of(&t.type_name, at)?;
        Some(format!("{}.{member}", t.type_name))
    });
    let mut members = types.member_at(index, at).into_iter().chain(others);
    let tells = |name: &String| gives_back(name) || deed_of(name) != Deed::HandsOnSize;
    members.find(tells).unwrap_or_default()
}

/// Whether a call hands this number over as a length may be.
fn hands_over(call: &Call, size: u64) -> bool {
    size > 8 && call.numbers.contains(&Some(size))
}

/// A constructor or destructor of the class.
fn special(function: &str, class: &str) -> Option<Deed> {
    let own = function.strip_prefix(class)?.strip_prefix("::")?;
    let own = own.split('(').next().unwrap_or(own);
    match own.strip_prefix('~') {
        Some(name) if is_constructor(name, class) => Some(Deed::Destroys),
        None if is_constructor(own, class) => Some(Deed::Constructs),
        _ => None,
    }
}

/// Whether a function of a class, by its name without the scope, is a constructor: it has the name
/// of the class, with its template arguments or without.
pub(super) fn is_constructor(function: &str, class: &str) -> bool {
    let own = last_component(class);
    function == own || own.split('<').next() == Some(function)
}

/// The plain name of a function, of which nothing but letters and digits counts.
fn plain(name: &str) -> String {
    let name = name.split('(').next().unwrap_or(name);
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.collect::<String>().to_ascii_lowercase()
}

/// Whether a function gives memory back, by its name.
fn gives_back(name: &str) -> bool {
    let last = name.rsplit(['.', ':']).next().unwrap_or(name);
    let mangled = ["_ZdlPv", "_ZdaPv", "??3@", "??_V@"];
    let plain = plain(last);
    let is_free = plain.starts_with("free") || plain.ends_with("free");
    let others = ["operatordelete", "dealloc"];
    is_free
        || others.iter().any(|w| plain.starts_with(w))
        || mangled.iter().any(|m| name.starts_with(m))
}

/// What a function that is handed the size does, by its name.
fn deed_of(name: &str) -> Deed {
    let last = name.rsplit(['.', ':']).next().unwrap_or(name);
    let plain = plain(last);
    let has = |words: &[&str]| words.iter().any(|w| plain.contains(w));
    let starts = |starts: &[&str]| starts.iter().any(|s| name.starts_with(s));
    if has(&["alloc", "operatornew"]) || starts(&["_Znw", "_Zna", "??2@", "??_U@", "operator new"])
    {
        Deed::Allocates
    } else if has(&["memcpy", "memmove", "repmovs", "copymemory", "movememory"]) {
        Deed::Copies
    } else if has(&["memset", "repstos", "zeromemory", "fillmemory", "bzero"]) {
        Deed::Clears
    } else {
        Deed::HandsOnSize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_functions_do_is_told_by_their_names() {
        for name in [
            "malloc",
            "calloc",
            "HeapAlloc",
            "m_mem.malloc_fcn",
            "??2@YAPEAX_K@Z",
            "_Znwy",
        ] {
            assert_eq!(deed_of(name), Deed::Allocates, "{name}");
        }
        assert_eq!(deed_of("memcpy"), Deed::Copies);
        assert_eq!(deed_of("memset"), Deed::Clears);
        assert_eq!(deed_of("hash"), Deed::HandsOnSize);
        for name in [
            "free",
            "m_mem.free_fcn",
            "HeapFree",
            "operator delete",
            "??3@YAXPEAX_K@Z",
        ] {
            assert!(gives_back(name), "{name}");
        }
        assert!(!gives_back("malloc") && !gives_back("moveToFreeBindingList"));
    }

    #[test]
    fn constructors_and_destructors_are_those_of_the_class() {
        assert_eq!(special("ui::box::box", "ui::box"), Some(Deed::Constructs));
        assert_eq!(special("ui::box::~box", "ui::box"), Some(Deed::Destroys));
        assert_eq!(special("ui::box::draw", "ui::box"), None);
        assert_eq!(special("box::box", "ui::box"), None);
    }
}
