import "@patternfly/react-core/dist/styles/base.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { onUnauthorized } from "./api/client";
import { createQueryClient } from "./api/queries";
import { applyTheme } from "./app/preferences";
import { createAppRouter } from "./app/router";

applyTheme();
const cache = createQueryClient();
const router = createAppRouter(cache);

onUnauthorized(() => {
  const { pathname, href } = router.state.location;
  if (pathname !== "/login") {
    void router.navigate({ to: "/login", search: { next: href }, replace: true });
  }
});

const place = document.getElementById("root");
if (place === null) {
  throw new Error("index.html has no place for the pages");
}
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={cache}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
