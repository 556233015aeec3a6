/** Something that is read and kept as a whole: what is being changed of it, and whether that is kept. */
import { refusedWith } from './problems';

/** Something with how often it was changed. */
export interface Revised<T> {
  revision: number;
  value: T;
}

export class Managed<T> {
  /** What is being changed; none before it was read. */
  value = $state<T | null>(null);
  hasFailed = $state(false);
  isSaving = $state(false);
  /** Why it was not kept. */
  error = $state.raw<unknown>(null);
  /** Whether it was not kept since somebody else has changed it. */
  readonly isOvertaken = $derived(refusedWith(this.error)?.code === 'changed_meanwhile');

  #kept = $state.raw<Revised<T> | null>(null);
  /** Whether it has been read: what is kept may be nothing. */
  readonly isRead = $derived(this.#kept !== null);
  readonly isChanged = $derived(
    this.#kept !== null && JSON.stringify(this.value) !== JSON.stringify(this.#kept.value),
  );

  readonly #read: () => Promise<Revised<T>>;
  readonly #put: (kept: Revised<T>) => Promise<Revised<T>>;

  constructor(read: () => Promise<Revised<T>>, put: (kept: Revised<T>) => Promise<Revised<T>>) {
    this.#read = read;
    this.#put = put;
  }

  /** Reads it; what is being changed stays unless it is to be given up. */
  async load(givingUp = false): Promise<void> {
    if (this.isChanged && !givingUp) return;
    try {
      const kept = await this.#read();
      // Something may have been begun meanwhile.
      if (!this.isChanged || givingUp) this.#take(kept);
      this.hasFailed = false;
    } catch {
      this.hasFailed = this.#kept === null;
    }
  }

  /** Keeps what was changed. True if it is kept. */
  async save(): Promise<boolean> {
    if (this.#kept === null || this.isSaving) return false;
    this.isSaving = true;
    try {
      const value = $state.snapshot(this.value) as T;
      const kept = await this.#put({ revision: this.#kept.revision, value });
      // What was typed meanwhile is not kept yet, and stays.
      if (JSON.stringify(this.value) === JSON.stringify(value)) this.#take(kept);
      else {
        this.#kept = kept;
        this.error = null;
      }
      return true;
    } catch (error) {
      this.error = error;
      return false;
    } finally {
      this.isSaving = false;
    }
  }

  /** Puts it back to what is kept. */
  reset(): void {
    if (this.#kept !== null) this.#take(this.#kept);
  }

  /** Forgets all of it. */
  forget(): void {
    this.#kept = null;
    this.value = null;
    this.error = null;
  }

  #take(kept: Revised<T>): void {
    this.#kept = kept;
    this.value = structuredClone(kept.value);
    this.error = null;
  }
}
