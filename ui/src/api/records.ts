/** Records of executions: which fields are requested, and a check that they are present. */
import { ApiError } from "./error";
import type { Execution, ExecutionRecord, ListedExecution } from "./types";

/** The fields that grow with the number of hosts. */
const FIELDS_OF_HOSTS = ["failed", "stats", "unreachable"];

/** The other fields, except `output`: a run may have printed a million lines, and the console reads them by range. */
const OTHER_FIELDS = [
  "ansible_version args argv cancel_note canceled_by changed check clock_corrected_us controller cwd damaged diff",
  "duration end_time events exit_code extra_var_names forks git hosts hosts_by_outcome id imported instance inventory",
  "labels launched_by left_out limit module note output_left_out output_lines parent payload_removed phase pinned",
  "playbook python_version queued_time reason recorder_version redacted replay_of results schedule signal skip_tags",
  "start_time status sudo_user tags trace_id traceparent type usage user verbosity",
].flatMap((line) => line.split(" "));

/** The fields of a record in a list. */
export const LISTED_FIELDS = OTHER_FIELDS.join(",");

/** What a run cost; in a list only on request, because the collector reads the hosts of each run for it. */
const COST = "cost";

/** The fields of a record in a list that shows costs. */
export const COSTED_FIELDS = [...OTHER_FIELDS, COST].join(",");

/** The fields of a single record. */
export const RECORD_FIELDS = [...OTHER_FIELDS, ...FIELDS_OF_HOSTS, COST].join(",");

/**
 * The record, if it has everything that a complete record has: the API's type also covers answers with selected
 * fields.
 */
export function whole(record: ExecutionRecord): Execution {
  if (isListed(record) && isWhole(record)) {
    return record;
  }
  throw incomplete();
}

/** The record, if it has everything that a record in a list has. */
export function listed(record: ExecutionRecord): ListedExecution {
  if (isListed(record)) {
    return record;
  }
  throw incomplete();
}

function incomplete(): ApiError {
  return new ApiError(200, "incomplete", "the collector left out requested fields");
}

function isListed(record: ExecutionRecord): record is ListedExecution & ExecutionRecord {
  return (
    record.id !== undefined &&
    record.status !== undefined &&
    record.phase !== undefined &&
    record.start_time !== undefined &&
    record.hosts_by_outcome !== undefined &&
    record.events !== undefined
  );
}

function isWhole(record: ExecutionRecord): record is Execution {
  return record.stats !== undefined;
}
