import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { Title } from "@patternfly/react-core/dist/esm/components/Title";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { messageOf } from "../../../api/error";
import { renewNotifications, testTarget } from "../../../api/notifications";
import type { NotificationDeliveryDetail } from "../../../api/types";
import { sentence } from "../../../parts/states";
import { tookWords } from "../words";
import { Detail } from "./Detail";

/** Sends an example, and shows what the receiver answered. */
export function Test({ name }: { name: string }): ReactElement {
  const cache = useQueryClient();
  const test = useMutation({
    mutationFn: () => testTarget(name),
    onSettled: () => renewNotifications(cache),
  });
  return (
    <section aria-labelledby="target-test" className="notifications-test">
      <Title headingLevel="h2" size="lg" id="target-test">
        Does it arrive?
      </Title>
      <p className="pb-subtle">
        An example is sent: the last run that failed, if there is one. It says that it is a test.
      </p>
      <div>
        <Button
          variant="primary"
          onClick={() => test.mutate()}
          isLoading={test.isPending}
          isDisabled={test.isPending}
        >
          Send a test
        </Button>
      </div>
      <div role="status">
        {test.isError && (
          <Alert isInline component="p" variant="danger" title={sentence(messageOf(test.error))} />
        )}
        {test.isSuccess && <Answer detail={test.data} />}
      </div>
    </section>
  );
}

function Answer({ detail }: { detail: NotificationDeliveryDetail }): ReactElement {
  const { delivery, log } = detail;
  const last = log.at(-1);
  const isDelivered = delivery.state === "delivered";
  const status = last?.status ? `answered ${last.status}` : undefined;
  const took = last === undefined ? "" : ` in ${tookWords(last.duration)}`;
  return (
    <Alert
      isInline
      component="p"
      variant={isDelivered ? "success" : "danger"}
      title={
        isDelivered
          ? `It arrived: the receiver ${status ?? "took it"}${took}.`
          : `It did not arrive: ${sentence(delivery.error ?? status ?? "no answer came")}`
      }
    >
      {/* A message that arrived in part, such as a mail of which one recipient was refused, has an error, too. */}
      {isDelivered && delivery.error && <p>{sentence(delivery.error)}</p>}
      <details className="notifications-details">
        <summary>What was sent, and what was answered</summary>
        <Detail detail={detail} />
      </details>
    </Alert>
  );
}
