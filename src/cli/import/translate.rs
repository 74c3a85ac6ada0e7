//! Converts sources of other tools into one bundle while it is sent.

use std::fs;
use std::io::{self, PipeReader, PipeWriter};
use std::path::Path;
use std::thread;

use anyhow::{Context as _, anyhow};
use playback_redact::Rules;
use serde::Serialize;

use super::sources::Source;
use super::summary::Answer;
use crate::cli::when;
use crate::export::BundleWriter;
use crate::import::ara::{self, LeftOut};
use crate::import::{TranslatedRun, json, junit};
use crate::model::time_from_us;
use crate::store::ara::rows::AraPlaybook;
use crate::store::ara::{AraDatabase, AraError};

/// A source or run that was not sent, and the reason.
#[derive(Debug, Serialize)]
pub(super) struct NotSent {
    /// The file or the database.
    pub(super) source: String,
    /// The run; none: the whole source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) run: Option<String>,
    /// The reason.
    pub(super) why: String,
    /// Whether it is a problem; an unfinished run is not.
    pub(super) wrong: bool,
}

/// Translates sources and sends them.
pub(super) fn upload(
    sources: Vec<Source>,
    rules: Rules,
    send: impl FnOnce(PipeReader) -> anyhow::Result<Answer>,
) -> anyhow::Result<(Answer, Vec<NotSent>)> {
    let (reader, writer) = io::pipe().context("no pipe can be opened")?;
    let maker = thread::spawn(move || {
        let mut maker = Maker {
            bundle: BundleWriter::new(writer)?,
            rules,
            not_sent: Vec::new(),
        };
        for source in &sources {
            maker.source(source)?;
        }
        maker.bundle.finish()?;
        Ok::<_, io::Error>(maker.not_sent)
    });
    let answer = send(reader);
    let made = maker.join();
    // If the collector refused, that is why the pipe broke.
    let answer = answer?;
    let not_sent = made.map_err(|_| anyhow!("the translation failed"))?;
    Ok((answer, not_sent.context("the bundle cannot be made")?))
}

struct Maker {
    bundle: BundleWriter<PipeWriter>,
    rules: Rules,
    not_sent: Vec<NotSent>,
}

impl Maker {
    /// Translates a source. An error means that nothing more can be sent.
    fn source(&mut self, source: &Source) -> io::Result<()> {
        match source {
            Source::Json(path) => match text(path) {
                Ok(text) => self.json(source, &text),
                Err(why) => {
                    self.whole(source, &why);
                    Ok(())
                }
            },
            Source::Junit(path) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let translated = text(path)
                    .and_then(|text| Ok(junit::translate(&text, &name, Some(&self.rules))?));
                match translated {
                    Ok(run) => self.send(&run),
                    Err(why) => {
                        self.whole(source, &why);
                        Ok(())
                    }
                }
            }
            Source::AraFile(_) | Source::AraServer(_) => {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()?;
                runtime.block_on(self.ara(source))
            }
        }
    }

    fn json(&mut self, source: &Source, text: &str) -> io::Result<()> {
        let found = match json::translate(text, Some(&self.rules)) {
            Ok(found) => found,
            Err(why) => {
                self.whole(source, &why.into());
                return Ok(());
            }
        };
        for (at, run) in found.runs.into_iter().enumerate() {
            match run {
                Ok(run) => self.send(&run)?,
                Err(why) => self.not_sent.push(NotSent {
                    source: source.shown(),
                    run: Some(format!("run {}", at + 1)),
                    why: why.to_string(),
                    wrong: true,
                }),
            }
        }
        Ok(())
    }

    async fn ara(&mut self, source: &Source) -> io::Result<()> {
        let database = match source {
            Source::AraServer(options) => AraDatabase::open_server(options).await,
            Source::AraFile(path) => AraDatabase::open_file(path).await,
            Source::Json(_) | Source::Junit(_) => return Ok(()),
        };
        let database = match database {
            Ok(database) => database,
            Err(why) => {
                self.whole(source, &why.into());
                return Ok(());
            }
        };
        match database.playbooks().await {
            Ok(playbooks) => {
                for playbook in &playbooks {
                    if !self.playbook(source, &database, playbook).await? {
                        break;
                    }
                }
            }
            Err(why) => self.whole(source, &why.into()),
        }
        database.close().await;
        Ok(())
    }

    /// Sends a playbook; false if the database can no longer be read.
    async fn playbook(
        &mut self,
        source: &Source,
        database: &AraDatabase,
        playbook: &AraPlaybook,
    ) -> io::Result<bool> {
        let why = match ara::translate(database, playbook, Some(&self.rules)).await {
            Ok(run) => {
                self.send(&run)?;
                return Ok(true);
            }
            Err(why) => why,
        };
        let is_over = match &why {
            // A damaged page may only affect this playbook.
            LeftOut::Database(AraError::Damaged | AraError::Value { .. }) => false,
            LeftOut::Database(_) => true,
            LeftOut::NotYet(_) | LeftOut::Damaged(_) => false,
        };
        self.not_sent.push(NotSent {
            source: source.shown(),
            run: Some(format!(
                "playbook {} ({}, {})",
                playbook.id,
                playbook.path,
                when::show(time_from_us(playbook.started_us))
            )),
            why: why.to_string(),
            wrong: !matches!(why, LeftOut::NotYet(_)),
        });
        Ok(!is_over)
    }

    fn send(&mut self, run: &TranslatedRun) -> io::Result<()> {
        self.bundle.run(run.id, &run.blocks)
    }

    /// Records that nothing can be imported from a source.
    fn whole(&mut self, source: &Source, why: &anyhow::Error) {
        self.not_sent.push(NotSent {
            source: source.shown(),
            run: None,
            why: format!("{why:#}"),
            wrong: true,
        });
    }
}

/// The text of a file.
fn text(path: &Path) -> anyhow::Result<String> {
    let bytes = fs::read(path).context("it cannot be read")?;
    String::from_utf8(bytes).map_err(|_| anyhow!("it is no text in UTF-8"))
}
