import {
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
} from "@patternfly/react-core/dist/esm/components/DescriptionList";
import type { ReactElement } from "react";
import { useScopes } from "../../app/session";
import { Name } from "../../parts/Name";
import { Loading } from "../../parts/states";
import { Time } from "../../parts/Time";
import { Section } from "./Section";
import { SCOPES } from "./scopes";

const WORDS = new Map(SCOPES);

/** Who is logged in: the token, and what it allows. */
export function Who(): ReactElement {
  const { identity } = useScopes();
  if (identity === undefined) {
    return <Loading what="who you are" />;
  }
  return (
    <Section title="You">
      <DescriptionList isHorizontal isCompact>
        <DescriptionListGroup>
          <DescriptionListTerm>Token</DescriptionListTerm>
          <DescriptionListDescription>
            {identity.name ? <Name>{identity.name}</Name> : "None: this collector needs no token"}
          </DescriptionListDescription>
        </DescriptionListGroup>
        <DescriptionListGroup>
          <DescriptionListTerm>Recorded as</DescriptionListTerm>
          <DescriptionListDescription>
            <code>{identity.actor}</code>
          </DescriptionListDescription>
        </DescriptionListGroup>
        <DescriptionListGroup>
          <DescriptionListTerm>Scopes</DescriptionListTerm>
          <DescriptionListDescription>
            <ul>
              {identity.scopes.map((scope) => (
                <li key={scope}>
                  <code>{scope}</code>: {WORDS.get(scope)}
                </li>
              ))}
            </ul>
          </DescriptionListDescription>
        </DescriptionListGroup>
        <DescriptionListGroup>
          <DescriptionListTerm>Expires</DescriptionListTerm>
          <DescriptionListDescription>
            {identity.expires ? <Time at={identity.expires} /> : "Never, unless it is revoked"}
          </DescriptionListDescription>
        </DescriptionListGroup>
      </DescriptionList>
    </Section>
  );
}
