//! A day's roll-up as bytes: numbers of variable length, each text stored once.
//!
//! It has four parts, so that only the parts that a question needs are read. Runs come first: the other parts refer to
//! their slots by index.

use std::collections::HashMap;
use std::sync::Arc;

use playback_wire::HostStats;

use super::durations::bucket;
use super::question::{DAY_US, HOUR_US};
use super::roll::{CpuFigures, HostFigures, Roll, Slot, TaskFigures, TaskName};
use super::{Durations, Group};
use crate::model::{Reason, Status};

/// The first byte of every part: its format.
const FORMAT: u8 = 3;

/// An earlier format, in which slots had no CPU time. It was recorded, but is not known for runs that were deleted
/// since.
const WITHOUT_CPU: u8 = 2;

/// The format before that one, in which groups had no folders either.
const WITHOUT_FOLDERS: u8 = 1;

/// The stored bytes are not a roll-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a roll-up that this version can read")]
pub struct Damaged;

/// A part of a roll-up, stored separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Groups and slots.
    Runs = 0,
    /// Hosts, in runs where they failed or were unreachable.
    FailedHosts = 1,
    /// Hosts, in all other runs.
    Hosts = 2,
    /// Tasks.
    Tasks = 3,
}

/// Which data about hosts is read from a roll-up.
#[derive(Debug, Clone, Copy)]
pub struct HostSelection<'h> {
    /// Only this host.
    pub only: Option<&'h str>,
    /// Whether to read how their durations are distributed, which percentiles need. Sums and extremes are always read.
    pub distribution: bool,
}

impl HostSelection<'_> {
    /// Everything.
    pub const ALL: Self = Self {
        only: None,
        distribution: true,
    };
}

impl Part {
    /// Every part, in reading order.
    pub const ALL: [Self; 4] = [Self::Runs, Self::FailedHosts, Self::Hosts, Self::Tasks];
}

impl Roll {
    /// Encodes a part. Its slots must be hours of one day.
    #[must_use]
    pub fn encode(&self, part: Part) -> Vec<u8> {
        let mut to = Writer(vec![FORMAT]);
        match part {
            Part::Runs => self.encode_runs(&mut to),
            Part::FailedHosts => self.encode_hosts(&mut to, true),
            Part::Hosts => self.encode_hosts(&mut to, false),
            Part::Tasks => self.encode_tasks(&mut to),
        }
        to.0
    }

    /// Decodes a part of a day's roll-up; its runs must be decoded before. Of hosts, only what `hosts` selects is read.
    ///
    /// # Errors
    /// The bytes are not such a part.
    pub fn decode(
        &mut self,
        day: i64,
        part: Part,
        bytes: &[u8],
        hosts: HostSelection<'_>,
    ) -> Result<(), Damaged> {
        let mut from = Reader(bytes);
        let format = from.byte()?;
        if ![FORMAT, WITHOUT_CPU, WITHOUT_FOLDERS].contains(&format) {
            return Err(Damaged);
        }
        match part {
            Part::Runs => self.decode_runs(day, &mut from, format),
            Part::FailedHosts => self.decode_hosts(&mut from, true, hosts),
            Part::Hosts => self.decode_hosts(&mut from, false, hosts),
            Part::Tasks => self.decode_tasks(&mut from),
        }
    }

