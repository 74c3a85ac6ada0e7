#!/usr/bin/env python3
"""Replaces Ansible's programs in PATH while a foreign suite runs, so that each command is recorded and witnessed.

It runs the real program with the same arguments, stores and passes on its output, and ends with its exit code.
"""

from __future__ import annotations

import configparser
import json
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path


def same_file(one: int, other: int) -> bool:
    first, second = os.fstat(one), os.fstat(other)
    return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)


def configured() -> configparser.ConfigParser:
    """The ansible.cfg that is in force here, as far as the suite's own files go."""
    found = configparser.ConfigParser(interpolation=None, strict=False, inline_comment_prefixes=(";",))
    for path in (Path(os.environ.get("ANSIBLE_CONFIG") or "ansible.cfg"), Path("ansible.cfg")):
        try:
            if found.read(path):
                break
        except configparser.Error:
            break
    return found


def main() -> int:
    program, real = Path(sys.argv[0]).name, Path(os.environ["FOREIGN_REAL"])
    execution = str(uuid.uuid4())
    kept = Path(os.environ["FOREIGN_KEPT"]) / execution
    config = configured()

    def setting(names: tuple[str, ...], key: str, default: str) -> str:
        for name in names:
            if name in os.environ:
                return os.environ[name]
        return config.get("defaults", key, fallback=default)

    callbacks = setting(("ANSIBLE_CALLBACKS_ENABLED", "ANSIBLE_CALLBACK_WHITELIST"), "callbacks_enabled", "")
    collections = setting(
        ("ANSIBLE_COLLECTIONS_PATH", "ANSIBLE_COLLECTIONS_PATHS"),
        "collections_path",
        "~/.ansible/collections:/usr/share/ansible/collections",
    )
    env = {name: value for name, value in os.environ.items() if name != "ANSIBLE_COLLECTIONS_PATHS"}
    env |= {
        "ANSIBLE_CALLBACKS_ENABLED": ",".join(filter(None, [callbacks, os.environ["FOREIGN_CALLBACKS"]])),
        "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1",
        "ANSIBLE_COLLECTIONS_PATH": f"{os.environ['FOREIGN_COLLECTIONS']}:{collections}",
        "CONFORMANCE_WITNESS": f"{kept}.witness",
        "PLAYBACK_EXECUTION_ID": execution,
        "PYTHONUNBUFFERED": "1",
    }
    apart = not same_file(1, 2)
    with open(f"{kept}.out", "wb") as out, open(f"{kept}.err", "wb") as err:
        process = subprocess.Popen([real / program, *sys.argv[1:]], env=env, stdout=out, stderr=err if apart else out)
        for passed_on in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(passed_on, lambda number, _: process.send_signal(number))
        code = process.wait()
    told = {"code": code, "apart": apart, "argv": [program, *sys.argv[1:]], "cwd": str(Path.cwd())}
    Path(f"{kept}.json").write_text(json.dumps(told))
    for number, end in ((1, "out"), (2, "err")):
        try:
            with os.fdopen(os.dup(number), "wb") as stream:
                stream.write(Path(f"{kept}.{end}").read_bytes())
        except OSError:
            # Whoever read has enough, as `grep -q`.
            pass
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code


if __name__ == "__main__":
    sys.exit(main())
