/**
 * The routes of the UI.
 *
 * A new page: make `src/pages/<page>/index.tsx`, which exports its React component as `component` and is loaded when the
 * route is first visited; `src/pages/<page>/search.ts`, which exports `search` (what the address holds after `?`,
 * typed; see search.ts beside this file) and is part of the first load, so it stays small; then a route here. The page
 * reads its address with `getRouteApi("/hosts/$name")` and links with `<Link to="/hosts/$name" params={…}>`.
 */
import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, createRouter, redirect } from "@tanstack/react-router";
import { base } from "../api/base";
import { ApiError } from "../api/error";
import { identityQuery } from "../api/queries";
import { search as auditSearch } from "../pages/audit/search";
import { search as compareSearch } from "../pages/compare/search";
import { search as hostSearch } from "../pages/host/search";
import { search as hostsSearch } from "../pages/hosts/search";
import { search as launchSearch } from "../pages/launch/search";
import { search as loginSearch } from "../pages/login/search";
import { search as notificationsSearch, targetSearch } from "../pages/notifications/search";
import { search as previewSearch } from "../pages/report/search";
import { search as reportsSearch } from "../pages/reports/search";
import { search as consoleSearch } from "../pages/run/console/search";
import { search as matrixSearch } from "../pages/run/matrix/search";
import { search as resultSearch } from "../pages/run/result/search";
import { startConsole, startMatrix, startRun, startSummary, startTasks } from "../pages/run/start";
import { search as tasksSearch } from "../pages/run/tasks/search";
import { search as timelineSearch } from "../pages/run/timeline/search";
import { search as runsSearch } from "../pages/runs/search";
import { startRuns } from "../pages/runs/start";
import { newSearch as newScheduleSearch, search as schedulesSearch } from "../pages/schedules/search";
import { search as searchSearch } from "../pages/search/search";
import { search as settingsSearch } from "../pages/settings/search";
import { search as trendsSearch } from "../pages/trends/search";
import { Failed, Loading } from "../parts/states";
import { NotFound } from "./NotFound";
import { page } from "./page";
import { Shell } from "./Shell";
import { parseSearch, stringifySearch } from "./search";
import { fromSegment, toSegment } from "./segment";

const root = createRootRouteWithContext<{ cache: QueryClient }>()({ notFoundComponent: NotFound });

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: loginSearch,
  component: page(() => import("../pages/login")),
});

/** Everything else is inside the shell, for users who are logged in. */
const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  component: Shell,
  // Not before the pages below are loaded, but at the same time: each loader requests the data of its page.
  loader: async ({ context, location }) => {
    try {
      await context.cache.ensureQueryData(identityQuery);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        throw redirect({ to: "/login", search: { next: location.href }, replace: true });
      }
      // The collector may be unavailable: the shell opens, and its banner shows it.
    }
  },
});

const index = createRoute({
  getParentRoute: () => shell,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/runs", replace: true });
  },
});

const runs = createRoute({
  getParentRoute: () => shell,
  path: "/runs",
  validateSearch: runsSearch,
  loader: ({ context, location }) => startRuns(context.cache, runsSearch(location.search)),
  component: page(() => import("../pages/runs")),
});

const run = createRoute({
  getParentRoute: () => shell,
  path: "/runs/$id",
  loader: ({ context, params }) => startRun(context.cache, params.id),
  component: page(() => import("../pages/run")),
});

const runSummary = createRoute({
  getParentRoute: () => run,
  path: "/",
  // Not for every link under the pointer: the collector searches earlier runs for it.
  loader: ({ context, params, cause }) => {
    if (cause !== "preload") {
      void startSummary(context.cache, params.id);
    }
  },
  component: page(() => import("../pages/run/summary")),
});

const runConsole = createRoute({
  getParentRoute: () => run,
  path: "/console",
  validateSearch: consoleSearch,
  loader: ({ params, location }) => startConsole(params.id, location),
  component: page(() => import("../pages/run/console")),
});

const runTasks = createRoute({
  getParentRoute: () => run,
  path: "/tasks",
  validateSearch: tasksSearch,
  loader: ({ context, params }) => startTasks(context.cache, params.id),
  component: page(() => import("../pages/run/tasks")),
});

const runMatrix = createRoute({
  getParentRoute: () => run,
  path: "/matrix",
  validateSearch: matrixSearch,
  loader: ({ context, params, cause }) => {
    if (cause !== "preload") {
      startMatrix(context.cache, params.id);
    }
  },
  component: page(() => import("../pages/run/matrix")),
});

const runTimeline = createRoute({
  getParentRoute: () => run,
  path: "/timeline",
  validateSearch: timelineSearch,
  component: page(() => import("../pages/run/timeline")),
});

/** The outcome of one task on one host: `$task` is the task's number, `$host` the inventory name. */
const runResult = createRoute({
  getParentRoute: () => run,
  path: "/results/$task/$host",
  params: {
    parse: ({ task, host }) => ({ task, host: fromSegment(host) }),
    stringify: ({ task, host }) => ({ task, host: toSegment(host) }),
  },
  validateSearch: resultSearch,
  component: page(() => import("../pages/run/result")),
});

