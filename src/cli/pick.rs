//! Selects an execution: by its id, the last or the first digits of it, or `latest`.

use std::str::FromStr;

use anyhow::{anyhow, bail};
use serde::Deserialize;
use uuid::Uuid;

use super::client::Client;
use super::login::Identity;
use super::pages::Pages;
use super::{environment, ids};
use crate::filter::IdDigits;
use crate::model::Status;

/// How many executions an error lists if several match.
pub(super) const LISTED: usize = 5;

/// The execution to select.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pick {
    /// The one that started last.
    Latest,
    /// This one.
    Id(Uuid),
    /// The one whose id begins or ends with these digits.
    Digits(IdDigits),
}

impl FromStr for Pick {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "latest" {
            return Ok(Self::Latest);
        }
        if let Ok(id) = Uuid::try_parse(text) {
            return Ok(Self::Id(id));
        }
        let digits = IdDigits::parse(text);
        digits
            .map(Self::Digits)
            .map_err(|_| format!("an execution is named by {}, or by \"latest\"", ids::HOW))
    }
}

impl Pick {
    /// The id of the selected execution.
    pub(super) fn find(&self, client: &Client) -> anyhow::Result<Uuid> {
        let fields = ("fields", "id".to_owned());
        match self {
            Self::Id(id) => Ok(*id),
            Self::Latest => fetch(client, vec![fields], 1)?
                .first()
                .copied()
                .ok_or_else(|| anyhow!("the history is empty: nothing was recorded yet")),
            Self::Digits(digits) => {
                // One more than are listed shows that there are more.
                let query = vec![fields, ("id", digits.to_string())];
                only(*digits, &fetch(client, query, LISTED as u64 + 1)?)
            }
        }
    }
}

/// The only execution that matches these digits, or an error. `found`: at least one more match than an error lists, if
/// there are that many.
pub(super) fn only(digits: IdDigits, found: &[Uuid]) -> anyhow::Result<Uuid> {
    match found {
        [id] => Ok(*id),
        [] => bail!(
            "no execution's id begins or ends with {digits}: \"playback list\" shows the existing ones"
        ),
        several => {
            let some: Vec<String> = several.iter().take(LISTED).map(Uuid::to_string).collect();
            let (count, more) = match several.len() {
                all @ ..=LISTED => (all.to_string(), ""),
                _ => (format!("more than {LISTED}"), ", …"),
            };
            bail!(
                "the ids of {count} executions begin or end with {digits}: {}{more}",
                some.join(", ")
            )
        }
    }
}

impl Pick {
    /// The id of the run that failed last.
    pub(super) fn find_failed(client: &Client) -> anyhow::Result<Uuid> {
        let query = vec![("fields", "id".to_owned()), ("status", "failed".to_owned())];
        fetch(client, query, 1)?
            .first()
            .copied()
            .ok_or_else(|| anyhow!("no run failed: \"playback list\" shows all runs"))
    }
}

/// How many of the newest executions are searched for the user's own.
const NEWEST: u64 = 1000;

/// The owner of a run, and its state.
#[derive(Deserialize)]
struct Owned {
    id: Uuid,
    status: Status,
    #[serde(default)]
    launched_by: Option<String>,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    controller: Option<String>,
}

impl Owned {
    /// Whether this token launched it.
    fn is_launched_by(&self, me: &Identity) -> bool {
        self.launched_by.as_ref() == Some(&me.actor)
    }

    /// Whether this token launched it, or this user typed it on this machine.
    fn is_own(&self, me: &Identity) -> bool {
        self.is_launched_by(me) || self.is_typed_here()
    }

    /// Whether this user typed it on this machine, or its user is unknown.
    fn is_typed_here(&self) -> bool {
        let (user, machine) = environment::who_and_where();
        let here = |mine: &Option<String>, its: &Option<String>| its.is_none() || mine == its;
        self.launched_by.is_none() && here(&user, &self.user) && here(&machine, &self.controller)
    }
}

impl Pick {
    /// Like [`Self::find`], for commands that might affect others: "latest" is the newest run launched with this
    /// token, a running one first.
    pub(super) fn find_launched(&self, client: &Client) -> anyhow::Result<Uuid> {
        self.find_mine(
            client,
            &not_found("one that was launched with your token"),
            Owned::is_launched_by,
            |run| run.status == Status::Running,
        )
    }

