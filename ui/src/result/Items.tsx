import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { ExpandableSection } from "@patternfly/react-core/dist/esm/components/ExpandableSection";
import { useQuery } from "@tanstack/react-query";
import { type ReactElement, useMemo, useState } from "react";
import { itemsQuery } from "../api/run";
import { Name } from "../parts/Name";
import { OutcomeLabel, type OutcomeWord } from "../parts/OutcomeLabel";
import { Failed, Loading } from "../parts/states";
import { ContentView } from "./ContentView";
import { itemLabel, readEvent } from "./content";

/** Items that are shown at first, and how many more each time. The API gives 1,000 at once. */
const PAGE = 100;
const MOST = 1_000;

interface Props {
  id: string;
  task: number;
  host: string;
  /** How many items the result counted. */
  total: number | undefined;
}

/** The items of a loop, each with what the module returned for it. */
export function Items({ id, task, host, total }: Props): ReactElement {
  const [limit, setLimit] = useState(PAGE);
  const { data, error } = useQuery({ ...itemsQuery(id, task, host, limit), placeholderData: (last) => last });
  const items = useMemo(() => (data?.events ?? []).map((event) => readEvent(event)), [data]);
  if (!data) {
    return error ? <Failed error={error} what="the items" /> : <Loading what="the items" />;
  }
  return (
    <section className="pb-result__section">
      <h3>Items ({total === undefined ? items.length : total.toLocaleString("en")})</h3>
      <ul className="pb-result__items">
        {items.map((item, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: labels repeat, and items never move
          <Item key={at} item={item} number={at + 1} />
        ))}
      </ul>
      {items.length >= limit && limit < MOST && (
        <Button variant="link" isInline onClick={() => setLimit(MOST)}>
          Show up to {MOST.toLocaleString("en")} items
        </Button>
      )}
    </section>
  );
}

function Item({ item, number }: { item: ReturnType<typeof readEvent>; number: number }): ReactElement {
  const outcome = itemOutcome(item);
  const isBad = outcome === "failed" || outcome === "unreachable";
  const [isOpen, setOpen] = useState(isBad);
  return (
    <li>
      <ExpandableSection
        toggleContent={
          <>
            <OutcomeLabel outcome={outcome} /> <Name>{itemLabel(item.content) ?? `item ${number}`}</Name>
          </>
        }
        isExpanded={isOpen}
        onToggle={(_, open) => setOpen(open)}
        isIndented
      >
        {isOpen && <ContentView content={item.content} isBad={isBad} level={4} />}
      </ExpandableSection>
    </li>
  );
}

function itemOutcome(item: ReturnType<typeof readEvent>): OutcomeWord {
  switch (item.status) {
    case "failed":
    case "unreachable":
    case "skipped":
      return item.status;
    default:
      return item.isChanged ? "changed" : "ok";
  }
}
