"""The matrix: each case on several ansible-core versions, with each way to record a run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cases import CASES, SAMPLE, SECRET, Case, version_key
from collector import Collector
from machine import AWAY, EXEC, GATES, LIVE

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]


def environments() -> dict[str, Path]:
    """ansible-core version → folder of its programs, as `make` passes them: `2.14=FOLDER 2.15=FOLDER …`."""
    told = os.environ.get("CONFORMANCE_ANSIBLE", "")
    assert told, "CONFORMANCE_ANSIBLE is not set: use make test or make conformance"
    pairs = [word.split("=", 1) for word in told.split()]
    return {version: Path(folder) for version, folder in sorted(pairs, key=lambda pair: version_key(pair[0]))}


def matrix(whole: bool) -> list[tuple[str, Case, str]]:
    """The combinations of versions, cases and ways to test.

    The whole matrix has all combinations. Ordinary test runs have each case of the sample once: in turn on the newest
    version and on one of the older ones, with each way in turn; cases with secrets also run under the supervisor.
    """
    versions = list(environments())
    ways = (LIVE, AWAY, EXEC)
    if whole:
        return [(version, case, way) for version in versions for case in CASES if case.runs_on(version) for way in ways]
    known = {case.name: case for case in CASES}
    part = []
    for number, case in enumerate(known[name] for name in SAMPLE):
        able = [version for version in versions if case.runs_on(version)]
        turn = number // 2
        older = able[:-1] or able
        run = (older[turn % len(older)] if number % 2 else able[-1], case, ways[turn % len(ways)])
        part.append(run)
        # What a supervisor sees printed, only the newest prints.
        supervised = (able[-1], case, EXEC)
        if case.secret and run != supervised:
            part.append(supervised)
    return part


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="every case on every version in every way, and all tests")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "whole: runs with --whole alone")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("whole"):
        return
    left_out = [item for item in items if item.get_closest_marker("whole")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    whole = metafunc.config.getoption("whole")
    if "gate" in metafunc.fixturenames:
        versions = list(environments())
        # In turn on the newest and on the oldest.
        pairs = [(gate, versions[-1 if number % 2 == 0 else 0]) for number, gate in enumerate(GATES)]
        if whole:
            pairs = [(gate, version) for gate in GATES for version in versions]
        metafunc.parametrize(("gate", "each_version"), pairs)
    if "case" in metafunc.fixturenames:
        runs = matrix(whole)
        names = [f"{version}-{case.name}-{way}" for version, case, way in runs]
        metafunc.parametrize(("version", "case", "way"), runs, ids=names)


@pytest.fixture(scope="session")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    started = Collector(tmp_path_factory.mktemp("collector"))
    yield started
    started.stop()
    # What a database keeps is compressed, and searched case by case through the API; names and values in rows are not.
    stored = b"".join(path.read_bytes() for path in started.folder.glob("history.db*"))
    for secret in (SECRET, started.ingest, started.read):
        assert secret.encode() not in stored


@pytest.fixture
def ansible(request: pytest.FixtureRequest) -> Path:
    """Programs of the version under test."""
    names = request.fixturenames
    return environments()[request.getfixturevalue("version" if "version" in names else "each_version")]
