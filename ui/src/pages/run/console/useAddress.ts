import { getRouteApi, useLocation, useRouter } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { formatHash, parseHash } from "../../../console/selection";
import type { LineSpan, Query, StreamName } from "../../../console/types";
import type { ConsoleSearch } from "./search";

const route = getRouteApi("/shell/runs/$id/console");

/** The reader's choices, from the address and back into it. */
export function useAddress(id: string) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const router = useRouter();
  const hash = useLocation({ select: (location) => location.hash });
  // An open search without a text is not part of the address.
  const [isOpen, setOpen] = useState(false);
  const { q, regex = false, case: caseSensitive = false, stream } = search;
  const query = useMemo(
    (): Query | undefined =>
      q === undefined && !isOpen ? undefined : { text: q ?? "", regex, caseSensitive },
    [q, regex, caseSensitive, isOpen],
  );
  const options = { resetScroll: false, hashScrollIntoView: false } as const;
  const write = (search: ConsoleSearch) => void navigate({ search, hash: true, replace: true, ...options });
  return {
    selected: useMemo(() => parseHash(hash), [hash]),
    only: stream,
    query,
    hrefOf: (span: LineSpan) =>
      router.buildLocation({ to: "/runs/$id/console", params: { id }, hash: formatHash(span) }).href,
    onSelect: (span: LineSpan | undefined) =>
      void navigate({ search: true, hash: span === undefined ? "" : formatHash(span), ...options }),
    onOnly: (only: StreamName | undefined) => write({ ...asked(query), ...shown(only) }),
    onQuery: (next: Query | undefined) => {
      setOpen(next !== undefined);
      write({ ...asked(next), ...shown(stream) });
    },
  };
}

function shown(stream: StreamName | undefined): ConsoleSearch {
  return stream === undefined ? {} : { stream };
}

function asked(query: Query | undefined): ConsoleSearch {
  if (query === undefined || query.text === "") {
    return {};
  }
  const { text, regex, caseSensitive } = query;
  return { q: text, ...(regex ? { regex } : {}), ...(caseSensitive ? { case: true } : {}) };
}
