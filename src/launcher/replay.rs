//! A request made of an earlier one: what is stored of it, and what is said anew.

use uuid::Uuid;

use super::error::LaunchError;
use super::{Asked, Launcher};
use crate::model::{Actor, Parameters};

/// What is to be repeated.
#[derive(Debug, Clone, Default)]
pub struct Replay {
    /// Only on the hosts where it failed, or that could not be reached.
    pub only_failed: bool,
    /// What is to be different, and what is secret and must be said again.
    pub overrides: Asked,
}

impl Launcher {
    /// Queues a run as an earlier one was asked for, and returns its identity.
    ///
    /// # Errors
    /// See [`LaunchError`]; whatever it is, there is no record.
    pub async fn replay(
        &self,
        of: Uuid,
        replay: Replay,
        actor: &Actor,
    ) -> Result<Uuid, LaunchError> {
        let store = &self.inner.store;
        let Some((key, _)) = store.execution(of).await? else {
            return Err(LaunchError::NoSuchExecution(of));
        };
        let Some(launch) = store.launch(of).await? else {
            return Err(LaunchError::NotOurs(
                "nothing is stored that could be repeated; launch it with the parameters that its record shows",
            ));
        };
        if replay.only_failed && replay.overrides.limit.is_some() {
            return Err(LaunchError::invalid(
                "limit",
                "cannot be given together with only_failed: each says which hosts",
            ));
        }
        let mut asked = again(launch.parameters, replay.overrides)?;
        asked.replay_of = Some(of);
        if replay.only_failed {
            let stats = store.stats(&[key]).await?.remove(&key).unwrap_or_default();
            let failed: Vec<String> = stats
                .into_iter()
                .filter(|(_, counts)| counts.failed > 0 || counts.unreachable > 0)
                .map(|(host, _)| host)
                .collect();
            if failed.is_empty() {
                return Err(LaunchError::NothingFailed);
            }
            asked.only_hosts = Some(failed);
        }
        self.launch(asked, actor).await
    }
}

/// The earlier request with what is said anew. What was secret is stored nowhere, and must be said.
fn again(stored: Parameters, new: Asked) -> Result<Asked, LaunchError> {
    let adhoc = stored.is_adhoc();
    let missing = [
        (
            "extra_vars",
            !stored.extra_var_names.is_empty()
                && stored.extra_vars.is_none()
                && new.extra_vars.is_none(),
        ),
        (
            "vault_password",
            stored.vault_password && new.vault_password.is_none(),
        ),
        (
            "private_key",
            stored.private_key_given && new.private_key.is_none(),
        ),
        (
            "args",
            stored.args_given && stored.args.is_none() && new.args.is_none(),
        ),
    ];
    if let Some((field, _)) = missing.into_iter().find(|(_, missing)| *missing) {
        let what = match field {
            "extra_vars" => format!(" (it had {})", stored.extra_var_names.join(", ")),
            _ => String::new(),
        };
        return Err(LaunchError::invalid(
            field,
            format!(
                "must be given again: the first run had it, and it is not stored, because it may be secret{what}"
            ),
        ));
    }
    let list = |list: Vec<String>| (!list.is_empty()).then_some(list);
    let said_limit = new.limit.is_some();
    Ok(Asked {
        playbook: new.playbook.or((!adhoc).then_some(stored.playbook)),
        inventory: new.inventory.or(stored.inventory),
        only_hosts: if said_limit {
            None
        } else {
            list(stored.only_hosts)
        },
        limit: new.limit.or(stored.limit),
        tags: new.tags.or(list(stored.tags)),
        skip_tags: new.skip_tags.or(list(stored.skip_tags)),
        extra_vars: new.extra_vars.or(stored.extra_vars),
        r#become: new.r#become.or(Some(stored.r#become)),
        become_user: new.become_user.or(stored.become_user),
        forks: new.forks.or(stored.forks),
        verbosity: new.verbosity.or(Some(stored.verbosity)),
        check: new.check.or(Some(stored.check)),
        diff: new.diff.or(Some(stored.diff)),
        timeout: new.timeout.or(Some(stored.timeout_seconds)),
        vault_password: new.vault_password,
        private_key: new.private_key.or(stored.private_key),
        note: new.note.or(stored.note),
        labels: new.labels.or(list(stored.labels)),
        hosts: new.hosts.or(stored.hosts),
        module: new.module.or(stored.module),
        args: new.args.or(stored.args),
        replay_of: None,
    })
}
