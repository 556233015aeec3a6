/** What is wrong with sound, by what became of the last tone. */
import { m } from '../../paraglide/messages';
import type { ToneOutcome } from '../../state/sounds.svelte';

export const SOUND_FAULTS: Record<ToneOutcome, (() => string) | null> = {
  played: null,
  missing: m.test_sound_missing,
  silent: m.test_sound_silent,
};
