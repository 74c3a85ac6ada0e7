//! Lines → events.
//!
//! A line is parsed in one pass: a producer writes `kind` before `data`, so the data is parsed directly into its type,
//! and content that the projection does not need is skipped (`RawValue`).

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::event::{Body, Event};

/// A line of a batch is not an event.
#[derive(Debug, thiserror::Error)]
#[error("line {line} is not an event: {cause}")]
pub struct DecodeError {
    /// Number of the line in the batch, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub cause: String,
}

/// Reads one line.
///
/// # Errors
/// The line is not a JSON object with `seq`, `at`, `kind` and (for a known kind) fitting `data`.
pub fn decode_line(line: &[u8]) -> Result<Event<'_>, serde_json::Error> {
    serde_json::from_slice(line)
}

/// Parses a batch: one event a line; empty lines are skipped. Each event comes with its line (without the newline) as
/// it was in the batch.
///
/// # Errors
/// The first line that is not an event.
pub fn decode_batch(batch: &[u8]) -> Result<Vec<Event<'_>>, DecodeError> {
    // An event takes several cache lines in memory, so the list should not have to grow. A batch of empty lines must
    // not reserve much memory.
    let lines = memchr::memchr_iter(b'\n', batch).count() + 1;
    let mut events = Vec::with_capacity(lines.min(batch.len() / 32 + 1));
    for (index, line) in batch.split(|byte| *byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        let event = decode_line(line).map_err(|error| DecodeError {
            line: index + 1,
            cause: describe(&error),
        })?;
        events.push(event);
    }
    Ok(events)
}

/// serde_json's message without the data that it may quote: an error text never contains a value.
fn describe(error: &serde_json::Error) -> String {
    let place = format!("column {}", error.column());
    if error.is_data() {
        // "invalid type: string "secret", expected u64": keep what was expected.
        let text = error.to_string();
        let expected = text.rsplit_once("expected ").map(|(_, rest)| rest);
        return match expected {
            Some(rest) => {
                let rest = rest.split(" at line").next().unwrap_or(rest);
                format!("{place}: expected {rest}")
            }
            None => format!("{place}: {}", text.split(" at line").next().unwrap_or("")),
        };
    }
    if error.is_eof() {
        return format!("{place}: the line ends too early");
    }
    format!("{place}: not JSON")
}

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Key {
    Seq,
    At,
    Kind,
    Data,
    #[serde(other)]
    Other,
}

impl<'de: 'a, 'a> Deserialize<'de> for Event<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EventVisitor;

        impl<'de> Visitor<'de> for EventVisitor {
            type Value = Event<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object with seq, at, kind and data")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut seq: Option<u64> = None;
                let mut at: Option<i64> = None;
                let mut kind: Option<Cow<'de, str>> = None;
                let mut body: Option<Body<'de>> = None;
                let mut early: Option<&'de RawValue> = None;
                while let Some(key) = map.next_key::<Key>()? {
                    // Parsers disagree about which of two equal keys counts.
                    let repeated = match key {
                        Key::Seq => seq.is_some(),
                        Key::At => at.is_some(),
                        Key::Kind => kind.is_some(),
                        Key::Data => body.is_some() || early.is_some(),
                        Key::Other => false,
                    };
                    if repeated {
                        return Err(A::Error::custom("seq, at, kind and data stand once each"));
                    }
                    match key {
                        Key::Seq => seq = Some(map.next_value()?),
                        Key::At => at = Some(map.next_value()?),
                        Key::Kind => kind = Some(map.next_value::<Borrowed<'de>>()?.0),
                        Key::Data => match &kind {
                            Some(kind) => body = Some(read_body(kind, Source::Map(&mut map))?),
                            None => early = Some(map.next_value()?),
                        },
                        Key::Other => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                let seq = seq.ok_or_else(|| A::Error::missing_field("seq"))?;
                if seq == 0 {
                    return Err(A::Error::custom("seq counts from 1"));
                }
                let kind = kind.ok_or_else(|| A::Error::missing_field("kind"))?;
                let body = match (body, early) {
                    (Some(body), _) => body,
                    (None, Some(raw)) => read_body::<A>(&kind, Source::Raw(raw))?,
                    (None, None) => read_body::<A>(&kind, Source::Missing)?,
                };
                Ok(Event {
                    seq,
                    at: at.ok_or_else(|| A::Error::missing_field("at"))?,
                    body,
                })
            }
        }

        deserializer.deserialize_map(EventVisitor)
    }
}

/// A string that is borrowed if it has no escapes.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);

/// Data that is a JSON object: a list of its values in order is not accepted.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = T;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }

        let data = deserializer.deserialize_map(ObjectVisitor(PhantomData))?;
        Ok(Self(data))
    }
}

enum Source<'m, 'de, A> {
    Map(&'m mut A),
    Raw(&'de RawValue),
    Missing,
}

impl<'de, A: MapAccess<'de>> Source<'_, 'de, A> {
    fn read<T: Deserialize<'de> + 'de>(self) -> Result<T, A::Error> {
        match self {
            Source::Map(map) => Ok(map.next_value::<Object<T>>()?.0),
            Source::Raw(raw) => serde_json::from_str::<Object<T>>(raw.get())
                .map(|object| object.0)
                .map_err(A::Error::custom),
            Source::Missing => Err(A::Error::missing_field("data")),
        }
    }
}

fn read_body<'de, A: MapAccess<'de>>(
    kind: &str,
    source: Source<'_, 'de, A>,
) -> Result<Body<'de>, A::Error> {
    Ok(match kind {
        "result" => Body::Result(source.read()?),
        "host_started" => Body::HostStarted(source.read()?),
        "output" => Body::Output(source.read()?),
        "item" => Body::Item(source.read()?),
        "task_started" => Body::TaskStarted(source.read()?),
        "play_started" => Body::PlayStarted(source.read()?),
        "retry" => Body::Retry(source.read()?),
        "async_poll" => Body::AsyncPoll(source.read()?),
        "facts" => Body::Facts(source.read()?),
        "notified" => Body::Notified(source.read()?),
        "retracted" => Body::Retracted(source.read()?),
        "included" => Body::Included(source.read()?),
        "stats" => Body::Stats(source.read()?),
        "usage" => Body::Usage(source.read()?),
        "dropped" => Body::Dropped(source.read()?),
        "execution_started" => Body::ExecutionStarted(source.read()?),
        "launched" => Body::Launched(source.read()?),
        "cancel_requested" => Body::CancelRequested(source.read()?),
        "execution_ended" => Body::ExecutionEnded(source.read()?),
        _ => {
            match source {
                Source::Map(map) => {
                    map.next_value::<IgnoredAny>()?;
                }
                Source::Raw(_) | Source::Missing => {}
            }
            match kind {
                "damaged" => Body::Damaged,
                _ => Body::Unknown,
            }
        }
    })
}
