import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { Card, CardBody, CardTitle } from "@patternfly/react-core/dist/esm/components/Card";
import {
  ActionGroup,
  Form,
  FormGroup,
  FormHelperText,
} from "@patternfly/react-core/dist/esm/components/Form";
import { HelperText, HelperTextItem } from "@patternfly/react-core/dist/esm/components/HelperText";
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { type FormEvent, type ReactElement, useEffect, useState } from "react";
import { messageOf } from "../../api/error";
import { logIn, logInByTicket } from "../../app/session";
import { useDocumentTitle } from "../../parts/PageTitle";
import { sentence } from "../../parts/states";
import { safeNext } from "./next";

const route = getRouteApi("/login");

/** A token, or a one-use ticket from the command line, becomes a login. Then the page opens to which the link led. */
export function Login(): ReactElement {
  useDocumentTitle("Log in");
  const { next, ticket } = route.useSearch();
  const [token, setToken] = useState("");
  const cache = useQueryClient();
  const router = useRouter();
  const login = useMutation({
    mutationFn: (attempt: () => Promise<void>) => attempt(),
    onSuccess: async () => {
      cache.clear();
      await router.navigate({ href: safeNext(next), replace: true });
    },
  });
  const { mutate } = login;
  useEffect(() => {
    if (ticket !== undefined) {
      mutate(() => logInByTicket(ticket));
    }
  }, [ticket, mutate]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    login.mutate(() => logIn(token));
  };
  return (
    <main className="app-login">
      <Card className="app-login-card" isLarge>
        <CardTitle component="h1">Log in to Playback</CardTitle>
        <CardBody>
          <Form onSubmit={submit}>
            {/* Always rendered, so that screen readers announce it when it fills. */}
            <div role="alert">
              {login.isError && (
                <Alert component="h2" variant="danger" isInline title={sentence(messageOf(login.error))} />
              )}
            </div>
            <FormGroup label="Token" fieldId="token" isRequired>
              <TextInput
                id="token"
                type="password"
                autoComplete="current-password"
                isRequired
                value={token}
                onChange={(_, value) => setToken(value)}
              />
              <FormHelperText>
                <HelperText>
                  <HelperTextItem>
                    <code>playback token create</code> makes one. Scripts cannot read the login, and it ends
                    when the token is revoked.
                  </HelperTextItem>
                </HelperText>
              </FormHelperText>
            </FormGroup>
            <ActionGroup>
              <Button
                type="submit"
                isLoading={login.isPending}
                isDisabled={login.isPending || token.trim() === ""}
              >
                Log in
              </Button>
            </ActionGroup>
          </Form>
        </CardBody>
      </Card>
    </main>
  );
}

export { Login as component };
