//! The OpenAPI document: generated from the handlers, plus what applies to all of them.

mod selected;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::Number;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{KnownFormat, Object, Schema, SchemaFormat};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{PartialSchema as _, ToSchema as _};

pub(super) use selected::ExecutionRecord;

use super::auth::COOKIE;
use crate::model::{ExecutionResult, FeedMessage, StreamMessage};

/// The default description of a response.
fn meaning(status: &str) -> &'static str {
    match status {
        "200" => "Done",
        "400" => "The request is invalid: the message names the invalid part",
        "401" => "There is no token or login, or it is not valid",
        "403" => "The token lacks the scope, or the request comes from a page of another origin",
        "404" => "Not found",
        "405" => "Not with that method",
        "408" => "The request did not arrive within the time limit",
        "413" => "The request's body is too large",
        "500" => "The collector failed; its log says why",
        "503" => "Busy, or the database is down: retry after Retry-After seconds",
        _ => "See the message",
    }
}

/// Describes authentication by session and by token.
pub(super) fn add_security(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(
        "token",
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
    );
    components.add_security_scheme(
        "session",
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE))),
    );
}

/// Adds the streams' message schemas. OpenAPI has no place for them in an operation, so descriptions name them.
pub(super) fn add_messages(document: &mut OpenApi) {
    let mut schemas = Vec::new();
    StreamMessage::<'_, ExecutionResult>::schemas(&mut schemas);
    FeedMessage::<ExecutionResult>::schemas(&mut schemas);
    for (name, schema) in [
        (
            StreamMessage::<'_, ExecutionResult>::name(),
            StreamMessage::<'_, ExecutionResult>::schema(),
        ),
        (
            FeedMessage::<ExecutionResult>::name(),
            FeedMessage::<ExecutionResult>::schema(),
        ),
    ] {
        schemas.push((name.into_owned(), schema));
    }
    let components = document.components.get_or_insert_default();
    components.schemas.extend(schemas);
}

/// Removes defaults from a schema. Generators assume that a field with a default is always present, but empty fields
/// are omitted from requests and responses.
fn without_defaults(schema: &mut RefOr<Schema>) {
    let schema = match schema {
        RefOr::T(schema) => schema,
        RefOr::Ref(named) => {
            named.default = None;
            return;
        }
    };
    match schema {
        Schema::Object(object) => {
            object.default = None;
            widen(object);
            object.properties.values_mut().for_each(without_defaults);
        }
        Schema::Array(array) => array.default = None,
        Schema::OneOf(one_of) => {
            one_of.default = None;
            one_of.items.iter_mut().for_each(without_defaults);
        }
        Schema::AllOf(all_of) => {
            all_of.default = None;
            all_of.items.iter_mut().for_each(without_defaults);
        }
        Schema::AnyOf(any_of) => {
            any_of.default = None;
            any_of.items.iter_mut().for_each(without_defaults);
        }
        _ => {}
    }
}

/// Unsigned 32-bit numbers do not fit `int32`: half of them would violate the schema.
fn widen(object: &mut Object) {
    let is_unsigned = object.minimum.is_some() && object.maximum.is_none();
    if is_unsigned && object.format == Some(SchemaFormat::KnownFormat(KnownFormat::Int32)) {
        object.format = Some(SchemaFormat::KnownFormat(KnownFormat::Int64));
        object.maximum = Some(Number::from(u32::MAX));
    }
}

/// Adds the responses that every operation may return, and the values that parameters may have.
pub(super) fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    components.schemas.values_mut().for_each(without_defaults);
    for (path, item) in &mut document.paths.paths {
        let operations = [
            (&mut item.get, false),
            (&mut item.delete, false),
            (&mut item.put, true),
            (&mut item.post, true),
        ];
        for (operation, has_body) in operations {
            if let Some(operation) = operation {
                answers(path, operation, has_body);
                parameters(path, operation);
            }
        }
    }
}

