/** The page to open after the login: only one of our own, whatever a link says. */
export function safeNext(next: string | undefined): string {
  // Browsers interpret `//host` and `/\host` as addresses of another host.
  const isOurs = next !== undefined && /^\/(?![/\\])/.test(next) && !next.startsWith("/login");
  return isOurs ? next : "/runs";
}
