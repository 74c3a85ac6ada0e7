//! Another user of this machine that launched runs execute as (`run_as`).
//!
//! An account is used in two ways, and neither gives its user access to anything of ours:
//! - [`Account::become_for_good`]: this process becomes that user, and cannot go back. Everything that belongs to a run
//!   happens in such a process: Ansible itself, delivery of what its recorder left, removal of its files.
//! - [`Account::with_rights`]: a closure accesses files with that user's rights, for files that we only read: the
//!   user's `ansible.cfg`, playbooks that the user may have written.
//!
//! [`probe`] tests what the user can read and write, in a process of that user.

pub mod probe;

use std::ffi::{CString, OsString};
use std::io;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Group, Uid, User};

/// A user of this machine who is not root, with a primary group and all other groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    name: String,
    /// The group's name, if one was given.
    group: Option<String>,
    uid: Uid,
    gid: Gid,
    groups: Vec<Gid>,
    home: PathBuf,
    shell: PathBuf,
}

/// Why there is no account that can be used.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// There is no such user.
    #[error(
        "there is no user {0:?} on this machine: create it (useradd --system --create-home {0})"
    )]
    NoSuchUser(String),
    /// There is no such group.
    #[error("there is no group {0:?} on this machine: create it (groupadd {0}), or leave it out")]
    NoSuchGroup(String),
    /// The user or the group is root's, so nothing would be gained.
    #[error("{0:?} has the rights of root: name a user that owns none of the collector's files")]
    Root(String),
    /// The system's user database failed.
    #[error("the user {name:?} cannot be looked up: {cause}")]
    Lookup {
        /// The user or group.
        name: String,
        /// The system's error.
        cause: io::Error,
    },
}

impl Account {
    /// Finds `user` or `user:group`.
    ///
    /// # Errors
    /// There is no such user or group, or it is root's.
    pub fn find(text: &str) -> Result<Self, AccountError> {
        let (name, group) = match text.split_once(':') {
            Some((name, group)) => (name, Some(group)),
            None => (text, None),
        };
        let user = User::from_name(name).map_err(|errno| lookup(name, errno))?;
        let user = user.ok_or_else(|| AccountError::NoSuchUser(name.to_owned()))?;
        Self::new(user, group)
    }

    /// Finds a user by id, such as a file's owner.
    ///
    /// # Errors
    /// The user no longer exists, or is root.
    pub fn of_number(uid: u32) -> Result<Self, AccountError> {
        let name = uid.to_string();
        let user = User::from_uid(Uid::from_raw(uid)).map_err(|errno| lookup(&name, errno))?;
        Self::new(user.ok_or(AccountError::NoSuchUser(name))?, None)
    }

    fn new(user: User, group: Option<&str>) -> Result<Self, AccountError> {
        let gid = match group {
            None => user.gid,
            Some(group) => {
                let found = Group::from_name(group).map_err(|errno| lookup(group, errno))?;
                let found = found.ok_or_else(|| AccountError::NoSuchGroup(group.to_owned()))?;
                found.gid
            }
        };
        if user.uid.is_root() || gid.as_raw() == 0 {
            return Err(AccountError::Root(user.name));
        }
        let name = CString::new(user.name.as_str()).unwrap_or_default();
        let groups = nix::unistd::getgrouplist(&name, gid);
        Ok(Self {
            groups: groups.map_err(|errno| lookup(&user.name, errno))?,
            group: group.map(str::to_owned),
            uid: user.uid,
            gid,
            home: user.dir,
            shell: user.shell,
            name: user.name,
        })
    }

