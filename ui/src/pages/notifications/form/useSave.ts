import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { messageOf } from "../../../api/error";
import { renewNotifications, setTarget } from "../../../api/notifications";
import { focusOn, type Problem, problemOf } from "../../../parts/form/problem";
import { rememberSecret } from "../secretOnce";
import { isField, settingsOf, type TargetForm } from "./form";

interface Save {
  save(): void;
  isSaving: boolean;
  problem: Problem | undefined;
}

/** Sends the form, and opens the target's page. The typed content is then dropped: it contains secrets. */
export function useSave(form: TargetForm, isNew: boolean, forget: (form: TargetForm) => void): Save {
  const navigate = useNavigate();
  const cache = useQueryClient();
  const name = form.name.trim();
  const save = useMutation({
    // Secrets are not an argument of the mutation, which is not kept either: otherwise they would stay in the
    // cache.
    gcTime: 0,
    mutationFn: async () => {
      const empty = form.rules.findIndex(({ on }) => on.length === 0);
      if (empty >= 0) {
        throw new Error(`rules[${empty}].on: choose at least one, or remove the rule`);
      }
      return (await setTarget(name, settingsOf(form), isNew)).signing_secret;
    },
    onSuccess: async (secret) => {
      forget({
        ...form,
        url: "",
        token: "",
        password: "",
        signing: "",
        headers: [],
        withoutPassword: false,
        withoutToken: false,
        withoutUrl: false,
      });
      if (secret) {
        rememberSecret(name, secret);
      }
      await renewNotifications(cache);
      await navigate({ to: "/notifications/$name", params: { name }, replace: true });
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
  return problemOf(messageOf(error), isField);
}
