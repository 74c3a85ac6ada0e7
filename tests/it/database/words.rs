//! Messages say why a database does not exist or cannot be opened, and what to do; nothing is created by mistake.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::{complaint, playback};
use crate::harness::{PLAYBACK, Setup, copied};

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().next().is_none()
}

#[test]
fn commands_without_a_database_say_that_there_is_none_and_make_none() {
    let folder = TempDir::new().unwrap();
    for arguments in [
        ["token", "create", "ci", "--scope", "read"].as_slice(),
        &["token", "list"],
        &["token", "revoke", "ci"],
        &["rebuild", "--all"],
        &["migrate", "--dry-run"],
        &["token", "list", "--database", "sqlite://other.db"],
        &["token", "revoke", "ci", "--database", "sqlite://other.db"],
        &[
            "copy",
            "--from",
            "sqlite://none.db",
            "--to",
            "sqlite://other.db",
        ],
    ] {
        let said = complaint(folder.path(), arguments);
        assert!(said.contains("there is no database at sqlite://"), "{said}");
        assert!(
            said.contains("--database") && said.contains("playback serve"),
            "{said}"
        );
        assert!(is_empty(folder.path()), "{arguments:?}");
    }
    // Where somebody said where it is to be, a token can be made before anything is served.
    let arguments = [
        "token",
        "create",
        "ci",
        "--scope",
        "read",
        "--database",
        "sqlite://named.db",
    ];
    let done = playback(folder.path(), &arguments);
    assert!(done.status.success(), "{done:?}");
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(
        said.contains("There was no database at sqlite://named.db"),
        "{said}"
    );
}

fn serve(database: &str) -> [&str; 5] {
    ["serve", "--listen", "127.0.0.1:0", "--database", database]
}

#[test]
fn a_folder_that_is_missing_is_named_and_made_only_where_that_is_safe() {
    let folder = TempDir::new().unwrap();
    let shared = folder.path().join("shared");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, Permissions::from_mode(0o777)).unwrap();
    for database in [
        "sqlite:////no-such-folder-of-playback/x.db".to_owned(),
        // Two levels are more than a slip of the pen.
        format!("sqlite://{}/a/b/x.db", folder.path().display()),
        // Anybody could have made it first.
        format!("sqlite://{}/mine/x.db", shared.display()),
    ] {
        let said = complaint(folder.path(), &serve(&database));
        assert!(said.contains("is missing: make it"), "{database}: {said}");
    }
    assert!(is_empty(&shared) && !folder.path().join("a").exists());
    let address = format!("sqlite://{}/new/x.db", folder.path().display());
    let collector = Setup::default()
        .database(address)
        .argument("--no-auth")
        .start_without_token();
    assert_eq!(collector.client_with(None).get("/readyz").status, 200);
    let made = fs::metadata(folder.path().join("new")).unwrap();
    assert_eq!(made.mode() & 0o777, 0o700);
}

#[test]
fn what_is_no_database_is_said_and_left_as_it_is() {
    let folder = TempDir::new().unwrap();
    let text = "this is a text of mine, and no database, however long it may be\n".repeat(20);
    fs::write(folder.path().join("notes.txt"), &text).unwrap();
    fs::create_dir(folder.path().join("sub")).unwrap();
    for (database, why) in [
        ("sqlite://notes.txt", "not an SQLite database"),
        ("sqlite://sub", "is a folder"),
        ("sqlite://notes.txt/x.db", "not a folder"),
        ("sqlite://x.db?mode=memory", "not kept"),
    ] {
        for arguments in [
            serve(database).as_slice(),
            &["migrate", "--database", database],
        ] {
            let said = complaint(folder.path(), arguments);
            assert!(said.contains(why), "{database}: {said}");
        }
    }
    assert_eq!(
        fs::read_to_string(folder.path().join("notes.txt")).unwrap(),
        text
    );
}

/// As a user who is not root: root may write everywhere.
fn as_nobody(folder: &Path, database: &str) -> String {
    let copy = folder.join("playback-for-nobody");
    copied(PLAYBACK, &copy);
    let done = Command::new("setpriv")
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
        .arg(&copy)
        .args(serve(database))
        .current_dir("/")
        .env_clear()
        .output()
        .unwrap();
    fs::remove_file(&copy).unwrap();
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(!said.contains("code:"), "{said}");
    said
}

#[test]
fn a_file_or_folder_without_permission_is_named() {
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let new = format!("sqlite://{}/new.db", folder.path().display());
    let said = as_nobody(folder.path(), &new);
    assert!(said.contains("no permission"), "{said}");
    // Root's own database, in a folder that everybody may look into.
    let file = folder.path().join("playback.db");
    let address = format!("sqlite://{}", file.display());
    let arguments = ["migrate", "--database", &address];
    assert!(playback(folder.path(), &arguments).status.success());
    let said = as_nobody(folder.path(), &address);
    assert!(said.contains("no permission"), "{said}");
}

#[test]
fn a_read_only_file_system_is_named() {
    let folder = TempDir::new().unwrap();
    let address = format!("sqlite://{}/playback.db", folder.path().display());
    let arguments = ["migrate", "--database", &address];
    assert!(playback(folder.path(), &arguments).status.success());
    let mount = |options: &str| {
        let mut command = Command::new("mount");
        command.args(["-o", options]);
        if options == "bind" {
            command.arg(folder.path());
        }
        let done = command.arg(folder.path()).output().unwrap();
        assert!(done.status.success(), "a mount needs root: {done:?}");
    };
    mount("bind");
    mount("remount,bind,ro");
    let done = playback(folder.path(), &serve(&address));
    let unmounted = Command::new("umount").arg(folder.path()).status().unwrap();
    assert!(unmounted.success());
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains("read-only file system"), "{said}");
}
