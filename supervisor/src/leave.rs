//! Ends this process in the same way as the command, so that the caller sees no difference.

use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, setrlimit};

/// How the command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With this exit code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

impl End {
    /// The exit code that a shell shows.
    #[must_use]
    pub fn exit_code(self) -> i32 {
        match self {
            End::Code(code) => code,
            End::Signal(signal) => 128 + signal,
        }
    }

    /// The signal that ended it.
    #[must_use]
    pub fn signal(self) -> Option<i32> {
        match self {
            End::Code(_) => None,
            End::Signal(signal) => Some(signal),
        }
    }

    /// Whether it ended with 0.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == End::Code(0)
    }

    /// Ends this process in the same way: by the same signal, so that a shell also stops its loop at a Ctrl-C, or with
    /// the same exit code. All work must be done before.
    #[must_use]
    pub fn leave(self) -> ExitCode {
        if let End::Signal(signal) = self {
            // One core file, the command's own, is enough.
            let none = Rlimit {
                current: Some(0),
                maximum: Some(0),
            };
            let _ = setrlimit(Resource::Core, none);
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
        ExitCode::from(u8::try_from(self.exit_code()).unwrap_or(1))
    }
}
