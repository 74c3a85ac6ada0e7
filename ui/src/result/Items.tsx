import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { ExpandableSection } from "@patternfly/react-core/dist/esm/components/ExpandableSection";
import { useInfiniteQuery } from "@tanstack/react-query";
import { type ReactElement, useMemo, useState } from "react";
import { itemsQuery } from "../api/run";
import { Name } from "../parts/Name";
import { OutcomeLabel, type OutcomeWord } from "../parts/OutcomeLabel";
import { Failed, Loading } from "../parts/states";
import { ContentView } from "./ContentView";
import { itemLabel, readEvent } from "./content";

interface Props {
  id: string;
  task: number;
  host: string;
  /** How many items the result counted. */
  total: number | undefined;
}

/** The items of a loop, each with what the module returned for it. */
export function Items({ id, task, host, total }: Props): ReactElement {
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    itemsQuery(id, task, host),
  );
  const items = useMemo(
    () => (data?.pages ?? []).flatMap(({ events }) => events.map((event) => readEvent(event))),
    [data],
  );
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
      {hasNextPage && (
        <p>
          These are the first {items.length.toLocaleString("en")}.{" "}
          <Button
            variant="link"
            isInline
            isDisabled={isFetchingNextPage}
            onClick={() => void fetchNextPage()}
          >
            Show more items
          </Button>
        </p>
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
