//! The text of a generated program: one header and one file per unit.

use std::fmt::Write;

use super::model::{
    Entries, Function, Global, Handlers, Program, Shared, Struct, Table, Unit, Value,
};
use super::render_body::{Body, text};

/// Name of the header.
pub const HEADER: &str = "common.h";

/// The header of a program.
pub fn header(program: &Program) -> String {
    let mut out = String::from(PRELUDE);
    for (index, structure) in program.structs.iter().enumerate() {
        structure_type(&mut out, structure);
        let _ = writeln!(out, "extern struct {} instance_{index};", structure.name);
    }
    for unit in &program.units {
        for global in unit.globals.iter().filter(|g| !g.file_local) {
            let _ = writeln!(out, "extern {};", declaration(global));
        }
        for table in unit.tables.iter().filter(|t| !t.file_local) {
            let _ = writeln!(out, "extern {};", table_declaration(table));
        }
        for function in unit.functions.iter().filter(|f| !f.file_local) {
            let _ = writeln!(out, "{};", signature(function));
        }
    }
    for shared in &program.shared {
        shared_definition(&mut out, program, shared);
    }
    out
}

/// What the support unit defines.
const PRELUDE: &str = r#"#ifdef __cplusplus
extern "C" {
#else
#define nullptr 0
#endif
void sink_text(const char *), sink_blob(const void *, unsigned), sink_pointer(void *);
void sink_wide(unsigned long long), report(int, int) __attribute__((cold));
int sum_of(const int *, const int *);
int sink_int(int), apply(int (*)(int, int), int);
void *opaque(void *);
__attribute__((noreturn)) void failed(const char *, int);
__declspec(dllimport) unsigned GetTickCount(void), GetCurrentThreadId(void);
unsigned GetCurrentProcessId(void);
#ifdef __cplusplus
}
#endif
#define ASSERT(c) do { if (!(c)) failed(#c, __LINE__); } while (0)
"#;

fn structure_type(out: &mut String, structure: &Struct) {
    let _ = writeln!(out, "struct {} {{", structure.name);
    for (kind, name) in &structure.members {
        let _ = writeln!(out, "  {kind} {name};");
    }
    out.push_str("};\n");
}

fn declaration(global: &Global) -> String {
    let thread = if global.thread_local { "__thread " } else { "" };
    let name = &global.name;
    match &global.value {
        Value::Zero | Value::Int(_) | Value::Dynamic(_) => format!("{thread}int {name}"),
        Value::Text(_) => format!("{thread}const char *{name}"),
        Value::AddressOf(_) => format!("int *{name}"),
        Value::FunctionAddress(_) => format!("int (*{name})(int, int)"),
    }
}

fn table_declaration(table: &Table) -> String {
    let (name, length) = (&table.name, table.entries.len());
    match &table.entries {
        Entries::Ints(_) => format!("const int {name}[{length}]"),
        Entries::Bytes(_) => format!("const unsigned char {name}[{length}]"),
        Entries::Texts(_) => format!("const char *const {name}[{length}]"),
        Entries::Functions(_) => format!("int (*const {name}[{length}])(int, int)"),
        Entries::Doubles(_) => format!("const double {name}[{length}]"),
    }
}

fn signature(function: &Function) -> String {
    let attribute = match function.attribute {
        "" => String::new(),
        attribute => format!("__attribute__(({attribute})) "),
    };
    format!("{attribute}int {}(int a, int b)", function.name)
}

