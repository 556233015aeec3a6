import { waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';

import { page, type Page } from '../test/page';

/** The page at the section that makes links. */
async function making(fixture: 'supervisor' | 'usual', phone: string | null): Promise<Page> {
  const opened = page(fixture);
  const { world } = opened.backend;
  world.channels = world.channels.map((channel) => ({ ...channel, phone }));
  opened.backend.tell({ event: 'overview_changed' });
  await opened.user.click(await opened.the('rail-management'));
  await opened.user.click(await opened.the('section-link'));
  await opened.the('managed-link');
  return opened;
}

describe('the link to the company', () => {
  it('is made of the number that is known and a text', async () => {
    const { user, the } = await making('usual', '74950000000');
    expect((await the('link')).textContent).toBe('https://wa.me/74950000000');
    expect((await the('link-known')).textContent).toContain('+7\u00A0495\u00A0000-00-00');
    await user.type(await the('link-text'), 'Добрый день!');
    expect((await the('link')).textContent).toBe(
      `https://wa.me/74950000000?text=${encodeURIComponent('Добрый день')}%21`,
    );
    await the('qr');
    expect((await the('link-html')).textContent).toMatch(
      /^<a href="https:.*>Написать в WhatsApp<\/a>$/u,
    );
  });

  it('waits for a number, which a supervisor types', async () => {
    const { user, the, has, backend } = await making('supervisor', null);
    expect(has('link')).toBe(false);
    await user.type(await the('link-number'), '8 495 000-00-00');
    expect((await the('link-number-error')).textContent).toContain('Замените 8 на +7');
    expect(has('link')).toBe(false);
    await user.clear(await the('link-number'));
    await user.type(await the('link-number'), '+7 495 000-00-00{Enter}');
    await waitFor(() => expect(backend.world.channels[0]?.phone).toBe('74950000000'));
    await the('link-known');
    expect((await the('link')).textContent).toBe('https://wa.me/74950000000');
    await user.click(await the('link-number-change'));
    expect(has('link-number')).toBe(true);
  });

  it('is told to an operator only once there is a number', async () => {
    const { the, has } = await making('usual', null);
    expect((await the('link-known')).textContent).toContain('пока неизвестен');
    expect(has('link-number')).toBe(false);
    expect(has('link')).toBe(false);
  });

  it('has a code that is saved as lines', async () => {
    const { user, the, backend } = await making('usual', '74950000000');
    await user.click(await the('qr-save-svg'));
    await waitFor(() => expect([...backend.saved.keys()]).toEqual(['QR-код 74950000000.svg']));
    expect(backend.saved.get('QR-код 74950000000.svg')).toMatch(/^<svg xmlns/u);
  });

  it('has no code of a text that is too long for one', async () => {
    const { user, the, has } = await making('usual', '74950000000');
    await user.click(await the('link-text'));
    await user.paste('ы'.repeat(490));
    await the('qr-too-long');
    await the('link');
    await user.paste('ы'.repeat(20));
    expect(has('link')).toBe(false);
  });
});
