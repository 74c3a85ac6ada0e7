/** The output of a run: any number of lines, live or stored, with search, folding, links to lines, and times. */

import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import ArrowDownIcon from "@patternfly/react-icons/dist/esm/icons/arrow-down-icon";
import {
  type KeyboardEvent,
  type MouseEvent,
  type ReactElement,
  type ReactNode,
  useEffect,
  useRef,
  useState,
} from "react";
import { numberOf } from "./chunk";
import "./console.css";
import { FindBar } from "./FindBar";
import { step } from "./find";
import { classes, explainTime, footer, textStart, useBrowserFind } from "./helpers";
import { useRemembered } from "./remembered";
import { SelectionBar } from "./SelectionBar";
import { Stuck } from "./Stuck";
import { clicked } from "./selection";
import { Toolbar } from "./Toolbar";
import type { Line, LineSpan, Query, Source, StreamName } from "./types";
import { useFailures } from "./useFailures";
import { useFind } from "./useFind";
import { useFolds } from "./useFolds";
import { useLog, useStoreState, useViewState } from "./useLog";
import { useStartPlace } from "./useStartPlace";
import { useTasks } from "./useTasks";

export interface ConsoleProps {
  /** Must stay the same object for the same run. */
  source: Source;
  /** Whether the run is still running. */
  live: boolean;
  /** Whether the run failed: then successful tasks are folded, and the first failure is shown first. */
  failed: boolean;
  /** When the run started, in milliseconds. */
  start: number | undefined;
  /** IANA name of the zone for times; the browser's own if missing. */
  zone: string | undefined;
  /** Lines that the address names. */
  selected: LineSpan | undefined;
  /** The line at the upper edge when the reader left, to which they return. */
  place?: number | undefined;
  only: StreamName | undefined;
  /** The searched text; missing while the search is closed. */
  query: Query | undefined;
  /** The address of lines. */
  hrefOf: (span: LineSpan) => string;
  rawHref: string;
  downloadName: string;
  /** Shown in place of the lines if there are none, and none will come. */
  empty: (reason: string | undefined) => ReactNode;
  onSelect: (span: LineSpan | undefined) => void;
  onOnly: (only: StreamName | undefined) => void;
  onQuery: (query: Query | undefined) => void;
  /** Called with the line at the upper edge, whenever that changes; with none while the end is followed. */
  onPlace?: ((line: number | undefined) => void) | undefined;
  /** Leads from a line to the result that it shows. */
  onOpen?: ((line: Line) => void) | undefined;
}

const NO_QUERY: Query = { text: "", regex: false, caseSensitive: false };

