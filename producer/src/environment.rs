//! The process's environment: the only place where producers read it. Options are read elsewhere: by Ansible for the
//! recorder, by the command line for the supervisor.

#![expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]

use std::ffi::OsString;
use std::path::PathBuf;

use playback_spool::net::Proxies;

/// A variable's text; none if it is empty.
#[must_use]
pub fn text(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether a variable is set, even to an empty text.
#[must_use]
pub fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some()
}

/// A variable's path; none if it is empty.
#[must_use]
pub fn path(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// The configured proxies. Here, an empty variable counts: it overrides its upper-case form.
#[must_use]
pub fn proxies() -> Proxies {
    Proxies::read(|name| std::env::var_os(name))
}

/// The execution that this one repeats.
#[must_use]
pub fn replay_of() -> Option<String> {
    text("PLAYBACK_REPLAY_OF")
}

/// The span that started the run, as tools for distributed traces pass it on.
#[must_use]
pub fn traceparent() -> Option<String> {
    text("TRACEPARENT")
}

/// The user who called sudo.
#[must_use]
pub fn sudo_user() -> Option<String> {
    text("SUDO_USER")
}

/// The job that started the run, from what well-known systems put into its environment.
#[must_use]
pub fn launched_by() -> Option<String> {
    launched_by_of(text)
}

fn launched_by_of(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let github = || {
        let repository = variable("GITHUB_REPOSITORY")?;
        let run = variable("GITHUB_RUN_ID")?;
        let server = variable("GITHUB_SERVER_URL").unwrap_or_else(|| "https://github.com".into());
        Some(format!("{server}/{repository}/actions/runs/{run}"))
    };
    let awx = || {
        variable("AWX_HOST")?;
        Some(format!("AWX job {}", variable("JOB_ID")?))
    };
    // GitLab, Buildkite, CircleCI, Jenkins (and those that follow it), Azure.
    let links = [
        "CI_JOB_URL",
        "BUILDKITE_BUILD_URL",
        "CIRCLE_BUILD_URL",
        "BUILD_URL",
        "BUILD_BUILDURI",
    ];
    variable("PLAYBACK_LAUNCHED_BY")
        .or_else(awx)
        .or_else(github)
        .or_else(|| links.into_iter().find_map(&variable))
}

/// The folder for spools in the user's own state folder.
pub(crate) fn state_folder() -> Option<PathBuf> {
    state_folder_of(|name| std::env::var_os(name), std::env::home_dir())
}

fn state_folder_of(
    variable: impl Fn(&str) -> Option<OsString>,
    home: Option<PathBuf>,
) -> Option<PathBuf> {
    variable("XDG_STATE_HOME")
        .map(PathBuf::from)
        .filter(|dir| dir.is_absolute())
        .or_else(|| home.map(|home| home.join(".local/state")))
        .map(|dir| dir.join("playback/spool"))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Variables<'v> = &'v [(&'v str, &'v str)];

    fn launched(variables: Variables<'_>) -> Option<String> {
        launched_by_of(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_job_is_named_by_what_its_system_says() {
        let cases: &[(Variables<'_>, Option<&str>)] = &[
            (&[], None),
            (&[("JOB_ID", "7")], None),
            (
                &[("AWX_HOST", "https://awx"), ("JOB_ID", "7")],
                Some("AWX job 7"),
            ),
            (
                &[("GITHUB_REPOSITORY", "o/r"), ("GITHUB_RUN_ID", "9")],
                Some("https://github.com/o/r/actions/runs/9"),
            ),
            (
                &[
                    ("BUILD_URL", "https://jenkins/1"),
                    ("CI_JOB_URL", "https://gitlab/1"),
                ],
                Some("https://gitlab/1"),
            ),
            (
                &[
                    ("BUILD_URL", "https://jenkins/1"),
                    ("PLAYBACK_LAUNCHED_BY", "me"),
                ],
                Some("me"),
            ),
        ];
        for (variables, expected) in cases {
            assert_eq!(launched(variables).as_deref(), *expected, "{variables:?}");
        }
    }

    #[test]
    fn a_state_folder_is_absolute() {
        let home = Some(PathBuf::from("/home/u"));
        let of = |state: Option<&str>| state_folder_of(|_| state.map(Into::into), home.clone());
        assert_eq!(of(Some("/s")), Some("/s/playback/spool".into()));
        let default = Some("/home/u/.local/state/playback/spool".into());
        assert_eq!(of(Some("relative")), default);
        assert_eq!(of(None), default);
    }
}