    fn encode_runs(&self, to: &mut Writer) {
        let mut texts = Texts::default();
        let mut groups = Writer(Vec::new());
        groups.size(self.groups.len());
        for group in &self.groups {
            let status = Status::ALL.iter().position(|one| *one == group.status);
            let reason = group.reason.map(|reason| {
                let place = Reason::ALL.iter().position(|one| *one == reason);
                place.unwrap_or(0) + 1
            });
            groups.size(usize::from(group.adhoc) | usize::from(group.changed) << 1);
            groups.size(status.unwrap_or(0));
            groups.size(reason.unwrap_or(0));
            for text in [
                &group.playbook,
                &group.playbook_name,
                &group.folder,
                &group.inventory,
                &group.inventory_name,
                &group.user,
                &group.controller,
            ] {
                groups.size(text.as_ref().map_or(0, |text| texts.place(text) + 1));
            }
            groups.size(group.labels.len());
            for label in &group.labels {
                groups.size(texts.place(label));
            }
        }
        to.size(texts.order.len());
        for text in texts.order {
            to.text(text);
        }
        to.0.extend(groups.0);
        to.size(self.slots.len());
        for slot in &self.slots {
            to.number(slot.at_us.rem_euclid(DAY_US).unsigned_abs() / HOUR_US.unsigned_abs());
            to.size(slot.group);
            to.number(slot.runs);
            to.durations(&slot.durations);
            to.cpu(&slot.cpu);
        }
    }

    fn decode_runs(&mut self, day: i64, from: &mut Reader<'_>, format: u8) -> Result<(), Damaged> {
        let mut texts = Vec::new();
        for _ in 0..from.size()? {
            texts.push(Arc::from(from.text()?));
        }
        let text = |place: usize| texts.get(place).map(Arc::clone).ok_or(Damaged);
        for _ in 0..from.size()? {
            let flags = from.size()?;
            let status = *Status::ALL.get(from.size()?).ok_or(Damaged)?;
            let reason = match from.size()? {
                0 => None,
                place => Some(*Reason::ALL.get(place - 1).ok_or(Damaged)?),
            };
            let mut optional = || match from.size()? {
                0 => Ok(None),
                place => text(place - 1).map(Some),
            };
            let mut group = Group {
                adhoc: flags & 1 != 0,
                changed: flags & 2 != 0,
                status,
                reason,
                playbook: optional()?,
                playbook_name: optional()?,
                folder: match format {
                    WITHOUT_FOLDERS => None,
                    _ => optional()?,
                },
                inventory: optional()?,
                inventory_name: optional()?,
                user: optional()?,
                controller: optional()?,
                labels: Vec::new(),
            };
            for _ in 0..from.size()? {
                group.labels.push(text(from.size()?)?);
            }
            self.groups.push(group);
        }
        for _ in 0..from.size()? {
            let hour = i64::try_from(from.number()?).map_err(|_| Damaged)?;
            let group = from.size()?;
            if hour >= 24 || group >= self.groups.len() {
                return Err(Damaged);
            }
            self.slots.push(Slot {
                at_us: day.saturating_mul(DAY_US).saturating_add(hour * HOUR_US),
                group,
                runs: from.number()?,
                durations: from.durations(true)?,
                cpu: match format {
                    WITHOUT_CPU | WITHOUT_FOLDERS => CpuFigures::default(),
                    _ => from.cpu()?,
                },
            });
        }
        Ok(())
    }

    fn encode_hosts(&self, to: &mut Writer, failed: bool) {
        for (name, figures) in &self.hosts {
            let of = || figures.iter().filter(|((_, did), _)| *did == failed);
            if of().next().is_none() {
                continue;
            }
            let mut entries = Writer(Vec::new());
            for ((slot, _), figures) in of() {
                entries.size(*slot);
                entries.number(figures.runs);
                for count in stats(&figures.stats) {
                    entries.number(count);
                }
                entries.durations(&figures.durations);
            }
            to.text(name);
            // Lets a reader that needs another host skip it.
            to.size(entries.0.len());
            to.0.extend(entries.0);
        }
    }