export function Console(props: ConsoleProps): ReactElement {
  const { source, live, failed, only, selected, query, start, zone, place, onPlace } = props;
  const left = useRef(place);
  const { log, scroller } = useLog({ source, only, live, selected, place: left.current });
  const store = useStoreState(log);
  const view = useViewState(log);
  const remembered = useRemembered();
  const failures = useFailures(source, store, view, failed);
  const folds = useFolds(log, store, failed && !live);
  const tasks = useTasks(source, view);
  const finding = useFind(query, source, log, store, only !== undefined);
  const field = useRef<HTMLInputElement>(null);
  const body = useRef<HTMLElement | null>(null);
  const anchor = useRef<number | undefined>(undefined);
  const [failure, setFailure] = useState<number>();
  const isAsked = selected !== undefined || query !== undefined || place !== undefined;
  useStartPlace(source, log, store, failures, failed && !live && !isAsked);

  const { times, wrap } = remembered;
  useEffect(() => log?.view.setTimes(times, zone, start), [log, times, zone, start]);
  useEffect(() => log?.view.setWrap(wrap), [log, wrap]);

  // The address decides: after a click, Back and Forward, or a link.
  const { from, to } = selected ?? {};
  const own = useRef<LineSpan | undefined>(place === undefined ? undefined : selected);
  useEffect(() => {
    if (log === undefined) {
      return;
    }
    const span = from === undefined || to === undefined ? undefined : { from, to };
    log.view.select(span);
    if (span !== undefined && (own.current?.from !== from || own.current?.to !== to)) {
      log.view.goTo(span.from);
    }
    own.current = undefined;
  }, [log, from, to]);

  const reached = view?.following === false ? view.top : undefined;
  const isReady = store?.ready === true;
  useEffect(() => {
    if (isReady) {
      left.current = reached;
      onPlace?.(reached);
    }
  }, [isReady, reached, onPlace]);

  const choose = (number: number, extend: boolean) => {
    const span = clicked(selected, anchor.current, number, extend);
    if (!extend) {
      anchor.current = number;
    }
    own.current = span;
    props.onSelect(span);
  };

  const openFind = () => {
    if (query === undefined) {
      props.onQuery(NO_QUERY);
    }
    // After the bar has been rendered.
    requestAnimationFrame(() => field.current?.select());
  };
  const closeFind = () => {
    props.onQuery(undefined);
    body.current?.focus({ preventScroll: true });
  };
  useBrowserFind(field, openFind);

  const goFailure = (forward: boolean) => {
    const at = failure ?? view?.top ?? 0;
    const index = step(
      failures.map((number) => ({ number })),
      failure === undefined && forward ? at - 1 : at,
      forward,
    );
    const number = failures[index];
    if (number !== undefined) {
      setFailure(number);
      anchor.current = number;
      own.current = { from: number, to: number };
      props.onSelect(own.current);
      log?.view.goTo(number);
    }
  };

  const click = (event: MouseEvent) => {
    const { target } = event;
    if (!(target instanceof HTMLElement)) {
      return;
    }
    const line = target.closest<HTMLElement>(".pbc-line");
    if (line === null) {
      return;
    }
    if (target.closest(".pbc-fold") !== null) {
      folds.toggle(numberOf(line));
    } else if (target.closest(".pbc-more") !== null) {
      log?.view.toggleLong(numberOf(line));
    } else if (target === line && event.clientX < textStart(line)) {
      // The number is not an element: only text is copied.
      choose(numberOf(line), event.shiftKey);
    }
  };

  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    const moves = event.shiftKey && (event.key === "ArrowDown" || event.key === "ArrowUp");
    if (moves) {
      const end =
        selected === undefined
          ? (view?.top ?? 0)
          : anchor.current === selected.to
            ? selected.from
            : selected.to;
      choose(Math.max(0, end + (selected === undefined ? 0 : event.key === "ArrowDown" ? 1 : -1)), true);
      anchor.current ??= end;
    } else if (event.key === "n" || event.key === "p") {
      goFailure(event.key === "n");
    } else if (event.key === "Enter" && event.target === event.currentTarget && selected !== undefined) {
      // Not on a fold or a link, which use Enter themselves.
      const line = log?.store.lineAt(log.store.rowOf(selected.from));
      if (line?.of === undefined || props.onOpen === undefined) {
        return;
      }
      props.onOpen(line);
    } else if (event.key === "w") {
      remembered.setWrap(!wrap);
    } else if (event.key === "/") {
      openFind();
    } else if (event.key === "End") {
      log?.view.goToEnd();
    } else if (event.key === "Home") {
      log?.view.goTo(0);
    } else if (event.key === "Escape" && selected !== undefined) {
      props.onSelect(undefined);
    } else {
      return;
    }
    event.preventDefault();
  };

  const isEmpty = store !== undefined && (store.gone || (store.ready && store.rows === 0 && !store.live));
  const isWaiting = store?.ready === true && store.rows === 0 && store.live;
  return (
    <section className="pbc" aria-label="Console">
      <Toolbar
        failures={failures.length}
        passed={failure === undefined ? 0 : failures.indexOf(failure) + 1}
        folds={folds.policy}
        // If most tasks are not known, folding all of them would only fold some.
        canFold={(view?.outline.tasks.length ?? 0) > 0 && view?.all === true}
        tasks={tasks}
        top={view?.top ?? 0}
        remembered={remembered}
        only={only}
        rawHref={props.rawHref}
        downloadName={props.downloadName}
        onFailure={goFailure}
        onFolds={folds.setPolicy}
        onWrap={remembered.setWrap}
        onOnly={props.onOnly}
        onGoTo={(span) => {
          anchor.current = span.from;
          props.onSelect(span);
          log?.view.goTo(span.from);
        }}
        onTask={(line) => log?.view.goTo(line)}
        onFind={openFind}
      />
      {query !== undefined && (
        <FindBar query={query} finding={finding} field={field} onQuery={props.onQuery} onClose={closeFind} />
      )}
      {/* Below the lines, but before them for the keyboard: after them, it would come after all their links and folds. */}
      {log !== undefined && selected !== undefined && (
        <SelectionBar
          log={log}
          selected={selected}
          href={props.hrefOf(selected)}
          onOpen={props.onOpen}
          onClear={() => props.onSelect(undefined)}
        />
      )}
      <div className="pbc-body">
        {view !== undefined && view.stuck.length > 0 && (
          <Stuck sections={view.stuck} times={times !== "off"} onGoTo={(line) => log?.view.goTo(line)} />
        )}
        <section
          ref={(element) => {
            body.current = element;
            scroller(element);
          }}
          className={classes("pbc-scroller", wrap && "pbc-wrap", times !== "off" && "pbc-times")}
          aria-label="Output"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
          tabIndex={0}
          onClick={click}
          onKeyDown={press}
          onMouseMove={(event) => explainTime(event, log?.store)}
        />
        {isEmpty && <div className="pbc-empty">{props.empty(store?.gone ? store.error : undefined)}</div>}
        {isWaiting && (
          <p className="pbc-empty pbc-note">Nothing was printed yet. Lines appear here as they arrive.</p>
        )}
        {view !== undefined && !view.following && (live || view.fresh > 0) && (
          <div className="pbc-end">
            <Button
              variant="primary"
              size="sm"
              icon={<ArrowDownIcon />}
              onClick={() => {
                // The button disappears: the keyboard focus moves to the lines.
                body.current?.focus({ preventScroll: true });
                log?.view.goToEnd();
              }}
            >
              {view.fresh > 0
                ? `${view.fresh.toLocaleString("en")} new ${view.fresh === 1 ? "line" : "lines"}`
                : "Follow the end"}
            </Button>
          </div>
        )}
      </div>
      <div className="pbc-bar pbc-bar-end">
        <span className="pbc-note">{store === undefined ? "" : footer(store, live, only)}</span>
        <span className="pbc-space" />
        {store?.error !== undefined && !store.gone && (
          <span className="pbc-note pbc-problem" role="alert">
            {store.error} Trying again …
          </span>
        )}
        <span className="pbc-note" role="status">
          {live && view !== undefined && (view.following ? "Following the end" : "Not following the end")}
        </span>
      </div>
    </section>
  );
}
