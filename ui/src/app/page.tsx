/** Pages that are loaded when they are first visited. */
import type { AsyncRouteComponent } from "@tanstack/react-router";
import { type ReactElement, useEffect, useState } from "react";
import { api } from "../api/client";
import { currentConnection, useConnection } from "../api/connection";
import { ApiError } from "../api/error";
import { Failed, Loading } from "../parts/states";

export interface PageModule {
  component: () => ReactElement | null;
}

/**
 * The component of a route whose code is loaded on demand. Not the router's own `lazyRouteComponent`, because that
 * reloads the window if the code cannot be loaded: while the collector is unavailable, the displayed page would be lost.
 */
export function page(load: () => Promise<PageModule>): AsyncRouteComponent<unknown> {
  const late = new LateCode(load);
  // The router preloads while the pointer is on a link; if that fails, the page tries again.
  return Object.assign(() => <LatePage late={late} />, {
    preload: () => late.start().catch(() => undefined),
  });
}

class LateCode {
  readonly #load: () => Promise<PageModule>;
  component: PageModule["component"] | undefined;

  constructor(load: () => Promise<PageModule>) {
    this.#load = load;
  }

  async start(): Promise<void> {
    this.component ??= (await this.#load()).component;
  }
}

function LatePage({ late }: { late: LateCode }): ReactElement {
  const [, draw] = useState(0);
  const [error, setError] = useState<ApiError>();
  const { state: connection } = useConnection();
  useEffect(() => {
    let isShown = true;
    if (late.component === undefined) {
      late.start().then(
        () => isShown && draw((count) => count + 1),
        async () => {
          const why = await reason();
          return isShown && setError(why);
        },
      );
    }
    return () => {
      isShown = false;
    };
  }, [late]);
  const isBack = error?.isAway === true && connection === "online";
  useEffect(() => {
    // Browsers remember that the file could not be loaded, so only a new document can load it. The address contains
    // everything else.
    if (isBack) {
      window.location.reload();
    }
  }, [isBack]);
  const Loaded = late.component;
  if (Loaded !== undefined) {
    return <Loaded />;
  }
  if (error === undefined) {
    return <Loading />;
  }
  const retry = () => (error.isAway ? void reason() : window.location.reload());
  return <Failed error={error} retry={retry} isPage />;
}

/** Why code could not be loaded. Any request to the collector finds out, and sets or removes the banner. */
async function reason(): Promise<ApiError> {
  await api.GET("/api/v1/ansible/whoami").catch(() => undefined);
  return currentConnection().state === "away"
    ? ApiError.away()
    : // The collector answers but has no such file: the new index.html knows the new names.
      new ApiError(
        404,
        "updated",
        "the collector was updated since this window was opened: try again to reload it",
      );
}
