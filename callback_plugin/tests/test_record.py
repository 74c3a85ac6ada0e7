"""The events of a run in the spool: plays, tasks and results, with Ansible's own names."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from typing import TYPE_CHECKING, Any

from conftest import BIN, read_spool

if TYPE_CHECKING:
    from conftest import Run, Site

SITE = """
- name: site
  hosts: web1:web2
  gather_facts: false
  tasks:
    - name: hello
      command: echo hi
      tags: [greeting]
      notify: restart
    - name: loop
      debug: {msg: "{{ item }}"}
      loop: [1, 2, 3]
    - name: retry
      raw: /bin/false
      retries: 2
      delay: 0
      register: tried
      until: tried.rc == 0
      ignore_errors: true
    - name: retry of items
      raw: /bin/false
      loop: [1, 2]
      retries: 2
      delay: 0
      register: tried
      until: tried.rc == 0
      ignore_errors: true
    - name: skip
      raw: /bin/true
      when: false
    - block:
        - name: boom
          fail: {msg: boom}
      rescue:
        - name: rescued
          debug: {msg: fine}
    - name: delegated
      raw: /bin/true
      delegate_to: web3
    - include_tasks: more.yml
    - name: background
      command: /bin/true
      async: 10
      poll: 1
  handlers:
    - name: restart
      debug: {msg: again}
- name: away
  hosts: gone
  gather_facts: false
  tasks:
    - name: never
      ping:
"""


def stats_printed(printed: bytes) -> dict[str, dict[str, int]]:
    recap = printed.decode().rsplit("PLAY RECAP", 1)[1]
    table = {}
    for line in recap.splitlines():
        if match := re.match(r"(\S+)\s+: (ok=.*)", line):
            counts = (pair.split("=") for pair in match[2].split())
            table[match[1]] = {name: int(count) for name, count in counts}
    return table


def test_a_whole_playbook(site: Site) -> None:
    site.write("more.yml", "- name: included\n  debug: {msg: more}\n")
    site.write("vars.yml", "size: 3\n")
    run = site.play(SITE, "-e", "colour=red", "-e", "@vars.yml")
    assert run.code == 4, run.printed.decode()

    started = run.one("execution_started")
    assert started["type"] == "playbook"
    assert started["playbook"] == "site.yml"
    assert started["extra_var_names"] == ["colour", "size"]
    assert started["argv"][1:] == ["site.yml", "-e", "***", "-e", "@vars.yml"]
    assert started["cwd"] == str(site.folder)
    assert started["forks"] == 5
    assert started["ansible_version"].startswith("2.")
    assert run.events[0]["kind"] == "execution_started"

    plays = run.of("play_started")
    assert [(play["play"], play["name"], play["hosts"]) for play in plays] == [
        (1, "site", "web1:web2"),
        (2, "away", "gone"),
    ]

    hello = run.one("task_started", name="hello")
    assert hello["action"] == "command"
    assert hello["path"] == str(site.folder / "site.yml")
    assert hello["line"] == 6
    assert hello["tags"] == ["greeting"]
    for result in run.results("hello"):
        assert result["status"] == "ok"
        assert result["changed"] is True
        assert result["content"]["stdout"] == "hi"
        assert not {"stdout_lines", "stderr_lines", "invocation", "_ansible_no_log"} & result["content"].keys()
        begun = next(e for e in run.events if e["kind"] == "host_started" and e["data"]["host"] == result["host"])
        assert begun["at"] == result["started"]

    loop = run.task("loop")
    items = [item["content"]["item"] for item in run.of("item", task=loop, host="web1")]
    assert items == [1, 2, 3]
    assert all(result["items"] == 3 and "results" not in result["content"] for result in run.results("loop"))

    # Since 2.21, Ansible reports the number of the next attempt, and prints one retry too few.
    retries = run.of("retry", task=run.task("retry"), host="web1")
    assert [(retry["attempt"], retry["retries"]) for retry in retries] == [(1, 3), (2, 3)]
    again = run.of("retry", task=run.task("retry of items"), host="web1")
    assert [retry["attempt"] for retry in again] == [1, 2, 1, 2]
    assert [item["attempts"] for item in run.of("item", task=run.task("retry of items"), host="web1")] == [2, 2]
    for result in run.results("retry"):
        assert (result["status"], result["ignored"], result["attempts"]) == ("failed", True, 2)
    assert {result["status"] for result in run.results("skip")} == {"skipped"}
    assert {result["status"] for result in run.results("boom")} == {"failed"}
    assert {result["delegated_to"] for result in run.results("delegated")} == {"web3"}
    # In the order in which they got there.
    assert sorted(run.one("included")["hosts"]) == ["web1", "web2"]
    assert len(run.results("included")) == 2
    assert run.of("async_poll", state="ok")

    assert run.one("task_started", name="restart")["handler"] is True
    assert {told["host"] for told in run.of("notified", handler="restart")} == {"web1", "web2"}
    assert len(run.results("restart")) == 2
    assert run.result("never")["status"] == "unreachable"

    assert run.of("stats")[-1]["hosts"] == {
        host: {name: counts[name] for name in counts} for host, counts in stats_printed(run.printed).items()
    }
    assert "uncaptured_programs" not in run.one("execution_ended")
    usage = run.one("usage")
    assert usage["user_s"] > 0
    assert usage["peak_bytes"] > 1 << 20
    assert run.events[-1]["kind"] == "execution_ended"
    assert run.events[-1]["data"] == {"exit_code": 4}


def test_facts_are_events_of_their_own(site: Site) -> None:
    play = "- hosts: web1\n  tasks:\n    - set_fact: {colour: red}\n"
    run = site.play(play, env={"PLAYBACK_FACTS_IGNORE": "env,ansible_processor"})
    gathered, given = run.of("facts")
    assert gathered["facts"]["ansible_system"] == "Linux"
    assert not {"ansible_env", "ansible_processor"} & gathered["facts"].keys()
    assert given["facts"] == {"colour": "red"}
    assert all("ansible_facts" not in result["content"] for result in run.of("result"))
    assert site.play(play, env={"PLAYBACK_FACTS": "false"}).of("facts") == []


def test_a_task_under_free_is_one_task(site: Site) -> None:
    run = site.play("""
