//! Secrets that a run needs: read here, sent in the request, stored nowhere.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use super::super::secret;

/// Reads the vault password from a file. As with Ansible, an executable file is run and prints it, and `-` is standard
/// input.
pub(super) fn vault_password(file: &Path) -> anyhow::Result<SecretString> {
    let name = file.display();
    let cannot = || format!("the vault password file {name} cannot be read");
    let text = if file == Path::new("-") {
        let mut text = Zeroizing::new(String::new());
        std::io::stdin()
            .read_to_string(&mut text)
            .with_context(cannot)?;
        text
    } else if fs::metadata(file)
        .with_context(cannot)?
        .permissions()
        .mode()
        & 0o111
        != 0
    {
        // A name without a slash would be searched for in PATH.
        let path = fs::canonicalize(file).with_context(cannot)?;
        let mut program = Command::new(path);
        let done = program.stderr(Stdio::inherit()).output().with_context(|| {
            format!("{name} is executable, but cannot be run to print the vault password")
        })?;
        if !done.status.success() {
            bail!(
                "{name} was run to print the vault password, and failed: {}",
                done.status
            );
        }
        Zeroizing::new(String::from_utf8(done.stdout).with_context(cannot)?)
    } else {
        Zeroizing::new(fs::read_to_string(file).with_context(cannot)?)
    };
    let password = text.trim();
    if password.is_empty() {
        bail!("the vault password file {name} is empty");
    }
    Ok(password.into())
}

/// Asks for the vault password at the terminal, without echo.
pub(super) fn ask_vault_password() -> anyhow::Result<SecretString> {
    secret::ask("Vault password: ").context(
        "the vault password cannot be entered without a terminal: --vault-password-file reads it from a file",
    )
}

/// A private key: the text of a local file, otherwise the name of a key that the collector has.
pub(super) fn private_key(given: &str) -> anyhow::Result<SecretString> {
    if !Path::new(given).is_file() {
        return Ok(given.into());
    }
    let text = fs::read_to_string(given)
        .with_context(|| format!("the private key {given} cannot be read"))?;
    if !text.trim_start().starts_with("-----BEGIN ") {
        bail!("{given} is no private key: the text of one begins with \"-----BEGIN\"");
    }
    Ok(text.into())
}
