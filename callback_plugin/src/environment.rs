//! The process's environment: the one place that reads it. The plugin's options are not read here but by
//! Ansible.

#![allow(clippy::disallowed_methods)]

use std::path::PathBuf;

use playback_spool::net::Proxies;

/// A variable's text; an empty one is none.
pub(crate) fn text(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The proxies that are to be asked.
pub(crate) fn proxies() -> Proxies {
    Proxies::read(|name| std::env::var_os(name))
}

/// A variable's path; an empty one is none.
pub(crate) fn path(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
