/** Records of executions: which fields are asked for, and how to be sure that they are there. */
import { ApiError } from "./error";
import type { Execution, ExecutionRecord } from "./types";

/** Every field but `output`: a run may have printed a million lines, and the console reads them by range. */
export const RECORD_FIELDS = [
  "ansible_version args argv cancel_note canceled_by changed check clock_corrected_us controller cwd damaged diff",
  "duration end_time events exit_code extra_var_names failed forks git hosts id imported instance inventory labels",
  "launched_by left_out limit module note output_left_out output_lines parent payload_removed phase pinned playbook",
  "python_version queued_time reason recorder_version redacted replay_of results signal skip_tags start_time stats",
  "status sudo_user tags type unreachable usage user verbosity",
]
  .join(" ")
  .replaceAll(" ", ",");

/** The record, if all that every record has is in it: the API's type also covers answers with a few chosen fields. */
export function whole(record: ExecutionRecord): Execution {
  if (isWhole(record)) {
    return record;
  }
  throw new ApiError(200, "incomplete", "the collector left fields out that were asked for");
}

function isWhole(record: ExecutionRecord): record is Execution {
  return (
    record.id !== undefined &&
    record.status !== undefined &&
    record.phase !== undefined &&
    record.start_time !== undefined &&
    record.stats !== undefined &&
    record.events !== undefined
  );
}
