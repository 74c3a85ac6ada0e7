import {
  FormSelect,
  FormSelectOption,
  FormSelectOptionGroup,
} from "@patternfly/react-core/dist/esm/components/FormSelect";
import type { ReactElement } from "react";
import { collectorNow } from "../../api/clock";
import type { NamedFile } from "../../api/types";
import { Field, validity } from "../form/Field";
import type { Problem } from "../form/problem";
import { ago } from "../format";

interface Props {
  name: string;
  label: string;
  files: readonly NamedFile[];
  value: string;
  onPick(name: string): void;
  problem: Problem | undefined;
  /** Shown if nothing is picked. */
  none: string;
  isRequired?: boolean;
}

/** One of the playbooks or inventories of the collector, by folder. */
export function FileField(props: Props): ReactElement {
  const { name, label, files, value, onPick, problem, none, isRequired = false } = props;
  const chosen = files.find((file) => file.name === value);
  return (
    <Field
      name={name}
      label={label}
      problem={problem}
      isRequired={isRequired}
      help={chosen && placeOf(chosen)}
    >
      <FormSelect
        {...validity(name, problem)}
        value={value}
        onChange={(_, picked) => onPick(picked)}
        isRequired={isRequired}
      >
        <FormSelectOption value="" label={none} isPlaceholder={isRequired} />
        {/* A name from a record or a link that matches none of the files: the collector will refuse it. */}
        {value !== "" && chosen === undefined && <FormSelectOption value={value} label={value} />}
        {byFolder(files).map(([folder, inside]) => (
          <FormSelectOptionGroup key={folder} label={folder}>
            {inside.map((file) => (
              <FormSelectOption
                key={file.path}
                value={file.name}
                label={file.description ? `${file.name} – ${file.description}` : file.name}
              />
            ))}
          </FormSelectOptionGroup>
        ))}
      </FormSelect>
    </Field>
  );
}

function placeOf({ path, modified }: NamedFile): string {
  return modified ? `${path}, changed ${ago(new Date(modified), new Date(collectorNow()))}` : path;
}

/** Files by their folder, in order. */
export function byFolder(files: readonly NamedFile[]): [folder: string, files: NamedFile[]][] {
  const folders = new Map<string, NamedFile[]>();
  for (const file of files) {
    const folder = file.path.slice(0, file.path.lastIndexOf("/")) || "/";
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  return [...folders];
}
