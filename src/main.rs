//! The `playback` command.

use std::process::ExitCode;

// Under a flood of batches, glibc's allocator keeps the peak memory of each thread.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    playback::cli::main()
}
