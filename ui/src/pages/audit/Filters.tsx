import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { FormSelect, FormSelectOption } from "@patternfly/react-core/dist/esm/components/FormSelect";
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput";
import { Toolbar, ToolbarContent, ToolbarItem } from "@patternfly/react-core/dist/esm/components/Toolbar";
import { type ReactElement, useId } from "react";
import { TextFilter } from "../../parts/TextFilter";
import { ACTIONS, type AuditSearch } from "./search";
import { actionWords } from "./words";

interface Props {
  search: AuditSearch;
  change(changes: AuditSearch): void;
}

/** By actor, action, object and day. */
export function Filters({ search, change }: Props): ReactElement {
  const { actor, action, object, from, to } = search;
  const isFiltered = (actor ?? action ?? object ?? from ?? to) !== undefined;
  return (
    <Toolbar inset={{ default: "insetNone" }} className="pb-filters">
      <ToolbarContent>
        <ToolbarItem>
          <FormSelect
            aria-label="Action"
            value={action ?? ""}
            onChange={(_, word) => change({ action: ACTIONS.find((one) => one === word) })}
          >
            <FormSelectOption value="" label="Any action" />
            {ACTIONS.map((word) => (
              <FormSelectOption key={word} value={word} label={actionWords(word)} />
            ))}
          </FormSelect>
        </ToolbarItem>
        <ToolbarItem>
          <TextFilter
            label="Actor"
            placeholder="token:ci, user:ann"
            value={actor}
            apply={(text) => change({ actor: text || undefined })}
          />
        </ToolbarItem>
        <ToolbarItem>
          <TextFilter
            label="Object"
            placeholder="execution:ID, token:NAME"
            value={object}
            apply={(text) => change({ object: text || undefined })}
          />
        </ToolbarItem>
        <ToolbarItem>
          <Day label="From (UTC)" value={from} choose={(day) => change({ from: day })} />
        </ToolbarItem>
        <ToolbarItem>
          <Day label="To (UTC)" value={to} choose={(day) => change({ to: day })} />
        </ToolbarItem>
        {isFiltered && (
          <ToolbarItem>
            <Button
              variant="link"
              onClick={() =>
                change({
                  actor: undefined,
                  action: undefined,
                  object: undefined,
                  from: undefined,
                  to: undefined,
                })
              }
            >
              Clear filters
            </Button>
          </ToolbarItem>
        )}
      </ToolbarContent>
    </Toolbar>
  );
}

interface DayProps {
  label: string;
  value: string | undefined;
  choose(day: string | undefined): void;
}

/** A day in UTC, as the API takes it; that day is included. */
function Day({ label, value, choose }: DayProps): ReactElement {
  const id = useId();
  return (
    <div className="audit-day">
      <label htmlFor={id}>{label}</label>
      <TextInput
        id={id}
        type="date"
        value={value?.slice(0, 10) ?? ""}
        onChange={(_, day) => choose(day || undefined)}
      />
    </div>
  );
}
