"""Tells schemathesis how batches of events look. See check.py --fuzz."""

import json
import os
import uuid

import schemathesis
from hypothesis import strategies as st

KINDS = {
    "execution_started": {"type": "playbook", "playbook": "site.yml"},
    "play_started": {"play": 1, "name": "web", "hosts": "all", "strategy": "linear"},
    "task_started": {"task": 1, "play": 1, "name": "ping", "action": "ping"},
    "result": {"task": 1, "host": "web1", "status": "ok", "content": {"ping": "pong"}},
    "output": {"text": "ok: [web1]\n"},
    "stats": {"hosts": {"web1": {"ok": 1}}},
    "execution_ended": {"exit_code": 0},
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=5,
)


@st.composite
def batches(draw: st.DrawFn) -> bytes:
    """Events in order, some of which have a field with a random value; sometimes a random text."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=200))
    lines = []
    for seq, kind in enumerate(draw(st.lists(st.sampled_from(list(KINDS)))), 1):
        data: dict[str, object] = dict(KINDS[kind])
        if draw(st.booleans()):
            data[draw(st.sampled_from([*data, "else"]))] = draw(VALUES)
        event = {"seq": seq, "at": draw(st.integers()), "kind": kind, "data": data}
        lines.append(json.dumps(event))
    return "\n".join(lines).encode()


schemathesis.openapi.media_type("application/x-ndjson", batches())


@schemathesis.serializer("application/x-ndjson")
def ndjson(_context: object, value: object) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


@schemathesis.hook
def map_path_parameters(
    _context: schemathesis.HookContext, path_parameters: dict[str, object] | None
) -> dict[str, object] | None:
    """Makes most requests name an execution that exists."""
    for name in ("id", "execution_id"):
        asked = (path_parameters or {}).get(name)
        try:
            is_there = int(uuid.UUID(str(asked))) % 8 > 0
        except ValueError:
            continue
        if path_parameters is not None and is_there:
            path_parameters[name] = os.environ["EXECUTION_ID"]
    return path_parameters


@schemathesis.hook
def map_query(
    _context: schemathesis.HookContext, query: dict[str, object] | None
) -> dict[str, object] | None:
    """Keeps requests from waiting minutes for a run that never ends."""
    timeout = (query or {}).get("timeout")
    if query is not None and "wait" in query:
        is_long = timeout is None or (isinstance(timeout, (int, float)) and timeout > 1)
        if is_long:
            query["timeout"] = 1
    return query
