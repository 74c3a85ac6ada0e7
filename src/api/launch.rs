//! Launches, cancels and replays runs. Bodies are JSON, whatever the Content-Type.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::auth::{ReadAccess, RunAccess};
use super::error::ErrorBody;
use super::extract::{ExecutionId, JsonBody};
use super::{ApiError, PREFIX};
use crate::app::App;
use crate::history::{self, Fields};
use crate::launcher::{LaunchRequest, Named, Replay};
use crate::model::{ExecutionResult, SecretNames, SecretVariables};

/// Declares a request type: its own fields, and those common to all.
macro_rules! request {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Default, Deserialize, ToSchema)]
        #[serde(default, deny_unknown_fields)]
        pub(super) struct $name {
            $($(#[$field_doc])* $field: $type,)*
            /// Name of an inventory, relative to the configured folders.
            inventory: Option<String>,
            /// Host pattern that limits the run.
            limit: Option<String>,
            /// Extra variables: name → value.
            #[schema(default, value_type = Option<BTreeMap<String, Value>>)]
            extra_vars: Option<SecretVariables>,
            /// Become another user.
            r#become: Option<bool>,
            /// Name of that user; root by default.
            become_user: Option<String>,
            /// Number of hosts at once: 1 to 1000.
            #[schema(minimum = 1, maximum = 1000)]
            forks: Option<u32>,
            /// Number of `-v`: 0 to 6.
            #[serde(alias = "verbose")]
            #[schema(maximum = 6)]
            verbosity: Option<u8>,
            /// Change nothing, only report what would change.
            check: Option<bool>,
            /// Show what changes in files.
            diff: Option<bool>,
            /// Time limit of the run in seconds; 0 or none: the configured default.
            timeout: Option<u64>,
            /// Password of vaulted files. Never stored.
            #[serde(alias = "vault_pass")]
            #[schema(default, value_type = Option<String>)]
            vault_password: Option<SecretString>,
            /// Private key for the login to hosts: its text, which is never stored, or the name of a file below the
            /// configured folders.
            #[schema(default, value_type = Option<String>)]
            private_key: Option<SecretString>,
            /// Why the run is started.
            note: Option<String>,
            /// Labels of the run.
            #[serde(deserialize_with = "list")]
            #[schema(value_type = Option<Vec<String>>)]
            labels: Option<Vec<String>>,
            /// Names of secrets in the collector's configuration, instead of values: `GET /launch-secrets` lists them.
            secrets: SecretNames,
        }

        impl $name {
            /// Converts it into the launcher's request, and the secrets that it names; `own` converts its own fields. Every
            /// field is named, so that the compiler reports one that is forgotten.
            fn into_launch(
                self,
                own: impl FnOnce($($type),*) -> OwnFields,
            ) -> (LaunchRequest, SecretNames) {
                let Self {
                    $($field,)*
                    inventory,
                    limit,
                    extra_vars,
                    r#become,
                    become_user,
                    forks,
                    verbosity,
                    check,
                    diff,
                    timeout,
                    vault_password,
                    private_key,
                    note,
                    labels,
                    secrets,
                } = self;
                let own = own($($field),*);
                let request = LaunchRequest {
                    playbook: own.playbook,
                    tags: own.tags,
                    skip_tags: own.skip_tags,
                    hosts: own.hosts,
                    module: own.module,
                    args: own.args,
                    inventory,
                    limit,
                    extra_vars,
                    r#become,
                    become_user,
                    forks,
                    verbosity,
                    check,
                    diff,
                    timeout,
                    vault_password,
                    private_key,
                    note,
                    labels,
                    // The launcher sets these for a replay, and schedules set the last two.
                    only_hosts: None,
                    replay_of: None,
                    schedule: None,
                    waits_for: None,
                    // The secrets are read below.
                    named_secrets: false,
                };
                (request, secrets)
            }
        }
    };
}

/// Fields that only some requests have.
struct OwnFields {
    playbook: Option<String>,
    tags: Option<Vec<String>>,
    skip_tags: Option<Vec<String>>,
    hosts: Option<String>,
    module: Option<String>,
    args: Option<SecretString>,
}

request! {
    /// A playbook to run.
    PlaybookRequest {
        /// Name of the playbook, relative to the configured folders.
        #[schema(required, min_length = 1)]
        playbook: String,
        /// Tags to run.
        #[serde(deserialize_with = "list")]
        #[schema(value_type = Option<Vec<String>>)]
        tags: Option<Vec<String>>,
        /// Tags to skip.
        #[serde(deserialize_with = "list")]
        #[schema(value_type = Option<Vec<String>>)]
        skip_tags: Option<Vec<String>>,
    }
}

