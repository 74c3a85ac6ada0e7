import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { Checkbox } from "@patternfly/react-core/dist/esm/components/Checkbox";
import { ActionGroup, Form, FormGroup } from "@patternfly/react-core/dist/esm/components/Form";
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactElement, useId, useState } from "react";
import { api, read } from "../../api/client";
import { messageOf } from "../../api/error";
import type { CreatedToken, Scope } from "../../api/types";
import { CopyField } from "../../parts/CopyField";
import { sentence } from "../../parts/states";
import { SCOPES } from "./scopes";
import { tokenRequest } from "./tokens";

/** Creates a token, and shows it once, because it cannot be requested again. It is in no cache. */
export function NewToken(): ReactElement {
  const id = useId();
  const cache = useQueryClient();
  const [name, setName] = useState("");
  const [days, setDays] = useState("");
  const [scopes, setScopes] = useState<readonly Scope[]>(["read"]);
  const [made, setMade] = useState<CreatedToken>();
  const request = tokenRequest(name, scopes, days);
  const make = useMutation({
    mutationFn: async () => {
      if (request !== undefined) {
        setMade(await read(api.POST("/api/v1/ansible/tokens", { body: request })));
        await cache.invalidateQueries({ queryKey: ["tokens"] });
      }
    },
    onSuccess: () => setName(""),
    gcTime: 0,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setMade(undefined);
    make.mutate();
  };
  const toggle = (scope: Scope, isOn: boolean) =>
    setScopes((now) => (isOn ? [...now, scope] : now.filter((other) => other !== scope)));
  return (
    <Form onSubmit={submit} className="settings-form" aria-label="New token">
      <FormGroup label="Name of a new token" fieldId={`${id}-name`}>
        <TextInput
          id={`${id}-name`}
          value={name}
          placeholder="Who or what uses it"
          autoComplete="off"
          maxLength={200}
          onChange={(_, text) => setName(text)}
        />
      </FormGroup>
      <FormGroup role="group" label="Scopes" fieldId={`${id}-scopes`}>
        {SCOPES.map(([scope, words]) => (
          <Checkbox
            key={scope}
            id={`${id}-${scope}`}
            label={`${scope}: ${words}`}
            isChecked={scopes.includes(scope)}
            onChange={(_, isOn) => toggle(scope, isOn)}
          />
        ))}
      </FormGroup>
      <FormGroup label="Days after which it expires" fieldId={`${id}-days`}>
        <TextInput
          id={`${id}-days`}
          value={days}
          type="number"
          min={1}
          placeholder="Never, unless it is revoked"
          onChange={(_, text) => setDays(text)}
        />
      </FormGroup>
      <ActionGroup>
        <Button
          type="submit"
          variant="secondary"
          isLoading={make.isPending}
          isDisabled={make.isPending || request === undefined}
        >
          Create token
        </Button>
      </ActionGroup>
      <div role="status">
        {make.isError && (
          <Alert isInline component="p" variant="danger" title={sentence(messageOf(make.error))} />
        )}
        {made !== undefined && (
          <Alert isInline component="p" variant="success" title={`${made.name} was created.`}>
            <p>This is the only time that the token is shown.</p>
            <CopyField textAriaLabel="The new token">{made.token}</CopyField>
          </Alert>
        )}
      </div>
    </Form>
  );
}
