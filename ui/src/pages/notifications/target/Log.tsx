import { Title } from "@patternfly/react-core/dist/esm/components/Title";
import { ToggleGroup, ToggleGroupItem } from "@patternfly/react-core/dist/esm/components/ToggleGroup";
import { Table, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { deliveriesQuery } from "../../../api/notifications";
import { Answer } from "../../../parts/Answer";
import { CursorPager } from "../../../parts/CursorPager";
import { failureOf } from "../../../parts/failure";
import { Empty, Failed, Loading } from "../../../parts/states";
import type { TargetSearch } from "../search";
import { Delivery } from "./Delivery";

const route = getRouteApi("/shell/notifications/$name");

const WORDS = [
  [undefined, "All"],
  ["delivered", "Delivered"],
  ["pending", "Pending"],
  ["failed", "Failed"],
] as const;

/** The messages that the target was sent, newest first. */
export function Log({ name }: { name: string }): ReactElement {
  const { state, cursor, delivery: unfolded } = route.useSearch();
  const navigate = route.useNavigate();
  const log = useQuery(
    deliveriesQuery({
      target: name,
      limit: 50,
      ...(state !== undefined && { state }),
      ...(cursor !== undefined && { cursor: Number(cursor) }),
    }),
  );
  const change = (changes: TargetSearch) =>
    void navigate({ search: (now) => ({ ...now, ...changes }), replace: true, resetScroll: false });
  const failure = failureOf(log);
  return (
    <section aria-labelledby="target-log">
      <Title headingLevel="h2" size="lg" id="target-log">
        Messages
      </Title>
      <ToggleGroup aria-label="State of messages" className="notifications-states">
        {WORDS.map(([one, word]) => (
          <ToggleGroupItem
            key={word}
            text={word}
            isSelected={state === one}
            onChange={() => change({ state: one, cursor: undefined, delivery: undefined })}
          />
        ))}
      </ToggleGroup>
      {failure !== undefined && <Failed error={failure} what="the log" retry={() => void log.refetch()} />}
      {log.isPending && <Loading what="the log" />}
      {log.data !== undefined && (
        <Answer isOld={log.isPlaceholderData}>
          {log.data.deliveries.length === 0 ? (
            <Empty title={state === undefined ? "Nothing was sent yet" : "No messages in this state"}>
              {state === undefined
                ? "Each message appears here with its request, the receiver's answer, and any further attempts."
                : "Choose another state to see the others."}
            </Empty>
          ) : (
            <Table aria-label="Messages" variant="compact">
              <Thead>
                <Tr>
                  <Th screenReaderText="Details" />
                  <Th>Message</Th>
                  <Th>State</Th>
                  <Th>Made</Th>
                  <Th modifier="nowrap">Attempts</Th>
                  <Th screenReaderText="Actions" />
                </Tr>
              </Thead>
              {log.data.deliveries.map((delivery, at) => (
                <Delivery
                  key={delivery.id}
                  delivery={delivery}
                  row={at}
                  isExpanded={delivery.id === unfolded}
                  toggle={(isOpen) => change({ delivery: isOpen ? delivery.id : undefined })}
                />
              ))}
            </Table>
          )}
          <CursorPager cursor={cursor} next={log.data.next_cursor} what="messages" />
        </Answer>
      )}
    </section>
  );
}
