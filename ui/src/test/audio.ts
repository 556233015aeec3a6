/** Sound as the platform has it, without any: what was to be heard, and a clock that goes or stands. */

interface Heard {
  pitch: number;
  loudness: number;
}

export class FakeAudio {
  /** Each note, in the order in which they began. */
  readonly heard: Heard[] = [];
  state: AudioContextState = 'running';
  readonly currentTime = 0;
  readonly destination = {};

  /** Whether what is to be played comes to its end. */
  constructor(readonly isPlaying = true) {}

  resume = async (): Promise<void> => {
    this.state = 'running';
  };

  close = async (): Promise<void> => {
    this.state = 'closed';
  };

  createOscillator(): object {
    const note = {
      type: 'sine',
      frequency: { value: 0 },
      onended: null as (() => void) | null,
      connect: (gain: { loudness: number; connect: () => void }) => {
        queueMicrotask(() => {
          this.heard.push({ pitch: note.frequency.value, loudness: gain.loudness });
        });
        return gain;
      },
      start: () => undefined,
      stop: () => {
        if (this.isPlaying) queueMicrotask(() => note.onended?.());
      },
    };
    return note;
  }

  createGain(): object {
    const made = {
      loudness: 0,
      gain: {
        setValueAtTime: () => undefined,
        linearRampToValueAtTime: (value: number) => {
          made.loudness = Math.max(made.loudness, value);
        },
      },
      connect: () => undefined,
    };
    return made;
  }
}

/** The same for whoever asks the platform for it. */
export function audioClass(audio: FakeAudio): new () => FakeAudio {
  return function make() {
    return audio;
  } as unknown as new () => FakeAudio;
}
