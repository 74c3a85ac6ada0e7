//! Builds a request from an earlier one: its stored parameters, and the overrides.

use secrecy::SecretString;
use uuid::Uuid;

use super::error::LaunchError;
use super::{LaunchRequest, Launcher};
use crate::model::{Actor, Parameters, Variables};

/// The part of a run to repeat.
#[derive(Debug, Clone, Default)]
pub struct Replay {
    /// Only on hosts where it failed, or that were unreachable.
    pub only_failed: bool,
    /// Changed values, and secrets, which must be given again.
    pub overrides: LaunchRequest,
}

impl Launcher {
    /// Queues a run with an earlier run's parameters, and returns its identity.
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
        let mut request = again(launch.parameters, replay.overrides)?;
        request.replay_of = Some(of);
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
            request.only_hosts = Some(failed);
        }
        self.launch(request, actor).await
    }
}

/// Merges the earlier request with the overrides. Secrets are not stored, and must be given again.
fn again(stored: Parameters, new: LaunchRequest) -> Result<LaunchRequest, LaunchError> {
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
        let explanation = match field {
            "extra_vars" => format!(" (it had {})", stored.extra_var_names.join(", ")),
            _ => String::new(),
        };
        return Err(LaunchError::invalid(
            field,
            format!(
                "must be given again: the first run had it, and it is not stored, because it may be secret{explanation}"
            ),
        ));
    }
    let list = |list: Vec<String>| (!list.is_empty()).then_some(list);
    // Every field of both is named, so that the compiler reports one that is forgotten.
    let Parameters {
        playbook,
        inventory,
        limit,
        only_hosts,
        tags,
        skip_tags,
        extra_vars,
        r#become,
        become_user,
        forks,
        verbosity,
        check,
        diff,
        timeout_seconds,
        private_key,
        hosts,
        module,
        args,
        note,
        labels,
        // Checked above.
        extra_var_names: _,
        vault_password: _,
        private_key_given: _,
        args_given: _,
        // A replay repeats the named run, not the one which that run repeated.
        replay_of: _,
        // A person starts it, and now.
        schedule: _,
        waits_for: _,
    } = stored;
    Ok(LaunchRequest {
        playbook: new.playbook.or((!adhoc).then_some(playbook)),
        inventory: new.inventory.or(inventory),
        only_hosts: match &new.limit {
            Some(_) => None,
            None => list(only_hosts),
        },
        limit: new.limit.or(limit),
        tags: new.tags.or(list(tags)),
        skip_tags: new.skip_tags.or(list(skip_tags)),
        extra_vars: new
            .extra_vars
            .or(extra_vars.map(|vars| Box::new(Variables(vars)).into())),
        r#become: new.r#become.or(Some(r#become)),
        become_user: new.become_user.or(become_user),
        forks: new.forks.or(forks),
        verbosity: new.verbosity.or(Some(verbosity)),
        check: new.check.or(Some(check)),
        diff: new.diff.or(Some(diff)),
        timeout: new.timeout.or(Some(timeout_seconds)),
        vault_password: new.vault_password,
        private_key: new.private_key.or(private_key.map(SecretString::from)),
        note: new.note.or(note),
        labels: new.labels.or(list(labels)),
        hosts: new.hosts.or(hosts),
        module: new.module.or(module),
        args: new.args.or(args.map(SecretString::from)),
        replay_of: None,
        schedule: None,
        waits_for: None,
        named_secrets: new.named_secrets,
    })
}
