//! The tools: each has a name, a description, a schema of its arguments, and an answer.

mod diff;
mod hosts;
mod list;
mod search;
mod show;
mod trends;
mod why;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::ask::Ask;

/// A tool as it is described to a model.
#[derive(Debug)]
pub(super) struct Described {
    /// Its name.
    pub(super) name: &'static str,
    /// Its name for people.
    pub(super) title: &'static str,
    /// What it answers, and when to use it.
    pub(super) description: &'static str,
    /// The JSON Schema of its arguments.
    pub(super) schema: fn() -> Value,
}

/// Every tool.
pub(super) const ALL: &[Described] = &[
    list::DESCRIBED,
    show::DESCRIBED,
    why::DESCRIBED,
    diff::DESCRIBED,
    search::DESCRIBED,
    trends::DESCRIBED,
    hosts::DESCRIBED,
];

/// The answer of a tool, or in words why there is none; none if there is no such tool.
pub(super) async fn call<A: Ask>(
    api: &A,
    name: &str,
    arguments: Value,
) -> Option<Result<String, String>> {
    Some(match name {
        "list" => list::answer(api, arguments).await,
        "show" => show::answer(api, arguments).await,
        "why" => why::answer(api, arguments).await,
        "diff" => diff::answer(api, arguments).await,
        "search" => search::answer(api, arguments).await,
        "trends" => trends::answer(api, arguments).await,
        "hosts" => hosts::answer(api, arguments).await,
        _ => return None,
    })
}

/// Reads the arguments of a tool; an error names the argument.
fn read<T: DeserializeOwned>(arguments: Value) -> Result<T, String> {
    serde_path_to_error::deserialize(arguments).map_err(|error| {
        let name = error.path().to_string();
        let problem = error.into_inner().to_string();
        match name.as_str() {
            "" | "." => problem,
            name if problem.contains(name) => problem,
            name => format!("{name}: {problem}"),
        }
    })
}

/// How many entries, unless asked otherwise, and at most.
fn within(name: &str, asked: Option<u32>, default: u32, most: u32) -> Result<u32, String> {
    match asked.unwrap_or(default) {
        number if (1..=most).contains(&number) => Ok(number),
        number => Err(format!("{name} = {number}: it must be from 1 to {most}")),
    }
}

/// The schema of an object with these properties, of which some must be given.
fn object(properties: &Value, required: &[&str]) -> Value {
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// The schema of an argument that names a run.
fn run_schema(default: &str) -> Value {
    json!({
        "type": "string",
        "description": format!(
            "The run: its id, the last 6 or more digits of it, \"latest\", or \"failed\" for the run that failed last. \
             By default {default}."
        ),
    })
}

/// The schema of a page's size.
fn limit_schema(default: u32, most: u32) -> Value {
    json!({
        "type": "integer", "minimum": 1, "maximum": most, "default": default,
        "description": "Maximum number of entries.",
    })
}

/// The schema of an argument that continues an earlier answer.
fn cursor_schema() -> Value {
    json!({
        "type": "string",
        "description": "Continues an earlier answer, which says what to give here.",
    })
}

/// The schema of a query.
fn query_schema() -> Value {
    json!({
        "type": "string",
        "description": "Which runs. Fields and words, joined by blanks (and), OR, NOT and brackets: \
            status:failed, status:success, status:running, playbook:site.yml, host:web-*, inventory:prod, user:ann, \
            label:nightly, reason:unreachable, changed:yes, since:7d, since:2026-01-20, until:2026-02-01, \
            min_duration:10m, type:adhoc, words of the command line; \
            e.g. \"status:failed host:web-* since:7d\".",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_is_described_and_answers() {
        let mut names: Vec<&str> = ALL.iter().map(|tool| tool.name).collect();
        for tool in ALL {
            let schema = (tool.schema)();
            assert_eq!(schema["type"], "object", "{}", tool.name);
            assert_eq!(schema["additionalProperties"], false, "{}", tool.name);
            for (name, property) in schema["properties"].as_object().unwrap() {
                assert!(property["description"].is_string(), "{} {name}", tool.name);
            }
            assert!(tool.description.len() > 80, "{}", tool.name);
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }

    #[test]
    fn a_wrong_argument_is_named() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        #[allow(dead_code, reason = "only whether it is read counts")]
        struct Arguments {
            limit: Option<u32>,
        }
        let told = |arguments| read::<Arguments>(arguments).unwrap_err();
        assert!(told(json!({"limit": "ten"})).starts_with("limit: "));
        assert!(told(json!({"limits": 3})).contains("`limits`"));
        assert_eq!(
            within("limit", Some(51), 10, 50).unwrap_err(),
            "limit = 51: it must be from 1 to 50"
        );
    }
}
