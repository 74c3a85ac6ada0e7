import type { ReactElement } from "react";
import type { NotificationDeliveryDetail } from "../../../api/types";
import { duration } from "../../../parts/format";
import { Time } from "../../../parts/Time";
import { readable } from "./readable";

/** A message: each attempt with its answer, and the request. Secrets are in neither. */
export function Detail({ detail }: { detail: NotificationDeliveryDetail }): ReactElement {
  const { delivery, request, body, recipients = [], log } = detail;
  return (
    <dl className="notifications-detail">
      {log.length > 0 && (
        <div>
          <dt>{log.length === 1 ? "Attempt" : "Attempts"}</dt>
          <dd>
            <ol className="notifications-attempts">
              {log.map(({ number, time, duration: seconds, status, answer, error }) => (
                <li key={number}>
                  <Time at={time} />, {duration(seconds)}
                  {status && `, answered ${status}`}
                  {error && (
                    <>
                      : <bdi>{error}</bdi>
                    </>
                  )}
                  {answer && <pre className="notifications-text">{answer}</pre>}
                </li>
              ))}
            </ol>
          </dd>
        </div>
      )}
      {delivery.next_attempt && (
        <div>
          <dt>Next attempt</dt>
          <dd>
            <Time at={delivery.next_attempt} />
          </dd>
        </div>
      )}
      {recipients.length > 0 && (
        <div>
          <dt>Taken for</dt>
          <dd>{recipients.join(", ")}</dd>
        </div>
      )}
      {request && (
        <div>
          <dt>Request</dt>
          <dd className="pb-code pb-break">{request}</dd>
        </div>
      )}
      {body && (
        <div>
          <dt>Body</dt>
          <dd>
            <pre className="notifications-text">{readable(body)}</pre>
          </dd>
        </div>
      )}
      <div>
        <dt>Id</dt>
        <dd className="pb-code pb-break">{delivery.id}</dd>
      </div>
    </dl>
  );
}
