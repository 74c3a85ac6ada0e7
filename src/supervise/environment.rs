//! The process's environment: what it says of who runs this and from where. The options are read by
//! the command line, and the rest goes to the command as it is.

#![allow(clippy::disallowed_methods)]

use std::path::PathBuf;

/// A variable's text; an empty one is none.
fn text(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The login name by the user's number; the environment says what it likes.
pub(super) fn user() -> Option<String> {
    nix::unistd::User::from_uid(nix::unistd::getuid())
        .ok()
        .flatten()
        .map(|user| user.name)
        .or_else(|| text("USER"))
}

/// Who called sudo.
pub(super) fn sudo_user() -> Option<String> {
    text("SUDO_USER")
}

/// The name of this machine.
pub(super) fn controller() -> Option<String> {
    Some(
        nix::unistd::gethostname()
            .ok()?
            .to_string_lossy()
            .into_owned(),
    )
}

/// Whether another run has told its execution to those that it starts, and so to us.
pub(super) fn is_part_of_a_run() -> bool {
    text("PLAYBACK_EXECUTION_ID").is_some()
}

/// The execution that this one repeats.
pub(super) fn replay_of() -> Option<String> {
    text("PLAYBACK_REPLAY_OF")
}

/// The offer of a command around us, which stands or was taken.
pub(super) fn offered() -> Option<PathBuf> {
    text("PLAYBACK_OFFER").map(PathBuf::from)
}

/// The job that started the run, from what well-known systems put into its environment.
pub(super) fn launched_by() -> Option<String> {
    let github = || {
        let (repository, run) = (text("GITHUB_REPOSITORY")?, text("GITHUB_RUN_ID")?);
        let server = text("GITHUB_SERVER_URL").unwrap_or_else(|| "https://github.com".into());
        Some(format!("{server}/{repository}/actions/runs/{run}"))
    };
    let awx = || {
        text("AWX_HOST")?;
        Some(format!("AWX job {}", text("JOB_ID")?))
    };
    // GitLab, Buildkite, CircleCI, Jenkins (and those that follow it), Azure.
    let links = [
        "CI_JOB_URL",
        "BUILDKITE_BUILD_URL",
        "CIRCLE_BUILD_URL",
        "BUILD_URL",
        "BUILD_BUILDURI",
    ];
    text("PLAYBACK_LAUNCHED_BY")
        .or_else(awx)
        .or_else(github)
        .or_else(|| links.into_iter().find_map(text))
}

/// The folder for the spool: the user's own state folder.
pub(super) fn state_folder() -> Option<PathBuf> {
    std::env::var_os("XDG_STATE_HOME")
        .map(PathBuf::from)
        .filter(|dir| dir.is_absolute())
        .or_else(|| std::env::home_dir().map(|home| home.join(".local/state")))
        .map(|dir| dir.join("playback/spool"))
}
