/** A made-up matrix of any size, for tests and measurements: the same for the same sizes. */
import { CODE, type Matrix } from "./decode";

/** Most hosts have the same outcomes; some fail, change or cannot be reached, as in a real run of many hosts. */
export function syntheticMatrix(hosts: number, tasks: number): Matrix {
  const cells = new Uint8Array(hosts * tasks);
  const next = randomNumbers(42);
  for (let host = 0; host < hosts; host += 1) {
    const kind = next();
    const stop = kind < 0.02 ? Math.floor(next() * tasks) : tasks;
    for (let task = 0; task < stop; task += 1) {
      const usual = task % 17 === 3 ? CODE.skipped : task % 23 === 5 ? CODE.changed : CODE.ok;
      cells[host * tasks + task] = kind > 0.9 && next() < 0.05 ? CODE.changed : usual;
    }
    if (stop < tasks) {
      cells[host * tasks + stop] = kind < 0.005 ? CODE.unreachable : CODE.failed;
    } else if (kind > 0.98 && tasks > 0) {
      cells[host * tasks + Math.floor(next() * tasks)] = kind > 0.99 ? CODE.ignored : CODE.rescued;
    }
  }
  return {
    hosts: Array.from({ length: hosts }, (_, at) => `web-${String(at + 1).padStart(4, "0")}`),
    tasks: Array.from({ length: tasks }, (_, at) => at + 1),
    cells,
  };
}

/** Numbers from 0 to 1 (a linear congruential generator): `Math.random` would return other numbers each time. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
