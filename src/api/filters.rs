//! Filters in the OpenAPI document, and their errors as responses. The filters themselves are defined in `filter`.

use std::borrow::Cow;

use serde_json::{Value, json};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{RefOr, Required};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::ApiError;
use crate::filter::place::{Spelled, spelled};
use crate::filter::{Edge, Filtered, Kind, Place, PlaceName, Refused, Rolled as _};

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        Self::bad_request(refused.to_string())
    }
}

/// Filters first, in their own order; then the other parameters.
impl<P: Place, T: IntoParams> IntoParams for Filtered<P, T> {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let filters = spelled::<P>().map(|spelled| {
            ParameterBuilder::new()
                .name(spelled.1.name)
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .description(Some(description::<P>(spelled)))
                .schema(schema(value::<P>(spelled)))
                .build()
        });
        filters.chain(T::into_params(place)).collect()
    }
}

/// The other fields, with the filters among them. Any of them may be null.
impl<P: Place, T: ToSchema> PartialSchema for Filtered<P, T> {
    fn schema() -> RefOr<Schema> {
        let mut whole = T::schema();
        if let RefOr::T(Schema::Object(object)) = &mut whole {
            for spelled in spelled::<P>() {
                let mut value = value::<P>(spelled);
                value["description"] = description::<P>(spelled).into();
                if let Some(schema) = schema(nullable(value)) {
                    object.properties.insert(spelled.1.name.to_owned(), schema);
                }
            }
        }
        whole
    }
}

impl<P: Place, T: ToSchema> ToSchema for Filtered<P, T> {
    fn name() -> Cow<'static, str> {
        T::name()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
    }
}

/// Makes a schema nullable.
fn nullable(mut value: Value) -> Value {
    if value.get("enum").is_some() || value.get("anyOf").is_some() {
        return json!({ "oneOf": [value, { "type": "null" }] });
    }
    value["type"] = json!([value["type"], "null"]);
    value
}

fn schema(value: Value) -> Option<RefOr<Schema>> {
    serde_json::from_value::<Schema>(value).ok().map(RefOr::T)
}

/// The schema of a filter's values.
fn value<P: Place>((field, at): Spelled<P>) -> Value {
    match field.kind {
        Kind::Word(_) | Kind::OpenWord(_) => json!({ "type": "string", "enum": field.words(at) }),
        Kind::Text | Kind::Path | Kind::Part | Kind::Id => json!({ "type": "string" }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Number => json!({
            "type": "integer", "format": "int64", "minimum": 0, "maximum": u32::MAX,
        }),
        Kind::Seconds => json!({ "type": "number", "format": "double", "minimum": 0 }),
        Kind::Time(_) => json!({ "anyOf": [
            { "type": "string", "format": "date-time" },
            { "type": "string", "format": "date" },
        ] }),
    }
}

/// A filter's description.
fn description<P: Place>((field, at): Spelled<P>) -> String {
    let values = match field.kind {
        Kind::Word(_) | Kind::OpenWord(_) => {
            let words = field.words(at).unwrap_or_default();
            let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            match words.split_last() {
                Some((last, [])) => format!(": {last}"),
                Some((last, others)) => format!(": {} or {last}", others.join(", ")),
                None => String::new(),
            }
        }
        Kind::Seconds => ", in seconds".to_owned(),
        Kind::Time(Edge::Start) => ": RFC 3339, or a date (UTC)".to_owned(),
        Kind::Time(Edge::End) => ": RFC 3339, or a date, that day included (UTC)".to_owned(),
        Kind::Text | Kind::Path | Kind::Part | Kind::Id | Kind::Flag | Kind::Number => {
            String::new()
        }
    };
    let mut text = format!("{}{values}.", field.doc);
    if !at.note.is_empty() {
        text.push_str(&format!(" {}.", at.note));
    }
    if P::IN == PlaceName::Stats && !field.meaning.is_rolled() {
        text.push_str(" The runs themselves are read for this, see above.");
    }
    text
}
