//! `playback import`: runs that another collector, ARA or a callback of Ansible recorded.
//!
//! - `sources`: what the command line names: files, folders, a database
//! - `translate`: converts sources of other tools into one bundle while it is sent
//! - `summary`: the outcome for each run

mod sources;
mod summary;
mod translate;

use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use clap::builder::PossibleValuesParser;
use playback_redact::Rules;
use secrecy::SecretString;

use self::summary::{Answer, Summary};
use super::client::{Client, ClientArgs};
use super::environment;
use super::sources::Sources;
use crate::import::Kind;

/// The API's path for bundles.
const PATH: &str = "/import";
const MEDIA_TYPE: &str = "application/zstd";

/// Describes sources in the help.
const SOURCES: &str = "\
What a FILE is, is recognized by its content:
  - a bundle: what \"playback export --format bundle\" wrote
  - a SQLite database of ARA 1.5 to 1.8 (ansible.sqlite)
  - the output of the callbacks ansible.posix.json and ansible.posix.jsonl
  - an XML file of the callback junit, or a folder of them

A run is imported as a whole or not at all, and a second import changes nothing.
What a source does not record is unknown afterwards, too: the run says what.";

/// Import runs that another collector, ARA or a callback of Ansible recorded
///
/// Each run is imported completely or not at all. A run that already exists is skipped. The token needs the scope
/// "admin".
#[derive(Debug, Args)]
#[command(after_help = SOURCES)]
pub(super) struct Import {
    /// What to import
    #[arg(required_unless_present = "database_url", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The format of each FILE, instead of detecting it
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(Kind::NAMES))]
    from: Option<String>,
    /// A database of ARA on PostgreSQL: postgres://user@host/name; an address with a password belongs into
    /// PLAYBACK_ARA_DATABASE, where no other user sees it
    #[arg(
        long,
        value_name = "URL",
        env = "PLAYBACK_ARA_DATABASE",
        hide_env_values = true
    )]
    database_url: Option<SecretString>,
    /// Hide values of this key, as "playback exec" does. May be repeated or separated by commas; bundles are imported
    /// unchanged
    #[arg(long = "redact-key", value_name = "NAME", value_delimiter = ',')]
    redact_keys: Vec<String>,
    /// Hide matches of this regular expression. May be repeated
    #[arg(long = "redact-pattern", value_name = "REGEX", value_delimiter = '\n')]
    redact_patterns: Vec<String>,
    /// Why, for the audit trail
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON: the API's answer, and the runs that were not sent
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Import) -> anyhow::Result<ExitCode> {
    let client = Client::new(&command.client)?;
    let rules = rules(command)?;
    let kind = command.from.as_deref().and_then(Kind::from_name);
    let sources = sources::find(&command.files, kind, command.database_url.as_ref())?;
    let note = command.note.as_deref();
    let mut summary = Summary::default();
    for bundle in &sources.bundles {
        let mut file =
            File::open(bundle).with_context(|| format!("{} cannot be read", bundle.display()))?;
        let answer: Answer = client.upload(PATH, MEDIA_TYPE, &mut file, note)?;
        summary.add(answer);
    }
    if !sources.foreign.is_empty() {
        let (answer, left_out) = translate::upload(sources.foreign, rules, |mut bundle| {
            client.upload(PATH, MEDIA_TYPE, &mut bundle, note)
        })?;
        summary.add(answer);
        summary.left_out_before(left_out);
    }
    summary.print(command.json)?;
    Ok(match summary.is_all_right() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// The redaction rules for runs of other tools: the same as for "playback exec".
fn rules(command: &Import) -> anyhow::Result<Rules> {
    let ansible = Sources::of(environment::ansible_config());
    if let Some(why) = ansible.damaged_rule() {
        bail!(why);
    }
    let none: [&str; 0] = [];
    let rules = Rules::new(
        &ansible.redact_keys(command.redact_keys.clone()),
        &ansible.redact_patterns(command.redact_patterns.clone()),
        &none,
    );
    rules.context("values cannot be hidden, so nothing was imported")
}
