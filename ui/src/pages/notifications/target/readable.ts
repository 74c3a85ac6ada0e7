/** A body as people read it: JSON is indented; anything else, and JSON that was cut off, stays as it is. */
export function readable(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
