import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { FormSelect, FormSelectOption } from "@patternfly/react-core/dist/esm/components/FormSelect";
import { Toolbar, ToolbarContent, ToolbarItem } from "@patternfly/react-core/dist/esm/components/Toolbar";
import type { ReactElement } from "react";
import { TextFilter } from "../../parts/TextFilter";
import { spanWords, unseenChoices } from "./filters";
import { HOST_STATUSES, type HostsSearch } from "./search";

interface Props {
  search: HostsSearch;
  change(changes: Partial<HostsSearch>): void;
}

/** By name, by status in the last run, and by the time since then. */
export function Filters({ search, change }: Props): ReactElement {
  const { name, status, unseen } = search;
  return (
    <Toolbar inset={{ default: "insetNone" }} className="pb-filters">
      <ToolbarContent>
        <ToolbarItem>
          <TextFilter
            label="Name of a host"
            placeholder="Name, or a pattern: web-*"
            value={name}
            apply={(text) => change({ name: text || undefined })}
          />
        </ToolbarItem>
        <ToolbarItem>
          <FormSelect
            aria-label="Status in the last run"
            value={status ?? ""}
            onChange={(_, word) => change({ status: HOST_STATUSES.find((one) => one === word) })}
          >
            <FormSelectOption value="" label="Any status" />
            {HOST_STATUSES.map((word) => (
              <FormSelectOption key={word} value={word} label={word} />
            ))}
          </FormSelect>
        </ToolbarItem>
        <ToolbarItem>
          <FormSelect
            aria-label="Not seen for"
            value={unseen ?? ""}
            onChange={(_, span) => change({ unseen: span || undefined })}
          >
            <FormSelectOption value="" label="Seen at any time" />
            {unseenChoices(unseen).map((span) => (
              <FormSelectOption key={span} value={span} label={`Not seen for ${spanWords(span)}`} />
            ))}
          </FormSelect>
        </ToolbarItem>
        {(name !== undefined || status !== undefined || unseen !== undefined) && (
          <ToolbarItem>
            <Button
              variant="link"
              onClick={() => change({ name: undefined, status: undefined, unseen: undefined })}
            >
              Clear filters
            </Button>
          </ToolbarItem>
        )}
      </ToolbarContent>
    </Toolbar>
  );
}
