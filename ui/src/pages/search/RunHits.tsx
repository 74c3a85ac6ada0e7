import { Title } from "@patternfly/react-core/dist/esm/components/Title";
import type { ReactElement } from "react";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { Name } from "../../parts/Name";
import { runName } from "../../parts/runs";
import { StatusLabel } from "../../parts/StatusLabel";
import { Time } from "../../parts/Time";
import { BlockLines } from "./BlockLines";
import type { RunBlocks } from "./blocks";
import { CardHead } from "./CardHead";
import { cardsOf } from "./cards";

/** The lines that were found in one run. */
export function RunHits({ run, blocks }: RunBlocks): ReactElement {
  return (
    <section className="search-run">
      <header className="search-run-head">
        <Title headingLevel="h2" size="md">
          <ExecutionLink id={run.id}>
            <Name>{runName(run)}</Name>
          </ExecutionLink>
        </Title>
        <StatusLabel status={run.status} />
        {run.check && <span className="pb-subtle">check mode</span>}
        <span className="pb-subtle">
          <Time at={run.start_time} /> (<Time at={run.start_time} as="ago" />)
        </span>
        <span className="search-run-id">
          <ExecutionLink id={run.id} />
        </span>
      </header>
      {cardsOf(blocks).map((card) => (
        <article key={card.key} className="search-card">
          <CardHead run={run.id} card={card} />
          {card.blocks.map((block) => (
            <div key={`${block.in} ${block.first}`} className="search-block">
              {block.in !== "output" && block.in !== "task" && (
                <code className="search-place">{block.in}</code>
              )}
              <BlockLines run={run.id} block={block} />
            </div>
          ))}
        </article>
      ))}
    </section>
  );
}
