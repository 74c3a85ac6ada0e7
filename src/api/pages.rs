//! The web UI: its page at each of its addresses, and its files. They contain no data, so they need no token.

use std::borrow::Cow;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{auth, error};
use crate::app::App;
use crate::pages::{self, Accepted, Asset, NOT_BUILT, Resource};

/// The permissions of the pages in a browser: they may only load our own files and contact this collector.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The same for the page that only contains text.
const POLICY_OF_TEXT: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The name of a file contains a hash of its content, so the file can be cached forever.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// Clients check for changes each time; the content is only sent if it has changed.
const CHECKED: &str = "no-cache";

/// Answers requests that match no route: with the UI's page and files, or with 404.
pub(super) async fn get_page(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        return error::no_such_route(parts.uri).await.into_response();
    }
    let accepted = text(&parts.headers, header::ACCEPT_ENCODING).map(Accepted::read);
    let place = auth::place(&app, &parts);
    let found = pages::find(
        pages::built,
        parts.uri.path(),
        accepted.unwrap_or_default(),
        place.base(),
    );
    match found {
        Resource::Page(page) => {
            let headers = [
                (header::CONTENT_TYPE, pages::media_type("index.html")),
                (header::CACHE_CONTROL, CHECKED),
            ];
            let answer = (headers, content(&parts.headers, page.into()));
            with_policy(answer.into_response(), POLICY)
        }
        Resource::Asset(asset) => with_policy(file(&parts.headers, asset), POLICY),
        Resource::NotBuilt => {
            let headers = [(header::CONTENT_TYPE, pages::media_type("index.html"))];
            let answer = (StatusCode::NOT_FOUND, headers, NOT_BUILT);
            with_policy(answer.into_response(), POLICY_OF_TEXT)
        }
        Resource::NoSuchPath => error::no_such_route(parts.uri).await.into_response(),
    }
}

fn file(asked: &HeaderMap, asset: Asset) -> Response {
    let lifetime = if asset.hashed { FOREVER } else { CHECKED };
    let headers = [
        (header::CONTENT_TYPE, pages::media_type(&asset.name)),
        (header::CACHE_CONTROL, lifetime),
    ];
    let mut answer = (headers, content(asked, asset.content)).into_response();
    let headers = answer.headers_mut();
    if asset.varies {
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    if let Some(encoding) = asset.encoding {
        let name = HeaderValue::from_static(encoding.name());
        headers.insert(header::CONTENT_ENCODING, name);
    }
    answer
}

/// The content, or the answer that the client already has it.
fn content(asked: &HeaderMap, content: pages::Content) -> Response {
    let etag = pages::etag(&content);
    let known = text(asked, header::IF_NONE_MATCH).unwrap_or_default();
    let mut known = known.split(',').map(str::trim);
    // A proxy that compresses turns the tag into a weak one.
    let is_known = known.any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag);
    let etag = [(header::ETAG, etag)];
    if is_known {
        return (StatusCode::NOT_MODIFIED, etag).into_response();
    }
    let bytes = match content {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    (etag, Body::from(bytes)).into_response()
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn with_policy(mut answer: Response, policy: &'static str) -> Response {
    let fields = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in fields {
        answer
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    answer
}
