/** Runs `action` at once, then at most once in `interval` milliseconds; the last call is never lost. */
export function throttle(interval: number, action: () => void): { call(): void; cancel(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isWanted = false;
  function run(): void {
    isWanted = false;
    timer = setTimeout(() => {
      timer = undefined;
      if (isWanted) {
        run();
      }
    }, interval);
    action();
  }
  return {
    call: () => {
      isWanted = true;
      if (timer === undefined) {
        run();
      }
    },
    cancel: () => {
      clearTimeout(timer);
      timer = undefined;
      isWanted = false;
    },
  };
}
