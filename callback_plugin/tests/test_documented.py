"""The table of the recorder's settings in docs/configuration.md is what `ansible-doc` says of it."""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"
NAME = "playback.history.recorder"


@functools.cache
def documented_by_ansible() -> dict[str, Any]:
    ansible_doc = Path(sys.executable).with_name("ansible-doc")
    done = subprocess.run([ansible_doc, "-t", "callback", "-j", NAME], check=True, capture_output=True, text=True)
    options: dict[str, Any] = json.loads(done.stdout)[NAME]["doc"]["options"]
    return options


def rows() -> list[list[str]]:
    """The cells of the table's rows, without its head."""
    section = PAGE.read_text().split("\n## The recorder\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def words(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_option_stands_in_the_table_with_its_variable() -> None:
    told: dict[str, str] = {}
    for ini, environment, *_ in rows():
        told.update(zip(words(ini), words(environment), strict=True))
    known = {
        option["ini"][0]["key"]: option["env"][0]["name"]
        for option in documented_by_ansible().values()
        if "ini" in option
    }
    assert told == known


def test_the_defaults_in_the_table_are_those_of_the_options() -> None:
    options = documented_by_ansible()
    for ini, _, default, *_ in rows():
        for name, told in zip(words(ini), words(default), strict=False):
            known = options[name].get("default")
            if known is None:
                continue  # It depends on the machine: the folder of the spool.
            plain = ",".join(known) if isinstance(known, list) else str(known)
            assert told == (plain.lower() if isinstance(known, bool) else plain), name
