import { expect, it } from "vitest";
import { linkParts } from "./links";

const links = (text: string) =>
  linkParts(text)
    .filter((part) => part.href !== undefined)
    .map((part) => part.text);

it("finds addresses of the web", () => {
  expect(linkParts("see https://docs.ansible.com/x?y=1#z, please")).toEqual([
    { text: "see " },
    { text: "https://docs.ansible.com/x?y=1#z", href: "https://docs.ansible.com/x?y=1#z" },
    { text: ", please" },
  ]);
  expect(links("(http://a.example/b_(c)) and [http://[::1]:80/].")).toEqual([
    "http://a.example/b_(c)",
    "http://[::1]:80/",
  ]);
  expect(links('"url": "http://web-01:8080/", "x"')).toEqual(["http://web-01:8080/"]);
});

it("makes no link of any other scheme", () => {
  const hostile =
    "javascript:alert(1) javascript://http://a%0aalert(1) data:text/html,x file:///etc/passwd ftp://a/b";
  expect(linkParts(hostile).every((part) => !part.href || /^https?:/.test(part.href))).toBe(true);
  expect(links("javascript:alert(1) data:text/html,<b> vbscript:x file:///etc/passwd ftp://a/b")).toEqual([]);
});

it("loses no text", () => {
  for (const text of [
    "http://",
    "https://%",
    "xhttp://a",
    "http://a)))))",
    `http://${"a".repeat(5000)}`,
    "",
  ]) {
    const parts = linkParts(text);
    expect(parts.map((part) => part.text).join("")).toBe(text);
  }
});

it("takes no longer for many brackets", () => {
  const start = performance.now();
  const parts = linkParts(`http://a.example/${")".repeat(300_000)}`);
  expect(parts.map((part) => part.text.length)).toEqual([17, 300_000]);
  // Tens of milliseconds; in quadratic time, minutes.
  expect(performance.now() - start).toBeLessThan(5_000);
});
