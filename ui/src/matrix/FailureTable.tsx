import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import type { ReactElement, ReactNode } from "react";
import { Name } from "../parts/Name";
import { outcomeWords } from "./decode";
import { rowName } from "./groups";
import type { Cell } from "./layout";
import { codeOf, failuresOf, type Model } from "./model";

/** Maximum number of lines: more are easier to read in the matrix or on the Tasks page. */
const LIMIT = 200;

interface Props {
  model: Model;
  /** The link to the result of a cell. */
  renderLink: (cell: Cell, text: string) => ReactNode;
}

/** The failures of the matrix as a plain table, for readers who cannot see the picture. */
export function FailureTable({ model, renderLink }: Props): ReactElement {
  const { cells, total } = failuresOf(model, LIMIT);
  if (total === 0) {
    return <p>Nothing that is shown failed.</p>;
  }
  return (
    <>
      {total > cells.length && (
        <p>
          The first {cells.length} of {total.toLocaleString("en")} failures.
        </p>
      )}
      <Table aria-label="Failures" variant="compact">
        <Thead>
          <Tr>
            <Th>Host</Th>
            <Th>Task</Th>
            <Th>Outcome</Th>
          </Tr>
        </Thead>
        <Tbody>
          {cells.map((cell) => {
            const row = model.rows[cell.row];
            const heading = model.headings[model.columns[cell.column] ?? -1] ?? "";
            return (
              <Tr key={`${cell.row} ${cell.column}`}>
                <Td dataLabel="Host">
                  <Name>{row && rowName(model.matrix, row)}</Name>
                </Td>
                <Td dataLabel="Task">{renderLink(cell, heading)}</Td>
                <Td dataLabel="Outcome">{outcomeWords(codeOf(model, cell))}</Td>
              </Tr>
            );
          })}
        </Tbody>
      </Table>
    </>
  );
}
