//! The files of the web UI, which are part of the binary: which of them answers a path, in which encoding, and what is
//! written into the first page. No HTTP.
//!
//! `make build` makes them in `ui/dist`. The names of files in `assets` hold a hash of their content; beside large files
//! are compressed ones, `.br` and `.gz`. A debug build reads the folder at run time, so that the collector need not be
//! built again for pages that have changed.

mod encoding;

use std::borrow::Cow;

use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

pub use encoding::{Accepted, Encoding};

use crate::config::BasePath;

/// What a collector shows that was built without the UI.
pub const NOT_BUILT: &str = include_str!("not_built.html");

/// The page of every address of the UI, which shows what the rest of the address says.
const INDEX: &str = "index.html";

/// Where files are whose names change with their content.
const HASHED: &str = "assets/";

/// First parts of paths that are not the UI's: for programs, a page would be no answer.
const RESERVED: &[&str] = &["api", "healthz", "readyz", "metrics", "mcp"];

#[derive(RustEmbed)]
#[folder = "ui/dist"]
#[allow_missing = true]
struct Built;

/// The bytes of a file.
pub type Content = Cow<'static, [u8]>;

/// A file of the UI by its name; none if there is no such file.
#[must_use]
pub fn built(name: &str) -> Option<Content> {
    Built::get(name).map(|file| file.data)
}

/// A file that answers a path.
#[derive(Debug, PartialEq, Eq)]
pub struct Asset {
    /// Its bytes, in `encoding`.
    pub content: Content,
    /// Its name without the ending of the encoding.
    pub name: String,
    /// How it is compressed, if it is.
    pub encoding: Option<Encoding>,
    /// Whether others get it in another encoding.
    pub varies: bool,
    /// Whether the name changes with the content.
    pub hashed: bool,
}

/// The answer to a path.
#[derive(Debug, PartialEq, Eq)]
pub enum Resource {
    /// The page of the UI, with the base path in it.
    Page(Vec<u8>),
    /// A file.
    Asset(Asset),
    /// The page was to be shown, and this collector has none.
    NotBuilt,
    /// It is no path of the UI.
    NoSuchPath,
}

/// What answers a path, among the files that `file` finds by their names.
#[must_use]
pub fn find(
    file: impl Fn(&str) -> Option<Content>,
    path: &str,
    accepted: Accepted,
    base: &BasePath,
) -> Resource {
    let name = path.strip_prefix('/').unwrap_or(path);
    let first = name.split('/').next().unwrap_or_default();
    // A path with `/api/` further on is that of the API below a prefix that no proxy has removed.
    if RESERVED.contains(&first) || path.contains("/api/") {
        return Resource::NoSuchPath;
    }
    if is_file_name(name)
        && let Some(asset) = asset(&file, name, accepted)
    {
        return Resource::Asset(asset);
    }
    // Only files at the top have an ending: the page of a host (/hosts/web-1.example.com) may have dots in its path.
    let is_at_top = !name.contains('/');
    if name.starts_with(HASHED) || is_at_top && name.contains('.') && name != INDEX {
        return Resource::NoSuchPath;
    }
    match file(INDEX) {
        Some(page) => Resource::Page(with_base(&page, base)),
        None => Resource::NotBuilt,
    }
}

/// Whether a path may name a file. The page itself is not served as one: its addresses must be made absolute.
fn is_file_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let is_part =
        |part: &str| !part.is_empty() && !part.starts_with('.') && part.chars().all(is_plain);
    name != INDEX && name.split('/').all(is_part)
}

/// The file of that name in the best encoding.
fn asset(file: &impl Fn(&str) -> Option<Content>, name: &str, accepted: Accepted) -> Option<Asset> {
    let plain = file(name)?;
    let compressed: Vec<(Encoding, Content)> = Encoding::ALL
        .into_iter()
        .filter_map(|encoding| Some((encoding, file(&format!("{name}.{}", encoding.ending()))?)))
        .collect();
    let varies = !compressed.is_empty();
    let best = compressed
        .into_iter()
        .find(|(encoding, _)| accepted.has(*encoding));
    let (encoding, content) = match best {
        Some((encoding, content)) => (Some(encoding), content),
        None => (None, plain),
    };
    Some(Asset {
        content,
        name: name.to_owned(),
        encoding,
        varies,
        hashed: name.starts_with(HASHED),
    })
}

