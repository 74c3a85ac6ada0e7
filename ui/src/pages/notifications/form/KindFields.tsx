import { Checkbox } from "@patternfly/react-core/dist/esm/components/Checkbox";
import type { ReactElement } from "react";
import type { Problem } from "../../../parts/form/problem";
import { TextField } from "../../../parts/form/TextField";
import type { SetTargetForm, TargetForm } from "./form";
import { Headers } from "./Headers";
import { MailFields } from "./MailFields";
import { TemplateFields } from "./TemplateFields";

export interface FieldsProps {
  form: TargetForm;
  set: SetTargetForm;
  problem: Problem | undefined;
  /** The stored secrets, by their names in the API; they stay if nothing is typed. */
  stored: readonly string[];
}

/** Where users find the address of a chat for programs. */
const FIND = {
  slack: "In Slack: Apps, Incoming Webhooks, Add to a channel; copy the address.",
  teams: "In the channel: Workflows, “When a Teams webhook request is received”; copy the address.",
  mattermost: "In Mattermost: Integrations, Incoming Webhooks; copy the address.",
} as const;

/** The fields of one kind of target: its address, and its credentials. */
export function KindFields(props: FieldsProps): ReactElement {
  switch (props.form.kind) {
    case "slack":
    case "teams":
    case "mattermost":
      return <Address {...props} label="Address of the incoming webhook" help={FIND[props.form.kind]} />;
    case "matrix":
      return (
        <>
          <Address {...props} label="Home server" help="Such as https://matrix.example.org" />
          <TextField
            name="room"
            label="Room"
            value={props.form.room}
            onText={(room) => props.set({ room })}
            problem={props.problem}
            placeholder="!abc:example.org"
            help="Its id, in the settings of the room. The user of the token must be in it."
            isRequired
          />
          <Token {...props} label="Access token" />
        </>
      );
    case "pagerduty":
      return (
        <>
          <Token
            {...props}
            label="Routing key"
            help="From an integration “Events API v2”. A failure triggers an incident, and the recovery resolves it."
          />
          {props.stored.includes("url") && (
            <Checkbox
              id="without-url"
              label="Send to PagerDuty itself: remove the stored address of another server"
              isChecked={props.form.withoutUrl}
              onChange={(_, isOn) => props.set({ withoutUrl: isOn })}
            />
          )}
        </>
      );
    case "mail":
      return <MailFields {...props} />;
    case "webhook":
      return (
        <>
          <Address
            {...props}
            label="Address"
            help="It receives JSON, signed according to the specification Standard Webhooks."
          />
          <TextField
            name="signing_secrets"
            label="Secret to sign with"
            type="password"
            value={props.form.signing}
            onText={(signing) => props.set({ signing })}
            problem={props.problem}
            placeholder={props.stored.includes("signing_secrets") ? STAYS : "whsec_…"}
            help={
              props.stored.includes("signing_secrets")
                ? "Rotate on the target's page replaces it without a gap."
                : "If it is empty, one is generated, and shown once."
            }
          />
          <Headers {...props} help="Sent with each request, such as Authorization." />
        </>
      );
    case "template":
      return (
        <>
          <Address {...props} label="Address" />
          <TemplateFields {...props} />
        </>
      );
  }
}

export const STAYS = "Stored: it stays if this is empty";

function Address({ form, set, problem, stored, ...more }: FieldsProps & { label: string; help?: string }) {
  const isStored = stored.includes("url");
  return (
    <TextField
      name="url"
      value={form.url}
      onText={(url) => set({ url })}
      problem={problem}
      placeholder={isStored ? STAYS : "https://…"}
      isRequired={!isStored}
      {...more}
    />
  );
}

function Token({ form, set, problem, stored, ...more }: FieldsProps & { label: string; help?: string }) {
  const isStored = stored.includes("token");
  return (
    <TextField
      name="token"
      type="password"
      value={form.token}
      onText={(token) => set({ token })}
      problem={problem}
      placeholder={isStored ? STAYS : ""}
      isRequired={!isStored}
      {...more}
    />
  );
}
