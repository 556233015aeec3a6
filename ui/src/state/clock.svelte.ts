/** The present moment for what shows ages; it moves twice a minute while the page is seen. */

/** Ages are shown in minutes, and each tick makes every row that is seen work out its own. */
const TICK_MS = 30_000;

export class Clock {
  /** By this computer's clock. */
  now = $state(Date.now());

  /** Ticks until the answer is called. */
  start(): () => void {
    const tick = (): void => {
      if (document.visibilityState === 'visible') this.now = Date.now();
    };
    const timer = setInterval(tick, TICK_MS);
    document.addEventListener('visibilitychange', tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', tick);
    };
  }
}

/** How often seconds that run out are looked at. */
const COUNTDOWN_MS = 250;

/** The seconds that are left until a moment, by this computer's clock; for use in a component. */
export function countdown(until: () => number | null): { readonly seconds: number } {
  let seconds = $state(0);
  $effect(() => {
    const end = until();
    if (end === null) return;
    const look = (): void => {
      seconds = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    };
    look();
    const timer = setInterval(look, COUNTDOWN_MS);
    return () => clearInterval(timer);
  });
  return {
    get seconds() {
      return seconds;
    },
  };
}
