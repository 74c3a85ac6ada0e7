//! Commit and branch of a playbook's checkout, read from git's own files: starting `git` would cost more than the whole
//! set-up of the recorder. Whether tracked files differ from the commit would need git itself, so it is left unknown.

use std::fs;
use std::path::{Path, PathBuf};

use playback_wire::Git;

/// The checkout that contains `dir`, if there is one with a commit.
pub fn checkout(dir: &Path) -> Option<Git> {
    let dir = fs::canonicalize(dir).ok()?;
    let dot_git = dir
        .ancestors()
        .map(|dir| dir.join(".git"))
        .find(|path| path.exists())?;
    let git_dir = if dot_git.is_dir() {
        dot_git
    } else {
        // A worktree or a submodule: a file with the path.
        let text = fs::read_to_string(&dot_git).ok()?;
        dot_git.parent()?.join(text.strip_prefix("gitdir:")?.trim())
    };
    let head = fs::read_to_string(git_dir.join("HEAD")).ok()?;
    let Some(name) = head.trim().strip_prefix("ref: ") else {
        return git(head.trim(), None);
    };
    let commit = resolve(&git_dir, name)?;
    git(
        &commit,
        Some(name.strip_prefix("refs/heads/").unwrap_or(name)),
    )
}

fn git(commit: &str, branch: Option<&str>) -> Option<Git> {
    let whole =
        matches!(commit.len(), 40 | 64) && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    whole.then(|| Git {
        commit: commit.to_owned(),
        branch: branch.map(str::to_owned),
        dirty: None,
    })
}

fn resolve(git_dir: &Path, name: &str) -> Option<String> {
    // The refs of a worktree are in its main repository.
    let common = fs::read_to_string(git_dir.join("commondir"))
        .map_or_else(|_| PathBuf::from(git_dir), |text| git_dir.join(text.trim()));
    for dir in [git_dir, &common] {
        if let Ok(text) = fs::read_to_string(dir.join(name)) {
            return Some(text.trim().to_owned());
        }
    }
    let packed = fs::read_to_string(common.join("packed-refs")).ok()?;
    packed.lines().find_map(|line| {
        let (commit, packed_name) = line.split_once(' ')?;
        (packed_name == name).then(|| commit.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn branch_loose_packed_and_detached() {
        let dir = tempfile::tempdir().unwrap();
        let git_dir = dir.path().join(".git");
        fs::create_dir_all(git_dir.join("refs/heads")).unwrap();
        fs::create_dir_all(dir.path().join("plays/web")).unwrap();
        fs::write(git_dir.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        assert_eq!(checkout(dir.path()), None);
        fs::write(
            git_dir.join("packed-refs"),
            format!("# pack-refs\n{COMMIT} refs/heads/main\n"),
        )
        .unwrap();
        let found = checkout(&dir.path().join("plays/web")).unwrap();
        assert_eq!(
            (found.commit.as_str(), found.branch.as_deref()),
            (COMMIT, Some("main"))
        );
        let loose = COMMIT.replace('0', "f");
        fs::write(git_dir.join("refs/heads/main"), &loose).unwrap();
        assert_eq!(checkout(dir.path()).unwrap().commit, loose);
        fs::write(git_dir.join("HEAD"), COMMIT).unwrap();
        assert_eq!(checkout(dir.path()).unwrap().branch, None);
    }
}
