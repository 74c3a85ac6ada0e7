//! Facts that change with every run, although nothing was done to the host: the time, what is free, what is used. They
//! are shown as last reported, and are left out of the history of changes. docs/hosts.md lists them.

use serde_json::Value;
use serde_json::value::RawValue;

/// Whole facts, without the leading `ansible_`.
const WHOLE: &[&str] = &[
    "date_time",
    "uptime_seconds",
    "loadavg",
    "memfree_mb",
    "swapfree_mb",
    "memory_mb",
    // About the gathering, not about the host.
    "gather_subset",
    "module_setup",
    "net_gather_subset",
    "net_gather_network_resources",
    // Whichever module comes first in a run reports it.
    "discovered_interpreter_python",
    // The same by facter and ohai.
    "facter_uptime",
    "facter_uptime_days",
    "facter_uptime_hours",
    "facter_uptime_seconds",
    "facter_system_uptime",
    "facter_load_averages",
    "facter_memory",
    "facter_memoryfree",
    "facter_memoryfree_mb",
    "facter_swapfree",
    "facter_swapfree_mb",
    "ohai_uptime",
    "ohai_uptime_seconds",
    "ohai_idletime",
    "ohai_idletime_seconds",
    "ohai_ohai_time",
    "ohai_memory",
];

/// Members of a fact, at any depth of it.
const MEMBERS: &[(&str, &[&str])] = &[(
    "mounts",
    &[
        "size_available",
        "block_available",
        "block_used",
        "inode_available",
        "inode_used",
    ],
)];

/// Facts that are lists in any order: `setup` keeps them as sets, whose order is another in each run.
const UNORDERED: &[&str] = &[
    "all_ipv4_addresses",
    "all_ipv6_addresses",
    "interfaces",
    "virtualization_tech_guest",
    "virtualization_tech_host",
];

fn bare(name: &str) -> &str {
    name.strip_prefix("ansible_").unwrap_or(name)
}

/// Whether a fact changes with every run.
#[must_use]
pub fn is_volatile(name: &str) -> bool {
    WHOLE.contains(&bare(name))
}

/// The members of a fact that change with every run.
pub(super) fn members(name: &str) -> &'static [&'static str] {
    let found = MEMBERS.iter().find(|(fact, _)| *fact == bare(name));
    found.map_or(&[], |(_, members)| members)
}

/// Whether a fact is a list in any order.
pub(super) fn is_unordered(name: &str) -> bool {
    UNORDERED.contains(&bare(name))
}

/// A list in an order that depends on its entries alone; anything else as it is.
pub(super) fn sorted(mut value: Value) -> Value {
    if let Value::Array(list) = &mut value {
        list.sort_by_cached_key(Value::to_string);
    }
    value
}

/// A fact without what changes with every run; none if it has nothing of the kind.
pub(super) fn lasting(name: &str, value: &RawValue) -> Option<String> {
    let members = members(name);
    let is_unordered = is_unordered(name);
    if members.is_empty() && !is_unordered {
        return None;
    }
    let mut value: Value = serde_json::from_str(value.get()).ok()?;
    remove(&mut value, members);
    if is_unordered {
        value = sorted(value);
    }
    Some(value.to_string())
}

fn remove(value: &mut Value, members: &[&str]) {
    match value {
        Value::Object(object) => {
            object.retain(|name, _| !members.contains(&name.as_str()));
            object.values_mut().for_each(|value| remove(value, members));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| remove(value, members)),
        _ => {}
    }
}
