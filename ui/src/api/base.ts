/** Where the pages live: "/", or the path of a reverse proxy, such as "/playback/". Ends with a slash. */
export const base: string = readBase();

/** The collector writes the path into index.html; anything that is not a path counts as "/". */
function readBase(): string {
  const written = document.querySelector<HTMLMetaElement>('meta[name="playback-base"]')?.content ?? "/";
  return /^\/([^/].*\/)?$/.test(written) ? written : "/";
}

/** The collector's own address in the form for ansible.cfg, without the last slash. */
export function ownAddress(): string {
  return (window.location.origin + base).replace(/\/$/, "");
}

/** The address of something the API serves, for links and downloads: `apiAddress("/executions/…/report")`. */
export function apiAddress(path: string, query: Record<string, string> = {}): string {
  const text = new URLSearchParams(query).toString();
  return `${base}api/v1/ansible${path}${text && `?${text}`}`;
}
