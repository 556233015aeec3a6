import { screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';

import { page, row } from '../test/page';

describe('who else is at a chat', () => {
  it('stands on its row and above the composer, and is read out once', async () => {
    const { backend, open, the } = page();
    await open('q1');
    expect((await the('onlookers')).textContent.trim()).toBe('');
    backend.others('q1', [{ operator_id: 'op-ivan', typing: null }]);
    await waitFor(() => expect(row('q1').textContent).toContain('смотрит'));
    expect((await the('onlookers')).textContent).toContain('Смотрит: Иван');
    const announced = await the('onlookers-announced');
    expect(announced.textContent).toContain('Смотрит: Иван');
    backend.others('q1', [{ operator_id: 'op-ivan', typing: 'reply' }]);
    await waitFor(() => expect(row('q1').textContent).toContain('печатает'));
    expect((await the('onlookers')).textContent).toMatch(/Иван.* печатает ответ…/u);
    expect(announced.textContent).toMatch(/Иван.* печатает ответ…/u);
    // He pauses: that is seen, not read out.
    backend.others('q1', [{ operator_id: 'op-ivan', typing: null }]);
    await waitFor(() => expect(row('q1').textContent).toContain('смотрит'));
    expect(announced.textContent).toMatch(/Иван.* печатает ответ…/u);
    backend.others('q1', []);
    await waitFor(() => expect(row('q1').textContent).not.toContain('смотрит'));
  });

  it('is told what I type myself, until it is sent', async () => {
    const { backend, open, user } = page();
    await open('pavel');
    const composer = screen.getByTestId('composer');
    await user.type(composer, 'Едем');
    expect(backend.asked.at(-1)).toBe('watch pavel in front, typing a reply');
    await user.type(composer, '{Enter}');
    await waitFor(() => expect(backend.asked.at(-1)).toBe('watch pavel in front'));
    await user.click(screen.getByTestId('comment-toggle'));
    await user.type(composer, 'Ждём');
    expect(backend.asked.at(-1)).toBe('watch pavel in front, typing a comment');
    await user.clear(composer);
    expect(backend.asked.at(-1)).toBe('watch pavel in front');
    await user.type(composer, 'Ждём');
    await open('olga');
    expect(backend.asked).toContain('watch olga in front');
    expect(backend.asked.at(-1)).not.toContain('typing');
  });
});

describe('where I am', () => {
  it('is told by the ring, and can be said by hand and taken back', async () => {
    const { the, user } = page();
    const own = await the('own-presence');
    await waitFor(() => expect(own.dataset['presence']).toBe('online'));
    expect(own.getAttribute('aria-label')).toMatch(/: в сети$/u);
    await user.click(own);
    expect((await the('own-here')).getAttribute('aria-checked')).toBe('true');
    // After how long is what the company has set.
    expect((await the('own-here')).textContent).toContain('через 10 мин');
    await user.keyboard('{ArrowDown}{Enter}');
    await waitFor(() => expect(own.dataset['presence']).toBe('away'));
    await user.click(own);
    expect((await the('own-away')).getAttribute('aria-checked')).toBe('true');
    await user.click(await the('own-here'));
    await waitFor(() => expect(own.dataset['presence']).toBe('online'));
  });

  it('cannot be said without a connection', async () => {
    const { the, user } = page('offline');
    await user.click(await the('own-presence'));
    expect(await the('own-away')).toHaveProperty('disabled', true);
  });

  it('is what the panel hears when I do something, not too often', async () => {
    const { backend, open, user } = page();
    await open('pavel');
    await user.type(screen.getByTestId('composer'), 'Едем быстро');
    expect(backend.asked.filter((what) => what === 'used')).toHaveLength(1);
  });
});