fn answers(path: &str, operation: &mut Operation, has_body: bool) {
    let open = [SecurityRequirement::default()];
    let is_open = operation.security.as_deref() == Some(&open);
    let is_in_api = path.starts_with(super::PREFIX);
    let mut errors = vec!["500"];
    if !is_open {
        errors.extend(["401", "403"]);
    }
    if path != "/healthz" {
        errors.push("503");
    }
    if is_in_api {
        errors.push("400");
    }
    if has_body {
        errors.extend(["408", "413"]);
    }
    let answers = &mut operation.responses.responses;
    for status in errors {
        answers
            .entry(status.to_owned())
            .or_insert_with(|| RefOr::T(error(meaning(status))));
    }
    for (status, answer) in answers.iter_mut() {
        if let RefOr::T(answer) = answer
            && answer.description.is_empty()
        {
            meaning(status).clone_into(&mut answer.description);
        }
    }
}

fn error(description: &str) -> Response {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("ErrorBody")))
        .build();
    ResponseBuilder::new()
        .description(description)
        .content("application/json", content)
        .build()
}

/// Describes the values of a parameter: handlers take strings, so that errors use our own messages. Filters describe
/// themselves.
fn parameters(path: &str, operation: &mut Operation) {
    let path = path.strip_prefix(super::PREFIX).unwrap_or(path);
    let values = values(path);
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else {
            continue;
        };
        let Some(schema) = values.get(parameter.name.as_str()) else {
            continue;
        };
        if let Ok(schema) = serde_json::from_value::<Schema>(schema.clone()) {
            parameter.schema = Some(RefOr::T(schema));
        }
    }
}

fn values(path: &str) -> BTreeMap<&'static str, Value> {
    let one_of = |names: &[&str]| json!({ "type": "string", "enum": names });
    let limit = json!({ "type": "integer", "format": "int32", "minimum": 1, "maximum": 1000 });
    let number =
        |most: u64| json!({ "type": "integer", "format": "int64", "minimum": 0, "maximum": most });
    // Numbers of lines and events are stored as signed ones.
    let (count, place) = (number(u64::from(u32::MAX)), number(i64::MAX.unsigned_abs()));
    match path {
        "/executions" => [
            ("sort", one_of(&["started", "duration"])),
            ("order", one_of(&["asc", "desc"])),
            ("limit", limit),
        ]
        .into(),
        "/notifications/deliveries" => [
            ("state", one_of(&["pending", "delivered", "failed"])),
            ("execution", json!({ "type": "string", "format": "uuid" })),
            ("cursor", place),
            ("limit", limit),
        ]
        .into(),
        "/export" => [
            (
                "what",
                one_of(&["executions", "results", "hosts", "output"]),
            ),
            ("format", one_of(&["ndjson", "json", "csv", "parquet"])),
            ("order", one_of(&["asc", "desc"])),
            ("execution", json!({ "type": "string", "format": "uuid" })),
            (
                "only_status",
                one_of(&["ok", "failed", "skipped", "unreachable"]),
            ),
            ("only_changed", json!({ "type": "boolean" })),
            ("only_stream", one_of(&["stdout", "stderr"])),
        ]
        .into(),
        "/audit/export" => [("format", one_of(&["ndjson", "json", "csv", "parquet"]))].into(),
        "/executions/{id}/report" => [("format", one_of(&["html", "junit", "markdown"]))].into(),
        "/executions/stats" => [
            ("period", one_of(&["hour", "day", "week", "month"])),
            (
                "by",
                one_of(&["playbook", "inventory", "host", "task", "label", "user"]),
            ),
            ("limit", limit),
        ]
        .into(),
        "/executions/{id}" => {
            let timeout =
                json!({ "type": "number", "format": "double", "minimum": 0, "maximum": 600 });
            [("wait", one_of(&["final"])), ("timeout", timeout)].into()
        }
        "/executions/{id}/results" => [("after", place), ("limit", limit)].into(),
        "/executions/{id}/output" => [
            ("from", place.clone()),
            ("to", place),
            ("limit", limit),
            ("format", one_of(&["json", "text"])),
            ("stream", one_of(&["stdout", "stderr"])),
        ]
        .into(),
        "/executions/{id}/events" => [
            ("producer", one_of(&["recorder", "supervisor", "launcher"])),
            ("after", place),
            ("task", count),
            ("limit", limit),
        ]
        .into(),
        "/executions/{id}/hosts" | "/executions/{id}/tasks" => {
            [("after", count), ("limit", limit)].into()
        }
        "/ingest/{execution_id}/{producer}" => {
            let key = json!({ "type": "string", "pattern": "^[0-9a-fA-F]{32}$" });
            [("Playback-Run-Key", key)].into()
        }
        _ => BTreeMap::new(),
    }
}