/// The page with absolute addresses: it is shown at every depth of path, and a `<base>` would be for any script to
/// change.
fn with_base(page: &[u8], base: &BasePath) -> Vec<u8> {
    let page = String::from_utf8_lossy(page);
    let told = format!("name=\"playback-base\" content=\"{base}\"");
    page.replace("=\"./", &format!("=\"{base}"))
        .replace("name=\"playback-base\" content=\"/\"", &told)
        .into_bytes()
}

/// What tells whether a client has the current content.
#[must_use]
pub fn etag(content: &[u8]) -> String {
    let hash = Sha256::digest(content);
    let digits: String = hash
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{digits}\"")
}

/// The media type of a file, by the ending of its name.
#[must_use]
pub fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<meta name=\"playback-base\" content=\"/\">\
        <link href=\"./icon.svg\"><script src=\"./assets/index-1a.js\"></script>";

    fn file(name: &str) -> Option<Content> {
        let text = match name {
            "index.html" => PAGE,
            "icon.svg" => "<svg/>",
            "assets/index-1a.js" => "plain",
            "assets/index-1a.js.br" => "brotli",
            "assets/index-1a.js.gz" => "gzip",
            "assets/small-2b.css" => "small",
            _ => return None,
        };
        Some(Cow::Borrowed(text.as_bytes()))
    }

    fn at(path: &str, encodings: &str) -> Resource {
        find(file, path, Accepted::read(encodings), &BasePath::default())
    }

    fn asset_at(path: &str, encodings: &str) -> Asset {
        match at(path, encodings) {
            Resource::Asset(asset) => asset,
            other => panic!("{path}: {other:?}"),
        }
    }

    #[test]
    fn every_address_of_the_ui_is_the_page() {
        for path in [
            "/",
            "/runs",
            "/runs/0199c2a4-89ab-7def-8000-000000000001",
            "/hosts/web-1.example.com",
            "/hosts/..",
            "/index.html",
            "/a/../b",
        ] {
            assert!(matches!(at(path, ""), Resource::Page(_)), "{path}");
            let none = find(|_| None, path, Accepted::default(), &BasePath::default());
            assert_eq!(none, Resource::NotBuilt, "{path}");
        }
    }

    #[test]
    fn what_is_no_address_of_the_ui_is_no_page() {
        for path in [
            "/api",
            "/api/v1/ansible/nothing",
            "/prefix/api/v1/ansible/executions",
            "/healthz/x",
            "/metrics/x",
            "/favicon.ico",
            "/.env",
            "/assets/gone-3c.js",
            "/assets/",
            "/assets/../index.html",
            "/assets/.hidden",
        ] {
            assert_eq!(at(path, ""), Resource::NoSuchPath, "{path}");
        }
    }

    #[test]
    fn files_are_sent_in_the_best_encoding_that_the_client_takes() {
        let script = |encodings| {
            let asset = asset_at("/assets/index-1a.js", encodings);
            assert!(asset.varies && asset.hashed);
            (asset.encoding, asset.content)
        };
        let sent = |text: &'static str| Content::Borrowed(text.as_bytes());
        assert_eq!(script("gzip, br"), (Some(Encoding::Brotli), sent("brotli")));
        assert_eq!(script("gzip"), (Some(Encoding::Gzip), sent("gzip")));
        assert_eq!(script(""), (None, sent("plain")));
        assert_eq!(script("br;q=0, zstd"), (None, sent("plain")));
        let small = asset_at("/assets/small-2b.css", "br");
        assert_eq!((small.encoding, small.varies), (None, false));
        let icon = asset_at("/icon.svg", "br");
        assert_eq!(
            (icon.hashed, media_type(&icon.name)),
            (false, "image/svg+xml")
        );
    }

    #[test]
    fn the_page_names_its_files_below_the_base_path() {
        let base = BasePath::parse("/tools/playback").unwrap();
        let Resource::Page(page) = find(file, "/runs/1", Accepted::default(), &base) else {
            panic!("a page was to be found");
        };
        let page = String::from_utf8(page).unwrap();
        assert!(page.contains("content=\"/tools/playback/\""), "{page}");
        assert!(page.contains("href=\"/tools/playback/icon.svg\""), "{page}");
        assert!(
            page.contains("src=\"/tools/playback/assets/index-1a.js\""),
            "{page}"
        );
        assert_ne!(etag(page.as_bytes()), etag(PAGE.as_bytes()));
    }
}
