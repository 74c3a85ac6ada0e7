//! The data of `execution_started` as known outside of Ansible. The collector prefers the recorder's values.

use playback_producer::environment::{launched_by, replay_of, sudo_user, traceparent};
use playback_wire::{ExecutionStarted, TraceParent, printed};
use uuid::Uuid;

use crate::{Request, environment, offer};

/// What runs, who runs it and why.
pub(crate) fn started(request: &Request, command: ExecutionStarted) -> ExecutionStarted {
    ExecutionStarted {
        instance: Some(Uuid::now_v7().simple().to_string()),
        cwd: std::env::current_dir()
            .ok()
            .map(|cwd| printed::name(cwd.as_os_str().as_encoded_bytes())),
        labels: request.labels.clone(),
        note: request.note.clone().filter(|note| !note.is_empty()),
        user: match &request.run_as {
            None => environment::user(),
            Some(account) => Some(account.name().to_owned()),
        },
        sudo_user: sudo_user(),
        controller: environment::controller(),
        launched_by: launched_by(),
        replay_of: replay_of(),
        parent: environment::offered().as_deref().and_then(offer::run),
        traceparent: traceparent()
            .and_then(|text| TraceParent::parse(&text))
            .map(|parent| parent.to_string()),
        recorder_version: Some(env!("CARGO_PKG_VERSION").into()),
        ..command
    }
}