- hosts: web
  strategy: free
  gather_facts: false
  tasks:
    - {name: one, raw: /bin/true, notify: again}
    - {name: two, debug: {msg: x}}
    - meta: flush_handlers
    - {name: three, raw: /bin/true, notify: again}
  handlers:
    - {name: again, debug: {msg: handled}}
""")
    assert run.code == 0
    for name in ("one", "two", "three"):
        assert len(run.results(name)) == 3, name
    again = [task["task"] for task in run.of("task_started", name="again")]
    assert len(again) == 2
    for task in again:
        assert {result["host"] for result in run.of("result", task=task)} == {"web1", "web2", "web3"}
    assert all("started" in result for result in run.of("result"))


def test_serial_makes_a_play_of_each_batch(site: Site) -> None:
    run = site.play("""
- hosts: web
  serial: 1
  gather_facts: false
  tasks:
    - {name: one, raw: /bin/true}
""")
    assert [play["play"] for play in run.of("play_started")] == [1, 2, 3]
    tasks = run.of("task_started")
    assert [(task["task"], task["play"]) for task in tasks] == [(1, 1), (2, 2), (3, 3)]
    assert [(result["task"], result["host"]) for result in run.of("result")] == [(1, "web1"), (2, "web2"), (3, "web3")]


def test_a_role_included_twice_has_its_tasks_twice(site: Site) -> None:
    site.write("roles/greet/tasks/main.yml", "- {name: greet, debug: {msg: hi}}\n")
    run = site.play("""
- hosts: web1
  gather_facts: false
  tasks:
    - include_role: {name: greet}
    - include_role: {name: greet}
