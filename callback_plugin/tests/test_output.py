"""Printed output is recorded exactly, with the event that it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conftest import also

if TYPE_CHECKING:
    from conftest import Site

PLAY = """
- name: site
  hosts: web
  gather_facts: false
  tasks:
    - {name: loop, debug: {msg: "{{ item }}"}, loop: [grün, "a\\tb", "日本 🎉"]}
    - {name: fails, command: /bin/false, ignore_errors: true}
    - {name: diff, copy: {content: "x\\r\\n", dest: "{{ playbook_dir }}/new"}, run_once: true}
    - {name: deprecated, command: echo hi, register: said}
    - {name: skipped, debug: , when: false}
    - {name: again, command: /bin/false, until: said is failed, retries: 1, delay: 0, ignore_errors: true}
"""


@pytest.mark.parametrize(
    ("options", "colour"),
    [
        ([], "1"),
        (["-vvv", "--diff"], "0"),
        also([], "0"),
        also(["-vvv", "--diff"], "1"),
        also(["--check"], "0"),
        also(["--check"], "1"),
    ],
    ids=str,
)
def test_the_record_is_what_was_printed(site: Site, options: list[str], colour: str) -> None:
    run = site.play(PLAY, *options, env={"ANSIBLE_FORCE_COLOR": colour})
    printed = run.printed.decode()
    recorded = run.text
    if "-vvv" in options:
        # Output of `-vvv` before Ansible loads its plugins cannot be recorded, and is buffered: in a file it comes
        # after the recorder's own notice on the other stream.
        start = recorded.index("PLAYBOOK: site.yml")
        recorded, printed = recorded[start:], printed[printed.index("PLAYBOOK: site.yml") :]
    assert "PLAY [site]" in recorded
    assert recorded == printed


def test_output_names_its_event(site: Site) -> None:
    run = site.play(PLAY)
    kinds = {event["seq"]: event["kind"] for event in run.events}
    for event in run.events:
        if event["kind"] != "output":
            continue
        text, of = event["data"]["text"], event["data"].get("of")
        if of is not None:
            assert of < event["seq"]
        for start, kind in [("\nTASK [", "task_started"), ("\nPLAY [", "play_started"), ("\nPLAY RECAP", "stats")]:
            if text.startswith(start):
                assert kinds[of] == kind
        if text.startswith("changed: ["):
            assert kinds[of] == "result"
            assert text.startswith(f"changed: [{run.events[of - 1]['data']['host']}]")
    assert {kinds.get(data.get("of")) for data in run.of("output")} >= {"result", "item", "retry", "stats"}


def test_bytes_that_are_not_text(site: Site) -> None:
    run = site.play(
        "- hosts: web1\n  gather_facts: false\n  tasks:\n"
        "    - {name: odd, shell: \"printf 'a\\\\377b\\\\000c\\\\342\\\\202\\\\254'\", register: odd}\n"
        '    - {name: shown, debug: {msg: "{{ odd.stdout }}"}}\n',
        env={"ANSIBLE_MODULE_STRICT_UTF8_RESPONSE": "0"},
    )
    assert run.code == 0, run.printed.decode(errors="replace")
    content = run.result("odd")["content"]
    assert content["stdout"].startswith("a")
    assert content["stdout"].endswith("c€")
    assert "\0" not in str(content)
    assert run.printed.decode() == run.text


@pytest.mark.whole
def test_a_line_of_100_mb(site: Site) -> None:
    run = site.play(
        "- hosts: web1\n  gather_facts: false\n  tasks: [{name: long, debug: {msg: \"{{ 'é' * 50000000 }}\"}}]\n"
    )
    assert run.code == 0
    assert run.printed == run.text.encode()
    assert max(len(path.read_bytes().splitlines()[-4]) for path in site.spools()) < 1 << 20
    cut = run.result("long")["content"]
    assert cut["playback_cut"][0]["path"] == "msg"
    assert cut["playback_cut"][0]["bytes"] == 100_000_000


SHORT = "- hosts: web\n  gather_facts: false\n  tasks: [{debug: {msg: hi}}]\n"

AWX_DISPLAY = """
from ansible.plugins.callback.default import CallbackModule as Default

class CallbackModule(Default):
    CALLBACK_NAME = "awx_display"
"""


def test_nothing_is_captured_where_a_control_stream_is_printed(site: Site) -> None:
    site.write("callbacks/awx_display.py", AWX_DISPLAY)
    env = {"ANSIBLE_CALLBACK_PLUGINS": str(site.folder / "callbacks"), "ANSIBLE_STDOUT_CALLBACK": "awx_display"}
    run = site.play(SHORT, env=env)
    assert run.of("output") == []
    assert run.of("result")


def test_output_is_captured_in_a_playbook_that_a_job_of_awx_starts(site: Site) -> None:
    run = site.play(SHORT, env={"AWX_ISOLATED_DATA_DIR": "/nowhere"})
    assert run.text.count("ok: [") == run.printed.count(b"ok: [") > 0
