import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { ExpandableRowContent, Tbody, Td, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { messageOf } from "../../../api/error";
import { deliveryQuery, redeliver, renewNotifications } from "../../../api/notifications";
import type { NotificationDelivery } from "../../../api/types";
import { ExecutionLink } from "../../../parts/ExecutionLink";
import { failureOf } from "../../../parts/failure";
import { integer } from "../../../parts/format";
import { Name } from "../../../parts/Name";
import { Failed, Loading, sentence } from "../../../parts/states";
import { Time } from "../../../parts/Time";
import { DeliveryStateLabel } from "../StateLabel";
import { Detail } from "./Detail";

interface Props {
  delivery: NotificationDelivery;
  row: number;
  isExpanded: boolean;
  toggle(isExpanded: boolean): void;
}

const KINDS = { event: undefined, digest: "several events", test: "a test", report: "a report" } as const;

/** A message in a row, with request and answers folded below it. */
export function Delivery({ delivery, row, isExpanded, toggle }: Props): ReactElement {
  const { id, title, kind, state, execution, created, attempts, error, next_attempt } = delivery;
  const cache = useQueryClient();
  const again = useMutation({
    mutationFn: () => redeliver(id),
    onSettled: () => renewNotifications(cache),
  });
  const kindWords = KINDS[kind];
  return (
    <Tbody isExpanded={isExpanded}>
      <Tr>
        <Td
          expand={{
            rowIndex: row,
            isExpanded,
            onToggle: () => toggle(!isExpanded),
            expandId: "delivery-",
          }}
        />
        <Td dataLabel="Message" className="pb-break">
          <Name>{title ?? "Not made yet"}</Name>
          <div className="pb-subtle pb-small">
            {kindWords}
            {kindWords !== undefined && execution && ", "}
            {execution && (
              <>
                run <ExecutionLink id={execution} />
              </>
            )}
          </div>
        </Td>
        <Td dataLabel="State">
          <DeliveryStateLabel state={state} />
          {error && (
            <div className="pb-subtle pb-small pb-break">
              <Name>{sentence(error)}</Name>
            </div>
          )}
          {next_attempt && attempts > 0 && (
            <div className="pb-subtle pb-small">
              again at <Time at={next_attempt} />
            </div>
          )}
        </Td>
        <Td dataLabel="Made">
          <Time at={created} as="ago" />
        </Td>
        <Td dataLabel="Attempts" className="pb-number">
          {integer(attempts)}
        </Td>
        <Td>
          {state !== "pending" && (
            <Button
              variant="link"
              onClick={() => again.mutate()}
              isDisabled={again.isPending}
              aria-label={`Send again: ${title ?? id}`}
            >
              Send again
            </Button>
          )}
          {again.isError && <div role="alert">{sentence(messageOf(again.error))}</div>}
        </Td>
      </Tr>
      {isExpanded && (
        <Tr isExpanded>
          <Td colSpan={6}>
            <ExpandableRowContent>
              <Request id={id} />
            </ExpandableRowContent>
          </Td>
        </Tr>
      )}
    </Tbody>
  );
}

function Request({ id }: { id: string }): ReactElement {
  const detail = useQuery(deliveryQuery(id));
  const failure = failureOf(detail);
  if (failure !== undefined) {
    return <Failed error={failure} what="the message" retry={() => void detail.refetch()} />;
  }
  return detail.data === undefined ? <Loading what="the message" /> : <Detail detail={detail.data} />;
}
