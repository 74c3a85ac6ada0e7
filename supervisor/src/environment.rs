//! Who runs this, and whether another run has started it. What all producers read is in
//! `playback_producer::environment`.

use std::path::PathBuf;

use playback_producer::environment::{path, text};

/// The login name by the user's number; the environment says what it likes.
pub(crate) fn user() -> Option<String> {
    nix::unistd::User::from_uid(nix::unistd::getuid())
        .ok()
        .flatten()
        .map(|user| user.name)
        .or_else(|| text("USER"))
}

/// The name of this machine.
pub(crate) fn controller() -> Option<String> {
    let system = rustix::system::uname();
    Some(system.nodename().to_string_lossy().into_owned())
}

/// Whether another run has told its execution to those that it starts, and so to us.
pub(crate) fn is_part_of_a_run() -> bool {
    text("PLAYBACK_EXECUTION_ID").is_some()
}

/// The offer of a command around us, which stands or was taken.
pub(crate) fn offered() -> Option<PathBuf> {
    path("PLAYBACK_OFFER")
}
