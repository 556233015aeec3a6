import { screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';

import { page, type Page } from '../../test/page';

/** What was drawn: a window that tests have draws nothing. */
const drawn = vi.hoisted((): { series: unknown[]; data: number[][] }[] => []);

vi.mock('uplot', () => ({
  default: class {
    static paths = { bars: (): undefined => undefined };
    width = 0;
    height = 0;
    constructor(options: { series: unknown[] }, data: number[][]) {
      drawn.push({ series: options.series, data });
    }
    destroy(): void {
      // Nothing was drawn.
    }
  },
}));

async function inFigures(fixture = 'supervisor'): Promise<Page> {
  drawn.length = 0;
  const opened = page(fixture);
  await opened.user.click(await opened.the('rail-supervision'));
  await opened.user.click(await opened.the('tab-figures'));
  return opened;
}

function cells(row: HTMLElement): string[] {
  return [...row.querySelectorAll('th, td')].map((cell) => cell.textContent.trim());
}

describe('the page of figures', () => {
  it('is not there for an operator', async () => {
    const { the, has } = page('usual');
    await the('rail-chats');
    expect(has('rail-supervision')).toBe(false);
  });

  it('tells what came in, how long clients waited and what was closed', async () => {
    const { the } = await inFigures();
    expect((await the('figures-arrivals')).textContent).toMatch(/Обращения\s*\d+.*новых/su);
    expect((await the('figures-first')).textContent).toMatch(
      /Первый ответ.*медиана по \d+ ответ.*9 из 10.*в срок \(до 5 мин\): \d+\s%/su,
    );
    expect((await the('figures-closed')).textContent).toMatch(/Закрытые чаты\s*\d+/u);
    expect((await the('figures-read-at')).textContent).toContain(
      'по часам компании (Europe/Moscow)',
    );
  });

  it('draws days and hours, and has the same numbers in tables', async () => {
    const { the, user } = await inFigures();
    await the('figures-days');
    await waitFor(() => expect(drawn).toHaveLength(4));
    const [days, , hours] = drawn;
    expect(days?.data[0]).toHaveLength(7);
    expect(hours?.data[0]).toHaveLength(24);
    await user.click(await the('figures-days-toggle'));
    const table = await the('figures-days-table');
    const rows = within(table).getAllByRole('row').slice(2);
    expect(rows.map((row) => Number(cells(row)[1]))).toEqual(days?.data[1]);
    expect(rows.map((row) => Number(cells(row).at(-1)))).toEqual(days?.data[2]);
    const total = days?.data[1]?.reduce((all, n) => all + n, 0);
    expect(within(await the('figures-arrivals')).getByText(String(total))).toBeDefined();
    await user.click(await the('figures-days-toggle'));
    expect(screen.queryByTestId('figures-days-table')).toBeNull();
  });

  it('of one day has hours and no days', async () => {
    const { the, has, user } = await inFigures();
    await user.selectOptions(await the('figures-period'), 'yesterday');
    await waitFor(() => expect(has('figures-days')).toBe(false));
    expect(has('figures-hours')).toBe(true);
  });

  it('orders people by any column', async () => {
    const { the, user } = await inFigures();
    const table = await the('figures-people-table');
    const column = (n: number): string[] =>
      within(table)
        .getAllByRole('row')
        .slice(2)
        .map((row) => cells(row)[n] ?? '');
    expect(column(0).at(-1)).toBe('Без сотрудника');
    await user.click(await the('figures-people-table-by-closed'));
    const down = column(11).map(Number);
    expect(down).toEqual([...down].sort((a, b) => b - a));
    await user.click(await the('figures-people-table-by-closed'));
    expect(column(11).map(Number)).toEqual([...down].reverse());
    expect(table.querySelector('[aria-sort="ascending"]')?.textContent).toContain('Закрыто');
  });

  it('is saved as a file that spreadsheets open', async () => {
    const { the, user, backend } = await inFigures();
    await the('figures-days');
    await user.click(await the('figures-save'));
    await waitFor(() => expect(backend.saved.size).toBe(1));
    const [[name, contents] = []] = [...backend.saved];
    expect(name).toMatch(/^Показатели \d{4}-\d{2}-\d{2} – \d{4}-\d{2}-\d{2}\.csv$/u);
    expect(contents).toMatch(/^\uFEFFРазрез;Что;Обращения;/u);
  });

  it('says kindly that there is nothing', async () => {
    const { the } = await inFigures('supervisor-empty');
    expect((await the('figures-nothing')).textContent).toMatch(/нечего считать.*другой период/su);
    expect(await the('figures-save')).toHaveProperty('disabled', true);
  });

  it('needs the connection, says so, and comes with it', async () => {
    const { the, has, backend } = await inFigures('supervisor-offline');
    expect((await the('figures-failed')).textContent).toContain('связи с ним сейчас нет');
    backend.world.connection = { state: 'live' };
    backend.tell({ event: 'overview_changed' });
    await the('figures-arrivals');
    expect(has('figures-failed')).toBe(false);
  });

  it('keeps what it had when it cannot count again', async () => {
    const { the, user, backend } = await inFigures();
    await the('figures-days');
    backend.failNext = 'offline';
    await user.click(await the('figures-refresh'));
    expect((await the('figures-stale')).textContent).toContain('Связи нет');
    await the('figures-days');
  });

  it('says what is wrong with the dates', async () => {
    const { the, user } = await inFigures();
    await user.selectOptions(await the('figures-period'), 'own');
    const to = await the('figures-to');
    await user.clear(to);
    await user.type(to, '2020-01-01');
    expect((await the('figures-no-period')).textContent).toContain('раньше первого');
  });
});
