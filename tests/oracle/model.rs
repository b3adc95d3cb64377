//! The programs that are generated: what the edits know of them.

/// A program of several translation units.
#[derive(Clone, Debug)]
pub struct Program {
    pub cpp: bool,
    /// Whether statements may throw or use structured exception handling.
    pub handlers: Handlers,
    pub structs: Vec<Struct>,
    /// Inline functions, templates and classes that every unit includes.
    pub shared: Vec<Shared>,
    pub units: Vec<Unit>,
}

/// Which kind of exception handling the program uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handlers {
    None,
    /// `try` and `catch`
    Cpp,
    /// `__try` and `__except`
    Structured,
}

/// A structure with one global instance, `instance_N`.
#[derive(Clone, Debug)]
pub struct Struct {
    pub name: String,
    /// Type and name of each member.
    pub members: Vec<(&'static str, String)>,
}

/// What the header of a C++ program defines.
#[derive(Clone, Debug)]
pub enum Shared {
    /// `template <class T, int N> T name(T v)`
    Template { name: String, body: Vec<Stmt> },
    /// An inline function with a static local variable.
    Inline {
        name: String,
        start: i32,
        body: Vec<Stmt>,
    },
    /// A class with virtual functions, and another derived from it.
    Class {
        name: String,
        methods: Vec<(String, Vec<Stmt>)>,
        overridden: Vec<(String, Vec<Stmt>)>,
    },
}

/// A translation unit.
#[derive(Clone, Debug)]
pub struct Unit {
    pub name: String,
    /// A comment above each function.
    pub note: String,
    pub globals: Vec<Global>,
    pub tables: Vec<Table>,
    pub functions: Vec<Function>,
}

/// A variable.
#[derive(Clone, Debug)]
pub struct Global {
    pub name: String,
    pub file_local: bool,
    pub thread_local: bool,
    pub value: Value,
}

/// What a variable starts with.
#[derive(Clone, Debug)]
pub enum Value {
    Zero,
    Int(i32),
    /// By code that runs before `main`.
    Dynamic(i32),
    Text(String),
    AddressOf(String),
    FunctionAddress(String),
}

/// A constant table.
#[derive(Clone, Debug)]
pub struct Table {
    pub name: String,
    pub file_local: bool,
    pub entries: Entries,
}

/// The entries of a table.
#[derive(Clone, Debug)]
pub enum Entries {
    Ints(Vec<i32>),
    Bytes(Vec<u8>),
    Texts(Vec<String>),
    Functions(Vec<String>),
    Doubles(Vec<f64>),
}

impl Entries {
    pub fn len(&self) -> usize {
        match self {
            Entries::Ints(v) => v.len(),
            Entries::Bytes(v) => v.len(),
            Entries::Texts(v) => v.len(),
            Entries::Functions(v) => v.len(),
            Entries::Doubles(v) => v.len(),
        }
    }
}

/// `int name(int a, int b)`
#[derive(Clone, Debug)]
pub struct Function {
    pub name: String,
    /// Static, or in an anonymous namespace.
    pub file_local: bool,
    pub attribute: &'static str,
    pub body: Vec<Stmt>,
    /// The function that it returns the result of, if it ends so.
    pub tail_call: Option<String>,
}

/// Statements. Every one reads and writes the variables `x` and `y`.
#[derive(Clone, Debug)]
pub enum Stmt {
    /// `x = x op value`
    Arith(char, char, i32),
    /// A 64-bit constant.
    Wide(u64),
    If {
        test: &'static str,
        value: i32,
        unlikely: bool,
        body: Vec<Stmt>,
    },
    Loop {
        count: i32,
        body: Vec<Stmt>,
    },
    Switch {
        mask: i32,
        cases: Vec<(i32, Vec<Stmt>)>,
    },
    /// A switch that only chooses a string, which compilers turn into a table.
    Names {
        names: Vec<String>,
    },
    Call(String, i32),
    Recurse,
    AddressOf(String),
    Import(&'static str),
    Text(String),
    /// A string with its length, so that bytes behind a NUL count.
    Blob(Vec<u8>),
    Double(f64),
    Float(f32),
    /// One entry of a table, by its name and length.
    Entry(String, usize, EntryUse),
    /// All entries of a table of integers, through a pointer.
    Sum(String, usize, Walk),
    /// An array with these values on the stack.
    Array(Vec<i32>),
    /// The same of bytes.
    Chars(Vec<u8>),
    /// A constant array of the function itself.
    StaticArray(u32, Vec<i32>),
    /// A variable of the function itself.
    StaticVariable(u32, i32),
    /// A constant table of pointers to constants of the function itself.
    StaticPointers(u32, Vec<Vec<i32>>),
    /// A constant that ends with an array without a length.
    Flexible(u32, Vec<i32>),
    StaticText(u32, String),
    Global(String),
    /// A call through, or an access behind, a pointer variable.
    Pointer(String, PointerUse),
    Member(usize, String),
    /// A copy of a whole structure.
    Copy(usize),
    Assert(i32),
    // C++
    Template(String, i32),
    Inline(String),
    Virtual(String, String, bool),
    /// A lambda that captures, or one that becomes a function pointer.
    Lambda(bool, i32),
    Try {
        value: i32,
        body: Vec<Stmt>,
        handler: Vec<Stmt>,
    },
    Throw(i32),
}

/// How a table is walked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// From its start up to its end.
    Forward,
    /// From its end down to its start.
    Backward,
    /// By a function that is handed both.
    Handed,
}

/// What an entry of a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryUse {
    Number,
    Text,
    Function,
}

/// What a pointer points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointerUse {
    Int,
    Text,
    Function,
}

impl Stmt {
    /// The lists of statements within.
    pub fn bodies_mut(&mut self) -> Vec<&mut Vec<Stmt>> {
        match self {
            Stmt::If { body, .. } | Stmt::Loop { body, .. } => vec![body],
            Stmt::Switch { cases, .. } => cases.iter_mut().map(|c| &mut c.1).collect(),
            Stmt::Try { body, handler, .. } => vec![body, handler],
            _ => Vec::new(),
        }
    }
}

impl Program {
    /// Every outermost list of statements.
    fn roots_mut(&mut self) -> Vec<&mut Vec<Stmt>> {
        let mut roots = Vec::new();
        for shared in &mut self.shared {
            match shared {
                Shared::Template { body, .. } | Shared::Inline { body, .. } => roots.push(body),
                Shared::Class {
                    methods,
                    overridden,
                    ..
                } => {
                    roots.extend(methods.iter_mut().chain(overridden).map(|m| &mut m.1));
                }
            }
        }
        let functions = self.units.iter_mut().flat_map(|u| &mut u.functions);
        roots.extend(functions.map(|f| &mut f.body));
        roots
    }

    /// Calls `f` with every list of statements, outermost first.
    pub fn each_body(&mut self, f: &mut dyn FnMut(&mut Vec<Stmt>)) {
        fn walk(body: &mut Vec<Stmt>, f: &mut dyn FnMut(&mut Vec<Stmt>)) {
            f(body);
            for stmt in body {
                for inner in stmt.bodies_mut() {
                    walk(inner, f);
                }
            }
        }
        for root in self.roots_mut() {
            walk(root, f);
        }
    }

    /// Every function of every unit.
    pub fn functions(&self) -> impl Iterator<Item = &Function> {
        self.units.iter().flat_map(|u| &u.functions)
    }
}