    fn decode_hosts(
        &mut self,
        from: &mut Reader<'_>,
        failed: bool,
        selection: HostSelection<'_>,
    ) -> Result<(), Damaged> {
        while !from.0.is_empty() {
            let name = from.text()?;
            let length = from.size()?;
            let mut entries = Reader(from.take(length)?);
            if selection.only.is_some_and(|only| only != name) {
                continue;
            }
            let host = self.hosts.entry(name.into()).or_default();
            while !entries.0.is_empty() {
                let slot = entries.size()?;
                if slot >= self.slots.len() {
                    return Err(Damaged);
                }
                let figures = HostFigures {
                    runs: entries.number()?,
                    stats: HostStats {
                        ok: entries.number()?,
                        changed: entries.number()?,
                        unreachable: entries.number()?,
                        failed: entries.number()?,
                        skipped: entries.number()?,
                        rescued: entries.number()?,
                        ignored: entries.number()?,
                    },
                    durations: entries.durations(selection.distribution)?,
                };
                host.insert((slot, failed), figures);
            }
        }
        Ok(())
    }

    fn encode_tasks(&self, to: &mut Writer) {
        for (task, figures) in &self.tasks {
            for text in [&task.name, &task.role, &task.action] {
                to.text(text);
            }
            to.size(figures.len());
            for (slot, figures) in figures {
                to.size(*slot);
                for count in [
                    figures.runs,
                    figures.failed,
                    figures.ok,
                    figures.changed,
                    figures.failures,
                    figures.skipped,
                    figures.unreachable,
                    figures.ignored,
                ] {
                    to.number(count);
                }
                to.durations(&figures.durations);
            }
        }
    }

    fn decode_tasks(&mut self, from: &mut Reader<'_>) -> Result<(), Damaged> {
        while !from.0.is_empty() {
            let name = TaskName {
                name: from.text()?.to_owned(),
                role: from.text()?.to_owned(),
                action: from.text()?.to_owned(),
            };
            let task = self.tasks.entry(name).or_default();
            for _ in 0..from.size()? {
                let slot = from.size()?;
                if slot >= self.slots.len() {
                    return Err(Damaged);
                }
                let figures = TaskFigures {
                    runs: from.number()?,
                    failed: from.number()?,
                    ok: from.number()?,
                    changed: from.number()?,
                    failures: from.number()?,
                    skipped: from.number()?,
                    unreachable: from.number()?,
                    ignored: from.number()?,
                    durations: from.durations(true)?,
                };
                task.insert(slot, figures);
            }
        }
        Ok(())
    }
}

fn stats(stats: &HostStats) -> [u64; 7] {
    [
        stats.ok,
        stats.changed,
        stats.unreachable,
        stats.failed,
        stats.skipped,
        stats.rescued,
        stats.ignored,
    ]
}

/// Texts, each with an index.
#[derive(Default)]
struct Texts<'t> {
    order: Vec<&'t str>,
    places: HashMap<&'t str, usize>,
}

impl<'t> Texts<'t> {
    fn place(&mut self, text: &'t str) -> usize {
        let order = &mut self.order;
        *self.places.entry(text).or_insert_with(|| {
            order.push(text);
            order.len() - 1
        })
    }
}

struct Writer(Vec<u8>);