    /// The user's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text that [`Account::find`] accepts.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.group {
            Some(group) => format!("{}:{group}", self.name),
            None => self.name.clone(),
        }
    }

    /// The user id.
    #[must_use]
    pub fn uid(&self) -> u32 {
        self.uid.as_raw()
    }

    /// The home folder.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The environment variables that name the user.
    #[must_use]
    pub fn variables(&self) -> [(&'static str, OsString); 4] {
        [
            ("HOME", self.home.clone().into()),
            ("USER", self.name.clone().into()),
            ("LOGNAME", self.name.clone().into()),
            ("SHELL", self.shell.clone().into()),
        ]
    }

    /// Gives a file or folder to the user; a link itself, not its target.
    ///
    /// # Errors
    /// The system does not allow it.
    pub fn own(&self, path: &Path) -> io::Result<()> {
        std::os::unix::fs::lchown(path, Some(self.uid.as_raw()), Some(self.gid.as_raw()))
    }

    /// Like [`Account::own`], for an open file.
    ///
    /// # Errors
    /// The system does not allow it.
    pub fn own_open(&self, file: impl std::os::fd::AsFd) -> io::Result<()> {
        std::os::unix::fs::fchown(file, Some(self.uid.as_raw()), Some(self.gid.as_raw()))
    }

    /// Makes this process that user's, with all its groups, and verifies that this cannot be undone.
    ///
    /// # Errors
    /// We are not root, or a right was kept. Then nothing may be done on the user's behalf.
    pub fn become_for_good(&self) -> io::Result<()> {
        nix::unistd::setgroups(&self.groups)?;
        nix::unistd::setresgid(self.gid, self.gid, self.gid)?;
        nix::unistd::setresuid(self.uid, self.uid, self.uid)?;
        let users = nix::unistd::getresuid()?;
        let groups = nix::unistd::getresgid()?;
        let is_user = [users.real, users.effective, users.saved]
            .iter()
            .all(|uid| *uid == self.uid);
        let is_group = [groups.real, groups.effective, groups.saved]
            .iter()
            .all(|gid| *gid == self.gid);
        let root = Uid::from_raw(0);
        // The system drops capabilities together with the root id, unless it is configured not to.
        let rights = rustix::thread::capabilities(None)?;
        if is_user
            && is_group
            && rights.permitted.is_empty()
            && rights.effective.is_empty()
            && nix::unistd::setresuid(root, root, root).is_err()
        {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "rights of the collector would be kept (capabilities, or secure bits of the process)",
        ))
    }

    /// Runs `look` in a thread that has the user's rights to files and none of root's. It must start no process: the
    /// process as a whole is still ours, which is also why the user cannot signal or trace that thread.
    ///
    /// # Errors
    /// We are not root.
    pub fn with_rights<T: Send>(&self, look: impl FnOnce() -> T + Send) -> io::Result<T> {
        use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
        let groups: Vec<rustix::process::Gid> = self.groups.iter().map(|gid| group(*gid)).collect();
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new()
                .name("run-as".into())
                .spawn_scoped(scope, || {
                    set_thread_groups(&groups)?;
                    set_thread_res_gid(None, group(self.gid), None)?;
                    let user = rustix::process::Uid::from_raw(self.uid.as_raw());
                    set_thread_res_uid(None, user, None)?;
                    Ok(look())
                })?;
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

fn group(gid: Gid) -> rustix::process::Gid {
    rustix::process::Gid::from_raw(gid.as_raw())
}

fn lookup(name: &str, errno: nix::errno::Errno) -> AccountError {
    AccountError::Lookup {
        name: name.to_owned(),
        cause: errno.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_who_is_root_or_missing_is_found() {
        for name in ["root", "daemon:root"] {
            assert!(
                matches!(Account::find(name), Err(AccountError::Root(_))),
                "{name}"
            );
        }
        let missing = Account::find("no-such-user-of-playback").unwrap_err();
        assert!(missing.to_string().contains("useradd"), "{missing}");
        let missing = Account::find("daemon:no-such-group").unwrap_err();
        assert!(missing.to_string().contains("groupadd"), "{missing}");
        assert!(Account::find("").is_err());
    }

    #[test]
    fn an_account_is_found_again_by_its_text() {
        let account = Account::find("daemon:nogroup").unwrap();
        assert_eq!(account.text(), "daemon:nogroup");
        assert_eq!(Account::find(&account.text()).unwrap(), account);
        assert_eq!(Account::of_number(account.uid()).unwrap().name(), "daemon");
    }
}
