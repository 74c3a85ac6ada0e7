import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api, read } from "../../api/client";
import { messageOf } from "../../api/error";
import type { Execution } from "../../api/types";
import { focusOn, type Problem, problemOf } from "../../parts/form/problem";
import { RUN_FIELDS } from "../../parts/runForm/fields";
import type { RunForm } from "../../parts/runForm/form";
import { readVariables, VariablesError, type VariablesInput } from "../../parts/runForm/variables";
import { newRequest, replayRequest, withoutSecrets } from "./request";

interface Launch {
  send(): void;
  isSending: boolean;
  problem: Problem | undefined;
}

/**
 * Sends the form, and opens the console of the new run. `repeated` is the run that the collector repeats, `before` the
 * form as it was filled from its record.
 */
export function useLaunch(
  form: RunForm,
  before: RunForm,
  repeated: string | undefined,
  forget: (form: RunForm) => void,
): Launch {
  const navigate = useNavigate();
  const launch = useMutation({
    // Secrets are not an argument of the mutation, which is not kept either: otherwise they would stay in the
    // cache.
    gcTime: 0,
    mutationFn: () => send(form, before, repeated),
    onSuccess: async (id) => {
      forget(withoutSecrets(form));
      await navigate({ to: "/runs/$id/console", params: { id } });
    },
    onError: (error) => focusOn(problemFor(error).field),
  });
  return {
    send: () => launch.mutate(),
    isSending: launch.isPending,
    problem: launch.isError ? problemFor(launch.error) : undefined,
  };
}

async function send(form: RunForm, before: RunForm, repeated: string | undefined): Promise<string> {
  const untouched = repeated !== undefined && isUntouched(form.variables);
  const variables = untouched ? undefined : await readVariables(form.variables);
  let answer: Pick<Execution, "id">;
  if (repeated !== undefined) {
    const params = { path: { id: repeated } };
    const body = replayRequest(form, before, variables);
    answer = await read(api.POST("/api/v1/ansible/executions/{id}/replay", { params, body }));
  } else {
    const request = newRequest(form, variables);
    answer =
      "adhoc" in request
        ? await read(api.POST("/api/v1/ansible/adhoc", { body: request.adhoc }))
        : await read(api.POST("/api/v1/ansible/playbooks/run", { body: request.playbook }));
  }
  return answer.id;
}

/** In a replay, names without values mean the values of that run, if the collector has them. */
function isUntouched({ mode, rows, text }: VariablesInput): boolean {
  return mode === "rows" ? rows.every(({ value }) => value === "") : text.trim() === "";
}

function problemFor(error: unknown): Problem {
  return error instanceof VariablesError
    ? { field: "extra_vars", text: error.message }
    : problemOf(messageOf(error), (name) => RUN_FIELDS.includes(name));
}
