//! What a compiler adds to names, and what of it changes with unrelated edits.

/// A name without the numbers that compilers give out in order: of lambdas within a file
/// or function, and of the scopes that local statics are in.
pub fn normal(symbol: &str) -> String {
    let mut out = String::with_capacity(symbol.len());
    let mut rest = symbol;
    while let Some(first) = rest.chars().next() {
        let taken = msvc_lambda(rest)
            .or_else(|| itanium_lambda(rest))
            .or_else(|| msvc_scope(rest));
        match taken {
            Some((length, text)) => {
                out.push_str(text);
                rest = &rest[length..];
            }
            None => {
                out.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    out
}

/// `<lambda_7>`
fn msvc_lambda(text: &str) -> Option<(usize, &'static str)> {
    let number = text.strip_prefix("<lambda_")?;
    let digits = number.find(|c: char| !c.is_ascii_digit())?;
    (digits > 0 && number[digits..].starts_with('>')).then_some((8 + digits + 1, "<lambda>"))
}

/// `3$_7`, where 3 is the length of `$_7`.
fn itanium_lambda(text: &str) -> Option<(usize, &'static str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let length: usize = text[..digits].parse().ok()?;
    let name = text.get(digits..digits + length)?;
    name.starts_with("$_").then_some((digits + length, "$_"))
}

/// `@?7??`, or `@?BA@??` for numbers above nine: a scope within a function.
fn msvc_scope(text: &str) -> Option<(usize, &'static str)> {
    let number = text.strip_prefix("@?")?;
    let end = number.find("??")?;
    let (encoded, letters) = (&number[..end], |c: char| ('A'..='P').contains(&c));
    let plain = encoded.len() == 1 && encoded.starts_with(|c: char| c.is_ascii_digit());
    let long = encoded
        .strip_suffix('@')
        .is_some_and(|n| !n.is_empty() && n.chars().all(letters));
    (plain || long).then_some((2 + end + 2, "@??"))
}

/// Whether this is a lambda's code, or that of something in a lambda.
pub fn is_lambda(symbol: &str) -> bool {
    symbol.contains("<lambda") || symbol.contains("$_")
}

/// Whether this is a filter or handler within a function.
pub fn is_funclet(symbol: &str) -> bool {
    ["?filt$", "?fin$", "?catch$", "?dtor$"]
        .iter()
        .any(|p| symbol.starts_with(p))
}

/// Whether a compiler invented this name: it says nothing that the content does not say.
pub fn is_compiler_made(symbol: &str) -> bool {
    const PREFIXES: [&str; 15] = [
        ".L",
        ".str",
        ".rdata",
        ".refptr.",
        "__const.",
        "switch.table.",
        "reltable.",
        "__real@",
        "__xmm@",
        "__ymm@",
        "??_C@",
        "$SG",
        "__unnamed_",
        "GCC_except_table",
        "constinit",
    ];
    // Distances to what the elements of a constant table lead to.
    symbol.ends_with(".rel") || PREFIXES.iter().any(|p| symbol.starts_with(p))
}

#[test]
fn numbers_that_follow_the_order_in_the_file_go_away() {
    for (a, b) in [
        (
            "??R<lambda_1>@?0??f@@YAHH@Z",
            "??R<lambda_12>@?M@??f@@YAHH@Z",
        ),
        ("_ZZ1fvENK3$_0clEi", "_ZZ1fvENK4$_10clEi"),
        ("_ZZ1fvEN3$_08__invokeEii", "_ZZ1fvEN3$_18__invokeEii"),
        (
            "?v@?5??third@Reader@@UEAAHHH@Z@4QBHB",
            "?v@?4??third@Reader@@UEAAHHH@Z@4QBHB",
        ),
    ] {
        assert_eq!(normal(a), normal(b));
    }
    for name in ["?run@Server@@QEAAXXZ", "_ZN6Server3runEv", "handle_line"] {
        assert_eq!(normal(name), name);
    }
}
