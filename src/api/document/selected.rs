//! Schemas of a record with only some of its fields.

use std::borrow::Cow;

use playback_wire::ExecutionStarted;
use utoipa::openapi::schema::{AnyOfBuilder, Schema};
use utoipa::openapi::{ObjectBuilder, Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::model::ExecutionResult;

/// The response of the list and the detail: a whole record, or with `fields` a part of one. It is an `anyOf`, because a
/// whole record also matches the schema of a part.
pub(in crate::api) enum ExecutionRecord {}

impl PartialSchema for ExecutionRecord {
    fn schema() -> RefOr<Schema> {
        AnyOfBuilder::new()
            .item(Ref::from_schema_name(ExecutionResult::name()))
            .item(Ref::from_schema_name(ExecutionFields::name()))
            .description(Some(
                "The whole record, or only the fields that `fields` names.",
            ))
            .into()
    }
}

impl ToSchema for ExecutionRecord {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ExecutionRecord")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        ExecutionResult::schemas(schemas);
        for (name, schema) in [
            (ExecutionResult::name(), ExecutionResult::schema()),
            (ExecutionFields::name(), ExecutionFields::schema()),
        ] {
            schemas.push((name.into_owned(), schema));
        }
    }
}

/// A record's fields, all of them optional.
enum ExecutionFields {}

impl PartialSchema for ExecutionFields {
    fn schema() -> RefOr<Schema> {
        let mut fields = ObjectBuilder::new().description(Some(
            "The fields of a record that `fields` names, as in ExecutionResult.",
        ));
        for schema in [ExecutionStarted::schema(), ExecutionResult::schema()] {
            for (name, property) in properties(schema) {
                fields = fields.property(name, property);
            }
        }
        fields.into()
    }
}

impl ToSchema for ExecutionFields {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ExecutionFields")
    }
}

/// The schema's own properties; referenced parts are left to the caller.
fn properties(schema: RefOr<Schema>) -> Vec<(String, RefOr<Schema>)> {
    match schema {
        RefOr::T(Schema::Object(object)) => object.properties.into_iter().collect(),
        RefOr::T(Schema::AllOf(all_of)) => all_of.items.into_iter().flat_map(properties).collect(),
        _ => Vec::new(),
    }
}