""")
    tasks = run.of("task_started", name="greet")
    assert [task["role"] for task in tasks] == ["greet", "greet"]
    assert [len(run.of("result", task=task["task"])) for task in tasks] == [1, 1]


GROUPS = """
- hosts: web1:web2
  gather_facts: false
  tasks:
    - debug:
    - group_by: {key: made}
      when: inventory_hostname == 'web1'
- hosts: web1:web2
  gather_facts: false
  tasks: [{debug: }, {debug: }]
- hosts: web1:web2
  gather_facts: false
  tasks: [{debug: }]
"""


def test_groups_are_told_once_and_again_when_they_change(site: Site) -> None:
    run = site.play(GROUPS)
    told = [(data["host"], data["groups"]) for data in run.of("host_started") if "groups" in data]
    assert sorted(told) == [("web1", ["made", "web"]), ("web1", ["web"]), ("web2", ["web"])]


def test_two_playbooks_of_one_command_are_one_execution(site: Site) -> None:
    for name in ("a", "b"):
        site.write(f"{name}.yml", f"- name: {name}\n  hosts: web1\n  gather_facts: false\n  tasks: [{{ping: }}]\n")
    run = site.run("ansible-playbook", "a.yml", "b.yml")
    assert run.one("execution_started")["playbook"] == "a.yml b.yml"
    assert [play["name"] for play in run.of("play_started")] == ["a", "b"]
    assert len(run.of("stats")) == 2
    assert run.of("stats")[-1]["hosts"]["web1"]["ok"] == 2


def test_an_adhoc_command(site: Site) -> None:
    run = site.run("ansible", "web1", "-m", "command", "-a", "echo adhoc")
    started = run.one("execution_started")
    assert (started["type"], started["hosts"], started["module"]) == ("adhoc", "web1", "command")
    assert "args" not in started
    assert started["argv"][-1] == "***"
    assert run.one("result")["content"]["stdout"] == "adhoc"
    assert run.one("execution_ended")["exit_code"] == run.code == 0


def console(site: Site, typed: str, env: dict[str, str] | None = None) -> tuple[str, list[list[dict[str, Any]]]]:
    """Returns the output of `ansible-console`, and the events of each command."""
    done = subprocess.run(
        [str(BIN / "ansible-console"), "web"],
        cwd=site.folder,
        env=site.env | (env or {}),
        input=typed.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
        check=False,
    )
    return done.stdout.decode(), [read_spool(path) for path in site.spools()]


def test_a_console_records_each_command(site: Site) -> None:
    printed, runs = console(site, "cd web1\ncommand echo first\ncd web2:web3\nshell exit 3\nping\nexit\n")
    assert len(runs) == 3, printed
    began = [run[0]["data"] for run in runs]
    assert [(data["hosts"], data["module"]) for data in began] == [
        ("web1", "command"),
        ("web2:web3", "shell"),
        ("web2:web3", "ping"),
    ]
    assert not any("args" in data for data in began)
    ended = [run[-1] for run in runs]
    assert [(event["kind"], event["data"]["exit_code"]) for event in ended] == [
        ("execution_ended", code) for code in (0, 2, 0)
    ]
    told = [event["data"]["host"] for event in runs[1] if event["kind"] == "result"]
    assert sorted(told) == ["web2", "web3"]


def test_a_console_command_ends_when_it_is_done_and_not_with_the_next(site: Site) -> None:
    printed, [first, second] = console(
        site, "cd web1\ncommand echo first\ncommand echo second\nexit\n", {"PLAYBACK_RECORD_ARGS": "true"}
    )
    texts = ["".join(event["data"]["text"] for event in run if event["kind"] == "output") for run in (first, second)]
    assert texts[0].endswith("web1 | CHANGED | rc=0 >>\nfirst\n"), "the prompt that follows is no part of it"
    assert texts[1] == "web1 | CHANGED | rc=0 >>\nsecond\n"
    assert all(text in printed for text in texts)
    assert [run[0]["data"]["args"] for run in (first, second)] == ["echo first", "echo second"]


def test_a_console_goes_on_after_an_interrupted_command(site: Site) -> None:
    with (site.folder / "printed").open("wb") as printed:
        process = subprocess.Popen(
            [str(BIN / "ansible-console"), "web1"],
            cwd=site.folder,
            env=site.env,
            stdin=subprocess.PIPE,
            stdout=printed,
            stderr=subprocess.STDOUT,
        )
    assert process.stdin
    started = site.folder / "started"
    process.stdin.write(f"shell touch {started}; sleep 60\n".encode())
    process.stdin.flush()
    site.wait_for(started.exists)
    process.send_signal(signal.SIGINT)
    process.communicate(b"ping\nexit\n", timeout=120)
    runs = [read_spool(path) for path in site.spools()]
    assert [(run[0]["data"]["module"], run[-1]["data"].get("exit_code")) for run in runs] == [
        ("shell", 99),
        ("ping", 0),
    ]


def test_what_the_user_says_about_a_run(site: Site) -> None:
    (site.folder / ".git/refs/heads").mkdir(parents=True)
    commit = "0123456789abcdef0123456789abcdef01234567"
    site.write(".git/HEAD", "ref: refs/heads/main\n")
    site.write(".git/refs/heads/main", f"{commit}\n")
    run = site.play(
        "- hosts: web1\n  gather_facts: false\n  tasks: [{name: args, command: {cmd: echo, stdin: x}}]\n",
        env={
            "PLAYBACK_LABELS": "prod,web",
            "PLAYBACK_NOTE": "after the outage",
            "PLAYBACK_RECORD_ARGS": "1",
            "PLAYBACK_EXECUTION_ID": "01a2c3d4-0000-7000-8000-000000000001",
            "CI_JOB_URL": "https://ci.example.com/1",
            "TRACEPARENT": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        },
    )
    started = run.one("execution_started")
    assert started["traceparent"] == "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    assert started["labels"] == ["prod", "web"]
    assert started["note"] == "after the outage"
    assert started["launched_by"] == "https://ci.example.com/1"
    assert started["git"] == {"commit": commit, "branch": "main"}
    assert site.spools()[0].name == "01a2c3d4-0000-7000-8000-000000000001.recorder.ndjson"
    assert run.one("task_started")["args"]["stdin"] == "x"


def test_disabled_records_nothing(site: Site) -> None:
    run = site.play("- hosts: web1\n  gather_facts: false\n  tasks: [{ping: }]\n", env={"PLAYBACK_DISABLED": "1"})
    assert (run.code, run.events) == (0, [])
    assert b"Playback" not in run.printed


def test_every_option_is_documented(site: Site) -> None:
    run: Run = site.run("ansible-doc", "-t", "callback", "-j", "playback.history.recorder")
    options = json.loads(run.printed)["playback.history.recorder"]["doc"]["options"]
    assert len(options) == 21
    for name, option in options.items():
        assert option["ini"][0] == {"section": "callback_playback", "key": name}
        assert option["env"][0]["name"] == f"PLAYBACK_{name.upper()}"


def test_a_failure_says_whether_a_rescue_handles_it(site: Site) -> None:
    run = site.play(
        """
        - hosts: web
          gather_facts: false
          tasks:
            - block:
                - name: handled
                  raw: "false"
                - name: never
                  raw: "true"
              rescue:
                - name: handled as well
                  block:
                    - name: inner
                      raw: "false"
                  rescue:
                    - debug:
              always:
                - name: ignored
                  raw: "false"
                  ignore_errors: true
            - name: not handled
              raw: "false"
        """
    )
    assert run.code == 2
    told = {
        name: [result.get("rescued", False) for result in run.results(name)]
        for name in ("handled", "inner", "ignored", "not handled")
    }
    assert told == {
        "handled": [True] * 3,
        "inner": [True] * 3,
        "ignored": [False] * 3,
        "not handled": [False] * 3,
    }
    assert {host["rescued"] for host in run.one("stats")["hosts"].values()} == {2}