/** Without the second run, the last good one is used. */
const compareEarlier = createRoute({
  getParentRoute: () => shell,
  path: "/compare/$a",
  validateSearch: compareSearch,
  component: page(() => import("../pages/compare")),
});

const compare = createRoute({
  getParentRoute: () => shell,
  path: "/compare/$a/$b",
  validateSearch: compareSearch,
  component: page(() => import("../pages/compare")),
});

const hosts = createRoute({
  getParentRoute: () => shell,
  path: "/hosts",
  validateSearch: hostsSearch,
  component: page(() => import("../pages/hosts")),
});

const host = createRoute({
  getParentRoute: () => shell,
  path: "/hosts/$name",
  validateSearch: hostSearch,
  component: page(() => import("../pages/host")),
});

const trends = createRoute({
  getParentRoute: () => shell,
  path: "/trends",
  validateSearch: trendsSearch,
  component: page(() => import("../pages/trends")),
});

const reports = createRoute({
  getParentRoute: () => shell,
  path: "/reports",
  validateSearch: reportsSearch,
  component: page(() => import("../pages/reports")),
});

/** A report of the time before now, which is not stored. */
const preview = createRoute({
  getParentRoute: () => shell,
  path: "/reports/preview",
  validateSearch: previewSearch,
  component: page(() => import("../pages/report/now")),
});

/** A report that was made for a schedule. */
const report = createRoute({
  getParentRoute: () => shell,
  path: "/reports/$id",
  component: page(() => import("../pages/report")),
});

const search = createRoute({
  getParentRoute: () => shell,
  path: "/search",
  validateSearch: searchSearch,
  component: page(() => import("../pages/search")),
});

const launch = createRoute({
  getParentRoute: () => shell,
  path: "/launch",
  validateSearch: launchSearch,
  component: page(() => import("../pages/launch")),
});

const schedules = createRoute({
  getParentRoute: () => shell,
  path: "/schedules",
  validateSearch: schedulesSearch,
  component: page(() => import("../pages/schedules")),
});

/** No schedule's name begins with `-`. */
const newSchedule = createRoute({
  getParentRoute: () => shell,
  path: "/schedules/-/new",
  validateSearch: newScheduleSearch,
  component: page(() => import("../pages/schedules/form/new")),
});

const schedule = createRoute({
  getParentRoute: () => shell,
  path: "/schedules/$name",
  validateSearch: schedulesSearch,
  component: page(() => import("../pages/schedules/schedule")),
});

const editSchedule = createRoute({
  getParentRoute: () => shell,
  path: "/schedules/$name/edit",
  validateSearch: schedulesSearch,
  component: page(() => import("../pages/schedules/form/edit")),
});

const notifications = createRoute({
  getParentRoute: () => shell,
  path: "/notifications",
  validateSearch: notificationsSearch,
  component: page(() => import("../pages/notifications")),
});

/** No target's name begins with `-`. */
const newTarget = createRoute({
  getParentRoute: () => shell,
  path: "/notifications/-/new",
  validateSearch: notificationsSearch,
  component: page(() => import("../pages/notifications/form/new")),
});

const target = createRoute({
  getParentRoute: () => shell,
  path: "/notifications/$name",
  validateSearch: targetSearch,
  component: page(() => import("../pages/notifications/target")),
});

const editTarget = createRoute({
  getParentRoute: () => shell,
  path: "/notifications/$name/edit",
  validateSearch: notificationsSearch,
  component: page(() => import("../pages/notifications/form/edit")),
});

const audit = createRoute({
  getParentRoute: () => shell,
  path: "/audit",
  validateSearch: auditSearch,
  component: page(() => import("../pages/audit")),
});

const settings = createRoute({
  getParentRoute: () => shell,
  path: "/settings",
  validateSearch: settingsSearch,
  component: page(() => import("../pages/settings")),
});

const elsewhere = createRoute({ getParentRoute: () => shell, path: "$", component: NotFound });

const routes = root.addChildren([
  login,
  shell.addChildren([
    index,
    runs,
    run.addChildren([runSummary, runConsole, runTasks, runMatrix, runTimeline, runResult]),
    compareEarlier,
    compare,
    hosts,
    host,
    trends,
    reports,
    preview,
    report,
    search,
    launch,
    schedules,
    newSchedule,
    schedule,
    editSchedule,
    notifications,
    newTarget,
    target,
    editTarget,
    audit,
    settings,
    elsewhere,
  ]),
]);

export function createAppRouter(cache: QueryClient) {
  return createRouter({
    routeTree: routes,
    context: { cache },
    basepath: base,
    parseSearch,
    stringifySearch,
    // Values that a page's `search` drops are removed from the address, too, rather than passed on unchecked.
    search: { strict: true },
    defaultPreload: "intent",
    defaultPendingComponent: Loading,
    defaultErrorComponent: Failed,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