request! {
    /// A module to run on hosts.
    AdhocRequest {
        /// Host pattern.
        #[schema(required, min_length = 1)]
        hosts: String,
        /// The module; `command` by default.
        module: Option<String>,
        /// The module's arguments.
        #[schema(default, value_type = Option<String>)]
        args: Option<SecretString>,
    }
}

request! {
    /// The changes for a repeated run. Secrets are not stored, and must be given again.
    ReplayRequest {
        /// Only run on the hosts that failed or could not be reached.
        only_failed: bool,
        /// Another playbook.
        playbook: Option<String>,
        /// Other tags to run.
        #[serde(deserialize_with = "list")]
        #[schema(value_type = Option<Vec<String>>)]
        tags: Option<Vec<String>>,
        /// Other tags to skip.
        #[serde(deserialize_with = "list")]
        #[schema(value_type = Option<Vec<String>>)]
        skip_tags: Option<Vec<String>>,
        /// Ad-hoc: another host pattern.
        hosts: Option<String>,
        /// Ad-hoc: another module.
        module: Option<String>,
        /// Ad-hoc: the module's arguments.
        #[schema(default, value_type = Option<String>)]
        args: Option<SecretString>,
    }
}

/// Why a run is canceled.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct CancelRequest {
    /// Why, for the audit trail and the record.
    note: Option<String>,
}

/// Accepts a list of texts, or one comma-separated text.
fn list<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a list of texts")]
    enum List {
        Texts(Vec<String>),
        Text(String),
    }
    let split = |text: String| text.split(',').map(|part| part.trim().to_owned()).collect();
    Ok(Option::<List>::deserialize(from)?.map(|list| match list {
        List::Texts(texts) => texts,
        List::Text(text) => split(text),
    }))
}

/// 202: the record in its current state.
pub(super) async fn accepted(app: &App, id: Uuid) -> Result<Response, ApiError> {
    let (key, row) = history::find(&app.store, id).await?;
    let record = history::record(&app.store, key, row, &Fields::ALL).await?;
    let mut response = (StatusCode::ACCEPTED, Json(record)).into_response();
    if let Ok(place) = HeaderValue::from_str(&format!("{PREFIX}/executions/{id}")) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// Run a playbook. Returns the new record, with its `id`, at once.
#[utoipa::path(
    post, path = "/playbooks/run", tag = "launch", request_body = PlaybookRequest,
    responses(
        (status = 202, body = ExecutionResult, description = "It is running or queued"),
        (status = 400, body = ErrorBody, description = "A field is invalid; nothing is recorded"),
        (status = 403, body = ErrorBody, description = "This collector launches nothing, or the token lacks the scope run"),
        (status = 404, body = ErrorBody, description = "There is no such playbook or inventory"),
        (status = 503, body = ErrorBody, description = "Too many runs are waiting"),
    )
)]
pub(super) async fn run_playbook(
    State(app): State<App>,
    access: RunAccess,
    JsonBody(request): JsonBody<PlaybookRequest>,
) -> Result<Response, ApiError> {
    let (request, secrets) = request.into_launch(|playbook, tags, skip_tags| OwnFields {
        playbook: Some(playbook),
        tags,
        skip_tags,
        hosts: None,
        module: None,
        args: None,
    });
    let actor = access.actor();
    let id = app.commands.launch(&actor, request, secrets).await?;
    accepted(&app, id).await
}

/// Run one module on hosts. Returns the same as for a playbook.
#[utoipa::path(
    post, path = "/adhoc", tag = "launch", request_body = AdhocRequest,
    responses(
        (status = 202, body = ExecutionResult, description = "It is running or queued"),
        (status = 400, body = ErrorBody, description = "A field is invalid; nothing is recorded"),
        (status = 403, body = ErrorBody, description = "This collector launches nothing, or the token lacks the scope run"),
        (status = 404, body = ErrorBody, description = "There is no such inventory"),
        (status = 503, body = ErrorBody, description = "Too many runs are waiting"),
    )
)]
pub(super) async fn run_adhoc(
    State(app): State<App>,
    access: RunAccess,
    JsonBody(request): JsonBody<AdhocRequest>,
) -> Result<Response, ApiError> {
    let (request, secrets) = request.into_launch(|hosts, module, args| OwnFields {
        playbook: None,
        tags: None,
        skip_tags: None,
        hosts: Some(hosts),
        module,
        args,
    });
    let actor = access.actor();
    let id = app.commands.launch(&actor, request, secrets).await?;
    accepted(&app, id).await
}

