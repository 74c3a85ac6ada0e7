//! A request for a run.
//!
//! Its fields are converted several times: by the API, by the checks, into the stored parameters, into a command line,
//! and for a replay. Each conversion names every field, so that the compiler reports a new one that is forgotten.

use secrecy::SecretString;

use crate::model::SecretVariables;

/// A request's fields; `None` if not given.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)] // Each is a field of the request, and documented there.
pub struct LaunchRequest {
    pub playbook: Option<String>,
    pub inventory: Option<String>,
    pub limit: Option<String>,
    pub tags: Option<Vec<String>>,
    pub skip_tags: Option<Vec<String>>,
    pub extra_vars: Option<SecretVariables>,
    pub r#become: Option<bool>,
    pub become_user: Option<String>,
    pub forks: Option<u32>,
    pub verbosity: Option<u8>,
    pub check: Option<bool>,
    pub diff: Option<bool>,
    pub timeout: Option<u64>,
    pub vault_password: Option<SecretString>,
    pub private_key: Option<SecretString>,
    pub note: Option<String>,
    pub labels: Option<Vec<String>>,
    pub hosts: Option<String>,
    pub module: Option<String>,
    pub args: Option<SecretString>,
    pub only_hosts: Option<Vec<String>>,
    pub replay_of: Option<uuid::Uuid>,
    pub schedule: Option<String>,
    pub waits_for: Option<uuid::Uuid>,
    /// Whether it named secrets: then no value of it is stored, whatever the configuration says.
    pub named_secrets: bool,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use secrecy::SecretBox;

    use super::*;
    use crate::model::Variables;

    #[test]
    fn no_secret_is_shown() {
        let variables = BTreeMap::from([("password".to_owned(), "hunter2".into())]);
        let request = LaunchRequest {
            playbook: Some("site.yml".to_owned()),
            extra_vars: Some(SecretBox::new(Box::new(Variables(variables)))),
            vault_password: Some("hunter2".into()),
            private_key: Some("hunter2".into()),
            args: Some("hunter2".into()),
            ..LaunchRequest::default()
        };
        let shown = format!("{request:?}");
        assert!(
            shown.contains("site.yml") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
}
