//! Values are literal: they are not evaluated as templates, and do not appear in the process list.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Site, launch, post, printed};
use crate::ansible::{environments, every_version};

const LOOKUP: &str = "{{ lookup('pipe', 'touch $MARKS/evaluated; echo evaluated') }}";

const SHOW: &str = "\
- hosts: web-01
  gather_facts: false
  vars:
    around: \"<{{ text }}>\"
  tasks:
    - copy:
        content: \"{{ {'all': [text, around, list, table, number, big, yes, none, odd]} | to_json }}\"
        dest: \"{{ lookup('env', 'MARKS') }}/seen.json\"
    - assert:
        that:
          - number is number
          - big is number
          - yes is boolean
          - list[1] == 2
";

#[test]
fn extra_variables_arrive_as_typed_and_nothing_in_them_is_evaluated() {
    arrive_as_typed(&environments());
}

/// What `!unsafe` means is up to ansible-core.
#[test]
fn extra_variables_arrive_as_typed_on_every_version() {
    let versions = every_version();
    assert!(versions.len() >= 2, "{versions:?}");
    arrive_as_typed(&versions);
}

fn arrive_as_typed(environments: &[PathBuf]) {
    for bin in environments {
        let site = Site::with_ansible(bin);
        site.playbook("show.yml", SHOW);
        let collector = site.start();
        let odd = "% @`'\"\\ # : - [x] {y} \u{e9}\u{1f600}\u{85}\u{2028}\u{7f}\n last\t";
        let list = json!([
            LOOKUP,
            2,
            2.5,
            true,
            null,
            "no",
            "0644",
            "1e3",
            "",
            "~",
            "2026-01-20",
            "1:30"
        ]);
        let table = json!({ "a": { "b": LOOKUP }, LOOKUP: "key" });
        let body = json!({
            "playbook": "show.yml", "inventory": "prod",
            "extra_vars": {
                "text": LOOKUP, "list": list, "table": table, "number": 7, "big": 1e300, "yes": true,
                "none": null, "odd": odd,
            },
        });
        let client = collector.client();
        let record = client.finished(launch(&client, "/playbooks/run", &body));
        assert_eq!(record["status"], "success", "{}", printed(&record));
        let seen = std::fs::read_to_string(site.path("marks").join("seen.json")).unwrap();
        let seen: Value = serde_json::from_str(&seen).unwrap();
        let around = format!("<{LOOKUP}>");
        let expected = json!([LOOKUP, around, list, table, 7, 1e300, true, null, odd]);
        assert_eq!(seen["all"], expected, "{}", bin.display());
        assert!(!site.path("marks").join("evaluated").exists());
    }
}

#[test]
fn adhoc_arguments_reach_the_module_as_they_are() {
    for bin in environments() {
        let site = Site::with_ansible(&bin);
        let collector = site.start();
        let client = collector.client();
        let adhoc = |module: &str, args: &str| {
            let body =
                json!({ "hosts": "web-01", "inventory": "prod", "module": module, "args": args });
            client.finished(launch(&client, "/adhoc", &body))
        };
        for (module, args, expected) in [
            ("debug", format!("msg=\"{LOOKUP}\""), "lookup('pipe'"),
            (
                "shell",
                "chdir=/usr  pwd; echo \"a  b\" x=1".to_owned(),
                "/usr\na  b x=1\n",
            ),
            (
                "ansible.builtin.command",
                "echo '{{ 7 * 6 }}'".to_owned(),
                "{{ 7 * 6 }}",
            ),
            ("debug", json!({ "msg": [1, "two"] }).to_string(), "\"two\""),
            ("ping", "data=pong-1".to_owned(), "pong-1"),
        ] {
            let record = adhoc(module, &args);
            let text = printed(&record);
            assert_eq!(record["status"], "success", "{module} {args}: {text}");
            assert!(text.contains(expected), "{module} {args}: {text}");
            assert_eq!(record["type"], "adhoc");
            assert_eq!(record["module"], module);
            assert!(!record.to_string().contains("playback_arg_"), "{record}");
        }
        assert!(!site.path("marks").join("evaluated").exists());
        assert_eq!(adhoc("ping", "what is this")["status"], "failed");
    }
}

/// Every secret has it.
const MARKER: &str = "marker-of-a-secret";

#[test]
fn no_process_shows_a_secret_of_a_run() {
    let site = Site::new();
    let collector = site.start();
    let client = collector.client();
    let script = "touch $MARKS/began; while [ ! -e $MARKS/go ]; do sleep 0.05; done";
    let body = json!({
        "hosts": "web-01", "inventory": "prod", "module": "shell",
        "args": format!("stdin={MARKER}-1 {script}"),
        "extra_vars": { "password": format!("{MARKER}-2") },
        "vault_password": format!("{MARKER}-3"),
        "private_key": format!(
            "-----BEGIN OPENSSH PRIVATE KEY-----\n{MARKER}-4\n-----END OPENSSH PRIVATE KEY-----"
        ),
        "note": format!("{MARKER}-5"), "labels": [format!("{MARKER}-6")],
    });
    let id = launch(&client, "/adhoc", &body);
    site.reached("began");
    let mut looked_at = 0;
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let path = process.path();
        for file in ["cmdline", "environ"] {
            let text = std::fs::read(path.join(file)).unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            looked_at += usize::from(text.contains(&id.to_string()));
            assert!(
                !text.contains(MARKER),
                "{}: {text}",
                path.join(file).display()
            );
            let is_ours = text.contains(&id.to_string()) && file == "environ";
            assert!(
                !is_ours || !text.contains(&collector.token) && !text.contains("PLAYBACK_DATABASE"),
                "{text}"
            );
        }
    }
    assert!(
        looked_at >= 3,
        "the supervisor, Ansible, their environment: {looked_at}"
    );
    site.make("go");
    let record = client.finished(id);
    assert_eq!(record["status"], "success", "{}", printed(&record));
}

#[test]
fn adhoc_commands_can_be_switched_off() {
    let site = Site::new().setting("adhoc = false");
    let collector = site.start();
    let client = collector.client();
    for module in [json!("ping"), Value::Null] {
        let body = json!({ "hosts": "web-01", "inventory": "prod", "module": module });
        let message = post(&client, "/adhoc", &body).error(403, "disabled");
        assert!(message.contains("adhoc"), "{message}");
    }
}

#[test]
fn adhoc_commands_can_be_limited_to_modules_by_either_name() {
    let site = Site::new().setting("adhoc = [\"ping\", \"ansible.builtin.setup\"]");
    let collector = site.start();
    let client = collector.client();
    let ask = |module: Value| {
        let body = json!({ "hosts": "nowhere", "inventory": "prod", "module": module, "args": "module=shell" });
        post(&client, "/adhoc", &body)
    };
    for name in [
        "ping",
        "ansible.builtin.ping",
        "ansible.legacy.ping",
        "setup",
        "ansible.legacy.setup",
    ] {
        let answer = ask(json!(name));
        assert_eq!(answer.status, 202, "{name}: {answer:?}");
    }
    // Without a name it would be "command".
    let others = [
        "shell",
        "command",
        "ansible.windows.ping",
        "ping2",
        "include_role",
        "ansible.builtin.raw",
    ];
    for name in others.map(Value::from).into_iter().chain([Value::Null]) {
        let message = ask(name.clone()).error(403, "forbidden");
        assert!(
            message.contains("ping, ansible.builtin.setup"),
            "{name}: {message}"
        );
    }
}
