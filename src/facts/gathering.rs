//! One report of facts, without its values: enough to tell whether it says anything new.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::{CUT, is_fact, volatile};

/// Modules whose `ansible_facts` are variables that the playbook sets, and say nothing about the host. Ansible excepts the
/// same two from the facts of a host (`_ACTION_WITH_CLEAN_FACTS`).
const VARIABLES: [&str; 2] = ["set_fact", "include_vars"];

/// Modules that gather facts of the whole host.
const SETUP: [&str; 2] = ["setup", "gather_facts"];

/// The kind of a report. A later report replaces an earlier one of the same kind.
///
/// As a number: 0 is a complete gathering; a positive number is a part of what `setup` gathers (`gather_subset`,
/// `filter`), a negative one another module's report. The rest of the number is a hash of the names of the facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(pub i64);

impl Kind {
    /// Everything that `setup` gathers. A fact that it lacks no longer exists.
    pub const COMPLETE: Self = Self(0);

    fn of_names(names: i64, is_of_setup: bool) -> Self {
        // Neither 0 nor the one number that has no positive counterpart.
        let number = (names & i64::MAX) | 1;
        Self(if is_of_setup { number } else { -number })
    }

    /// Whether it is everything that `setup` gathers.
    #[must_use]
    pub fn is_complete(self) -> bool {
        self == Self::COMPLETE
    }

    /// Whether `setup` gathered it.
    #[must_use]
    pub fn is_of_setup(self) -> bool {
        self.0 >= 0
    }
}

/// One report of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gathering {
    /// Its kind.
    pub kind: Kind,
    /// Hash of its facts, without those that change all the time: reports of one kind with the same digest say the same.
    pub digest: i64,
}

impl Gathering {
    /// What the module `action` reported. None: it set variables, or the report is no JSON object, or holds nothing that
    /// lasts. (The first module on a host may report `discovered_interpreter_python`, whatever it does.)
    #[must_use]
    pub fn of(facts: &RawValue, action: &str) -> Option<Self> {
        let module = action.rsplit('.').next().unwrap_or(action);
        if VARIABLES.contains(&module) {
            return None;
        }
        // In the order of the names: modules report them in any order.
        let facts: BTreeMap<String, &RawValue> = serde_json::from_str(facts.get()).ok()?;
        let (mut names, mut values) = (Sha256::new(), Sha256::new());
        let mut is_empty = true;
        for (name, value) in facts.iter().filter(|(name, _)| is_fact(name)) {
            add(&mut names, name);
            if volatile::is_volatile(name) {
                continue;
            }
            is_empty = false;
            add(&mut values, name);
            match volatile::lasting(name, value) {
                Some(lasting) => add(&mut values, &lasting),
                None => add(&mut values, value.get()),
            }
        }
        if is_empty {
            return None;
        }
        let is_of_setup = SETUP.contains(&module);
        let kind = match is_of_setup && is_complete(&facts) {
            true => Kind::COMPLETE,
            false => Kind::of_names(first(names), is_of_setup),
        };
        Some(Self {
            kind,
            digest: first(values),
        })
    }
}

/// Whether `setup` gathered all facts. With `filter`, it reports only a part.
fn is_complete(facts: &BTreeMap<String, &RawValue>) -> bool {
    let subset = facts.get("gather_subset");
    let subset: Option<Vec<String>> =
        subset.and_then(|subset| serde_json::from_str(subset.get()).ok());
    let is_all = subset.is_some_and(|subset| {
        subset.iter().any(|name| name == "all") && !subset.iter().any(|name| name.starts_with('!'))
    });
    is_all && !facts.contains_key(CUT)
}

fn add(hash: &mut Sha256, text: &str) {
    hash.update(text.as_bytes());
    hash.update([0]);
}

/// The first 64 bits of a hash.
fn first(hash: Sha256) -> i64 {
    let hash: [u8; 32] = hash.finalize().into();
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    i64::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(facts: &Value, action: &str) -> Option<Gathering> {
        let raw = RawValue::from_string(facts.to_string()).unwrap();
        Gathering::of(&raw, action)
    }

    #[test]
    fn only_a_gathering_of_everything_is_complete() {
        let all = json!({ "ansible_os_family": "Debian", "gather_subset": ["all"] });
        for (facts, action, expected) in [
            (&all, "setup", true),
            (&all, "ansible.builtin.setup", true),
            (&all, "gather_facts", true),
            (&all, "package_facts", false),
            (
                &json!({ "ansible_os_family": "Debian", "gather_subset": ["all", "!hardware"] }),
                "setup",
                false,
            ),
            (&json!({ "ansible_os_family": "Debian" }), "setup", false),
            (
                &json!({ "ansible_os_family": "Debian", "gather_subset": ["all"], "playback_cut": [] }),
                "setup",
                false,
            ),
        ] {
            let kind = of(facts, action).unwrap().kind;
            assert_eq!(kind.is_complete(), expected, "{action} {facts}");
            assert_eq!(kind.is_of_setup(), action != "package_facts", "{action}");
        }
    }

    #[test]
    fn variables_are_no_facts() {
        let facts = json!({ "release": 7 });
        for action in ["set_fact", "ansible.builtin.set_fact", "include_vars"] {
            assert_eq!(of(&facts, action), None, "{action}");
        }
        let found = json!({ "discovered_interpreter_python": "/usr/bin/python3" });
        let noted = json!({ "_ansible_facts_gathered": true });
        for none in [
            json!({}),
            json!({ "playback_cut": [] }),
            json!([1]),
            found,
            noted,
        ] {
            assert_eq!(of(&none, "setup"), None, "{none}");
        }
    }

    #[test]
    fn reports_with_the_same_lasting_facts_have_the_same_digest() {
        let report = |kernel: &str, free: u32, size: u64| {
            json!({
                "ansible_kernel": kernel, "ansible_memfree_mb": free, "gather_subset": ["all"],
                "ansible_mounts": [{ "mount": "/", "size_total": size, "size_available": free }],
            })
        };
        let digest = |facts: &Value| of(facts, "setup").unwrap().digest;
        let one = digest(&report("6.1", 10, 100));
        assert_eq!(digest(&report("6.1", 20, 100)), one);
        assert_ne!(digest(&report("6.2", 10, 100)), one);
        assert_ne!(digest(&report("6.1", 10, 200)), one);
        let interfaces = |names: &[&str]| {
            digest(&json!({ "ansible_interfaces": names, "gather_subset": ["all"] }))
        };
        assert_eq!(interfaces(&["lo", "eth0"]), interfaces(&["eth0", "lo"]));
        assert_ne!(interfaces(&["lo", "eth0"]), interfaces(&["lo"]));
        // In another order.
        let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
        let [a, b] = [r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#]
            .map(|text| Gathering::of(&raw(text), "package_facts"));
        assert_eq!(a, b);
    }

    #[test]
    fn parts_are_told_apart_by_their_names() {
        let kind = |facts: Value, action| of(&facts, action).unwrap().kind;
        let one = kind(json!({ "a": 1 }), "setup");
        assert_eq!(kind(json!({ "a": 2 }), "setup"), one);
        assert_ne!(kind(json!({ "a": 1, "b": 1 }), "setup"), one);
        assert_ne!(kind(json!({ "a": 1 }), "my_facts"), one);
        for names in [0, 1, -1, i64::MIN, i64::MAX] {
            assert!(Kind::of_names(names, true).0 > 0 && Kind::of_names(names, false).0 < 0);
        }
    }
}
