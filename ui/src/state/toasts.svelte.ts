/** Short messages at the corner, one at a time. */

export interface Toast {
  id: number | string;
  text: string;
  severity: 'info' | 'bad';
  /** What can be done about it, such as undoing it. */
  action: { label: string; run: () => void; isUndo?: boolean } | null;
  /** For what can be done about it only for so long. */
  secondsLeft?: number;
}

const SHOWN_MS = 6000;

export class Toasts {
  current = $state.raw<Toast | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastId = 0;

  /** Returns the number by which it can be withdrawn. */
  show(
    text: string,
    { severity = 'info', action = null }: Partial<Pick<Toast, 'severity' | 'action'>> = {},
  ): number {
    this.#lastId += 1;
    this.current = { id: this.#lastId, text, severity, action };
    this.resume();
    return this.#lastId;
  }

  /** Takes this one away, if it is still there. */
  withdraw(id: number): void {
    if (this.current?.id === id) this.dismiss();
  }

  dismiss = (): void => {
    clearTimeout(this.#timer);
    this.current = null;
  };

  /** Holds it while it is pointed at or has the focus. */
  hold = (): void => clearTimeout(this.#timer);

  resume = (): void => {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.dismiss, SHOWN_MS);
  };
}
