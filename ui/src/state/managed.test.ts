import { describe, expect, it } from 'vitest';

import { Managed, type Revised } from './managed.svelte';

/** Something managed whose reading and keeping last until they are told to end. */
function slow(): { managed: Managed<string>; ends: ((kept: Revised<string>) => void)[] } {
  const ends: ((kept: Revised<string>) => void)[] = [];
  const wait = (): Promise<Revised<string>> => new Promise((end) => ends.push(end));
  return { managed: new Managed<string>(wait, wait), ends };
}

describe('something that is managed', () => {
  it('keeps what is typed while it is being saved', async () => {
    const { managed, ends } = slow();
    const loaded = managed.load();
    ends[0]?.({ revision: 1, value: 'Здравствуйте' });
    await loaded;
    managed.value = 'Добрый день';
    const saved = managed.save();
    managed.value = 'Добрый день!';
    ends[1]?.({ revision: 2, value: 'Добрый день' });
    expect(await saved).toBe(true);
    expect(managed.value).toBe('Добрый день!');
    expect(managed.isChanged).toBe(true);
  });

  it('keeps what is typed while it is read again', async () => {
    const { managed, ends } = slow();
    const first = managed.load();
    ends[0]?.({ revision: 1, value: 'Здравствуйте' });
    await first;
    const again = managed.load();
    managed.value = 'Добрый день';
    ends[1]?.({ revision: 2, value: 'Добрый вечер' });
    await again;
    expect(managed.value).toBe('Добрый день');
  });
});