impl Writer {
    /// Variable-length number: seven bits a byte, the lowest first; the eighth bit is set if more bytes follow.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn size(&mut self, size: usize) {
        self.number(size as u64);
    }

    fn text(&mut self, text: &str) {
        self.size(text.len());
        self.0.extend(text.as_bytes());
    }

    fn cpu(&mut self, cpu: &CpuFigures) {
        self.number(cpu.measured);
        if cpu.measured > 0 {
            self.number(cpu.whole);
            self.number(cpu.cpu_us);
        }
    }

    fn durations(&mut self, durations: &Durations) {
        self.number(durations.count);
        if durations.count == 0 {
            return;
        }
        self.number(durations.sum_us);
        // A single duration equals its sum.
        if durations.count == 1 {
            return;
        }
        self.number(durations.min_us);
        self.number(durations.max_us);
        self.size(durations.buckets.len());
        let mut before = 0;
        for (bucket, count) in &durations.buckets {
            self.number(u64::from(bucket - before));
            self.number(*count);
            before = *bucket;
        }
    }
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn byte(&mut self) -> Result<u8, Damaged> {
        let (first, rest) = self.0.split_first().ok_or(Damaged)?;
        self.0 = rest;
        Ok(*first)
    }

    fn number(&mut self) -> Result<u64, Damaged> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Damaged)
    }

    fn size(&mut self) -> Result<usize, Damaged> {
        usize::try_from(self.number()?).map_err(|_| Damaged)
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], Damaged> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn text(&mut self) -> Result<&'b str, Damaged> {
        let length = self.size()?;
        std::str::from_utf8(self.take(length)?).map_err(|_| Damaged)
    }

    fn cpu(&mut self) -> Result<CpuFigures, Damaged> {
        let measured = self.number()?;
        if measured == 0 {
            return Ok(CpuFigures::default());
        }
        Ok(CpuFigures {
            measured,
            whole: self.number()?,
            cpu_us: self.number()?,
        })
    }

    /// Reads durations, without their distribution if that is not wanted.
    fn durations(&mut self, distribution: bool) -> Result<Durations, Damaged> {
        let count = self.number()?;
        if count == 0 {
            return Ok(Durations::default());
        }
        let sum_us = self.number()?;
        let mut durations = Durations {
            count,
            sum_us,
            min_us: sum_us,
            max_us: sum_us,
            buckets: Vec::new(),
        };
        if count == 1 {
            if distribution {
                durations.buckets.push((bucket(sum_us), 1));
            }
            return Ok(durations);
        }
        durations.min_us = self.number()?;
        durations.max_us = self.number()?;
        let mut bucket = 0_u16;
        for _ in 0..self.size()? {
            let step = u16::try_from(self.number()?).map_err(|_| Damaged)?;
            bucket = bucket.checked_add(step).ok_or(Damaged)?;
            let count = self.number()?;
            if distribution {
                durations.buckets.push((bucket, count));
            }
        }
        Ok(durations)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::RollBuilder;
    use super::*;
    use crate::model::TaskCounts;

    const DAY: i64 = 20_473;

    fn group(number: usize) -> Group {
        let text =
            |text: &str| (!number.is_multiple_of(3)).then(|| format!("{text}{number}").into());
        Group {
            adhoc: number.is_multiple_of(2),
            status: Status::ALL[1 + number % 2],
            reason: number
                .checked_sub(2)
                .map(|n| Reason::ALL[n % Reason::ALL.len()]),
            changed: number > 3,
            playbook: text("a/b"),
            playbook_name: text("b"),
            folder: text("/srv"),
            inventory: text("hosts"),
            inventory_name: text("hosts"),
            user: text("ann"),
            controller: text("ctl"),
            labels: (0..number)
                .map(|label| format!("l{label}").into())
                .collect(),
        }
    }

    /// Runs: hour, group, and duration if they are over.
    fn roll(runs: &[(i64, usize, Option<i64>)]) -> Roll {
        add(Roll::default(), runs)
    }

    fn add(roll: Roll, runs: &[(i64, usize, Option<i64>)]) -> Roll {
        let mut roll = RollBuilder::new(roll);
        for (hour, number, duration_us) in runs {
            let slot = roll.slot(DAY * DAY_US + hour * HOUR_US, &group(*number));
            let cpu_us = (number % 2 == 1).then_some(hour.unsigned_abs() * 1000);
            roll.add_run(slot, *duration_us, cpu_us);
            for host in 0..*number {
                let stats = HostStats {
                    ok: *number as u64,
                    failed: u64::from(host == 1),
                    ignored: u64::MAX,
                    ..HostStats::default()
                };
                roll.add_host(slot, &format!("host{host}"), &stats, *duration_us);
            }
            let name = TaskName {
                name: format!("task {hour}"),
                role: String::new(),
                action: "debug".to_owned(),
            };
            let counts = TaskCounts {
                ok: 1,
                failed: u32::from(*hour == 5),
                ..TaskCounts::default()
            };
            roll.add_task(slot, name, &counts, *hour);
        }
        roll.finish()
    }

    impl Roll {
        /// The runs in the format in which slots had no CPU time: each ends with its durations.
        fn encode_runs_without_cpu(&self) -> Vec<u8> {
            let mut to = Writer(vec![FORMAT]);
            let without_slots = Roll {
                slots: Vec::new(),
                ..self.clone()
            };
            without_slots.encode_runs(&mut to);
            // The last byte is the number of slots: none.
            to.0.pop();
            to.size(self.slots.len());
            for slot in &self.slots {
                to.number(slot.at_us.rem_euclid(DAY_US).unsigned_abs() / HOUR_US.unsigned_abs());
                to.size(slot.group);
                to.number(slot.runs);
                to.durations(&slot.durations);
            }
            to.0[0] = WITHOUT_CPU;
            to.0
        }
    }

    fn again(roll: &Roll, hosts: HostSelection<'_>) -> Roll {
        let mut read = Roll::default();
        for part in Part::ALL {
            read.decode(DAY, part, &roll.encode(part), hosts).unwrap();
        }
        read
    }

    fn runs() -> impl Strategy<Value = Vec<(i64, usize, Option<i64>)>> {
        vec(
            (0_i64..24, 0_usize..6, proptest::option::of(0_i64..i64::MAX)),
            0..30,
        )
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(runs in runs()) {
            let roll = roll(&runs);
            prop_assert_eq!(&again(&roll, HostSelection::ALL), &roll);
            let only = HostSelection { only: Some("host1"), ..HostSelection::ALL };
            let one = again(&roll, only);
            assert_eq!(one.hosts.get("host1"), roll.hosts.get("host1"));
            assert!(one.hosts.len() <= 1);
        }

        #[test]
        fn sums_and_extremes_are_read_without_the_distribution(runs in runs()) {
            let mut roll = roll(&runs);
            let sums = HostSelection { distribution: false, ..HostSelection::ALL };
            let read = again(&roll, sums);
            for figures in roll.hosts.values_mut().flat_map(|host| host.values_mut()) {
                figures.durations.buckets.clear();
            }
            prop_assert_eq!(&read, &roll);
        }

        #[test]
        fn one_that_was_read_goes_on(one in runs(), other in runs()) {
            let read = again(&roll(&one), HostSelection::ALL);
            prop_assert_eq!(add(read, &other), roll(&[one, other].concat()));
        }

        #[test]
        fn an_earlier_format_reads_without_what_it_had_not(runs in runs()) {
            let mut roll = roll(&runs);
            for slot in &mut roll.slots {
                slot.cpu = CpuFigures::default();
            }
            let bytes = roll.encode_runs_without_cpu();
            let mut read = Roll::default();
            read.decode(DAY, Part::Runs, &bytes, HostSelection::ALL).unwrap();
            prop_assert_eq!((&read.groups, &read.slots), (&roll.groups, &roll.slots));
        }

        #[test]
        fn other_bytes_are_no_roll(bytes in vec(any::<u8>(), 0..200), cut in 0_usize..200) {
            let whole = roll(&[(1, 2, Some(5)), (2, 4, None), (2, 4, Some(7)), (2, 4, Some(9))]);
            for part in Part::ALL {
                // Random bytes may be valid by chance; they must not make us panic.
                let _ = whole.clone().decode(DAY, part, &bytes, HostSelection::ALL);
                let mut behind = vec![FORMAT];
                behind.extend(&bytes);
                let _ = whole.clone().decode(DAY, part, &behind, HostSelection::ALL);
                let written = whole.encode(part);
                let cut = &written[..cut.min(written.len())];
                let _ = whole.clone().decode(DAY, part, cut, HostSelection::ALL);
            }
        }
    }
}
