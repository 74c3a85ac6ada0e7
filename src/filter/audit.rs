//! The filters of the audit trail. The statement in `store::audit` names each of them.

use super::field::{Edge, Field, Kind, Spelling};
use super::{filters, parse};
use crate::model::Action;

filters! {
    /// Which entries of the audit trail to select. All conditions must hold.
    AuditFilter: () {
        /// Name of the actor.
        actor: String => ACTOR,
        /// The action.
        action: Action => ACTION,
        /// The object.
        object: String => OBJECT,
        /// At this time or later, in microseconds since the epoch.
        from_us: i64 => SINCE,
        /// At this time or earlier.
        to_us: i64 => UNTIL,
    }
}

static ACTOR: Field<AuditFilter> = Field {
    name: "actor",
    kind: Kind::Text,
    value_name: "WHO",
    doc: "Only what this actor did: token:NAME, user:NAME, schedule:NAME, schedule, configuration or anonymous",
    places: &[Spelling::audit("actor")],
    set: |filter, text| {
        filter.actor = Some(text.to_owned());
        Ok(())
    },
    get: |filter| filter.actor.clone(),
    meaning: (),
};

static ACTION: Field<AuditFilter> = Field {
    name: "action",
    kind: Kind::OpenWord(|| Action::ALL.into_iter().map(Action::as_str).collect()),
    value_name: "WHAT",
    doc: "Only this action",
    places: &[Spelling::audit("action")],
    set: |filter, text| {
        filter.action = Some(parse::word(text, &Action::ALL, Action::as_str)?);
        Ok(())
    },
    get: |filter| Some(filter.action?.as_str().to_owned()),
    meaning: (),
};

static OBJECT: Field<AuditFilter> = Field {
    name: "object",
    kind: Kind::Text,
    value_name: "OBJECT",
    doc: "Only what was done to this: execution:ID, token:NAME, schedule:NAME, report_schedule:NAME, target:NAME, delivery:ID, history, audit, or a request that was refused",
    places: &[Spelling::audit("object")],
    set: |filter, text| {
        filter.object = Some(text.to_owned());
        Ok(())
    },
    get: |filter| filter.object.clone(),
    meaning: (),
};

static SINCE: Field<AuditFilter> = Field {
    name: "since",
    kind: Kind::Time(Edge::Start),
    value_name: "TIME",
    doc: "At this time or later",
    places: &[Spelling::audit("from").option("since")],
    set: |filter, text| {
        filter.from_us = Some(parse::time(text, Edge::Start)?);
        Ok(())
    },
    get: |filter| Some(parse::show_time(filter.from_us?)),
    meaning: (),
};

static UNTIL: Field<AuditFilter> = Field {
    name: "until",
    kind: Kind::Time(Edge::End),
    value_name: "TIME",
    doc: "At this time or earlier",
    places: &[Spelling::audit("to").option("until")],
    set: |filter, text| {
        filter.to_us = Some(parse::time(text, Edge::End)?);
        Ok(())
    },
    get: |filter| Some(parse::show_time(filter.to_us?)),
    meaning: (),
};
