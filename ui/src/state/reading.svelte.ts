/** Something that is shown as the backend has it: read when it is looked at, and again after a change. */
import { panelErrorText } from './problems';
import { coalesced } from './reload';

export class Reading<T> {
  /** What was read last; none before. */
  value = $state.raw<T | null>(null);
  /** Why it could not be read the last time; none if it could. */
  failure = $state<string | null>(null);

  /** Reads it again. */
  readonly reload: () => Promise<void>;

  constructor(read: () => Promise<T>) {
    this.reload = coalesced(async () => {
      try {
        this.value = await read();
        this.failure = null;
      } catch (error) {
        this.failure = panelErrorText(error);
      }
    });
  }
}
