import { render } from "@testing-library/react";
import { expect, test } from "vitest";
import { Name } from "./Name";

test("marks that turn or hide text are seen, whatever else is there", () => {
  const { container } = render(
    <Name title="a host">
      on {"web-\u202egnp.01"} and {"\u001b[31mdb\r\nsecond"}
    </Name>,
  );
  expect(container.textContent).toBe("on web-⟨RLO⟩gnp.01 and ^[[31mdb^M\nsecond");
  expect(container.querySelector("bdi")?.title).toBe("a host");
});