    /// Like [`Self::find`], for runs that may have been started anywhere: "latest" is the newest run launched with
    /// this token or typed by this user on this machine.
    pub(super) fn find_own(&self, client: &Client) -> anyhow::Result<Uuid> {
        self.find_mine(client, &not_found("yours"), Owned::is_own, |_| false)
    }

    /// The newest run that was launched with this token or typed by this user on this machine.
    pub(super) fn find_last_own(client: &Client) -> anyhow::Result<Uuid> {
        Self::Latest.find_mine(
            client,
            "none of the newest executions is yours: \"latest\" means the newest of all users, and \"playback list\" shows \
             the ids of all",
            Owned::is_own,
            |_| false,
        )
    }

    fn find_mine(
        &self,
        client: &Client,
        not_found: &str,
        is_mine: impl Fn(&Owned, &Identity) -> bool,
        goes_first: impl Fn(&Owned) -> bool,
    ) -> anyhow::Result<Uuid> {
        if *self != Self::Latest {
            return self.find(client);
        }
        let me = Identity::ask(client)?;
        let fields = "id,status,launched_by,user,controller".to_owned();
        let mut mine = Vec::new();
        let mut is_empty = true;
        let mut pages = Pages::new(client, vec![("fields", fields)], NEWEST);
        while let Some(page) = pages.next()? {
            for entry in page.executions {
                is_empty = false;
                let run: Owned = serde_json::from_str(entry.get())?;
                if is_mine(&run, &me) {
                    mine.push(run);
                }
            }
        }
        let first = mine.iter().find(|run| goes_first(run));
        match first.or(mine.first()) {
            Some(run) => Ok(run.id),
            None if is_empty => bail!("the history is empty: nothing was recorded yet"),
            None => bail!("{not_found}"),
        }
    }
}

/// The error for "latest" if no execution is the user's own.
fn not_found(whose: &str) -> String {
    format!(
        "none of the newest executions is {whose}, and \"latest\" means one's own here: name it by its id, which \
         \"playback list\" shows"
    )
}

/// The ids of the executions that match this query.
fn fetch(
    client: &Client,
    query: Vec<(&'static str, String)>,
    wanted: u64,
) -> anyhow::Result<Vec<Uuid>> {
    #[derive(Deserialize)]
    struct Entry {
        id: Uuid,
    }
    let mut found = Vec::new();
    let mut pages = Pages::new(client, query, wanted);
    while let Some(page) = pages.next()? {
        for entry in page.executions {
            found.push(serde_json::from_str::<Entry>(entry.get())?.id);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_execution_is_named_in_three_ways() {
        let id = Uuid::from_u128(0x0123_4567_89ab_7def_8000_0000_0000_0001);
        let read = |text: &str| text.parse::<Pick>();
        assert_eq!(read("latest"), Ok(Pick::Latest));
        assert_eq!(read(&id.to_string()), Ok(Pick::Id(id)));
        assert_eq!(read(&id.simple().to_string()), Ok(Pick::Id(id)));
        let digits = |text: &str| Pick::Digits(IdDigits::parse(text).unwrap());
        assert_eq!(read("01234567-8"), Ok(digits("012345678")));
        assert_eq!(read("4F2A9C"), Ok(digits("4f2a9c")));
        for wrong in ["", "123", "last", "0123456x", &format!("{id}0")] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn digits_that_mean_several_executions_are_refused_with_these() {
        let digits = IdDigits::parse("4f2a9c").unwrap();
        let found: Vec<Uuid> = (1..=7).map(Uuid::from_u128).collect();
        assert_eq!(only(digits, &found[..1]).unwrap(), found[0]);
        let told = |found: &[Uuid]| only(digits, found).unwrap_err().to_string();
        assert!(told(&[]).contains("begins or ends with 4f2a9c"));
        let two = told(&found[..2]);
        assert!(
            two.contains("2 executions") && two.ends_with(&found[1].to_string()),
            "{two}"
        );
        let six = told(&found[..6]);
        assert!(six.contains("more than 5") && six.ends_with(", …"), "{six}");
        assert!(!six.contains(&found[5].to_string()), "{six}");
    }
}
