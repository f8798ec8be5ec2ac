//! The `jenny` command.

fn main() -> std::process::ExitCode {
    jenny_chain::cli::main()
}
