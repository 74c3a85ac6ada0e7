import { ToggleGroup, ToggleGroupItem } from "@patternfly/react-core/dist/esm/components/ToggleGroup";
import { Toolbar, ToolbarContent, ToolbarItem } from "@patternfly/react-core/dist/esm/components/Toolbar";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { TextFilter } from "../../parts/TextFilter";
import { FactsChanges, SinceSelect } from "./FactsChanges";
import { FactsNow, TimeField } from "./FactsNow";
import type { HostSearch } from "./search";

const route = getRouteApi("/shell/hosts/$name");

/** The host's facts: now or at a time, or how they changed. */
export function Facts({ name }: { name: string }): ReactElement {
  const { facts, find = "", at, since } = route.useSearch();
  const navigate = route.useNavigate();
  const change = (changes: HostSearch) =>
    void navigate({ search: (now) => ({ ...now, ...changes }), replace: true });
  const isChanges = facts === "changes";
  return (
    <>
      <Toolbar inset={{ default: "insetNone" }} className="pb-filters">
        <ToolbarContent>
          <ToolbarItem>
            <ToggleGroup aria-label="What to show of the facts">
              <ToggleGroupItem
                text="As they are"
                isSelected={!isChanges}
                onChange={() => change({ facts: undefined })}
              />
              <ToggleGroupItem
                text="How they changed"
                isSelected={isChanges}
                onChange={() => change({ facts: "changes" })}
              />
            </ToggleGroup>
          </ToolbarItem>
          <ToolbarItem>
            <TextFilter
              label="Find facts"
              placeholder="Name or value"
              value={find}
              apply={(text) => change({ find: text || undefined })}
            />
          </ToolbarItem>
          <ToolbarItem>
            {isChanges ? (
              <SinceSelect value={since} choose={(span) => change({ since: span })} />
            ) : (
              <TimeField value={at} choose={(time) => change({ at: time })} />
            )}
          </ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      {isChanges ? (
        <FactsChanges name={name} find={find} since={since} />
      ) : (
        <FactsNow name={name} find={find} at={at} />
      )}
    </>
  );
}
