//! The native core of Playback's Ansible callback plugin.
//!
//! The plugin in `python/` passes each of Ansible's hooks on to a [`recorder::Recorder`]; everything
//! else happens here, and in [`playback_recorder_core`], which knows nothing of Python. Layout, in the order that data
//! flows:
//! - [`recorder`]: what Python calls
//! - [`plays`], [`results`], [`rescues`]: one function for each hook
//! - [`content`], [`value`], [`foreign`], [`censor`]: a result as JSON, bounded and without secrets
//! - [`output`], [`workers`]: output of the process, and of its forked workers
//! - [`execution`]: what runs, who runs it and with what
//! - [`run`]: the execution, its spool, its sender and its end
//! - [`options`], [`spooldir`]: the user's configuration
//! - [`exit`], [`fork`]: the process and its children
//! - [`memory`]: the allocator, whose memory `fork` does not copy

mod censor;
mod content;
mod execution;
mod exit;
mod foreign;
mod fork;
mod memory;
mod options;
mod output;
mod plays;
mod recorder;
mod rescues;
mod results;
mod run;
mod spooldir;
mod value;
mod workers;

#[pyo3::pymodule]
mod _native {
    #[pymodule_export]
    use crate::output::{Flush, Write};
    #[pymodule_export]
    use crate::recorder::{
        Recorder, default_in_workers, dispatch_begins, dispatch_ends, end, in_child, is_waiting,
        knows_exit_code, prompts, started_program, wrote,
    };
    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
