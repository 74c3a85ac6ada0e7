"""Real calls by a client that is generated from the OpenAPI document. See check.py."""

import datetime
import os
from uuid import UUID

from playback_client import AuthenticatedClient, Client
from playback_client.api.history import get_execution, list_executions, list_results
from playback_client.api.launch import run_playbook
from playback_client.api.session import create_session
from playback_client.models import (
    ErrorBody,
    ExecutionFields,
    ExecutionList,
    ExecutionResult,
    ListExecutionsStatus,
    Login,
    PlaybookRequest,
    ResultList,
    Session,
    Status,
)
from playback_client.types import Unset

url = os.environ["PLAYBACK_URL"]
token = os.environ["PLAYBACK_TOKEN"]
execution = UUID(os.environ["EXECUTION_ID"])
client = AuthenticatedClient(base_url=url, token=token)

page = list_executions.sync(
    client=client,
    status=ListExecutionsStatus.SUCCESS,
    start_date=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
    limit=10,
)
assert isinstance(page, ExecutionList), page
assert [entry.id for entry in page.executions] == [execution]
assert isinstance(page.executions[0], ExecutionResult), page
assert page.executions[0].status == Status.SUCCESS

named = list_executions.sync(client=client, fields="id,stats")
assert isinstance(named, ExecutionList), named
part = named.executions[0]
assert isinstance(part, ExecutionFields), part
assert (part.id, part.stats["web1"].ok) == (execution, 1)
assert isinstance(part.status, Unset), part

record = get_execution.sync(client=client, id=execution)
assert isinstance(record, ExecutionResult), record
assert record.output == ["ok: [web1]"]
assert record.stats["web1"].ok == 1

results = list_results.sync(client=client, id=execution)
assert isinstance(results, ResultList), results
assert results.results[0].host == "web1"

session = create_session.sync(client=Client(base_url=url), body=Login(token=token))
assert isinstance(session, Session), session

refused = run_playbook.sync(client=client, body=PlaybookRequest(playbook="site.yml"))
assert isinstance(refused, ErrorBody), refused
assert refused.error.code == "disabled"

missing = get_execution.sync(client=client, id=UUID(int=0))
assert isinstance(missing, ErrorBody), missing
assert missing.error.code == "not_found"

stranger = list_executions.sync(
    client=AuthenticatedClient(base_url=url, token="pbk_wrong")
)
assert isinstance(stranger, ErrorBody), stranger
assert stranger.error.code == "unauthorized"
