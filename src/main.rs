//! The `hotpatch` program: parses the command line and runs one command.

fn main() -> std::process::ExitCode {
    hotpatch::cli::main()
}
