//! The sources named on the command line: files, folders, a database.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use secrecy::SecretString;

use crate::import::Kind;
use crate::store::Options;

/// Number of bytes read to detect a file's format: warnings may precede the output of a callback.
const BEGINNING: u64 = 64 << 10;

/// What to import.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// Bundles, which are sent unchanged.
    pub(super) bundles: Vec<PathBuf>,
    /// Sources that are translated.
    pub(super) foreign: Vec<Source>,
}

/// A source of another tool.
#[derive(Debug)]
pub(super) enum Source {
    /// A SQLite database of ARA.
    AraFile(PathBuf),
    /// A database of ARA on a server.
    AraServer(Box<Options>),
    /// The output of the callback `json` or `jsonl`.
    Json(PathBuf),
    /// A file of the callback `junit`.
    Junit(PathBuf),
}

impl Source {
    /// Its name for people.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::AraFile(path) | Self::Json(path) | Self::Junit(path) => {
                path.display().to_string()
            }
            Self::AraServer(options) => options.shown(),
        }
    }
}

/// Detects the format of each source. If one is not recognized, nothing is imported.
pub(super) fn find(
    paths: &[PathBuf],
    kind: Option<Kind>,
    server: Option<&SecretString>,
) -> anyhow::Result<Sources> {
    let mut sources = Sources::default();
    for path in paths {
        let named =
            fs::metadata(path).with_context(|| format!("{} cannot be read", path.display()))?;
        if !named.is_dir() {
            add(&mut sources, path.clone(), kind)?;
            continue;
        }
        let files = xml_files(path)?;
        if files.is_empty() {
            bail!(
                "{}: there is no file in this folder whose name ends in .xml; of a folder, the files of the callback \
                 junit are imported",
                path.display()
            );
        }
        for file in files {
            add(&mut sources, file, kind.or(Some(Kind::Junit)))?;
        }
    }
    if let Some(address) = server {
        let options = Options::from(address.clone());
        sources.foreign.push(Source::AraServer(Box::new(options)));
    }
    Ok(sources)
}

fn add(sources: &mut Sources, path: PathBuf, kind: Option<Kind>) -> anyhow::Result<()> {
    let kind = match kind {
        Some(kind) => kind,
        None => recognized(&path)?,
    };
    match kind {
        Kind::Bundle => sources.bundles.push(path),
        Kind::Ara => sources.foreign.push(Source::AraFile(path)),
        Kind::Json => sources.foreign.push(Source::Json(path)),
        Kind::Junit => sources.foreign.push(Source::Junit(path)),
    }
    Ok(())
}

fn recognized(path: &Path) -> anyhow::Result<Kind> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("{shown} cannot be read"))?;
    let mut beginning = Vec::new();
    let read = file.take(BEGINNING).read_to_end(&mut beginning);
    read.with_context(|| format!("{shown} cannot be read"))?;
    if beginning.is_empty() {
        bail!("{shown} is empty: export or record it once more");
    }
    match Kind::of(&beginning) {
        Some(kind) => Ok(kind),
        None => bail!(
            "{shown} is nothing that can be imported: it is neither a bundle, nor a SQLite database, nor JSON, nor XML. \
             \"playback import --help\" lists what can"
        ),
    }
}

fn xml_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let unreadable = || format!("{} cannot be read", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        if path.extension().is_some_and(|end| end == "xml") && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
