//! The text of statements.

use std::fmt::Write;

use super::model::{EntryUse, PointerUse, Program, Stmt, Walk};

/// Renders the body of one function.
pub struct Body<'p> {
    program: &'p Program,
    function: &'p str,
    /// Makes the names of local variables unique.
    counter: u32,
    out: String,
}

impl<'p> Body<'p> {
    pub fn new(program: &'p Program, function: &'p str) -> Self {
        Body {
            program,
            function,
            counter: 0,
            out: String::new(),
        }
    }

    /// The statements, one per line.
    pub fn block(mut self, stmts: &[Stmt]) -> String {
        self.stmts(stmts);
        self.out
    }

    fn stmts(&mut self, stmts: &[Stmt]) {
        for stmt in stmts {
            self.counter += 1;
            self.stmt(stmt);
        }
    }

    fn line(&mut self, line: &str) {
        let _ = writeln!(self.out, "  {line}");
    }

    fn nested(&mut self, head: &str, stmts: &[Stmt]) {
        self.line(&format!("{head} {{"));
        self.stmts(stmts);
        self.line("}");
    }

    fn stmt(&mut self, stmt: &Stmt) {
        let n = self.counter;
        match stmt {
            Stmt::Arith(variable, op, value) => {
                let other = if *variable == 'x' { 'y' } else { 'x' };
                self.line(&format!(
                    "{variable} = ({variable} {op} {value}) + ({other} >> 3);"
                ));
            }
            Stmt::Wide(value) => self.line(&format!("sink_wide({value:#x}ull ^ (unsigned)x);")),
            Stmt::If {
                test,
                value,
                unlikely: true,
                body,
            } => {
                self.nested(&format!("if (__builtin_expect(x {test} {value}, 0))"), body);
            }
            Stmt::If {
                test, value, body, ..
            } => {
                self.nested(&format!("if (x {test} {value})"), body);
            }
            Stmt::Loop { count, body } => {
                self.nested(
                    &format!("for (int i{n} = 0; i{n} < {count} + (x & 3); i{n}++)"),
                    body,
                );
            }
            Stmt::Switch { mask, cases } => self.switch(*mask, cases),
            Stmt::Names { names } => self.names(names),
            Stmt::Call(name, value) => self.line(&format!("y += {name}(x, {value});")),
            Stmt::Recurse => {
                let line = format!("if (b > 0) y += {}(x + 1, b - 1);", self.function);
                if !self.function.is_empty() {
                    self.line(&line);
                }
            }
            Stmt::AddressOf(name) => self.line(&format!("sink_pointer((void *){name});")),
            Stmt::Import(name) => self.line(&format!("x += (int){name}();")),
            Stmt::Text(content) => {
                self.line(&format!("sink_text({});", text(content.as_bytes())));
            }
            Stmt::Blob(bytes) => {
                self.line(&format!("sink_blob({}, {});", text(bytes), bytes.len()));
            }
            Stmt::Double(value) => self.line(&format!("y += (int)(x * {value:?});")),
            Stmt::Float(value) => self.line(&format!("x ^= (int)((float)y * {value:?}f);")),
            _ => self.data(stmt, n),
        }
    }

