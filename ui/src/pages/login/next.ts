/** Where to go after the login: only to a page of our own, whatever a link says. */
export function safeNext(next: string | undefined): string {
  // Browsers read `//host` and `/\host` as addresses of another host.
  const isOurs = next !== undefined && /^\/(?![/\\])/.test(next) && !next.startsWith("/login");
  return isOurs ? next : "/runs";
}
