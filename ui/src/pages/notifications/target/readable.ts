/** A body for people: JSON is indented; anything else, and JSON that was cut off, is unchanged. */
export function readable(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
