import type { Window as HappyWindow } from 'happy-dom';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { page } from '../test/page';

function setWidth(width: number): void {
  (window as unknown as HappyWindow).happyDOM.setViewport({ width });
}

describe('a supervisor’s list in one column', () => {
  beforeEach(() => setWidth(380));
  afterEach(() => setWidth(1024));

  it('tells at the overview’s button how many clients wait too long', async () => {
    const { the, has } = page('supervisor');
    const button = await the('rail-supervision');
    const badge = await the('rail-late');
    expect(button.contains(badge)).toBe(true);
    expect(button.textContent).toMatch(/Обзор.*[1-9]/su);
    // The rail with its own sign is not there.
    expect(has('rail-chats')).toBe(false);
  });
});