fn shared_definition(out: &mut String, program: &Program, shared: &Shared) {
    let body = |stmts| Body::new(program, "").block(stmts);
    match shared {
        Shared::Template { name, body: stmts } => {
            let _ = writeln!(out, "template <int N> int {name}(int x, int y) {{");
            let _ = writeln!(out, "  y += N;\n{}  return x ^ y;\n}}", body(stmts));
        }
        Shared::Inline {
            name,
            start,
            body: stmts,
        } => {
            let _ = writeln!(out, "inline int {name}(int x) {{ int y = x;");
            let _ = writeln!(out, "  static int calls = {start}; y += calls++;");
            let _ = writeln!(out, "{}  return x ^ y;\n}}", body(stmts));
        }
        Shared::Class {
            name,
            methods,
            overridden,
        } => {
            let _ = writeln!(out, "struct {name} {{\n  int v;");
            for (method, stmts) in methods {
                let _ = writeln!(out, "  virtual int {method}(int x, int y) {{ y += v;");
                let _ = writeln!(out, "{}  return x ^ y; }}", body(stmts));
            }
            let _ = writeln!(out, "}};\nstruct {name}_2 : {name} {{\n  int w;");
            for (method, stmts) in overridden {
                let _ = writeln!(out, "  int {method}(int x, int y) override {{ y -= w;");
                let _ = writeln!(out, "{}  return x + y; }}", body(stmts));
            }
            out.push_str("};\n");
        }
    }
}

/// The file of a unit.
pub fn unit(program: &Program, index: usize) -> String {
    let unit = &program.units[index];
    let mut out = format!("#include \"{HEADER}\"\n");
    for function in unit.functions.iter().filter(|f| f.file_local) {
        out.push_str(&local(
            program,
            function,
            &format!("{};", signature(function)),
        ));
    }
    for table in unit.tables.iter().filter(|t| t.file_local) {
        let line = table_definition(table);
        let _ = writeln!(out, "static {line}");
    }
    for global in &unit.globals {
        let storage = if global.file_local { "static " } else { "" };
        let _ = writeln!(
            out,
            "{storage}{}{};",
            declaration(global),
            start(&global.value)
        );
    }
    for table in unit.tables.iter().filter(|t| !t.file_local) {
        let _ = writeln!(out, "{}", table_definition(table));
    }
    if index == 0 {
        for (i, structure) in program.structs.iter().enumerate() {
            let _ = writeln!(
                out,
                "struct {} instance_{i} = {{ {} }};",
                structure.name,
                i + 3
            );
        }
    }
    for function in &unit.functions {
        out.push_str(&local(
            program,
            function,
            &definition(program, unit, function),
        ));
    }
    out
}

/// Makes a declaration local to its file, where the function is.
fn local(program: &Program, function: &Function, text: &str) -> String {
    if !function.file_local {
        format!("{text}\n")
    } else if program.cpp && function.name.len().is_multiple_of(2) {
        format!("namespace {{ {text} }}\n")
    } else {
        format!("static {text}\n")
    }
}

fn start(value: &Value) -> String {
    match value {
        Value::Zero => String::new(),
        Value::Int(value) => format!(" = {value}"),
        Value::Dynamic(value) => format!(" = sink_int({value})"),
        Value::Text(content) => format!(" = {}", text(content.as_bytes())),
        Value::AddressOf(name) => format!(" = &{name}"),
        Value::FunctionAddress(name) => format!(" = {name}"),
    }
}

fn table_definition(table: &Table) -> String {
    let list: Vec<String> = match &table.entries {
        Entries::Ints(v) => v.iter().map(ToString::to_string).collect(),
        Entries::Bytes(v) => v.iter().map(ToString::to_string).collect(),
        Entries::Texts(v) => v.iter().map(|t| text(t.as_bytes())).collect(),
        Entries::Functions(v) => v.clone(),
        Entries::Doubles(v) => v.iter().map(|d| format!("{d:?}")).collect(),
    };
    format!("{} = {{ {} }};", table_declaration(table), list.join(", "))
}

fn definition(program: &Program, unit: &Unit, function: &Function) -> String {
    let body = Body::new(program, &function.name).block(&function.body);
    let tail = match &function.tail_call {
        Some(callee) => format!("return {callee}(x, y);"),
        None => "return x ^ y;".into(),
    };
    let note = match program.handlers {
        Handlers::None => "",
        _ => ", may throw",
    };
    format!(
        "/* {}{note} */\n{} {{\n  int x = a, y = b;\n{body}  {tail}\n}}\n",
        unit.note,
        signature(function)
    )
}
