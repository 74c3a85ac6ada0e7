import type { ReactElement } from "react";
import type { NotificationDeliveryDetail } from "../../../api/types";
import { Name } from "../../../parts/Name";
import { Scrolled } from "../../../parts/Scrolled";
import { Time } from "../../../parts/Time";
import { tookWords } from "../words";
import { readable } from "./readable";

/** A message: each attempt with its answer, and the request. Neither contains secrets. */
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
                  <Time at={time} />, {tookWords(seconds)}
                  {status && `, answered ${status}`}
                  {error && (
                    <>
                      : <Name>{error}</Name>
                    </>
                  )}
                  {answer && <Scrolled label={`Answer ${number}`}>{answer}</Scrolled>}
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
          <dt>Accepted for</dt>
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
            <Scrolled label="Body">{readable(body)}</Scrolled>
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
