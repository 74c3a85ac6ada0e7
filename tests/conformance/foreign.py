"""Runs your own playbook and says whether its record is correct: `make conformance PLAYBOOK=… INVENTORY=…`.

The playbook really runs, in its own folder and with its own ansible.cfg, with the recorder and the witnesses as
additional callbacks. Exit code 0: the record is correct. 1: it is not, and each difference is named. 2: the check
itself failed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from collector import Collector
from machine import CALLBACKS, COLLECTIONS, EXEC, LIVE, Machine
from oracle import differences


def configured(programs: Path, cwd: Path, names: tuple[str, ...]) -> dict[str, list[str]]:
    """Settings with lists, as they apply in the playbook's folder."""
    dumped = subprocess.run(
        [programs / "ansible-config", "dump", "--format", "json"], cwd=cwd, stdout=subprocess.PIPE, check=True
    )
    settings = {entry["name"]: entry["value"] for entry in json.loads(dumped.stdout) if "name" in entry}
    return {name: list(settings.get(name) or []) for name in names}


def version_of(programs: Path) -> str:
    first = subprocess.run([programs / "ansible", "--version"], stdout=subprocess.PIPE, check=True).stdout.decode()
    return ".".join(first.split("core ")[1].split("]")[0].split(".")[:2])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ansible", type=Path, required=True, help="folder of Ansible's programs, with the recorder")
    parser.add_argument("--inventory", action="append", default=[], help="as for ansible-playbook")
    parser.add_argument("playbook", type=Path)
    parser.add_argument("arguments", nargs="*", help="more arguments for ansible-playbook, after --")
    asked = parser.parse_args()
    if not asked.playbook.is_file():
        print(f"{asked.playbook}: there is no such playbook", file=sys.stderr)
        return 2

    programs, playbook = asked.ansible.resolve(), asked.playbook.resolve()
    cwd = playbook.parent
    # Arguments that look like paths are relative to the folder where this was called.
    inventories = [str(Path(name).resolve()) if Path(name).exists() else name for name in asked.inventory]
    command = ["ansible-playbook", *(word for name in inventories for word in ("-i", name)), playbook.name]
    own = configured(programs, cwd, ("CALLBACKS_ENABLED", "COLLECTIONS_PATHS"))
    # The order of callbacks matters: the recorder is between the witnesses.
    others = [name for name in own["CALLBACKS_ENABLED"] if name not in CALLBACKS.split(",")]
    base = {name: value for name, value in os.environ.items() if not name.startswith("PLAYBACK_")}
    base |= {"PATH": f"{programs}:{os.environ['PATH']}"}
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        collector = Collector(Path(folder) / "collector")
        try:
            for way in (LIVE, EXEC):
                machine = Machine(Path(folder) / way, programs, collector, base)
                machine.more = {
                    "ANSIBLE_CALLBACKS_ENABLED": ",".join([*others, CALLBACKS]),
                    "ANSIBLE_COLLECTIONS_PATH": ":".join([str(COLLECTIONS), *own["COLLECTIONS_PATHS"]]),
                }
                seen = machine.execute([*command, *asked.arguments], way, cwd)
                sys.stdout.buffer.write(seen.printed)
                if seen.loaded is None and way == LIVE:
                    print("\nAnsible ended before it loads callbacks: there is nothing that a recorder could see.")
                    return 2
                record = collector.record(seen.execution)
                found = differences(seen, record, version_of(programs), supervised=way == EXEC)
                by = "the recorder" if way == LIVE else "the recorder and `playback exec`"
                print(
                    f"\nRecorded by {by}: {len(record.results)} results, {len(record.events)} events, exit {seen.code}."
                )
                for difference in found:
                    print(f"  NOT TRUE  {difference}")
                wrong += len(found)
        finally:
            collector.stop()
    print("The record is true." if not wrong else f"The record is not true in {wrong} points.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
