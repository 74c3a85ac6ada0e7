import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactElement, useState } from "react";
import { removeTarget, renewNotifications, rotateTarget, setTarget } from "../../../api/notifications";
import type { NotificationTarget } from "../../../api/types";
import { ConfirmDialog } from "../../../parts/ConfirmDialog";
import { LinkButton } from "../../../parts/LinkButton";
import { type MenuAction, MenuButton } from "../../../parts/MenuButton";
import { rememberSecret } from "../secretOnce";

type PendingAction = "rotate" | "remove";

/** The actions for a target. Targets that the configuration defines are changed there. */
export function Actions({ target }: { target: NotificationTarget }): ReactElement | null {
  const { name, settings, state } = target;
  const cache = useQueryClient();
  const navigate = useNavigate();
  const [pending, setPending] = useState<PendingAction>();
  const isOn = state === "on" || state === "failing";
  const turn = useMutation({
    mutationFn: () => setTarget(name, { ...settings, enabled: !isOn }),
    onSettled: () => renewNotifications(cache),
  });
  if (target.from_file) {
    return null;
  }
  const actions: MenuAction[] = [
    ...(settings.kind === "webhook"
      ? [
          {
            name: "Rotate the secret",
            description: "Generates a new one; the previous one stays valid until the next rotation.",
            onPick: () => setPending("rotate"),
          },
        ]
      : []),
    {
      name: "Remove",
      description: "Also removes the log of its messages.",
      isDanger: true,
      onPick: () => setPending("remove"),
    },
  ];
  return (
    <>
      <LinkButton to="/notifications/$name/edit" params={{ name }} variant="secondary">
        Edit
      </LinkButton>
      <Button
        variant="secondary"
        onClick={() => turn.mutate()}
        isLoading={turn.isPending}
        isDisabled={turn.isPending}
      >
        {isOn ? "Pause" : "Switch on"}
      </Button>
      <MenuButton label="More actions" isKebab actions={actions} />
      {pending === "rotate" && (
        <ConfirmDialog
          title="Generate a new signing secret?"
          action="Rotate"
          close={() => setPending(undefined)}
          confirm={async () => {
            rememberSecret(name, await rotateTarget(name));
            await renewNotifications(cache);
          }}
        >
          <p>
            Messages are then signed with the new secret and with the current one, so receivers can be changed
            one after the other. If two are valid now, the older one becomes invalid.
          </p>
        </ConfirmDialog>
      )}
      {pending === "remove" && (
        <ConfirmDialog
          title={`Remove ${name}?`}
          action="Remove"
          isDanger
          close={() => setPending(undefined)}
          confirm={async () => {
            await removeTarget(name);
            await renewNotifications(cache);
            await navigate({ to: "/notifications", replace: true });
          }}
        >
          <p>Nothing more is sent to it, and the log of its messages is deleted. This cannot be undone.</p>
        </ConfirmDialog>
      )}
    </>
  );
}
