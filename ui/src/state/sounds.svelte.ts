/**
 * The tones that tell without being looked at: made here of a few notes, so that there is no file to be
 * found or decoded.
 *
 * Where the system plays nothing, the web view either has no sound at all or one whose clock stands
 * still; both are noticed, and never in the way of what is told besides.
 */
import type { NotificationKind } from '../api/generated/NotificationKind';
import type { Settings } from './settings.svelte';

/** What sounds alike. */
export const TONES = ['personal', 'message', 'queue', 'trouble'] as const;
export type Tone = (typeof TONES)[number];

/** What became of a tone. `silent`: the system took it and never played it. */
export type ToneOutcome = 'played' | 'missing' | 'silent';

/** Which tone a kind has. */
export const TONE_OF: Record<NotificationKind, Tone> = {
  mention: 'personal',
  given: 'personal',
  reopened: 'personal',
  suggested: 'personal',
  new_message: 'message',
  observed: 'message',
  new_in_queue: 'queue',
  waits_in_queue: 'queue',
  not_delivered: 'trouble',
  overdue: 'trouble',
  channel_down: 'trouble',
  connection_lost: 'trouble',
};

/** A note: its pitch in Hz, its beginning and length in seconds. */
type Note = readonly [pitch: number, at: number, length: number];

const NOTES: Record<Tone, readonly Note[]> = {
  personal: [
    [659.3, 0, 0.14],
    [880, 0.12, 0.26],
  ],
  message: [[740, 0, 0.18]],
  queue: [
    [523.3, 0, 0.13],
    [523.3, 0.17, 0.13],
    [659.3, 0.34, 0.22],
  ],
  trouble: [
    [349.2, 0, 0.2],
    [261.6, 0.2, 0.32],
  ],
};

/** How loud the loudest is, of what the system can. */
const LOUDEST = 0.4;
/** How often a second a tone is reckoned, which costs: a third of what is usual, and nine times what its highest note needs. */
const RATE = 16_000;
/** How long a note takes to begin, so that it does not click. */
const ATTACK_S = 0.012;
/** A tone that has not ended by then is not played at all. */
const SILENT_AFTER_MS = 2000;

export class Sounds {
  /** What became of the last one; none before there was any. */
  last = $state<ToneOutcome | null>(null);

  readonly #settings: Pick<Settings, 'areSoundsOn' | 'volume'>;
  readonly #make: () => AudioContext;
  #isPlaying = false;

  constructor(
    settings: Pick<Settings, 'areSoundsOn' | 'volume'>,
    make: () => AudioContext = () => new AudioContext({ sampleRate: RATE }),
  ) {
    this.#settings = settings;
    this.#make = make;
  }

  /** Plays what a kind sounds like, unless sounds are off. Several at once are one. */
  play(what: NotificationKind): void {
    if (!this.#settings.areSoundsOn || this.#settings.volume === 0) return;
    if (!this.#isPlaying) void this.sound(TONE_OF[what]);
  }

  /** Plays a tone, also where sounds are off, and tells what became of it. */
  async sound(tone: Tone): Promise<ToneOutcome> {
    this.#isPlaying = true;
    let context: AudioContext | null = null;
    try {
      context = this.#make();
      const ended = this.#schedule(context, NOTES[tone]);
      this.last = (await soon(ended)) ? 'played' : 'silent';
    } catch {
      this.last = 'missing';
    } finally {
      this.#isPlaying = false;
      // One that is left open goes on playing silence, for 3 % of a processor.
      void context?.close().catch(() => undefined);
    }
    return this.last;
  }

  /** Resolves when the last note has ended. */
  async #schedule(context: AudioContext, notes: readonly Note[]): Promise<void> {
    if (context.state !== 'running') await context.resume();
    // Loudness is heard by its logarithm, so the middle of the slider is about half as loud.
    const loudness = LOUDEST * (this.#settings.volume / 100) ** 2;
    const ends = notes.map(([pitch, at, length]) => {
      const from = context.currentTime + at;
      const note = context.createOscillator();
      const gain = context.createGain();
      note.type = 'sine';
      note.frequency.value = pitch;
      gain.gain.setValueAtTime(0, from);
      gain.gain.linearRampToValueAtTime(loudness, from + ATTACK_S);
      gain.gain.linearRampToValueAtTime(0, from + length);
      note.connect(gain).connect(context.destination);
      const end = new Promise<void>((resolve) => {
        note.onended = () => resolve();
      });
      note.start(from);
      note.stop(from + length);
      return end;
    });
    await Promise.all(ends);
  }
}

/** Whether it comes to its end before one has to think that it never will. */
async function soon(work: Promise<void>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), SILENT_AFTER_MS);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
