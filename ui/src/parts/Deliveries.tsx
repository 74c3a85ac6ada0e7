import CheckCircleIcon from "@patternfly/react-icons/dist/esm/icons/check-circle-icon";
import ExclamationCircleIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon";
import InProgressIcon from "@patternfly/react-icons/dist/esm/icons/in-progress-icon";
import type { ReactElement } from "react";
import type { ReportDelivery, ReportDestination } from "../api/types";
import { Name } from "./Name";

/** The deliveries of a report, and their states. */
export function Deliveries({ deliveries }: { deliveries: readonly ReportDelivery[] }): ReactElement {
  if (deliveries.length === 0) {
    return <span className="pb-subtle">nowhere</span>;
  }
  return (
    <ul className="pb-deliveries">
      {deliveries.map((delivery) => (
        <li key={destinationName(delivery.destination)} className="pb-break">
          <State delivery={delivery} />
        </li>
      ))}
    </ul>
  );
}

function State({ delivery: { destination, state, error } }: { delivery: ReportDelivery }): ReactElement {
  const name = <Name>{destinationName(destination)}</Name>;
  const why = error ? (
    <>
      : <Name>{error}</Name>
    </>
  ) : undefined;
  switch (state) {
    case "delivered":
      return (
        <>
          <CheckCircleIcon className="pb-delivered" /> {name}
          {why}
        </>
      );
    case "failed":
      return (
        <>
          <ExclamationCircleIcon className="pb-given-up" /> {name}, given up{why}
        </>
      );
    default:
      return (
        <>
          <InProgressIcon /> {name}, not yet{why}
        </>
      );
  }
}

/** "folder ops", "target team-mail". */
export function destinationName({ type, name }: ReportDestination): string {
  return `${type} ${name}`;
}
