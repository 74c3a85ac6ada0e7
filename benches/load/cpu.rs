//! CPU time, as the kernel counts it.

use anyhow::{Context as _, Result};

/// The kernel's unit of CPU time, on every Linux that there is.
const TICKS_PER_SECOND: f64 = 100.0;

/// User and system time of a process so far, in seconds.
pub(crate) fn of_process(pid: u32) -> Result<f64> {
    sum(&pid.to_string(), 13)
}

/// The same for a process that has ended and was not reaped yet, including its children.
pub(crate) fn of_ended(pid: u32) -> Result<f64> {
    Ok(sum(&pid.to_string(), 13)? + sum(&pid.to_string(), 15)?)
}

/// Adds up two neighbouring fields of a process' `stat`, counted from 0.
fn sum(process: &str, field: usize) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is the name, in parentheses, and may hold anything.
    let (_, rest) = stat.rsplit_once(") ").context("stat has no name")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let mut ticks = 0.0;
    for text in fields.get(field - 2..field).context("stat is short")? {
        ticks += text.parse::<f64>()?;
    }
    Ok(ticks / TICKS_PER_SECOND)
}
