//! The filters of an execution's results. The statement in `store::parts` names each of them.

use playback_wire::ResultStatus;

use super::field::{Field, Filter, Kind, Spelling};
use super::parse;

/// Which results of an execution to select.
#[derive(Debug, Clone, Default)]
pub struct ResultFilter {
    /// Number of the task.
    pub task: Option<u32>,
    /// Inventory name of the host.
    pub host: Option<String>,
    /// How it ended.
    pub status: Option<ResultStatus>,
    /// Whether it changed something.
    pub changed: Option<bool>,
    /// Only results after this sequence number.
    pub after_seq: u64,
    /// Maximum number of results.
    pub limit: u32,
}

impl Filter for ResultFilter {
    type Meaning = ();

    fn fields() -> &'static [&'static Field<Self>] {
        static FIELDS: &[&Field<ResultFilter>] = &[&TASK, &HOST, &STATUS, &CHANGED];
        FIELDS
    }
}

static TASK: Field<ResultFilter> = Field {
    name: "task",
    kind: Kind::Number,
    value_name: "NUMBER",
    doc: "Only results of the task with this number",
    places: &[Spelling::results("task")],
    set: |filter, text| {
        filter.task = Some(parse::number(text)?);
        Ok(())
    },
    get: |filter| Some(filter.task?.to_string()),
    meaning: (),
};

static HOST: Field<ResultFilter> = Field {
    name: "host",
    kind: Kind::Text,
    value_name: "HOST",
    doc: "Only results of this host",
    places: &[Spelling::results("host")],
    set: |filter, text| {
        filter.host = Some(text.to_owned());
        Ok(())
    },
    get: |filter| filter.host.clone(),
    meaning: (),
};

static STATUS: Field<ResultFilter> = Field {
    name: "status",
    kind: Kind::Word(|| {
        let all = ResultStatus::ALL.into_iter();
        all.map(ResultStatus::as_str).collect()
    }),
    value_name: "STATUS",
    doc: "Only results that ended like this",
    places: &[Spelling::results("status")],
    set: |filter, text| {
        filter.status = Some(parse::word(text, &ResultStatus::ALL, ResultStatus::as_str)?);
        Ok(())
    },
    get: |filter| Some(filter.status?.as_str().to_owned()),
    meaning: (),
};

static CHANGED: Field<ResultFilter> = Field {
    name: "changed",
    kind: Kind::Flag,
    value_name: "BOOL",
    doc: "Only results that changed something; false: only the others",
    places: &[Spelling::results("changed")],
    set: |filter, text| {
        filter.changed = Some(parse::flag(text)?);
        Ok(())
    },
    get: |filter| Some(filter.changed?.to_string()),
    meaning: (),
};
