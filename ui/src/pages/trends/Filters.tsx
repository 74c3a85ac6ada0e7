import { FormSelect, FormSelectOption } from "@patternfly/react-core/dist/esm/components/FormSelect";
import { Toolbar, ToolbarContent, ToolbarItem } from "@patternfly/react-core/dist/esm/components/Toolbar";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { ApiError } from "../../api/error";
import { QueryExamples } from "../../parts/query/Examples";
import { QueryField } from "../../parts/query/QueryField";
import { TextFilter } from "../../parts/TextFilter";
import { AMOUNTS, PERIODS, type TrendsSearch } from "./search";

const route = getRouteApi("/shell/trends");

interface Props {
  search: TrendsSearch;
  error: unknown;
}

/** The runs to examine. */
export function Filters({ search, error }: Props): ReactElement {
  const navigate = route.useNavigate();
  const change = (changes: TrendsSearch) =>
    void navigate({ search: (now) => ({ ...now, ...changes }), replace: true });
  return (
    <>
      <QueryField
        value={search.q ?? ""}
        apply={(text) => change({ q: text || undefined })}
        label="Query"
        placeholder="Which runs, such as inventory:prod label:nightly"
        error={isQueryError(error) ? error.message : undefined}
        help={
          <QueryExamples
            examples={[
              ["inventory:prod", "runs with this inventory"],
              ["label:nightly NOT user:ann", "runs with this label, but not those of ann"],
            ]}
          />
        }
      />
      <Toolbar inset={{ default: "insetNone" }} className="pb-filters">
        <ToolbarContent>
          <ToolbarItem>
            <TextFilter
              label="Playbook"
              value={search.playbook}
              apply={(text) => change({ playbook: text || undefined })}
            />
          </ToolbarItem>
          <ToolbarItem>
            <TextFilter
              label="Host"
              value={search.host}
              apply={(text) => change({ host: text || undefined })}
            />
          </ToolbarItem>
          <ToolbarItem>
            <FormSelect
              aria-label="Period"
              value={search.since ?? ""}
              onChange={(_, span) => change({ since: PERIODS.find((one) => one === span) })}
            >
              <FormSelectOption value="" label="Any time" />
              {PERIODS.map((span) => (
                <FormSelectOption key={span} value={span} label={`Last ${span.slice(0, -1)} days`} />
              ))}
            </FormSelect>
          </ToolbarItem>
          <ToolbarItem>
            <FormSelect
              aria-label="How many runs"
              value={String(search.runs ?? 200)}
              onChange={(_, size) =>
                change({ runs: AMOUNTS.find((one) => String(one) === size && one !== AMOUNTS[0]) })
              }
            >
              {AMOUNTS.map((size) => (
                <FormSelectOption key={size} value={String(size)} label={`Newest ${size} runs`} />
              ))}
            </FormSelect>
          </ToolbarItem>
        </ToolbarContent>
      </Toolbar>
    </>
  );
}

/** Whether the collector refused the query; then its field shows the error. */
export function isQueryError(error: unknown): error is ApiError {
  return error instanceof ApiError && error.message.startsWith("q: ");
}