    fn data(&mut self, stmt: &Stmt, n: u32) {
        match stmt {
            Stmt::Entry(name, length, used) => {
                let entry = format!("{name}[(unsigned)x % {length}]");
                self.line(&match used {
                    EntryUse::Number => format!("y += (int){entry};"),
                    EntryUse::Text => format!("sink_text({entry});"),
                    EntryUse::Function => format!("y ^= {entry}(x, {n});"),
                });
            }
            Stmt::Sum(name, length, walk) => {
                let end = format!("{name} + {length}");
                self.line(&match walk {
                    Walk::Forward => {
                        format!("for (const int *p = {name}; p != {end}; p++) y = y * 31 + *p;")
                    }
                    Walk::Backward => {
                        format!("for (const int *p = {end}; p-- != {name};) y = y * 31 + *p;")
                    }
                    Walk::Handed => format!("y += sum_of({name}, {end});"),
                });
            }
            Stmt::Array(values) => {
                let list = join(values);
                self.line(&format!("int array{n}[] = {{ {list} }};"));
                self.line(&format!("sink_pointer(array{n}); y += array{n}[0];"));
            }
            Stmt::Chars(values) => {
                let list = join(values);
                self.line(&format!("unsigned char chars{n}[] = {{ {list} }};"));
                self.line(&format!("sink_pointer(chars{n}); y += chars{n}[1];"));
            }
            Stmt::StaticArray(id, values) => {
                let (list, length) = (join(values), values.len());
                self.line(&format!("static const int values{id}[] = {{ {list} }};"));
                self.line(&format!("x += values{id}[(unsigned)y % {length}];"));
            }
            Stmt::StaticVariable(id, start) => {
                self.line(&format!("static int count{id} = {start}; count{id} += x;"));
                self.line(&format!("y += count{id};"));
            }
            Stmt::StaticPointers(id, constants) => {
                for (i, values) in constants.iter().enumerate() {
                    let list = join(values);
                    self.line(&format!("static const int part{id}_{i}[] = {{ {list} }};"));
                }
                let parts = 0..constants.len();
                let names: Vec<String> = parts.map(|i| format!("part{id}_{i}")).collect();
                let (list, length) = (names.join(", "), names.len());
                self.line(&format!(
                    "static const int *const parts{id}[] = {{ {list} }};"
                ));
                self.line(&format!("y += *parts{id}[(unsigned)x % {length}];"));
            }
            Stmt::Flexible(id, values) => {
                let (list, length) = (join(values), values.len());
                self.line(&format!(
                    "static const struct {{ int count; int values[]; }} flexible{id} = {{ {length}, {{ {list} }} }};"
                ));
                self.line(&format!(
                    "for (int i = 0; i < flexible{id}.count; i++) y = y * 7 + flexible{id}.values[i];"
                ));
            }
            Stmt::StaticText(id, content) => {
                let content = text(content.as_bytes());
                self.line(&format!("static const char *name{id} = {content};"));
                self.line(&format!(
                    "sink_text(name{id}); if (x == {n}) name{id} = nullptr;"
                ));
            }
            Stmt::Global(name) => self.line(&format!("{name} += x; y ^= {name};")),
            Stmt::Pointer(name, PointerUse::Int) => self.line(&format!("*{name} += x;")),
            Stmt::Pointer(name, PointerUse::Text) => self.line(&format!("sink_text({name});")),
            Stmt::Pointer(name, PointerUse::Function) => {
                self.line(&format!("if ({name}) x += {name}(y, x);"));
            }
            Stmt::Member(index, member) => {
                self.line(&format!(
                    "instance_{index}.{member} += x; y += (int)instance_{index}.{member};"
                ));
            }
            Stmt::Copy(index) => {
                let name = &self.program.structs[*index].name;
                self.line(&format!(
                    "struct {name} copy{n} = instance_{index}; sink_pointer(&copy{n});"
                ));
            }
            Stmt::Assert(value) => self.line(&format!("ASSERT(y != {value});")),
            _ => self.cpp(stmt, n),
        }
    }

    fn cpp(&mut self, stmt: &Stmt, n: u32) {
        match stmt {
            Stmt::Template(name, argument) => self.line(&format!("y += {name}<{argument}>(x, y);")),
            Stmt::Inline(name) => self.line(&format!("y += {name}(x);")),
            Stmt::Virtual(class, method, derived) => {
                let kind = if *derived {
                    format!("{class}_2")
                } else {
                    class.clone()
                };
                self.line(&format!("{kind} object{n}; object{n}.v = x;"));
                self.line(&format!(
                    "y += (({class} *)opaque(&object{n}))->{method}(x, y);"
                ));
            }
            Stmt::Lambda(true, value) => {
                self.line(&format!(
                    "auto f{n} = [&](int q) {{ x += q; return sink_int(q * {value} + y); }};"
                ));
                self.line(&format!("y += f{n}(x) + f{n}({n});"));
            }
            Stmt::Lambda(false, value) => {
                self.line(&format!(
                    "y += apply([](int p, int q) {{ return p * {value} + q; }}, x);"
                ));
            }
            Stmt::Try {
                value,
                body,
                handler,
            } if self.program.cpp => {
                self.nested("try", body);
                self.nested(
                    &format!("catch (int e{n}) {{ x += e{n} + {value};"),
                    handler,
                );
                self.line("}");
            }
            Stmt::Try {
                value,
                body,
                handler,
            } => {
                self.nested("__try", body);
                self.nested(
                    &format!("__except (sink_int({value})) {{ y -= {value};"),
                    handler,
                );
                self.line("}");
            }
            Stmt::Throw(value) => self.line(&format!("if (x == {value}) throw x;")),
            other => unreachable!("{other:?} is rendered elsewhere"),
        }
    }

    fn switch(&mut self, mask: i32, cases: &[(i32, Vec<Stmt>)]) {
        let value = if mask == 0 {
            "x".into()
        } else {
            format!("x & {mask}")
        };
        self.line(&format!("switch ({value}) {{"));
        for (label, body) in cases {
            self.line(&format!("case {label}: {{"));
            self.stmts(body);
            self.line("break; }");
        }
        self.line("default: y++; }");
    }

    fn names(&mut self, names: &[String]) {
        let n = self.counter;
        self.line(&format!("const char *chosen{n} = \"none\";"));
        self.line("switch (x) {");
        for (label, name) in names.iter().enumerate() {
            let name = text(name.as_bytes());
            self.line(&format!("case {label}: chosen{n} = {name}; break;"));
        }
        self.line("default: break; }");
        self.line(&format!("sink_text(chosen{n});"));
    }
}

fn join<T: ToString>(values: &[T]) -> String {
    let list: Vec<String> = values.iter().map(ToString::to_string).collect();
    list.join(", ")
}

/// A string literal.
pub fn text(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            0x20..0x7f => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "\\{byte:03o}");
            }
        }
    }
    out.push('"');
    out
}
