import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { api, done, read } from "../../api/client";
import type { Token } from "../../api/types";
import { useScopes } from "../../app/session";
import { ConfirmDialog } from "../../parts/ConfirmDialog";
import { failureOf } from "../../parts/failure";
import { Name } from "../../parts/Name";
import { Failed, Loading } from "../../parts/states";
import { Time } from "../../parts/Time";
import { NewToken } from "./NewToken";
import { Section } from "./Section";

export const tokensQuery = queryOptions({
  queryKey: ["tokens"],
  queryFn: async ({ signal }) => (await read(api.GET("/api/v1/ansible/tokens", { signal }))).tokens,
});

/** The tokens that people created: list, create, revoke. */
export function Tokens(): ReactElement {
  const tokens = useQuery(tokensQuery);
  const [revoked, setRevoked] = useState<Token>();
  const { identity } = useScopes();
  const cache = useQueryClient();
  const failure = failureOf(tokens);
  return (
    <Section
      title="Tokens"
      about="Who may use this collector: recorders, people, programs. Revoking a token ends its logins, too."
    >
      {tokens.isPending && <Loading what="the tokens" />}
      {failure !== undefined && (
        <Failed error={failure} what="the tokens" retry={() => void tokens.refetch()} />
      )}
      {tokens.data !== undefined && (
        <Table variant="compact" aria-label="Tokens">
          <Thead>
            <Tr>
              <Th>Name</Th>
              <Th>Scopes</Th>
              <Th>Created</Th>
              <Th>Expires</Th>
              <Th>Last used</Th>
              <Th screenReaderText="Actions" />
            </Tr>
          </Thead>
          <Tbody>
            {tokens.data.map((token) => (
              <Tr key={token.name}>
                <Td dataLabel="Name">
                  <Name>{token.name}</Name>
                  {token.name === identity?.name && " (yours)"}
                </Td>
                <Td dataLabel="Scopes">{token.scopes.join(", ")}</Td>
                <Td dataLabel="Created">
                  <Time at={token.created} as="ago" />
                </Td>
                <Td dataLabel="Expires">{token.expires ? <Time at={token.expires} /> : "never"}</Td>
                <Td dataLabel="Last used">
                  {token.last_used ? <Time at={token.last_used} as="ago" /> : "never"}
                </Td>
                <Td dataLabel="Actions" isActionCell>
                  <Button
                    variant="link"
                    isDanger
                    onClick={() => setRevoked(token)}
                    aria-label={`Revoke ${token.name}`}
                  >
                    Revoke
                  </Button>
                </Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      )}
      <NewToken />
      {revoked !== undefined && (
        <ConfirmDialog
          title={`Revoke ${revoked.name}?`}
          action="Revoke"
          isDanger
          close={() => setRevoked(undefined)}
          confirm={async () => {
            const params = { path: { name: revoked.name } };
            await done(api.DELETE("/api/v1/ansible/tokens/{name}", { params }));
            await cache.invalidateQueries({ queryKey: tokensQuery.queryKey });
          }}
        >
          <p>Its users lose access at once. This cannot be undone.</p>
        </ConfirmDialog>
      )}
    </Section>
  );
}
