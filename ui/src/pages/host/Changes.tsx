import { FormSelect, FormSelectOption } from "@patternfly/react-core/dist/esm/components/FormSelect";
import { ToggleGroup, ToggleGroupItem } from "@patternfly/react-core/dist/esm/components/ToggleGroup";
import { Toolbar, ToolbarContent, ToolbarItem } from "@patternfly/react-core/dist/esm/components/Toolbar";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { ChangeList } from "./ChangeList";
import { ChangesByTask } from "./ChangesByTask";
import { PERIOD_LABELS } from "./period";
import { type HostSearch, PERIODS, USUAL_PERIOD } from "./search";

const route = getRouteApi("/shell/hosts/$name");

/** What tasks changed on the host: counted by task, or one by one. */
export function Changes({ name }: { name: string }): ReactElement {
  const { period = USUAL_PERIOD, view, cursor, content } = route.useSearch();
  const navigate = route.useNavigate();
  const change = (changes: HostSearch) =>
    void navigate({ search: (now) => ({ ...now, ...changes }), replace: true });
  // Another view or period begins at its first page.
  const begin = (changes: HostSearch) => change({ cursor: undefined, ...changes });
  const showAllTime = () => begin({ period: "all" });
  return (
    <>
      <Toolbar inset={{ default: "insetNone" }} className="pb-filters">
        <ToolbarContent>
          <ToolbarItem>
            <ToggleGroup aria-label="How to show the changes">
              <ToggleGroupItem
                text="By task"
                isSelected={view === undefined}
                onChange={() => begin({ view: undefined })}
              />
              <ToggleGroupItem
                text="One by one"
                isSelected={view === "list"}
                onChange={() => begin({ view: "list" })}
              />
            </ToggleGroup>
          </ToolbarItem>
          <ToolbarItem>
            <FormSelect
              aria-label="Period"
              value={period}
              onChange={(_, chosen) =>
                begin({ period: PERIODS.find((one) => one === chosen && one !== USUAL_PERIOD) })
              }
            >
              {PERIODS.map((one) => (
                <FormSelectOption key={one} value={one} label={PERIOD_LABELS[one]} />
              ))}
            </FormSelect>
          </ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      {view === "list" ? (
        <ChangeList
          name={name}
          period={period}
          cursor={cursor}
          hasContent={content === true}
          showContent={(show) => change({ content: show || undefined })}
          showAllTime={showAllTime}
        />
      ) : (
        <ChangesByTask name={name} period={period} cursor={cursor} showAllTime={showAllTime} />
      )}
    </>
  );
}
