import { getRouteApi } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Matrix } from "../../../matrix/decode";
import type { Zoom } from "../../../matrix/layout";
import type { MatrixView, Place } from "../../../matrix/model";
import type { MatrixSearch } from "./search";

const route = getRouteApi("/shell/runs/$id/matrix");

/** In matrices with more hosts than this, hosts with the same outcomes are initially one line. */
const FOLDED_FROM = 40;

/** Matrices with more tasks than this begin with small cells. */
const SMALL_FROM = 60;

/** How long after the last key the cursor is written into the address, in milliseconds. */
const SETTLED = 300;

/** The reader's choices, from the address and back into it. */
export function useAddress(id: string, matrix: Matrix | undefined) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const write = useCallback(
    (change: MatrixSearch) => void navigate({ search: (last) => ({ ...last, ...change }), replace: true }),
    [navigate],
  );
  const isFolded = search.fold ?? (matrix?.hosts.length ?? 0) > FOLDED_FROM;
  const view = useMemo(
    (): MatrixView => ({
      show: search.show ?? "all",
      host: search.hosts ?? "",
      task: search.tasks ?? "",
      sort: search.sort ?? "worst",
      folded: isFolded,
    }),
    [search.show, search.hosts, search.tasks, search.sort, isFolded],
  );
  const [place, setPlace] = usePlace(search, write);
  return {
    view,
    zoom: search.zoom ?? ((matrix?.tasks.length ?? 0) > SMALL_FROM ? "small" : "large"),
    onView: (change: Partial<MatrixView>) => write(inAddress(change)),
    onZoom: (zoom: Zoom) => write({ zoom }),
    place,
    onPlace: setPlace,
    onOpen: ({ host, task }: Place) =>
      void navigate({
        to: "/runs/$id/results/$task/$host",
        params: { id, task: String(task), host },
        search: {},
      }),
  };
}

/** The chosen cell: on the screen at once, and in the address when the keys rest. */
function usePlace(search: MatrixSearch, write: (change: MatrixSearch) => void) {
  const { host, task } = search;
  const written = useMemo(
    () => (host !== undefined && task !== undefined ? { host, task } : undefined),
    [host, task],
  );
  const [place, setPlace] = useState<Place | undefined>(written);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const own = useRef<Place>(undefined);
  useEffect(() => {
    // Back, Forward and links change the address. A value written here may arrive after further key presses.
    const { current } = own;
    if (current === undefined || current.host !== written?.host || current.task !== written.task) {
      setPlace(written);
    }
    own.current = undefined;
  }, [written]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const choose = useCallback(
    (next: Place) => {
      setPlace(next);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        own.current = next;
        write(next);
      }, SETTLED);
    },
    [write],
  );
  return [place, choose] as const;
}

function inAddress(change: Partial<MatrixView>): MatrixSearch {
  const { show, host, task, sort, folded } = change;
  return {
    ...(show !== undefined && { show }),
    ...(host !== undefined && { hosts: host }),
    ...(task !== undefined && { tasks: task }),
    ...(sort !== undefined && { sort }),
    ...(folded !== undefined && { fold: folded }),
  };
}
