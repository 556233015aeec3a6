/**
 * Turns "something changed" into reading again: at most one reading at a time, and one more after
 * it if anything changed meanwhile, so that the last answer is never older than the last event.
 */
export function coalesced(read: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let isStale = false;
  const run = async (): Promise<void> => {
    try {
      do {
        isStale = false;
        await read();
      } while (isStale);
    } finally {
      // With the last look at it, or what changes in between would never be read.
      running = null;
    }
  };
  return () => {
    if (running !== null) {
      isStale = true;
      return running;
    }
    running = run();
    return running;
  };
}
