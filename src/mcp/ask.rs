//! Questions to the API, and which run is meant.

use std::future::Future;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::filter::IdDigits;

/// Runs that an error lists if several are meant.
const LISTED: usize = 5;

/// The query parameters of a request: names and values.
pub type Query = Vec<(&'static str, String)>;

/// A way to the API, with the rights of one reader.
pub trait Ask: Send + Sync + 'static {
    /// The body of the answer to a `GET` of a path of the API, such as `/executions`; or in words why there is none, which
    /// is what the API says.
    fn get(&self, path: &str, query: Query)
    -> impl Future<Output = Result<Vec<u8>, String>> + Send;

    /// The address of a page for people, once something was asked; `path` begins with a slash.
    fn page(&self, path: &str) -> String;
}

/// Asks for JSON.
pub(super) async fn ask<T: DeserializeOwned>(
    api: &impl Ask,
    path: &str,
    query: Query,
) -> Result<T, String> {
    let body = api.get(path, query).await?;
    serde_json::from_slice(&body).map_err(|error| {
        tracing::debug!(%error, path, "an answer was not understood");
        "the collector does not answer as this version of Playback does: are both of the same version?".to_owned()
    })
}

/// A name as a part of a path: percent-encoded.
pub(super) fn in_path(name: &str) -> String {
    let mut path = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}

/// Adds a parameter that was given.
pub(super) fn add_parameter(query: &mut Query, name: &'static str, value: Option<&str>) {
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        query.push((name, value.to_owned()));
    }
}

/// The id of the run that is meant by an id, some digits of one, `latest`, or `failed`: the one that failed last.
pub(super) async fn find(api: &impl Ask, run: &str) -> Result<Uuid, String> {
    let run = run.trim();
    if let Ok(id) = Uuid::try_parse(run) {
        return Ok(id);
    }
    match run {
        "latest" => {
            let found = ids(api, vec![], 1).await?;
            found
                .first()
                .copied()
                .ok_or_else(|| "the history is empty: nothing was recorded yet".to_owned())
        }
        "failed" => {
            let found = ids(api, vec![("status", "failed".to_owned())], 1).await?;
            let none = || "no run failed: the tool \"list\" shows all runs".to_owned();
            found.first().copied().ok_or_else(none)
        }
        digits => {
            let digits = IdDigits::parse(digits).map_err(|problem| {
                format!(
                    "run = {run:?}: {problem}; or \"latest\", or \"failed\" for the run that failed last"
                )
            })?;
            let found = ids(api, vec![("id", digits.to_string())], LISTED + 1).await?;
            match found.as_slice() {
                [id] => Ok(*id),
                [] => Err(format!(
                    "run = {run:?}: no run's id begins or ends with that; the tool \"list\" shows the existing ones"
                )),
                several => {
                    let some: Vec<String> =
                        several.iter().take(LISTED).map(Uuid::to_string).collect();
                    let more = match several.len() > LISTED {
                        true => " and others",
                        false => "",
                    };
                    Err(format!(
                        "run = {run:?}: several ids begin or end with that: {}{more}",
                        some.join(", ")
                    ))
                }
            }
        }
    }
}

async fn ids(api: &impl Ask, mut query: Query, limit: usize) -> Result<Vec<Uuid>, String> {
    #[derive(Deserialize)]
    struct Page {
        executions: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        id: Uuid,
    }
    query.push(("fields", "id".to_owned()));
    query.push(("limit", limit.to_string()));
    let page: Page = ask(api, "/executions", query).await?;
    Ok(page.executions.into_iter().map(|entry| entry.id).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_path_means_nothing_else() {
        assert_eq!(in_path("web-1.example_a~"), "web-1.example_a~");
        assert_eq!(in_path("a/b?c=d e#f%"), "a%2Fb%3Fc%3Dd%20e%23f%25");
        assert_eq!(in_path("ü"), "%C3%BC");
    }
}
