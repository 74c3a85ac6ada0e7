"""Redacted values are nowhere in the spool, whatever way they take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import also

if TYPE_CHECKING:
    from conftest import Run, Site

SECRET = "hunter2-in-the-clear"
KEYS = {"PLAYBACK_REDACT_KEYS": "*password*, api_key"}

PEM = "-----BEGIN KEY-----\nMIIsecretsecret\n-----END KEY-----"

PLAY = f"""
- name: play
  hosts: web1
  gather_facts: false
  vars:
    login: {{user: bob, db_password: {SECRET}, nested: {{api-key: [{SECRET}, 1]}}}}
  tasks:
    - name: dict
      debug: {{var: login}}
    - name: fact
      set_fact: {{the_password: "{SECRET}", visible: shown}}
    - name: text
      command: {{argv: [printf, 'db_password={SECRET} user=bob\\nAPI_KEY: {SECRET}\\n']}}
    - name: item
      debug: {{msg: "{{{{ item }}}}"}}
      loop: [{{name: bob, password: {SECRET}}}]
    - name: retry
      shell: "echo password={SECRET}; exit 1"
      retries: 1
      delay: 0
      register: tried
      until: tried is success
      ignore_errors: true
    - name: diff
      copy: {{content: "password = {SECRET}\\nport = 1\\n", dest: "{{{{ playbook_dir }}}}/app.conf"}}
      diff: true
    - name: poll
      shell: "echo password={SECRET}"
      async: 30
      poll: 1
"""


def shown(run: Run) -> str:
    assert run.code == 0, run.printed.decode()
    assert SECRET.encode() in run.printed, "the playbook prints what it printed before"
    for event in run.events:
        assert SECRET not in str(event)
    return run.text


@pytest.mark.parametrize(
    ("form", "verbose", "colour"),
    [
        ("json", ["-vvv"], "1"),
        also("json", [], "0"),
        also("yaml", ["-v"], "1"),
        also("yaml", ["-vvv"], "0"),
    ],
)
def test_values_of_keys_are_nowhere(site: Site, form: str, verbose: list[str], colour: str) -> None:
    env = KEYS | {"ANSIBLE_CALLBACK_RESULT_FORMAT": form, "ANSIBLE_FORCE_COLOR": colour, "PLAYBACK_RECORD_ARGS": "1"}
    run = site.play(PLAY, *verbose, env=env)
    printed = shown(run)
    content = run.result("dict")["content"]
    assert content["login"] == {"user": "bob", "db_password": "***", "nested": {"api-key": "***"}}
    assert run.one("facts")["facts"] == {"the_password": "***", "visible": "shown"}
    assert run.result("text")["content"]["stdout"] == "db_password=*** user=bob\nAPI_KEY: ***"
    assert run.result("diff")["content"]["diff"][0]["after"] == "password = ***\nport = 1\n"
    assert run.one("retry")["content"]["stdout"] == "password=***"
    assert "bob" in printed
    assert "port = 1" in printed
    # No line is added or lost, and lines without a redacted value are unchanged.
    lines, really = (text[text.index("PLAY [") :].split("\n") for text in (printed, run.printed.decode()))
    assert [line for line, said in zip(lines, really, strict=True) if line != said and "***" not in line] == []
    assert "PLAY RECAP" in printed


def test_patterns_are_hidden_in_everything(site: Site) -> None:
    env = {"PLAYBACK_REDACT_PATTERNS": "never-there\nhunter2-[a-z-]+\n(?s)BEGIN KEY.*?END KEY", "PLAYBACK_NOTE": SECRET}
    play = f"""
- name: play {SECRET}
  hosts: web1
  gather_facts: false
  vars: {{pem: {json.dumps(PEM)}}}
  tasks:
    - name: task {SECRET}
      debug: {{msg: "say {SECRET}"}}
      changed_when: true
      notify: handler {SECRET}
    - name: key
      set_fact: {{"{SECRET.replace("-", "_")}": 1, other: "x{SECRET}y"}}
    - name: pem
      debug: {{var: pem}}
  handlers:
    - name: handler {SECRET}
      ping:
