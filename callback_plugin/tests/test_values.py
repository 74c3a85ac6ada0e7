"""Results with values that JSON or a database does not support."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Site

ACTION = """
import datetime
from ansible.plugins.action import ActionBase

class Opaque:
    def __str__(self):
        raise SystemExit("converted")
    __repr__ = __str__

class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        deep = leaf = {}
        for _ in range(100):
            leaf["d"] = {}
            leaf = leaf["d"]
        return {
            "changed": False,
            "keys": {1: "int", None: "none", 2.5: "float", "a\\0b": "nul"},
            "nan": [float("nan"), float("inf"), float("-inf"), 1.5],
            "big": [2**63 - 1, 2**63, -(2**100)],
            "nul": "a\\0b",
            "surrogate": "a\\udcffb",
            "date": datetime.date(2026, 1, 2),
            "time": datetime.datetime(2026, 1, 2, 3, 4, 5),
            "tuple": (1, [2]),
            "quote": "\\"\\\\\\u0001\\u2028",
            "deep": deep,
        }
"""


def test_odd_values(site: Site) -> None:
    site.write("action_plugins/odd.py", ACTION)
    run = site.play("- hosts: web1\n  gather_facts: false\n  tasks: [{name: odd, odd: }]\n")
    assert run.code == 0, run.printed.decode()
    content = run.result("odd")["content"]
    assert {key: content["keys"][key] for key in ("1", "null", "2.5", "ab")} == {
        "1": "int",
        "null": "none",
        "2.5": "float",
        "ab": "nul",
    }
    assert content["nan"] == ["NaN", "Infinity", "-Infinity", 1.5]
    assert content["big"] == [2**63 - 1, str(2**63), str(-(2**100))]
    assert content["nul"] == "ab"
    assert content["surrogate"] == "a\\udcffb"
    assert content["date"].startswith("2026-01-02")
    assert content["time"] == "2026-01-02T03:04:05"
    assert content["tuple"] == [1, [2]]
    assert content["quote"] == '"\\\x01\u2028'
    assert "nested too deeply" in json.dumps(content["deep"])


@pytest.mark.whole
def test_16_mb_of_stdout(site: Site) -> None:
    site.write("big.py", "print('begin' + 'x' * (16 << 20) + 'end')\n")
    run = site.play(
        "- hosts: web1\n  gather_facts: false\n  tasks:\n"
        '    - {name: big, command: "{{ ansible_python_interpreter }} {{ playbook_dir }}/big.py"}\n'
    )
    assert run.code == 0, run.printed.decode()[-2000:]
    result = run.result("big")
    content = result["content"]
    assert (content["rc"], content["changed"], result["changed"]) == (0, True, True)
    assert content["stdout"].startswith("beginxxx")
    assert content["stdout"].endswith("xxxend")
    whole = "begin" + "x" * (16 << 20) + "end"
    sha256 = hashlib.sha256(whole.encode()).hexdigest()
    assert content["playback_cut"] == [{"path": "stdout", "bytes": len(whole), "sha256": sha256}]
    assert len(json.dumps(content)) < 1 << 20


def test_a_large_structure_is_cut(site: Site) -> None:
    run = site.play(
        "- hosts: web1\n  gather_facts: false\n  tasks:\n"
        '    - {name: large, debug: {msg: "{{ range(200000) | list }}"}}\n',
        env={"PLAYBACK_MAX_EVENT_BYTES": "65536"},
    )
    content = run.result("large")["content"]
    assert content["msg"][:3] == [0, 1, 2]
    assert content["playback_cut"] == [{"path": "msg", "entries": 200_000}]
    lines = site.spools()[0].read_bytes().splitlines()
    assert max(map(len, lines)) <= 65536


def test_2_000_loop_items(site: Site) -> None:
    run = site.play(
        "- hosts: web1\n  gather_facts: false\n  tasks:\n"
        '    - {name: many, debug: {msg: "{{ item }}"}, loop: "{{ range(2000) | list }}"}\n'
    )
    assert run.code == 0
    assert [item["content"]["item"] for item in run.of("item")] == list(range(2_000))
    result = run.result("many")
    assert result["items"] == 2_000
    assert "results" not in result["content"]
    assert run.printed == run.text.encode()
