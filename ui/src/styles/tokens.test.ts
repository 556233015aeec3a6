import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

const SRC = join(import.meta.dirname, '..');
const TOKENS = readFileSync(join(SRC, 'styles/tokens.css'), 'utf8');
const [lightCss = '', darkCss = ''] = TOKENS.split("[data-theme='dark']");
const light = colours(lightCss);
const dark = new Map([...light, ...colours(darkCss)]);

const GROUNDS = ['ground', 'surface', 'hover', 'selected', 'theirs', 'ours'];
/** Every pair of text and ground that the page has. */
const PAIRS: [string, string][] = [
  ...GROUNDS.flatMap((ground): [string, string][] =>
    ['text', 'quiet', 'accent'].map((text) => [text, ground]),
  ),
  ...['ground', 'surface', 'hover', 'selected'].flatMap((ground): [string, string][] =>
    ['good', 'warn', 'bad'].map((text) => [text, ground]),
  ),
  ['warn', 'ours'],
  ['bad', 'ours'],
  ['text', 'warn-ground'],
  ['accent', 'warn-ground'],
  ['warn', 'warn-ground'],
  ['text', 'bad-ground'],
  ['accent', 'bad-ground'],
  ['bad', 'bad-ground'],
  ['text', 'info-ground'],
  ['accent', 'info-ground'],
  ['text', 'mark'],
  ['on-accent', 'accent'],
  ['on-accent', 'accent-hover'],
  // On the ground of comments accent is a ground too, of buttons and of mentions of me.
  ...['text', 'quiet', 'accent', 'good', 'warn', 'bad'].flatMap((text): [string, string][] => [
    [`comment-${text}`, 'comment'],
    [`comment-${text}`, 'comment-hover'],
  ]),
  ['comment', 'comment-accent'],
  ['comment', 'comment-text'],
  ['on-toast', 'toast'],
  ['toast-action', 'toast'],
  ...[1, 2, 3, 4, 5, 6].map((n): [string, string] => ['on-avatar', `avatar-${n}`]),
];

function colours(css: string): Map<string, string> {
  return new Map(
    [...css.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6});/gu)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  );
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:svelte|css|ts)$/u.test(name))
    .filter((name) => !/^(?:paraglide|api)|tokens\.|\.test\.ts$/u.test(name))
    .map((name) => join(folder, name));
}

describe.each([
  ['light', light],
  ['dark', dark],
])('the %s theme', (_, theme) => {
  it.each(PAIRS)('has %s on %s at AA', (text, ground) => {
    const [front, back] = [theme.get(text), theme.get(ground)];
    expect(front, text).toBeDefined();
    expect(back, ground).toBeDefined();
    expect(contrast(front ?? '', back ?? '')).toBeGreaterThanOrEqual(4.5);
  });

  it('has borders of fields that can be seen', () => {
    const line = theme.get('line-strong') ?? '';
    expect(contrast(line, theme.get('surface') ?? '')).toBeGreaterThanOrEqual(3);
  });

  it('has bars that can be seen, and told from each other', () => {
    const [first = '', second = ''] = [theme.get('chart-1'), theme.get('chart-2')];
    for (const bar of [first, second]) {
      expect(contrast(bar, theme.get('surface') ?? '')).toBeGreaterThanOrEqual(3);
    }
    expect(contrast(first, second)).toBeGreaterThan(1.1);
  });

  it('has comments that cannot be taken for what the client sees', () => {
    expect(theme.get('comment')).not.toBe(theme.get('ours'));
    expect(contrast(theme.get('comment') ?? '', theme.get('ours') ?? '')).toBeGreaterThan(
      theme === light ? 7 : 1.05,
    );
  });
});

describe('the tokens', () => {
  it('hold every colour of the page', () => {
    for (const file of files(SRC)) {
      const text = readFileSync(file, 'utf8');
      expect(text, file).not.toMatch(
        /#[0-9a-f]{3,8}\b(?=[;,\s)'"])|\b(?:rgba?|hsla?|oklch|lab)\(/iu,
      );
      expect(text, file).not.toMatch(
        /(?:color|background|border[\w-]*):[^;]*\b(?:white|black|red|gr[ae]y|blue)\b/iu,
      );
    }
  });

  it('are all known by the names that are used', () => {
    for (const file of files(SRC)) {
      for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(/var\(--([\w-]+)\)/gu)) {
        const isKnown =
          TOKENS.includes(`--${name}:`) ||
          readFileSync(join(SRC, 'styles/base.css'), 'utf8').includes(`--${name}:`) ||
          readFileSync(file, 'utf8').includes(`--${name}=`);
        expect(isKnown, `${name} in ${file}`).toBe(true);
      }
    }
  });
});

describe('motion', () => {
  const BASE = readFileSync(join(SRC, 'styles/base.css'), 'utf8');

  it('is all by style sheets, which still it for whoever does not want it', () => {
    const rule = /@media \(prefers-reduced-motion: reduce\) \{[^@]*\}\s*\}/u.exec(BASE)?.[0] ?? '';
    for (const what of ['transition', 'animation-duration', 'scroll-behavior']) {
      expect(rule).toMatch(new RegExp(`${what}: [^;]*!important`, 'u'));
    }
    for (const file of files(SRC)) {
      const text = readFileSync(file, 'utf8');
      expect(text, file).not.toMatch(/svelte\/(?:transition|animate|motion)|\.animate\(/u);
      expect(text, file).not.toMatch(/behavior: ?'smooth'/u);
    }
  });

  it('takes no longer than 120 ms', () => {
    for (const file of files(SRC)) {
      for (const [, ms] of readFileSync(file, 'utf8').matchAll(
        /(?:animation|transition)[^;]*?\s(\d+)ms/gu,
      )) {
        expect(Number(ms), file).toBeLessThanOrEqual(120);
      }
    }
  });
});

describe('the ring around what has the focus', () => {
  it('is taken away only where a field around it draws one', () => {
    for (const file of files(SRC)) {
      const text = readFileSync(file, 'utf8');
      if (!/outline: (?:none|0)/u.test(text) || file.endsWith('base.css')) continue;
      expect(text, file).toMatch(
        /:(?:focus-within|focus|focus-visible)[^{]*\{[^}]*(?:border|box-shadow|outline)/u,
      );
    }
  });
});
