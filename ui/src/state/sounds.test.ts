import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { FakeAudio } from '../test/audio';
import { Sounds, TONES } from './sounds.svelte';

const LOUD = { areSoundsOn: true, volume: 100 };

function sounds(settings = LOUD, audio = new FakeAudio()): { sounds: Sounds; audio: FakeAudio } {
  return { sounds: new Sounds(settings, () => audio as unknown as AudioContext), audio };
}

describe('a tone', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is another for each group', async () => {
    const all = await Promise.all(
      TONES.map(async (tone) => {
        const { sounds: some, audio } = sounds();
        expect(await some.sound(tone)).toBe('played');
        return audio.heard.map(({ pitch }) => pitch).join(' ');
      }),
    );
    expect(new Set(all).size).toBe(TONES.length);
    expect(all).not.toContain('');
  });

  it('is as loud as is set', async () => {
    const loudest = async (volume: number): Promise<number> => {
      const { sounds: some, audio } = sounds({ areSoundsOn: true, volume });
      await some.sound('message');
      return Math.max(...audio.heard.map(({ loudness }) => loudness));
    };
    expect(await loudest(0)).toBe(0);
    expect(await loudest(50)).toBeLessThan(await loudest(100));
    expect(await loudest(100)).toBeLessThanOrEqual(1);
  });

  it('leaves nothing that goes on playing silence', async () => {
    for (const isPlaying of [true, false]) {
      const { sounds: some, audio } = sounds(LOUD, new FakeAudio(isPlaying));
      const told = some.sound('message');
      await vi.runAllTimersAsync();
      expect(await told).toBe(isPlaying ? 'played' : 'silent');
      expect(audio.state).toBe('closed');
    }
  });

  it('is not played for a notification while sounds are off or at zero', async () => {
    for (const settings of [
      { areSoundsOn: false, volume: 100 },
      { areSoundsOn: true, volume: 0 },
    ]) {
      const { sounds: some, audio } = sounds(settings);
      some.play('mention');
      await vi.runAllTimersAsync();
      expect(audio.heard).toEqual([]);
      expect(some.last).toBeNull();
    }
  });

  it('is one for several notifications at once', async () => {
    const { sounds: some, audio } = sounds();
    some.play('new_message');
    some.play('new_message');
    some.play('mention');
    await vi.runAllTimersAsync();
    expect(audio.heard).toHaveLength(1);
    some.play('new_message');
    await vi.runAllTimersAsync();
    expect(audio.heard).toHaveLength(2);
  });

  it('begins the sound anew where the system has put it to sleep', async () => {
    const { sounds: some, audio } = sounds();
    audio.state = 'suspended';
    const resume = vi.spyOn(audio, 'resume');
    expect(await some.sound('queue')).toBe('played');
    expect(resume).toHaveBeenCalledOnce();
  });

  it('is missing where the window has no sound, and nothing is thrown', async () => {
    const some = new Sounds(LOUD, () => {
      throw new Error('no audio');
    });
    some.play('mention');
    await vi.runAllTimersAsync();
    expect(some.last).toBe('missing');
    expect(await some.sound('message')).toBe('missing');
  });

  it('is silent where the system takes it and plays nothing', async () => {
    const { sounds: some } = sounds(LOUD, new FakeAudio(false));
    const outcome = some.sound('message');
    await vi.runAllTimersAsync();
    expect(await outcome).toBe('silent');
    expect(some.last).toBe('silent');
  });

  it('is silent where the sound does not wake up', async () => {
    const audio = new FakeAudio();
    audio.state = 'suspended';
    audio.resume = () => new Promise<void>(() => undefined);
    const { sounds: some } = sounds(LOUD, audio);
    const outcome = some.sound('message');
    await vi.runAllTimersAsync();
    expect(await outcome).toBe('silent');
  });
});
