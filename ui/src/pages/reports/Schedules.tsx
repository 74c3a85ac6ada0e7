import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { Label } from "@patternfly/react-core/dist/esm/components/Label";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { api, done } from "../../api/client";
import type { ReportScheduleItem } from "../../api/types";
import { useScopes } from "../../app/session";
import { ConfirmDialog } from "../../parts/ConfirmDialog";
import { destinationName } from "../../parts/Deliveries";
import { failureOf } from "../../parts/failure";
import { MenuButton } from "../../parts/MenuButton";
import { Name } from "../../parts/Name";
import { PageSection } from "../../parts/PageSection";
import { Failed, Loading } from "../../parts/states";
import { Time } from "../../parts/Time";
import { save, schedulesQuery, settingsOf } from "./queries";
import { ScheduleDialog } from "./ScheduleDialog";

type Open = { kind: "edit" | "delete" | "pause"; schedule: ReportScheduleItem } | { kind: "new" };

/** The reports that the collector makes regularly; users with the permission can change them here. */
export function Schedules(): ReactElement {
  const schedules = useQuery(schedulesQuery);
  const { can } = useScopes();
  const mayChange = can("admin");
  const [open, setOpen] = useState<Open>();
  const failure = failureOf(schedules);
  return (
    <PageSection
      title="Schedules"
      about="Each makes a report at the times of a cron line, and sends it to folders and targets of notifications."
      actions={
        mayChange && (
          <Button variant="secondary" onClick={() => setOpen({ kind: "new" })}>
            New schedule
          </Button>
        )
      }
    >
      {schedules.isPending && <Loading what="the schedules" />}
      {failure !== undefined && <Failed error={failure} what="the schedules" />}
      {schedules.data?.length === 0 && (
        <p>
          None yet. {!mayChange && "Creating one needs a token with the scope "}
          {!mayChange && <code>admin</code>}
        </p>
      )}
      {schedules.data !== undefined && schedules.data.length > 0 && (
        <Table aria-label="Schedules" variant="compact">
          <Thead>
            <Tr>
              <Th>Name</Th>
              <Th>When</Th>
              <Th>Next</Th>
              <Th>Period</Th>
              <Th>Runs</Th>
              <Th>To</Th>
              {mayChange && <Th screenReaderText="Actions" />}
            </Tr>
          </Thead>
          <Tbody>
            {schedules.data.map((schedule) => (
              <Row key={schedule.name} schedule={schedule} open={mayChange ? setOpen : undefined} />
            ))}
          </Tbody>
        </Table>
      )}
      {open !== undefined && <Dialog open={open} close={() => setOpen(undefined)} />}
    </PageSection>
  );
}

interface RowProps {
  schedule: ReportScheduleItem;
  /** Missing if the user may not change it. */
  open: ((what: Open) => void) | undefined;
}

function Row({ schedule, open }: RowProps): ReactElement {
  const { name, cron, zone, next, period, query, destinations, formats, paused } = schedule;
  return (
    <Tr>
      <Td dataLabel="Name" className="pb-break">
        <Name>{name}</Name>
      </Td>
      <Td dataLabel="When">
        <span className="pb-code">{cron}</span> <span className="pb-subtle">{zone}</span>
      </Td>
      <Td dataLabel="Next" modifier="nowrap">
        {paused ? <Label isCompact>paused</Label> : next[0] ? <Time at={next[0]} /> : "never"}
      </Td>
      <Td dataLabel="Period">{period}</Td>
      <Td dataLabel="Runs" className="pb-break">
        <Name>{query || "all"}</Name>
      </Td>
      <Td dataLabel="To" className="pb-break">
        <Name>{destinations.map(destinationName).join(", ") || "nowhere"}</Name>
        {destinations.length > 0 && <div className="pb-subtle pb-small">as {formats.join(", ")}</div>}
      </Td>
      {open !== undefined && (
        <Td isActionCell>
          <MenuButton
            label={`Actions for ${name}`}
            isKebab
            actions={[
              { name: "Change …", onPick: () => open({ kind: "edit", schedule }) },
              { name: paused ? "Resume …" : "Pause …", onPick: () => open({ kind: "pause", schedule }) },
              { name: "Delete …", isDanger: true, onPick: () => open({ kind: "delete", schedule }) },
            ]}
          />
        </Td>
      )}
    </Tr>
  );
}

function Dialog({ open, close }: { open: Open; close(): void }): ReactElement {
  const cache = useQueryClient();
  const changed = () => cache.invalidateQueries({ queryKey: schedulesQuery.queryKey });
  if (open.kind === "new" || open.kind === "edit") {
    return (
      <ScheduleDialog
        schedule={open.kind === "edit" ? open.schedule : undefined}
        changed={changed}
        close={close}
      />
    );
  }
  const { schedule } = open;
  const { name, paused } = schedule;
  if (open.kind === "pause") {
    return (
      <ConfirmDialog
        title={`${paused ? "Resume" : "Pause"} ${name}?`}
        action={paused ? "Resume" : "Pause"}
        hasNote
        close={close}
        confirm={async (note) => {
          await save(name, { ...settingsOf(schedule), paused: !paused }, note);
          await changed();
        }}
      >
        <p>
          {paused
            ? "Reports are made again, from its next time on."
            : "No reports are made until it is resumed."}
        </p>
      </ConfirmDialog>
    );
  }
  return (
    <ConfirmDialog
      title={`Delete ${name}?`}
      action="Delete"
      isDanger
      hasNote
      close={close}
      confirm={async (note) => {
        const params = { path: { name }, ...(note !== undefined && { query: { note } }) };
        await done(api.DELETE("/api/v1/ansible/report-schedules/{name}", { params }));
        await changed();
      }}
    >
      <p>The reports that were made for it stay.</p>
    </ConfirmDialog>
  );
}
