//! Finds the descendants of a process, from each process's parent.

use std::collections::HashMap;
use std::fs;

use nix::unistd::Pid;

/// Every descendant of a process, not including itself.
pub(crate) fn descendants(of: Pid) -> Vec<Pid> {
    let parents = parents();
    let mut found = Vec::new();
    let mut next = vec![of.as_raw()];
    while let Some(parent) = next.pop() {
        for (child, _) in parents.iter().filter(|(_, of)| **of == parent) {
            found.push(Pid::from_raw(*child));
            next.push(*child);
        }
    }
    found
}

/// Process → parent.
fn parents() -> HashMap<i32, i32> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return HashMap::new();
    };
    processes
        .flatten()
        .filter_map(|entry| {
            let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            // `pid (name) state parent …`, and the name may hold anything.
            let (_, rest) = stat.rsplit_once(") ")?;
            let mut rest = rest.split(' ');
            // A zombie has no resources left, and its children have another parent.
            let _state = rest.next().filter(|state| *state != "Z")?;
            Some((pid, rest.next()?.parse().ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn children_and_their_children_are_found() {
        let mut child = Command::new("sh")
            .args(["-c", "cat & exec cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let me = Pid::from_raw(i32::try_from(std::process::id()).unwrap());
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
        assert!(descendants(me).contains(&pid));
        drop(child.stdin.take());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!descendants(me).contains(&pid));
    }
}