/// Cancel a launched run: it gets SIGTERM, and is killed if it does not end.
#[utoipa::path(
    post, path = "/executions/{id}/cancel", tag = "launch", params(("id" = Uuid, Path)),
    request_body = Option<CancelRequest>,
    responses(
        (status = 202, body = ExecutionResult, description = "The signal was sent; the record shows when it has ended"),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "It is finished, or the launcher did not start it"),
    )
)]
pub(super) async fn cancel_execution(
    State(app): State<App>,
    access: RunAccess,
    ExecutionId(id): ExecutionId,
    JsonBody(request): JsonBody<CancelRequest>,
) -> Result<Response, ApiError> {
    let note = request.note.as_deref();
    app.commands.cancel(&access.actor(), id, note).await?;
    accepted(&app, id).await
}

/// Repeat a launched run from its stored request.
#[utoipa::path(
    post, path = "/executions/{id}/replay", tag = "launch", params(("id" = Uuid, Path)),
    request_body = Option<ReplayRequest>,
    responses(
        (status = 202, body = ExecutionResult, description = "The new run; its `replay_of` names the repeated one"),
        (status = 400, body = ErrorBody, description = "A field is invalid, or a secret must be given again"),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "The launcher did not start it, or it failed on no host"),
        (status = 503, body = ErrorBody, description = "Too many runs are waiting"),
    )
)]
pub(super) async fn replay_execution(
    State(app): State<App>,
    access: RunAccess,
    ExecutionId(id): ExecutionId,
    JsonBody(request): JsonBody<ReplayRequest>,
) -> Result<Response, ApiError> {
    let only_failed = request.only_failed;
    let (overrides, secrets) = request.into_launch(
        |_only_failed, playbook, tags, skip_tags, hosts, module, args| OwnFields {
            playbook,
            tags,
            skip_tags,
            hosts,
            module,
            args,
        },
    );
    let replay = Replay {
        only_failed,
        overrides,
    };
    let actor = access.actor();
    let new = app.commands.replay(&actor, id, replay, secrets).await?;
    accepted(&app, new).await
}

/// A file that a request can name.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NamedFile {
    /// Name to use in a request.
    name: String,
    /// Its path.
    path: String,
    /// Name of its first play.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// When it was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    modified: Option<DateTime<Utc>>,
    /// Size in bytes; none for a directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
}

impl From<Named> for NamedFile {
    fn from(named: Named) -> Self {
        Self {
            name: named.name,
            path: named.path.to_string_lossy().into_owned(),
            description: named.description,
            modified: named.modified.map(DateTime::from),
            size: named.size,
        }
    }
}

/// Playbooks that can be run.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PlaybookList {
    playbooks: Vec<NamedFile>,
}

/// List the playbooks that can be run, by name.
#[utoipa::path(
    get, path = "/playbooks", tag = "launch",
    responses((status = 200, body = PlaybookList), (status = 403, body = ErrorBody))
)]
pub(super) async fn list_playbooks(
    State(app): State<App>,
    _: ReadAccess,
) -> Result<Json<PlaybookList>, ApiError> {
    let named = app.launcher.playbooks().await?;
    Ok(Json(PlaybookList {
        playbooks: named.into_iter().map(NamedFile::from).collect(),
    }))
}

/// Inventories that a run can use.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InventoryList {
    inventories: Vec<NamedFile>,
}

/// List the inventories that a run can use, by name.
#[utoipa::path(
    get, path = "/inventories", tag = "launch",
    responses((status = 200, body = InventoryList), (status = 403, body = ErrorBody))
)]
pub(super) async fn list_inventories(
    State(app): State<App>,
    _: ReadAccess,
) -> Result<Json<InventoryList>, ApiError> {
    let named = app.launcher.inventories().await?;
    Ok(Json(InventoryList {
        inventories: named.into_iter().map(NamedFile::from).collect(),
    }))
}

/// Secrets that a run can use.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LaunchSecretList {
    /// Their names in the section `[launcher.secrets]` of the collector's configuration; never their values.
    secrets: Vec<String>,
}

/// List the names of the secrets that a run or a schedule can use, never their values. It requires the permission to
/// launch.
#[utoipa::path(
    get, path = "/launch-secrets", tag = "launch",
    responses(
        (status = 200, body = LaunchSecretList),
        (status = 403, body = ErrorBody, description = "This collector launches nothing, or the token lacks the scope run"),
    )
)]
pub(super) async fn list_launch_secrets(
    State(app): State<App>,
    _: RunAccess,
) -> Result<Json<LaunchSecretList>, ApiError> {
    let secrets = app.launcher.secrets()?;
    Ok(Json(LaunchSecretList { secrets }))
}
