import { Checkbox } from "@patternfly/react-core/dist/esm/components/Checkbox";
import { FormSelect, FormSelectOption } from "@patternfly/react-core/dist/esm/components/FormSelect";
import type { ReactElement } from "react";
import type { MailSecurity } from "../../../api/types";
import { Field, validity } from "../../../parts/form/Field";
import { TextField } from "../../../parts/form/TextField";
import { type FieldsProps, STAYS } from "./KindFields";

const SECURITY: readonly (readonly [MailSecurity, string])[] = [
  ["tls", "TLS (port 465)"],
  ["starttls", "STARTTLS (port 587)"],
  ["none", "Without encryption (port 25)"],
];

/** Recipients, and the server that accepts mail for them. */
export function MailFields({ form, set, problem, stored }: FieldsProps): ReactElement {
  const isStored = stored.includes("password");
  return (
    <>
      <TextField
        name="to"
        label="Recipients"
        value={form.to}
        onText={(to) => set({ to })}
        problem={problem}
        placeholder="ops@example.org, ann@example.org"
        isRequired
      />
      <TextField
        name="from"
        label="Sender"
        value={form.from}
        onText={(from) => set({ from })}
        problem={problem}
        placeholder="Playback <playback@example.org>"
        isRequired
      />
      <div className="pb-form-three">
        <TextField
          name="server"
          label="Mail server"
          value={form.server}
          onText={(server) => set({ server })}
          problem={problem}
          placeholder="mail.example.org"
          isRequired
        />
        <Field name="security" label="Encryption" problem={problem}>
          <FormSelect
            {...validity("security", problem)}
            value={form.security}
            onChange={(_, picked) =>
              set({ security: SECURITY.find(([security]) => security === picked)?.[0] ?? "tls" })
            }
          >
            {SECURITY.map(([security, label]) => (
              <FormSelectOption key={security} value={security} label={label} />
            ))}
          </FormSelect>
        </Field>
        <TextField
          name="port"
          label="Port"
          type="number"
          value={form.port}
          onText={(port) => set({ port })}
          problem={problem}
          placeholder="as usual"
        />
      </div>
      {isStored && (
        <Checkbox
          id="without-password"
          label="Send without a login: remove the stored user and password"
          isChecked={form.withoutPassword}
          onChange={(_, isOn) => set({ withoutPassword: isOn, ...(isOn && { username: "", password: "" }) })}
        />
      )}
      <div className="pb-form-pair">
        <TextField
          name="username"
          label="User at the mail server"
          value={form.username}
          onText={(username) => set({ username })}
          problem={problem}
          help="If the server needs one."
          isDisabled={form.withoutPassword}
        />
        <TextField
          name="password"
          label="Password"
          type="password"
          value={form.password}
          onText={(password) => set({ password })}
          problem={problem}
          placeholder={isStored && !form.withoutPassword ? STAYS : ""}
          isDisabled={form.withoutPassword}
        />
      </div>
    </>
  );
}
