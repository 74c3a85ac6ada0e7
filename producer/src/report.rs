//! Messages of a producer at the end of a run: the address of its page, or, if it was not delivered, the place where it
//! is kept and the command that helps.
//!
//! The command names the folder and the collector, because the shell in which it is typed may not know them.

use playback_spool::{Outcome, Spool, flush_command, quoted_path};
use uuid::Uuid;

use crate::{Delivery, Undeliverable};

/// Message if the spool folder has no space for a run, but memory has.
pub const IN_MEMORY: &str = "there is no room in the spool folder; the run is kept in memory, and lost if it cannot be \
                             delivered before its end";

/// Message if nothing can be written at all.
pub const NOT_RECORDED: &str =
    "this run is not recorded: its spool can take nothing (a full disk, or a limit of file sizes)";

/// Message if nothing can be delivered, for the reason `why`.
#[must_use]
pub fn kept(spool: &Spool, why: &Undeliverable, delivery: &Delivery) -> String {
    let url = delivery.url().filter(|_| !why.is_of_url());
    match spool.kept_in() {
        Some(dir) => format!(
            "{why}; this run is kept in {}, and `{}` delivers it",
            dir.display(),
            flush_command(&dir, url, &files(delivery)),
        ),
        None => format!("{why}; this run is not recorded"),
    }
}

/// Message at the end of a run: what was not recorded, and what was not delivered. None: no message.
#[must_use]
pub fn at_end(outcome: Option<&Outcome>, spool: &Spool, delivery: &Delivery) -> Option<String> {
    let left_out = spool.dropped();
    let incomplete = (left_out > 0).then(|| {
        format!(
            "{left_out} events of this run are not recorded, because its spool is full (spool_max_mb, a full disk, or a \
             limit of file sizes) or they are too large; the record says so"
        )
    });
    let undelivered = outcome.and_then(|outcome| undelivered(outcome, spool, delivery));
    match (incomplete, undelivered) {
        (Some(first), Some(second)) => Some(format!("{first}; {second}")),
        (first, second) => first.or(second),
    }
}

/// The address of a run's page; none if the run was not delivered, or the address is not wanted. `is_seen`: the output is
/// read by a person, not by a program.
#[must_use]
pub fn link(
    outcome: Option<&Outcome>,
    execution: Uuid,
    delivery: &Delivery,
    is_seen: bool,
) -> Option<String> {
    let outcome = outcome.filter(|outcome| outcome.delivered)?;
    let is_wanted = delivery.link.unwrap_or(is_seen);
    let address = outcome.address.as_deref().or(delivery.url())?;
    is_wanted.then(|| format!("{}/runs/{execution}", address.trim_end_matches('/')))
}

/// Whether a setting means yes or no; none for anything else.
#[must_use]
pub fn truth(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" | "y" | "t" => Some(true),
        "0" | "false" | "no" | "off" | "n" | "f" => Some(false),
        _ => None,
    }
}

/// Message after an incomplete delivery. None: it was complete.
fn undelivered(outcome: &Outcome, spool: &Spool, delivery: &Delivery) -> Option<String> {
    if outcome.delivered {
        return None;
    }
    let why = match (&outcome.set_aside, &outcome.last_error) {
        (Some(refused), _) if outcome.refused_token => {
            format!("the collector refuses the token ({refused})")
        }
        (Some(refused), _) => format!("the collector refuses this run ({refused})"),
        (None, Some(error)) => format!("this run could not be delivered in time ({error})"),
        (None, None) => "this run could not be delivered in time".to_owned(),
    };
    let Some(dir) = spool.kept_in() else {
        return Some(format!("{why}; {} events are lost", outcome.pending_events));
    };
    let kept = format!("{why}; it is kept in {}", dir.display());
    let (url, files) = (delivery.url(), files(delivery));
    Some(match &outcome.set_aside {
        Some(_) if outcome.refused_token => format!(
            "{why}; this run is kept in {}, and with a token of the scope \"ingest\" the next run on this machine or \
             `{}` delivers it",
            dir.display(),
            flush_command(&dir, url, ""),
        ),
        Some(_) => format!(
            "{kept}; once the cause is mended, `{}` delivers it",
            flush_command(&dir, url, &format!(" --retry-set-aside{files}")),
        ),
        None => format!(
            "{kept}, and the next run on this machine or `{}` delivers it",
            flush_command(&dir, url, &files),
        ),
    })
}

/// Options of the command for the files that this delivery reads: in the next shell, `ansible.cfg` may not name them.
fn files(delivery: &Delivery) -> String {
    let token_file = delivery.token_file.as_deref();
    let token_file = token_file.filter(|_| delivery.token.is_none());
    [
        ("--token-file", token_file),
        ("--ca-file", delivery.ca_file.as_deref()),
    ]
    .into_iter()
    .filter_map(|(option, file)| {
        let file = file.filter(|file| !file.as_os_str().is_empty())?;
        let file = std::path::absolute(file).ok()?;
        Some(format!(" {option} {}", quoted_path(&file)))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_that_a_delivery_reads_are_named_in_the_command() {
        let mut delivery = Delivery {
            token_file: Some("/etc/play back/token".into()),
            ca_file: Some("/etc/ca.pem".into()),
            ..Delivery::default()
        };
        let both = " --token-file '/etc/play back/token' --ca-file /etc/ca.pem";
        assert_eq!(files(&delivery), both);
        // A token by itself wins over its file, and is never shown.
        delivery.token = Some("pbk_secret".into());
        delivery.ca_file = Some("".into());
        assert_eq!(files(&delivery), "");
    }

    #[test]
    fn the_address_of_a_run_is_told_where_somebody_wants_to_know() {
        let told = |address: Option<&str>, delivered, link, is_seen| {
            let outcome = Outcome {
                delivered,
                address: address.map(str::to_owned),
                ..Outcome::default()
            };
            let delivery = Delivery {
                url: Some("http://localhost:8080/".to_owned()),
                link,
                ..Delivery::default()
            };
            super::link(Some(&outcome), Uuid::nil(), &delivery, is_seen)
        };
        let page = |base: &str| Some(format!("{base}/runs/{}", Uuid::nil()));
        let public = Some("https://play.example/playback");
        assert_eq!(told(None, true, None, true), page("http://localhost:8080"));
        assert_eq!(
            told(public, true, None, true),
            page("https://play.example/playback")
        );
        assert_eq!(told(public, true, None, false), None);
        assert_eq!(told(public, true, Some(false), true), None);
        assert_eq!(
            told(None, true, Some(true), false),
            page("http://localhost:8080")
        );
        assert_eq!(told(public, false, Some(true), true), None);
        assert_eq!(
            super::link(None, Uuid::nil(), &Delivery::default(), true),
            None
        );
    }
}
