//! Saved logins: collectors and the tokens for them, by name.
//!
//! They are stored in one file in the user's own configuration folder, which no other user can read. The file is always
//! replaced as a whole, and neither read nor written if it is a symbolic link.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use rustix::fs::OFlags;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;

use super::environment;

/// The file, inside the user's configuration folder.
const FILE: &str = "logins.json";

/// A collector, and the token for it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Login {
    /// The collector.
    pub(super) url: String,
    /// The token, sent only to that collector; none if it serves without tokens.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "in_clear"
    )]
    pub(super) token: Option<SecretString>,
    /// The token's name in the collector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
}

/// All saved logins, and the current one, which is used by default.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Logins {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) current: Option<String>,
    #[serde(default)]
    pub(super) contexts: BTreeMap<String, Login>,
}

impl Logins {
    /// Reads the file, if it exists.
    pub(super) fn read() -> anyhow::Result<Self> {
        let Some(folder) = environment::config_folder() else {
            return Ok(Self::default());
        };
        let path = folder.join(FILE);
        let cannot = || {
            format!(
                "the file of your logins, {}, cannot be read",
                path.display()
            )
        };
        let mut file = match open(&path, OpenOptions::new().read(true)) {
            Ok(file) => file,
            Err(error) if is_missing(&error) => return Ok(Self::default()),
            Err(error) if error.raw_os_error() == Some(LOOP) => {
                bail!("{}: it is a symbolic link, which is not followed", cannot())
            }
            Err(error) => return Err(error).with_context(cannot),
        };
        let found = file.metadata().with_context(cannot)?;
        if !found.is_file() || found.uid() != environment::user_number() {
            bail!("{} is not used: it is not a file of yours", path.display());
        }
        if found.mode() & 0o077 != 0 {
            bail!(
                "{} holds tokens, and others can read it: \"chmod 600 {}\" mends that",
                path.display(),
                path.display()
            );
        }
        let mut text = Zeroizing::new(String::new());
        file.read_to_string(&mut text).with_context(cannot)?;
        // The parser's message might quote a token.
        serde_json::from_str(&text).map_err(|_| {
            anyhow::anyhow!(
                "{} cannot be understood: remove it and log in again with \"playback login URL\"",
                path.display()
            )
        })
    }

    /// Replaces the file with these logins.
    pub(super) fn write(&self) -> anyhow::Result<()> {
        let Some(folder) = environment::config_folder() else {
            bail!("there is no folder to keep a login in: set HOME or XDG_CONFIG_HOME");
        };
        let path = folder.join(FILE);
        let cannot = || format!("the login cannot be kept in {}", path.display());
        make_private(&folder).with_context(cannot)?;
        let new = folder.join(format!(".{FILE}.{}", Uuid::now_v7().simple()));
        let written = self.write_new(&new).and_then(|()| {
            fs::rename(&new, &path)?;
            File::open(&folder)?.sync_all()
        });
        if written.is_err() {
            // A half-written file must not remain; the error below says what went wrong.
            let _ = fs::remove_file(&new);
        }
        written.with_context(cannot)
    }

    fn write_new(&self, path: &Path) -> io::Result<()> {
        let options = &mut OpenOptions::new();
        let mut file = open(path, options.write(true).create_new(true).mode(0o600))?;
        file.write_all(&Zeroizing::new(serde_json::to_vec_pretty(self)?))?;
        file.write_all(b"\n")?;
        file.sync_all()
    }

    /// The login with that name, or the current one if no name is given.
    pub(super) fn find(&self, name: Option<&str>) -> anyhow::Result<Option<(String, Login)>> {
        let Some(name) = name.or(self.current.as_deref()) else {
            return Ok(None);
        };
        match self.contexts.get(name) {
            Some(login) => Ok(Some((name.to_owned(), login.clone()))),
            None => bail!("{}", self.unknown(name)),
        }
    }

    /// The message for an unknown name.
    pub(super) fn unknown(&self, name: &str) -> String {
        let names: Vec<&str> = self.contexts.keys().map(String::as_str).collect();
        match names.is_empty() {
            true => format!(
                "there is no context {name:?}, because you are not logged in anywhere: \"playback login URL\""
            ),
            false => format!(
                "there is no context {name:?}: you are logged in as {}",
                names.join(", ")
            ),
        }
    }
}

/// Writes a token in plain text: no other user can read the file.
fn in_clear<S: Serializer>(token: &Option<SecretString>, to: S) -> Result<S::Ok, S::Error> {
    token
        .as_ref()
        .map(|token| token.expose_secret())
        .serialize(to)
}

/// The system's error for a link that must not be followed.
const LOOP: i32 = rustix::io::Errno::LOOP.raw_os_error();

fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    options.custom_flags(flags.bits().cast_signed()).open(path)
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Creates the folder if it is missing, and makes it private.
fn make_private(folder: &Path) -> io::Result<()> {
    if let Some(above) = folder.parent() {
        fs::create_dir_all(above)?;
    }
    match fs::create_dir(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = fs::symlink_metadata(folder)?;
    if !found.is_dir() || found.uid() != environment::user_number() {
        return Err(io::Error::other(format!(
            "{} is not a folder of yours (links are not followed)",
            folder.display()
        )));
    }
    if found.mode() & 0o077 != 0 {
        fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    }
    Ok(())
}
