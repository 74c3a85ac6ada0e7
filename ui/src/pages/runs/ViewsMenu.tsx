import { FormGroup } from "@patternfly/react-core/dist/esm/components/Form";
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput";
import { type ReactElement, useState } from "react";
import { parseSearch, stringifySearch } from "../../app/search";
import { ConfirmDialog } from "../../parts/ConfirmDialog";
import { MenuButton } from "../../parts/MenuButton";
import { type RunsSearch, search as read } from "./search";
import { OWN_VIEWS, useViews } from "./views";

interface Props {
  search: RunsSearch;
  open(search: RunsSearch): void;
}

/** Opens a view of the list, and saves what is seen as one. */
export function ViewsMenu({ search, open }: Props): ReactElement {
  const views = useViews();
  const [isNaming, setNaming] = useState(false);
  const [name, setName] = useState("");
  const { cursor: _, ...filters } = search;
  const query = stringifySearch({ ...filters }).slice(1);
  const current = views.saved.find((view) => view.query === query);
  return (
    <>
      <MenuButton
        label={current?.name ?? "Views"}
        actions={[
          ...[...OWN_VIEWS, ...views.saved].map((view) => ({
            name: view.name,
            onPick: () => open(read(parseSearch(view.query))),
          })),
          current === undefined
            ? { name: "Save this view …", onPick: () => setNaming(true) }
            : { name: `Forget “${current.name}”`, isDanger: true, onPick: () => views.remove(current.name) },
        ]}
      />
      {isNaming && (
        <ConfirmDialog
          title="Save this view"
          action="Save"
          isIncomplete={name.trim() === ""}
          close={() => setNaming(false)}
          confirm={async () => views.save({ name: name.trim(), query })}
        >
          <FormGroup label="Name" fieldId="view-name" isRequired>
            <TextInput id="view-name" value={name} onChange={(_, text) => setName(text)} autoFocus />
          </FormGroup>
        </ConfirmDialog>
      )}
    </>
  );
}
