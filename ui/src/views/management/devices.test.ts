import { waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';

import { page, type Page } from '../../test/page';

/** The page of an operator with their devices open, and two passwords typed. */
async function changing(present: string): Promise<Page> {
  const opened = page('supervisor');
  const { user, the } = opened;
  await user.click(await the('rail-management'));
  await user.click(await the('section-devices'));
  await user.type(await the('password-present'), present);
  await user.type(await the('password-new'), 'long-enough');
  await user.click(await the('password-save'));
  return opened;
}

describe('my password', () => {
  it('is changed, and the fields are empty again', async () => {
    const { the, has } = await changing('right');
    const present = await the<HTMLInputElement>('password-present');
    await waitFor(() => expect(present.value).toBe(''));
    expect((await the<HTMLInputElement>('password-new')).value).toBe('');
    expect(has('password-present-error')).toBe(false);
  });

  it('is not changed with a wrong present one, which is said where that stands', async () => {
    const { user, the, has } = await changing('wrong');
    expect((await the('password-present-error')).textContent).toContain('Текущий пароль неверен.');
    expect(has('password-error')).toBe(false);
    const present = await the<HTMLInputElement>('password-present');
    expect(document.activeElement).toBe(present);
    expect((await the<HTMLInputElement>('password-new')).value).toBe('long-enough');
    await user.keyboard('right');
    expect(present.value).toBe('right');
    await user.click(await the('password-save'));
    await waitFor(() => expect(has('password-present-error')).toBe(false));
  });
});
