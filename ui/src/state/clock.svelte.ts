/** The present moment for what shows ages; it moves every few seconds while the page is seen. */

const TICK_MS = 5000;

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
