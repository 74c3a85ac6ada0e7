//! Selects an execution: by its id, the first digits of it, or `latest`.

use std::str::FromStr;

use anyhow::{anyhow, bail};
use serde::Deserialize;
use uuid::Uuid;

use super::client::Client;
use super::environment;
use super::login::Identity;
use super::pages::Pages;
use crate::clock::Clock;
use crate::model::{Status, time_from_us};

/// Minimum length of a prefix.
const MIN_DIGITS: usize = 4;

/// A prefix this long cannot match an id of another kind than ours by chance.
const TELLING_DIGITS: usize = 8;

/// How far a run's start may be from the time in its id, in microseconds: its machine's clock may have been set.
const SLACK_US: i64 = 86_400_000_000;

/// Which execution is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pick {
    /// The one that started last.
    Latest,
    /// This one.
    Id(Uuid),
    /// The one whose id begins with these digits.
    Prefix(Prefix),
}

/// The first digits of an id, without dashes, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Prefix(String);

impl FromStr for Pick {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "latest" {
            return Ok(Self::Latest);
        }
        if let Ok(id) = Uuid::try_parse(text) {
            return Ok(Self::Id(id));
        }
        let digits = text.replace('-', "").to_ascii_lowercase();
        let hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        if !hex || !(MIN_DIGITS..32).contains(&digits.len()) {
            return Err(format!(
                "an execution is named by its id, by the first {MIN_DIGITS} or more digits of it, or \
                 by \"latest\""
            ));
        }
        Ok(Self::Prefix(Prefix(digits)))
    }
}

impl Pick {
    /// The id of the selected execution.
    pub(super) fn find(&self, client: &Client, clock: &Clock) -> anyhow::Result<Uuid> {
        let fields = ("fields", "id".to_owned());
        match self {
            Self::Id(id) => Ok(*id),
            Self::Latest => ids(client, vec![fields], 1)?
                .first()
                .copied()
                .ok_or_else(|| anyhow!("the history is empty: nothing was recorded yet")),
            Self::Prefix(prefix) => {
                let mut found = Vec::new();
                if let Some((from, to)) = prefix.window_us(clock) {
                    let date = |us: i64| time_from_us(us).to_rfc3339();
                    let window = vec![
                        fields.clone(),
                        ("start_date", date(from)),
                        ("end_date", date(to)),
                    ];
                    found = prefix.among(ids(client, window, u64::MAX)?);
                }
                if found.is_empty() {
                    found = prefix.among(ids(client, vec![fields], u64::MAX)?);
                }
                prefix.only(&found)
            }
        }
    }
}

impl Pick {
    /// The id of the run that failed last.
    pub(super) fn find_failed(client: &Client) -> anyhow::Result<Uuid> {
        let query = vec![("fields", "id".to_owned()), ("status", "failed".to_owned())];
        ids(client, query, 1)?
            .first()
            .copied()
            .ok_or_else(|| anyhow!("no run failed: \"playback list\" shows which there are"))
    }
}

/// How many of the newest executions are searched for the user's own.
const NEWEST: u64 = 1000;

/// Who owns a run, and its state.
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
    pub(super) fn find_launched(&self, client: &Client, clock: &Clock) -> anyhow::Result<Uuid> {
        self.find_mine(
            client,
            clock,
            &not_found("one that was launched with your token"),
            Owned::is_launched_by,
            |run| run.status == Status::Running,
        )
    }

    /// Like [`Self::find`], for runs that may have been started anywhere: "latest" is the newest run launched with
    /// this token or typed by this user on this machine.
    pub(super) fn find_own(&self, client: &Client, clock: &Clock) -> anyhow::Result<Uuid> {
        self.find_mine(client, clock, &not_found("yours"), Owned::is_own, |_| false)
    }

    /// The newest run that was launched with this token or typed by this user on this machine.
    pub(super) fn find_last_own(client: &Client, clock: &Clock) -> anyhow::Result<Uuid> {
        Self::Latest.find_mine(
            client,
            clock,
            "none of the newest executions is yours: \"latest\" means the newest of anybody, and \"playback list\" shows \
             the ids of all",
            Owned::is_own,
            |_| false,
        )
    }

    fn find_mine(
        &self,
        client: &Client,
        clock: &Clock,
        not_found: &str,
        is_mine: impl Fn(&Owned, &Identity) -> bool,
        goes_first: impl Fn(&Owned) -> bool,
    ) -> anyhow::Result<Uuid> {
        if *self != Self::Latest {
            return self.find(client, clock);
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

/// The error for "latest" where none is one's own.
fn not_found(whose: &str) -> String {
    format!(
        "none of the newest executions is {whose}, and \"latest\" means one's own here: name it by its id, which \
         \"playback list\" shows"
    )
}

impl Prefix {
    /// The ids that begin with this prefix.
    pub(super) fn among(&self, ids: impl IntoIterator<Item = Uuid>) -> Vec<Uuid> {
        let begins = |id: &Uuid| id.simple().to_string().starts_with(&self.0);
        ids.into_iter().filter(begins).collect()
    }

    /// The only match, or why there is none.
    pub(super) fn only(&self, found: &[Uuid]) -> anyhow::Result<Uuid> {
        match found {
            [id] => Ok(*id),
            [] => bail!(
                "no execution's id begins with {}: \"playback list\" shows which there are",
                self.0
            ),
            several => {
                let some: Vec<String> = several.iter().take(5).map(Uuid::to_string).collect();
                bail!(
                    "{} executions begin with {}: {}{}",
                    several.len(),
                    self.0,
                    some.join(", "),
                    if several.len() > 5 { ", …" } else { "" }
                )
            }
        }
    }

    /// When executions with such an id started, if the digits say so: the ids that producers make begin with the time,
    /// in milliseconds (UUID version 7).
    fn window_us(&self, clock: &Clock) -> Option<(i64, i64)> {
        if self.0.len() < TELLING_DIGITS {
            return None;
        }
        let digits = &self.0[..self.0.len().min(12)];
        let filled = |with: &str| {
            let text = format!("{digits}{}", with.repeat(12 - digits.len()));
            i64::from_str_radix(&text, 16).ok()?.checked_mul(1000)
        };
        let (from, to) = (filled("0")?, filled("f")?);
        // A time in the future means that the id is of another kind.
        (from < clock.now_us() + SLACK_US).then_some((from - SLACK_US, to + SLACK_US))
    }
}

fn ids(
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
        let prefix = Prefix("012345678".to_owned());
        assert_eq!(read("01234567-8"), Ok(Pick::Prefix(prefix.clone())));
        for wrong in ["", "123", "last", "0123456x", &format!("{id}0")] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let other = Uuid::from_u128(0x0123_4567_99ab_7def_8000_0000_0000_0001);
        assert_eq!(prefix.only(&prefix.among([id, other])).unwrap(), id);
        assert!(prefix.only(&[id, other]).is_err());
        assert!(prefix.only(&[]).is_err());
    }

    #[test]
    fn the_digits_of_an_id_tell_its_time() {
        let clock = Clock::fixed(1_768_904_400_000_000);
        let digits = format!("{:012x}", clock.now_us() / 1000);
        let prefix = Prefix(digits[..8].to_owned());
        let (from, to) = prefix.window_us(&clock).unwrap();
        assert!((from..to).contains(&clock.now_us()));
        assert_eq!(Prefix("ffffffff".to_owned()).window_us(&clock), None);
        assert_eq!(Prefix(digits[..7].to_owned()).window_us(&clock), None);
    }
}
