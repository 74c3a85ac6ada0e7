//! `playback flush`: delivers what recorders left behind on this machine.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use playback_spool::{
    AdoptError, AdoptOptions, Delivered, Fate, Orphan, SenderConfig, deliver_orphans, flush_command,
};
use serde_json::{Value, json};

use super::out::{self, Out};
use super::recorder_settings::{CommandLineOptions, RecorderSettings};

#[derive(Debug, Args)]
pub(super) struct Flush {
    /// Folder of the spools [default: the recorder's, from PLAYBACK_SPOOL_DIR, ansible.cfg, or playback/spool in
    /// XDG_STATE_HOME or ~/.local/state]
    #[arg(long, value_name = "DIR")]
    spool_dir: Option<PathBuf>,
    /// Also deliver spools that the collector refused for a reason other than the token, or with this token
    #[arg(long)]
    retry_set_aside: bool,
    /// How long to keep trying while the collector does not answer, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(..=86400))]
    patience: u64,
    /// Wait for the collector: for this many seconds, or as long as it takes
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, conflicts_with = "patience")]
    wait: Option<Option<u64>>,
    /// The collector [default: the recorder's, from PLAYBACK_URL or ansible.cfg; else that of your login]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// File that contains the token [default: the recorder's token, from PLAYBACK_TOKEN, PLAYBACK_TOKEN_FILE or
    /// ansible.cfg; else that of your login]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// PEM file of the certificate authorities to trust instead of the system's [env: PLAYBACK_CA_FILE]
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Longest wait between two attempts: a user waiting for the collector wants to know soon.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

pub(super) fn run(command: Flush) -> anyhow::Result<ExitCode> {
    let settings = RecorderSettings::read(CommandLineOptions {
        url: command.url,
        token_file: command.token_file,
        ca_file: command.ca_file,
        spool_dir: command.spool_dir,
    })?;
    let mut config = SenderConfig {
        url: settings.url,
        token: settings.token,
        token_file: settings.token_file,
        token_from: settings.token_from,
        ca_file: settings.ca_file,
        proxies: playback_producer::environment::proxies(),
        user_agent: concat!("playback-flush/", env!("CARGO_PKG_VERSION")).to_owned(),
        adopt: false,
        ..SenderConfig::default()
    };
    config.backoff.1 = config.backoff.1.min(LONGEST_WAIT);
    let mut options = AdoptOptions {
        set_aside: command.retry_set_aside,
        patience: match command.wait {
            None => Duration::from_secs(command.patience),
            Some(None) => Duration::MAX,
            Some(Some(seconds)) => Duration::from_secs(seconds),
        },
    };
    let dirs = match settings.spool_dir {
        Some(dir) => vec![dir],
        None => playback_producer::folder::default_folders(),
    };
    let mut told = FlushReport::new(command.json);
    for dir in &dirs {
        let kept = told.kept;
        told.folder(dir, &config, &options)?;
        if told.kept > kept {
            // The wait for the collector is already over, for this folder.
            options.patience = Duration::ZERO;
        }
    }
    told.end(&dirs, &config.url)
}

/// Reports the outcome of each spool as it happens.
struct FlushReport {
    json: bool,
    spools: Vec<Value>,
    folders: Vec<Value>,
    delivered: usize,
    set_aside: usize,
    kept: usize,
    /// Spools that are not ours and have a problem.
    left: usize,
    /// Other users' spools in a shared folder.
    others: usize,
}

impl FlushReport {
    fn new(json: bool) -> Self {
        Self {
            json,
            spools: Vec::new(),
            folders: Vec::new(),
            delivered: 0,
            set_aside: 0,
            kept: 0,
            left: 0,
            others: 0,
        }
    }

