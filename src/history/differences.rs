//! Differences between the recorded parameters of two runs.

use playback_wire::{ExecutionStarted, Git};

use crate::model::Difference;

/// A parameter's name, and how its value is read from a record.
type Field<'f> = (&'f str, &'f dyn Fn(&ExecutionStarted) -> Option<String>);

/// The parameters that are different now. Those that are always different, such as the command line's file of
/// variables, are left out.
pub(super) fn differences(before: &ExecutionStarted, now: &ExecutionStarted) -> Vec<Difference> {
    let git = |of: fn(&Git) -> Option<String>| {
        move |run: &ExecutionStarted| run.git.as_ref().and_then(of)
    };
    let fields: [Field<'_>; 20] = [
        ("git.commit", &git(|git| Some(git.commit.clone()))),
        ("git.branch", &git(|git| git.branch.clone())),
        (
            "git.dirty",
            &git(|git| git.dirty.map(|dirty| dirty.to_string())),
        ),
        ("playbook", &|run| run.playbook.clone()),
        ("inventory", &|run| run.inventory.clone()),
        ("limit", &|run| run.limit.clone()),
        ("tags", &|run| joined(&run.tags)),
        ("skip_tags", &|run| joined(&run.skip_tags)),
        ("check", &|run| Some(run.check.to_string())),
        ("extra_var_names", &|run| joined(&run.extra_var_names)),
        ("hosts", &|run| run.hosts.clone()),
        ("module", &|run| run.module.clone()),
        ("args", &|run| run.args.clone()),
        ("forks", &|run| run.forks.map(|forks| forks.to_string())),
        ("ansible_version", &|run| run.ansible_version.clone()),
        ("python_version", &|run| run.python_version.clone()),
        ("user", &|run| run.user.clone()),
        ("sudo_user", &|run| run.sudo_user.clone()),
        ("controller", &|run| run.controller.clone()),
        ("cwd", &|run| run.cwd.clone()),
    ];
    let differences = fields.into_iter().filter_map(|(field, of)| {
        let (before, now) = (of(before), of(now));
        (before != now).then(|| Difference {
            field: field.to_owned(),
            before,
            now,
        })
    });
    differences.collect()
}

/// Names in alphabetical order, because their order means nothing.
fn joined(names: &[String]) -> Option<String> {
    let mut names = names.to_vec();
    names.sort_unstable();
    (!names.is_empty()).then(|| names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_is_not_told() {
        let git = |commit: &str| Git {
            commit: commit.to_owned(),
            ..Git::default()
        };
        let before = ExecutionStarted {
            git: Some(git("a")),
            limit: Some("web".to_owned()),
            tags: vec!["a".to_owned(), "b".to_owned()],
            ..ExecutionStarted::default()
        };
        let now = ExecutionStarted {
            git: Some(git("b")),
            limit: None,
            check: true,
            tags: vec!["b".to_owned(), "a".to_owned()],
            ..before.clone()
        };
        let found = differences(&before, &now);
        let found: Vec<_> = found
            .iter()
            .map(|one| {
                (
                    one.field.as_str(),
                    one.before.as_deref(),
                    one.now.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("git.commit", Some("a"), Some("b")),
                ("limit", Some("web"), None),
                ("check", Some("false"), Some("true")),
            ]
        );
        assert_eq!(differences(&now, &now), []);
    }
}
