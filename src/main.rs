//! The `jenny` command.

/// glibc keeps freed messages of peers for good; docs/adr/0009 has the figures.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    jenny_chain::cli::main()
}
