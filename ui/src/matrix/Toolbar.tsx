import { Switch } from "@patternfly/react-core/dist/esm/components/Switch";
import { ToggleGroup, ToggleGroupItem } from "@patternfly/react-core/dist/esm/components/ToggleGroup";
import type { ReactElement } from "react";
import { TextFilter } from "../parts/TextFilter";
import type { Show, Sort } from "./groups";
import type { Zoom } from "./layout";
import type { MatrixView } from "./model";

interface Props {
  view: MatrixView;
  zoom: Zoom;
  onView: (change: Partial<MatrixView>) => void;
  onZoom: (zoom: Zoom) => void;
}

const SHOW: readonly [Show, string][] = [
  ["all", "All"],
  ["failed", "Only failed"],
  ["changed", "Only changed"],
];

const ZOOM: readonly [Zoom, string][] = [
  ["large", "Large"],
  ["small", "Small"],
  ["overview", "Overview"],
];

const SORT: readonly [Sort, string][] = [
  ["worst", "Worst first"],
  ["name", "By name"],
];

/** Filters, order and size of the matrix. */
export function Toolbar({ view, zoom, onView, onZoom }: Props): ReactElement {
  return (
    <div className="pb-matrix__bar">
      <TextFilter value={view.host} apply={(host) => onView({ host })} label="Host name" placeholder="Host" />
      <TextFilter value={view.task} apply={(task) => onView({ task })} label="Task name" placeholder="Task" />
      <Choice label="Outcomes" choices={SHOW} chosen={view.show} onChoose={(show) => onView({ show })} />
      <Choice
        label="Order of hosts"
        choices={SORT}
        chosen={view.sort}
        onChoose={(sort) => onView({ sort })}
      />
      <Choice label="Size of cells" choices={ZOOM} chosen={zoom} onChoose={onZoom} />
      <Switch
        id="matrix-folded"
        label="Group hosts with the same outcomes"
        isChecked={view.folded}
        onChange={(_, folded) => onView({ folded })}
      />
    </div>
  );
}

interface ChoiceProps<Value extends string> {
  label: string;
  choices: readonly (readonly [Value, string])[];
  chosen: Value;
  onChoose: (value: Value) => void;
}

function Choice<Value extends string>({
  label,
  choices,
  chosen,
  onChoose,
}: ChoiceProps<Value>): ReactElement {
  return (
    <ToggleGroup aria-label={label} isCompact>
      {choices.map(([value, text]) => (
        <ToggleGroupItem
          key={value}
          buttonId={`matrix-${value}`}
          text={text}
          isSelected={value === chosen}
          onChange={() => onChoose(value)}
        />
      ))}
    </ToggleGroup>
  );
}
