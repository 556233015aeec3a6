/** The whole page on a panel in memory, for tests of what an operator does and sees. */
import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent, { type UserEvent } from '@testing-library/user-event';

import { FIXTURES } from '../api/fixtures';
import { MemoryBackend, type MemoryOptions } from '../api/memory';
import { Settings } from '../state/settings.svelte';
import App from '../views/App.svelte';

export interface Page {
  backend: MemoryBackend;
  user: UserEvent;
  /** What has the test id, once it is there. */
  the: <T extends HTMLElement = HTMLElement>(testId: string) => Promise<T>;
  /** Whether something has the test id now. */
  has: (testId: string) => boolean;
  /** Opens the chat from the list. */
  open: (chatId: string) => Promise<void>;
  /** The composer's text. */
  draft: () => string;
}

export function page(fixture = 'usual', options: MemoryOptions = {}): Page {
  const build = FIXTURES[fixture];
  if (build === undefined) throw new Error(`no fixture ${fixture}`);
  const backend = new MemoryBackend(build(Date.now()), options);
  const user = userEvent.setup();
  render(App, { backend, settings: new Settings(null, 'ru') });
  const the = <T extends HTMLElement = HTMLElement>(testId: string): Promise<T> =>
    screen.findByTestId<T>(testId);
  return {
    backend,
    user,
    the,
    has: (testId) => screen.queryAllByTestId(testId).length > 0,
    open: async (chatId) => {
      await waitFor(() => row(chatId));
      await user.click(row(chatId));
      await the('conversation-title');
    },
    draft: () => screen.getByTestId<HTMLTextAreaElement>('composer').value,
  };
}

/** The row of a chat in the list. */
export function row(chatId: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(`button[data-chat-id="${chatId}"]`);
  if (found === null) throw new Error(`no row for ${chatId}`);
  return found;
}
