//! Detects who runs this, and whether another run started it. Variables that all producers read are in
//! `playback_producer::environment`.

use std::path::PathBuf;

use playback_producer::environment::{path, text};

/// The login name of our user id, because environment variables may be wrong.
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

/// Whether another run passed its execution to its children, including us.
pub(crate) fn is_part_of_a_run() -> bool {
    text("PLAYBACK_EXECUTION_ID").is_some()
}

/// The offer of an outer supervisor, open or taken.
pub(crate) fn offered() -> Option<PathBuf> {
    path("PLAYBACK_OFFER")
}