"""
    run = site.play(play, "--tags", f"all,{SECRET}", env=env)
    shown(run)
    assert run.one("play_started")["name"] == "play ***"
    assert run.one("execution_started")["note"] == "***"
    assert "***" in " ".join(run.one("execution_started")["argv"])
    assert run.one("notified")["handler"] == "handler ***"
    assert run.result("task ***")["content"]["msg"] == "say ***"
    assert run.result("pem")["content"]["pem"] == "-----***-----"
    assert "secretsecret" not in run.spooled
    assert "TASK [task ***]" in run.text


def test_options_are_read_from_the_configuration(site: Site) -> None:
    site.write(
        "ansible.cfg",
        (site.folder / "ansible.cfg").read_text()
        + "[callback_playback]\nredact_keys = nothing, *password*\nredact_patterns = nothing\n  clear[0-9],x\n",
    )
    run = site.play(
        "- hosts: web1\n  gather_facts: false\n  tasks:\n"
        f"    - {{name: a, debug: {{msg: {{password: {SECRET}, x: 'clear1,x'}}}}}}\n"
    )
    shown(run)
    assert run.result("a")["content"]["msg"] == {"password": "***", "x": "***"}


def test_the_documented_example_hides_what_it_says(site: Site) -> None:
    page = (Path(__file__).parents[2] / "docs" / "redaction.md").read_text()
    example = page.split("```ini\n")[1].split("```")[0]
    site.write("ansible.cfg", (site.folder / "ansible.cfg").read_text() + example)
    pem = "-----BEGIN RSA PRIVATE KEY-----\\nhunter2\\n-----END RSA PRIVATE KEY-----\\n"
    run = site.play(
        f"""
- hosts: web1
  gather_facts: false
  tasks:
    - name: a
      debug:
        msg:
          - {{DB_PASSWORD: {SECRET}, access-token: {SECRET}, Authorization: {SECRET}, user: bob}}
          - "{pem}"
          - "id AKIAABCDEFGHIJKLMNOP and Bearer {SECRET}"
"""
    )
    shown(run)
    assert "hunter2" not in run.spooled
    hidden = {"DB_PASSWORD": "***", "access-token": "***", "Authorization": "***", "user": "bob"}
    assert run.result("a")["content"]["msg"] == [hidden, "***\n", "id *** and ***"]


def test_a_pattern_that_is_wrong_turns_recording_off(site: Site) -> None:
    play = f"- hosts: web1\n  gather_facts: false\n  tasks: [{{debug: {{msg: {SECRET}}}}}]\n"
    for wrong, why in [(f"ok\n({SECRET}", "pattern 2 cannot be used: unclosed group"), ("a*", "matches an empty text")]:
        run = site.play(play, env={"PLAYBACK_REDACT_PATTERNS": wrong})
        assert run.code == 0
        assert run.events == []
        printed = " ".join(run.printed.decode().split())
        assert printed.count("Playback: recording is off") == 1
        assert why in printed
        assert f"({SECRET}" not in printed, "the pattern may be the secret"


def test_a_line_in_halves_and_the_end_without_a_newline(site: Site) -> None:
    site.write(
        "plugins/halves.py",
        "from ansible.plugins.callback import CallbackBase\n"
        "import sys\n"
        "class CallbackModule(CallbackBase):\n"
        "    CALLBACK_VERSION, CALLBACK_TYPE, CALLBACK_NAME = 2.0, 'aggregate', 'halves'\n"
        "    def v2_playbook_on_stats(self, stats):\n"
        f"        for part in ['a hunter2-', 'in-the-clear\\n', 'password', '=', '{SECRET}']:\n"
        "            sys.stdout.write(part)\n"
        "            sys.stdout.flush()\n",
    )
    env = {
        "PLAYBACK_REDACT_PATTERNS": SECRET,
        "ANSIBLE_CALLBACK_PLUGINS": str(site.folder / "plugins"),
        "ANSIBLE_CALLBACKS_ENABLED": "playback.history.recorder,halves",
    }
    run = site.play("- hosts: web1\n  gather_facts: false\n  tasks: [{ping: }]\n", env=env)
    printed = shown(run)
    assert "a ***\n" in printed
    assert printed.endswith("password=***")
    assert run.events[-1]["kind"] == "execution_ended"


def test_a_large_text_is_searched_before_it_is_cut(site: Site) -> None:
    # The secret crosses the edge of the part that is left out of the text.
    run = site.play(
        "- hosts: web1\n  gather_facts: false\n  tasks:\n"
        f"    - {{name: large, debug: {{msg: \"{{{{ '{SECRET} ' * 20000 }}}}\"}}}}\n",
        env={"PLAYBACK_REDACT_PATTERNS": SECRET, "PLAYBACK_MAX_EVENT_BYTES": "65536"},
    )
    shown(run)
    assert "hunter2" not in run.spooled
    assert "playback_cut" in run.result("large")["content"]