    /// Delivers one folder's spools. A folder that cannot be used is reported and skipped.
    fn folder(
        &mut self,
        dir: &Path,
        config: &SenderConfig,
        options: &AdoptOptions,
    ) -> anyhow::Result<()> {
        let mut printed = Ok(());
        let done = deliver_orphans(dir, config, options, |spool| {
            let told = self.spool(&spool, &config.url);
            if printed.is_ok() {
                printed = told;
            }
        });
        printed?;
        match done {
            Ok(_) => Ok(()),
            Err(AdoptError::Folder { dir, cause }) => {
                let text = format!("the spool folder {} cannot be used: {cause}", dir.display());
                if !self.json {
                    out::note(out::plain(&text));
                }
                self.folders
                    .push(json!({"path": dir, "error": cause.to_string()}));
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn spool(&mut self, spool: &Delivered, url: &str) -> anyhow::Result<()> {
        match &spool.fate {
            Fate::Delivered => self.delivered += 1,
            Fate::SetAside { .. } => self.set_aside += 1,
            Fate::Undelivered(_) => self.kept += 1,
            Fate::Left { expected: true, .. } => self.others += 1,
            Fate::Left { .. } => self.left += 1,
        }
        let first = self.spools.is_empty();
        self.spools.push(as_json(spool));
        if self.json {
            return Ok(());
        }
        if first {
            out::line(format_args!(
                "{:36}  {:10}  {:>8}  WHAT HAPPENED",
                "RUN", "PRODUCER", "EVENTS"
            ))?;
        }
        let Orphan {
            execution,
            producer,
            ..
        } = &spool.orphan;
        let row = format!("{execution}  {:10}  {:>8}", producer.as_str(), spool.events);
        let text = out::plain(&as_text(spool, url));
        let mut out = Out::new();
        match out.width() {
            // If a row is wider than the terminal, the outcome is printed on the next line.
            Some(width) if row.len() + 2 + text.chars().count() > width => {
                out.line(row)?;
                out.hanging("    ", &text)?;
            }
            _ => out.line(format_args!("{row}  {text}"))?,
        }
        out.flush()
    }

    /// The summary, as output and as exit code.
    fn end(self, dirs: &[PathBuf], url: &str) -> anyhow::Result<ExitCode> {
        let remaining = self.set_aside + self.kept + self.left;
        let all = remaining == 0 && self.folders.is_empty();
        if self.json {
            out::json(&json!({
                "url": url,
                "spool_dirs": dirs,
                "unusable_spool_dirs": self.folders,
                "spools": self.spools,
                "delivered": self.delivered,
                "set_aside": self.set_aside,
                "kept": self.kept,
                "left": self.left + self.others,
            }))?;
        } else if self.spools.is_empty() && self.folders.is_empty() {
            let dirs: Vec<_> = dirs.iter().map(|dir| dir.display().to_string()).collect();
            out::line(format_args!(
                "nothing is left behind in {}",
                dirs.join(", ")
            ))?;
        } else if remaining > 0 {
            out::note(match (remaining, self.spools.len()) {
                (_, 1) => "the spool could not be delivered; it is kept".to_owned(),
                (1, all) => format!("1 of {all} spools could not be delivered; it is kept"),
                (_, all) => {
                    format!("{remaining} of {all} spools could not be delivered; they are kept")
                }
            });
        }
        Ok(if all {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

fn as_json(spool: &Delivered) -> Value {
    let Orphan {
        execution,
        producer,
        path,
        bytes,
        ..
    } = &spool.orphan;
    let (fate, reason) = match &spool.fate {
        Fate::Delivered => ("delivered", None),
        Fate::SetAside { reason, .. } => ("set_aside", Some(reason)),
        Fate::Left { reason, .. } => ("left", Some(reason)),
        Fate::Undelivered(reason) => ("kept", Some(reason)),
    };
    json!({
        "execution": execution,
        "producer": producer.as_str(),
        "path": path,
        "bytes": bytes,
        "events": spool.events,
        "fate": fate,
        "reason": reason,
    })
}

/// The outcome of a spool, and the command that helps. The command names the folder and the collector, which may differ
/// from those of the next shell.
fn as_text(spool: &Delivered, url: &str) -> String {
    let path = spool.orphan.path.display();
    let flush = |options| {
        let folder = spool.orphan.path.parent().unwrap_or(Path::new("/"));
        flush_command(folder, Some(url), options)
    };
    match &spool.fate {
        Fate::Delivered => "delivered".to_owned(),
        Fate::SetAside {
            reason,
            about_token: true,
            ..
        } => format!(
            "refused: {reason}; with a token of the scope \"ingest\", `{}` delivers it",
            flush("")
        ),
        Fate::SetAside {
            reason,
            before: true,
            ..
        } => format!(
            "refused before: {reason}; `{}` asks the collector again",
            flush(" --retry-set-aside")
        ),
        Fate::SetAside { reason, .. } => format!(
            "refused: {reason}; once the cause is mended, `{}` delivers it",
            flush(" --retry-set-aside")
        ),
        Fate::Left { reason, .. } => format!("left alone: {reason} ({path})"),
        Fate::Undelivered(reason) => format!("not delivered: {reason}; it stays in {path}"),
    }
}
