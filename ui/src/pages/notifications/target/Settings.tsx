import { Title } from "@patternfly/react-core/dist/esm/components/Title";
import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import type { NotificationRule, NotificationTarget } from "../../../api/types";
import { plural } from "../../../parts/format";
import { Time } from "../../../parts/Time";
import { quietWords, ruleDetails, SECRET_NAMES, triggersWords } from "../words";

/** The target's rules and settings. */
export function Settings({ target }: { target: NotificationTarget }): ReactElement {
  const { settings, secrets, changed, last_delivered } = target;
  const { rules = [], quiet = [], digest_minutes: digest = 0, max_per_hour: most = 30 } = settings;
  const names = (secrets ?? []).map((name) => SECRET_NAMES.get(name) ?? name);
  return (
    <section aria-labelledby="target-settings">
      <Title headingLevel="h2" size="lg" id="target-settings">
        Notification settings
      </Title>
      <dl className="notifications-facts">
        {rules.length === 0 && <Fact name="Notified when">never: it has no rule</Fact>}
        {rules.map((rule, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rules have no identity but their place
          <Fact key={at} name="Notified when">
            <Rule rule={rule} />
          </Fact>
        ))}
        {quiet.length > 0 && (
          <Fact name="Quiet hours">{quiet.map((hours) => quietWords(hours)).join("; ")}</Fact>
        )}
        {digest > 0 && <Fact name="Digest">one message in {plural(digest, "minute")}</Fact>}
        <Fact name="Limit">{plural(most, "message")} an hour; further events are sent together</Fact>
        {names.length > 0 && <Fact name="Stored secrets">{names.join(", ")}: never shown</Fact>}
        <Fact name="Last delivered">{last_delivered ? <Time at={last_delivered} /> : "never"}</Fact>
        <Fact name="Changed">
          <Time at={changed} />
        </Fact>
      </dl>
    </section>
  );
}

function Rule({ rule }: { rule: NotificationRule }): ReactElement {
  const details = ruleDetails(rule);
  const query = rule.query ?? "";
  return (
    <>
      {triggersWords(rule.on)}, of{" "}
      {query === "" ? (
        "all runs"
      ) : (
        <Link to="/runs" search={{ q: query }} className="pb-code pb-break">
          {query}
        </Link>
      )}
      {details.length > 0 && <div className="pb-subtle pb-small">{details.join("; ")}</div>}
    </>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }): ReactElement {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
