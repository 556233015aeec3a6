/** Runs before each test file: Russian, nothing left on the page of the test before. */
import { cleanup, configure } from '@testing-library/svelte';
import { afterEach } from 'vitest';

import { overwriteGetLocale } from '../paraglide/runtime';

// What is waited for comes at once; the limit only ends a test that would wait for ever.
configure({ asyncUtilTimeout: 10_000 });
overwriteGetLocale(() => 'ru');
afterEach(() => {
  cleanup();
});
