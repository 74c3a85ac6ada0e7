import { QueryClientProvider } from "@tanstack/react-query";
import { renderHook, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { useFiles } from "./launch";
import { createQueryClient } from "./queries";

afterEach(() => vi.unstubAllGlobals());

test("what could not be read of what can run is read again, and stays when it cannot be read again", async () => {
  let refused: string | undefined = "/inventories";
  const refusal = '{"error":{"code":"forbidden","message":"not now"}}';
  vi.stubGlobal("fetch", async ({ url }: Request) =>
    refused !== undefined && url.endsWith(refused)
      ? new Response(refusal, { status: 403 })
      : new Response('{"playbooks":[{"name":"site.yml"}],"inventories":[{"name":"hosts.ini"}]}'),
  );
  const cache = createQueryClient();
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={cache}>{children}</QueryClientProvider>
  );
  const { result } = renderHook(useFiles, { wrapper });
  await waitFor(() => expect(result.current.error?.message).toBe("not now"));
  expect(result.current.files).toBeUndefined();
  refused = undefined;
  result.current.retry();
  await waitFor(() => expect(result.current.files?.inventories).toEqual([{ name: "hosts.ini" }]));
  expect(result.current.files?.playbooks).toEqual([{ name: "site.yml" }]);
  refused = "/playbooks";
  await cache.invalidateQueries();
  await waitFor(() => expect(result.current.error?.message).toBe("not now"));
  expect(result.current.files?.playbooks).toEqual([{ name: "site.yml" }]);
});
