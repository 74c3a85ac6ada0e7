//! The messages of the streams' WebSockets, one JSON object each.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::ExecutionResult;

/// A message of the stream of one execution: each printed line, and finally the record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StreamMessage<'t, R = ExecutionResult> {
    /// One printed line.
    Output {
        /// Its text, without the newline.
        #[serde(borrow)]
        content: Cow<'t, str>,
        /// When it was printed, in seconds since the Unix epoch.
        time: i64,
    },
    /// The execution is finished. This is the last message.
    Complete {
        /// The record. `output` is left out if the message would be too large, because all lines were sent before.
        /// `null`: the execution was deleted.
        #[schema(required, value_type = Option<ExecutionResult>)]
        result: Option<R>,
    },
    /// The connection is alive. Sent to viewers that request it with `heartbeat`.
    Heartbeat,
}

impl StreamMessage<'_> {
    /// The kinds of messages: their `type`. More may be added.
    pub const KINDS: [&'static str; 3] = ["output", "complete", "heartbeat"];
}

/// A message of the feed of all executions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FeedMessage<R = ExecutionResult> {
    /// An execution is new or has changed.
    Execution {
        /// What happened to it.
        event: FeedEvent,
        /// Its record, without output; with `hosts=false`, also without `stats`, `unreachable`, `failed` and `cost`.
        #[schema(value_type = ExecutionResult)]
        execution: R,
    },
    /// An execution was deleted.
    Deleted {
        /// Its identity.
        id: Uuid,
    },
    /// Changes were skipped because there were too many: read the list again.
    Behind,
    /// The connection is alive. Sent to viewers that request it with `heartbeat`.
    Heartbeat,
}

/// What happened to an execution, for viewers of all executions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeedEvent {
    /// It is running, and the viewer did not know that yet.
    Started,
    /// It is still running.
    Changed,
    /// It is finished; also sent when the record of a finished one changes.
    Ended,
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    fn text(message: &impl Serialize) -> String {
        serde_json::to_string(message).unwrap()
    }

    #[test]
    fn messages_are_as_documented_to_the_byte() {
        let line: StreamMessage<'_, ()> = StreamMessage::Output {
            content: "a \"b\"\u{1b}[0m ü".into(),
            time: 1_768_903_200,
        };
        assert_eq!(
            text(&line),
            r#"{"type":"output","content":"a \"b\"\u001b[0m ü","time":1768903200}"#
        );
        let record = RawValue::from_string(r#"{"id":1.50}"#.to_owned()).unwrap();
        let complete = StreamMessage::Complete {
            result: Some(&record),
        };
        assert_eq!(
            text(&complete),
            r#"{"type":"complete","result":{"id":1.50}}"#
        );
        let deleted: StreamMessage<'_, ()> = StreamMessage::Complete { result: None };
        assert_eq!(text(&deleted), r#"{"type":"complete","result":null}"#);
        let started = FeedMessage::Execution {
            event: FeedEvent::Started,
            execution: &record,
        };
        assert_eq!(
            text(&started),
            r#"{"type":"execution","event":"started","execution":{"id":1.50}}"#
        );
        let deleted = FeedMessage::<()>::Deleted { id: Uuid::nil() };
        assert_eq!(
            text(&deleted),
            r#"{"type":"deleted","id":"00000000-0000-0000-0000-000000000000"}"#
        );
        assert_eq!(text(&FeedMessage::<()>::Behind), r#"{"type":"behind"}"#);
        let heartbeat = r#"{"type":"heartbeat"}"#;
        assert_eq!(text(&FeedMessage::<()>::Heartbeat), heartbeat);
        assert_eq!(text(&StreamMessage::<'_, ()>::Heartbeat), heartbeat);
    }

    #[test]
    fn messages_read_back() {
        let line: StreamMessage<'_, ()> = StreamMessage::Output {
            content: "ok\n".into(),
            time: 1,
        };
        let written = text(&line);
        let read: StreamMessage<'_, ()> = serde_json::from_str(&written).unwrap();
        assert_eq!(read, line);
        for kind in StreamMessage::KINDS {
            let empty = format!(r#"{{"type":"{kind}"}}"#);
            let error = serde_json::from_str::<StreamMessage<'_, u8>>(&empty).err();
            assert!(
                error.is_none_or(|error| error.to_string().contains("missing field")),
                "{kind} is known"
            );
        }
        let behind = text(&FeedMessage::<()>::Behind);
        let read: FeedMessage<()> = serde_json::from_str(&behind).unwrap();
        assert_eq!(read, FeedMessage::Behind);
    }
}
