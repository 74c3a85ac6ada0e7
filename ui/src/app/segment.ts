/**
 * Names as segments of an address. Browsers remove `.` and `..`, however they are encoded, so these begin
 * with a tilde.
 */

export function toSegment(name: string): string {
  return /^~*\.{1,2}$/.test(name) ? `~${name}` : name;
}

export function fromSegment(segment: string): string {
  return /^~+\.{1,2}$/.test(segment) ? segment.slice(1) : segment;
}
