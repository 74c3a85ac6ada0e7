import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { messageOf } from "../../../api/error";
import { changeSchedule, createSchedule, renewSchedules } from "../../../api/schedules";
import type { Schedule } from "../../../api/types";
import { focusOn, type Problem, problemOf } from "../../../parts/form/problem";
import { readVariables, VariablesError } from "../../../parts/runForm/variables";
import { isField, requestOf, type ScheduleForm } from "./form";

interface Save {
  save(): void;
  isSaving: boolean;
  problem: Problem | undefined;
}

/** Sends the form, and opens the schedule's page. `before` is the schedule that is changed. */
export function useSave(form: ScheduleForm, before: Schedule | undefined): Save {
  const navigate = useNavigate();
  const cache = useQueryClient();
  const save = useMutation({
    mutationFn: async () => {
      const request = requestOf(form, await readVariables(form.run.variables), before?.run);
      const name = before?.name ?? form.name.trim();
      await (before === undefined ? createSchedule(name, request) : changeSchedule(name, request));
      return name;
    },
    onSuccess: async (name) => {
      await renewSchedules(cache);
      await navigate({ to: "/schedules/$name", params: { name }, replace: true });
    },
    onError: (error) => focusOn(problemFor(error).field),
  });
  return {
    save: () => save.mutate(),
    isSaving: save.isPending,
    problem: save.isError ? problemFor(save.error) : undefined,
  };
}

function problemFor(error: unknown): Problem {
  return error instanceof VariablesError
    ? { field: "extra_vars", text: error.message }
    : problemOf(messageOf(error).replace(/^run\./, ""), isField);
}
