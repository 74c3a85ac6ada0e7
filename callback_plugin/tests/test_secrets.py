"""Data that Ansible censors is nowhere in the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conftest import also

if TYPE_CHECKING:
    from conftest import Site

SECRET = "hunter2-in-the-clear"

PLAY = """
- hosts: web1:web2
  gather_facts: false
  tasks:
    - name: ok
      command: "echo {{ secret }}"
      no_log: true
    - name: fails
      shell: "echo {{ secret }}; exit 1"
      no_log: true
      ignore_errors: true
    - name: fails with it in the message
      fail: {msg: "{{ secret }} is wrong"}
      no_log: true
      ignore_errors: true
    - name: refused
      copy: {content: "{{ secret }}", dest: "/nowhere/{{ secret }}"}
      no_log: "{{ true }}"
      ignore_errors: true
    - name: loop
      command: "echo {{ item }}"
      loop: ["{{ secret }}", other]
      no_log: true
    - name: loop fails
      fail: {msg: "{{ item }}"}
      loop: ["{{ secret }}"]
      no_log: true
      ignore_errors: true
    - name: retry
      shell: "echo {{ secret }}; exit 1"
      retries: 1
      delay: 0
      register: tried
      until: tried is success
      no_log: true
      ignore_errors: true
    - name: fact
      set_fact: {hidden: "{{ secret }}"}
      no_log: true
    - name: template error
      debug: {msg: "{{ secret | int(nope=1) }}"}
      no_log: true
      ignore_errors: true
"""


@pytest.mark.parametrize("verbose", [["-vvv"], also([])], ids=str)
def test_no_log_is_nowhere(site: Site, verbose: list[str]) -> None:
    site.write("secret.yml", f"secret: {SECRET}\n")
    run = site.play(PLAY, "-e", "@secret.yml", *verbose, env={"PLAYBACK_RECORD_ARGS": "1"})
    assert run.code == 0, run.printed.decode()
    assert SECRET not in run.spooled
    assert len(run.of("result", censored=True)) == 18
    for result in run.of("result", censored=True):
        assert not result["content"].keys() - {"censored", "changed", "attempts", "retries", "results"}
    assert all(item["censored"] for item in run.of("item"))
    assert all(task["no_log"] and "args" not in task for task in run.of("task_started"))
    assert run.of("facts") == []


def test_the_error_block_of_a_censored_task_is_one_line(site: Site) -> None:
    run = site.play(
        "- hosts: web1\n  gather_facts: false\n  vars: {secret: " + SECRET + "}\n  tasks:\n"
        '    - {name: wrong, fail: {msg: "{{ secret }}"}, no_log: true}\n'
    )
    assert run.code == 2
    assert SECRET not in run.spooled
    assert "fatal: [web1]: FAILED!" in run.text
    if SECRET.encode() in run.printed:
        # ansible-core 2.19 prints the error's message and source, whatever no_log says.
        assert run.text.count("Playback left out what was printed here") == 1
        assert "[ERROR]" not in run.text


def test_command_line_values_are_replaced(site: Site) -> None:
    run = site.play(
        "- hosts: web1\n  gather_facts: false\n  tasks: [{ping: }]\n",
        "-e",
        f"password={SECRET}",
        f"--extra-vars=token={SECRET}",
    )
    assert run.one("execution_started")["extra_var_names"] == ["password", "token"]
    run_adhoc = site.run("ansible", "web1", "-m", "debug", "-a", f"msg={SECRET}", f"-ea={SECRET}")
    started = [run.one("execution_started"), run_adhoc.one("execution_started")]
    assert SECRET not in str(started)


def test_telling_arguments_are_replaced(site: Site) -> None:
    run = site.play(
        "- hosts: web1\n  gather_facts: false\n  tasks:\n"
        f"    - {{name: args, uri: {{url: 'http://127.0.0.1:1', url_password: {SECRET}}}, ignore_errors: true}}\n",
        env={"PLAYBACK_RECORD_ARGS": "1"},
    )
    args = run.one("task_started", name="args")["args"]
    assert args == {"url": "http://127.0.0.1:1", "url_password": "***"}


def test_an_invocation_is_not_recorded(site: Site) -> None:
    run = site.play("- hosts: web1\n  gather_facts: false\n  tasks: [{name: stat, stat: {path: /tmp}}]\n", "-vvv")
    assert "invocation" not in run.result("stat")["content"]
