//! `/mcp`: the history for assistants, by the Model Context Protocol over streamable HTTP.
//!
//! Each request is independent: there are no sessions, so that any collector can answer it and a client that disconnects
//! leaves nothing behind. A tool calls the API within this process, with the headers of the request: with the same
//! token, and therefore with the same permissions, limits and answers.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest as _, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, post};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use serde::Deserialize;
use url::form_urlencoded;

use super::auth::{OurPage, ReadAccess};
use super::extract::WholeBody;
use super::{ApiError, PREFIX};
use crate::app::App;
use crate::mcp::{Ask, Assistant, Query};
use crate::server::{self, Peer};

/// The path for assistants.
pub(super) const PATH: &str = "/mcp";

/// The largest answer of the API that a tool reads, in bytes; the answers for runs with very many hosts are large.
const LARGEST: usize = 32 << 20;

/// The largest text of an error that is passed on, in bytes.
const LARGEST_ERROR: usize = 16 << 10;

/// The endpoint. `api`: the service that its tools call.
pub(super) fn route(api: Router) -> MethodRouter<App> {
    post(
        move |State(app): State<App>, _: ReadAccess, OurPage(place): OurPage, request: Request| {
            let address = app.config.http.public_address();
            let address = address.unwrap_or_else(|| place.address());
            serve(app, api, address, request)
        },
    )
}

async fn serve(app: App, api: Router, address: String, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut headers = parts.headers.clone();
    // The headers of this request's own body.
    for own in [
        header::CONTENT_LENGTH,
        header::CONTENT_TYPE,
        header::ACCEPT_ENCODING,
    ] {
        headers.remove(own);
    }
    let asker = InProcess {
        api,
        headers,
        peer: parts.extensions.get::<Peer>().cloned(),
        address,
    };
    // The body is read here, so that the collector's own limits apply, and its errors look like all others.
    let whole = Request::from_parts(parts.clone(), body);
    let body = match WholeBody::from_request(whole, &app).await {
        Ok(WholeBody(body)) => body,
        Err(error) => return error.into_response(),
    };
    let assistant = Assistant::new(asker);
    let service = StreamableHttpService::new(
        move || Ok(assistant.clone()),
        Arc::new(NeverSessionManager::default()),
        // The host and the origin have been checked, by the same rules as for every other request.
        StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .disable_allowed_hosts(),
    );
    let answer = service
        .handle(Request::from_parts(parts, Body::from(body)))
        .await;
    in_our_shape(answer.map(Body::new)).await
}

/// An answer; an error outside the protocol gets the common error shape.
async fn in_our_shape(answer: Response) -> Response {
    let status = answer.status();
    let is_json = answer
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !(status.is_client_error() || status.is_server_error()) || is_json {
        return answer;
    }
    let text = to_bytes(answer.into_body(), LARGEST_ERROR).await;
    let text = text.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    ApiError::of_protocol(status, text.trim()).into_response()
}

/// Calls the API within this process, with the credentials of these headers.
struct InProcess {
    api: Router,
    headers: HeaderMap,
    peer: Option<Peer>,
    /// The collector's address for users.
    address: String,
}

impl Ask for InProcess {
    async fn get(&self, path: &str, query: Query) -> Result<Vec<u8>, String> {
        let mut request = Request::new(Body::empty());
        let uri: Result<Uri, _> = address_of(path, &query).parse();
        *request.uri_mut() = uri.map_err(|_| "this is too long".to_owned())?;
        request.headers_mut().clone_from(&self.headers);
        if let Some(peer) = &self.peer {
            request.extensions_mut().insert(peer.clone());
        }
        let answer = server::in_process(self.api.clone(), request).await;
        let status = answer.status();
        let body = to_bytes(answer.into_body(), LARGEST)
            .await
            .map_err(|error| {
                tracing::warn!(%error, path, "an answer for an assistant could not be read");
                "the answer is too large, or broke off: ask for less".to_owned()
            })?;
        match status {
            StatusCode::OK => Ok(body.into()),
            _ => Err(message(&body)),
        }
    }

    fn page(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }
}

/// The address of an API call.
fn address_of(path: &str, query: &[(&str, String)]) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    pairs.extend_pairs(query);
    format!("{PREFIX}{path}?{}", pairs.finish())
}

/// The message of an error.
fn message(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Answer {
        error: Detail,
    }
    #[derive(Deserialize)]
    struct Detail {
        message: String,
    }
    match serde_json::from_slice::<Answer>(body) {
        Ok(answer) => answer.error.message,
        Err(_) => "the collector failed to answer this; its log says why".to_owned(),
    }
}
