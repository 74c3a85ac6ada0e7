import { ToggleGroup, ToggleGroupItem } from "@patternfly/react-core/dist/esm/components/ToggleGroup";
import { useNavigate } from "@tanstack/react-router";
import type { ReactElement } from "react";
import type { SearchPage } from "../../api/types";
import { plural } from "../../parts/format";
import { Time } from "../../parts/Time";

const CONTEXTS = [0, 2, 5] as const;

interface Props {
  /** The answer with the counts, when it has arrived. */
  counted: SearchPage | undefined;
  context: number;
}

/** The number of lines found, and how many lines around them are shown. */
export function Toolbar({ counted, context }: Props): ReactElement {
  const navigate = useNavigate({ from: "/search" });
  return (
    <div className="search-toolbar">
      <div role="status">{counted?.facets && <Count counted={counted} />}</div>
      <div className="search-context">
        <span id="search-context">Lines around</span>
        <ToggleGroup isCompact aria-labelledby="search-context">
          {CONTEXTS.map((lines) => (
            <ToggleGroupItem
              key={lines}
              text={lines === 0 ? "None" : String(lines)}
              isSelected={lines === context}
              onChange={() =>
                void navigate({ to: "/search", search: (now) => ({ ...now, context: lines }), replace: true })
              }
            />
          ))}
        </ToggleGroup>
      </div>
    </div>
  );
}

function Count({ counted }: { counted: SearchPage }): ReactElement {
  const { facets, timed_out: isOver, searched_back_to: back } = counted;
  return (
    <>
      <strong>{plural(facets?.lines ?? 0, "line")}</strong> in {plural(facets?.runs ?? 0, "run")}
      {isOver && back && (
        <>
          {" "}
          since <Time at={back} />; older runs are not counted
        </>
      )}
    </>
  );
}
