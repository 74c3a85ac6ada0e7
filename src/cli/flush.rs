//! `playback flush`: delivers what recorders left behind on this machine.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use playback_spool::{
    AdoptError, AdoptOptions, Delivered, Fate, Orphan, SenderConfig, deliver_orphans, orphans,
};
use serde_json::{Value, json};

use super::client::ClientArgs;
use super::{environment, out};

#[derive(Debug, Args)]
pub(super) struct Flush {
    /// Folder of the spools [default: playback/spool in XDG_STATE_HOME or ~/.local/state]
    #[arg(long, value_name = "DIR", env = "PLAYBACK_SPOOL_DIR")]
    spool_dir: Option<PathBuf>,
    /// Also deliver spools that the collector refused before: the token may be mended by now
    #[arg(long)]
    retry_set_aside: bool,
    /// How long to go on trying while the collector does not answer, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(..=86400))]
    patience: u64,
    /// PEM file of the certificate authorities to trust instead of the system's
    #[arg(long, value_name = "FILE", env = "PLAYBACK_CA_FILE")]
    ca_file: Option<PathBuf>,
    #[command(flatten)]
    client: ClientArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: Flush) -> anyhow::Result<ExitCode> {
    let config = SenderConfig {
        url: command.client.url()?,
        token: command.client.token()?,
        ca_file: filled(command.ca_file),
        user_agent: concat!("playback-flush/", env!("CARGO_PKG_VERSION")).to_owned(),
        adopt: false,
        ..SenderConfig::default()
    };
    let options = AdoptOptions {
        set_aside: command.retry_set_aside,
        patience: Duration::from_secs(command.patience),
    };
    let dirs = match filled(command.spool_dir) {
        Some(dir) => vec![dir],
        None => environment::spool_dirs(),
    };
    let mut spools = Vec::new();
    for dir in &dirs {
        deliver(dir, &config, &options, &mut spools, command.json)?;
    }
    let of = |fate: &str| spools.iter().filter(|spool| spool["fate"] == fate).count();
    let (delivered, set_aside, kept) = (of("delivered"), of("set_aside"), of("kept"));
    let all = set_aside + kept == 0;
    if command.json {
        out::json(&json!({
            "spool_dirs": dirs,
            "spools": spools,
            "delivered": delivered,
            "set_aside": set_aside,
            "kept": kept,
        }))?;
    } else if spools.is_empty() {
        let dirs: Vec<_> = dirs.iter().map(|dir| dir.display().to_string()).collect();
        out::line(format_args!(
            "nothing is left behind in {}",
            dirs.join(", ")
        ))?;
    } else if !all {
        out::note(format_args!(
            "{} of {} spools could not be delivered; they are kept",
            set_aside + kept,
            spools.len()
        ));
    }
    Ok(if all {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn filled(path: Option<PathBuf>) -> Option<PathBuf> {
    path.filter(|path| !path.as_os_str().is_empty())
}

/// Delivers one folder's spools, and tells of each as it goes.
fn deliver(
    dir: &Path,
    config: &SenderConfig,
    options: &AdoptOptions,
    spools: &mut Vec<Value>,
    json: bool,
) -> anyhow::Result<()> {
    let mut printed = Ok(());
    let mut tell = |spool: &Delivered| {
        spools.push(as_json(spool));
        if !json && printed.is_ok() {
            printed = out::line(as_text(spool));
        }
    };
    deliver_orphans(dir, config, options, |spool| tell(&spool))?;
    if !options.set_aside {
        // They were passed over, and that should be known.
        let left = orphans(dir).map_err(|cause| AdoptError::Folder {
            dir: dir.to_path_buf(),
            cause,
        })?;
        for orphan in left {
            let Some(reason) = orphan.set_aside.clone() else {
                continue;
            };
            tell(&Delivered {
                orphan,
                events: 0,
                fate: Fate::SetAside(reason),
            });
        }
    }
    printed
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
        Fate::SetAside(reason) => ("set_aside", Some(reason)),
        Fate::Kept(reason) => ("kept", Some(reason)),
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

fn as_text(spool: &Delivered) -> String {
    let Orphan {
        execution,
        producer,
        path,
        ..
    } = &spool.orphan;
    let who = format!("{execution} ({})", producer.as_str());
    let text = match &spool.fate {
        Fate::Delivered => format!("{who}: delivered, {} events", spool.events),
        Fate::SetAside(reason) => format!(
            "{who}: refused: {reason}; once that is mended, \"playback flush --retry-set-aside\" \
             delivers it"
        ),
        Fate::Kept(reason) => format!(
            "{who}: not delivered: {reason}; it stays in {}",
            path.display()
        ),
    };
    out::plain(&text)
}
