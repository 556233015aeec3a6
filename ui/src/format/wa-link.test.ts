import { describe, expect, it } from 'vitest';

import { htmlLink, isDialledWithEight, phoneDigits, waLink } from './wa-link';

/** Texts of all kinds of signs, the same at each run. */
function texts(): string[] {
  let seed = 42;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  const signs = [...'аЯё zZ09-_.~!*\'();:@&=+$,/?#[]%"<>\\^`{|}\n\t€🙂👩‍🚀\u00A0\u200F\u0000'];
  return Array.from({ length: 500 }, () =>
    Array.from({ length: random(30) }, () => signs[random(signs.length)] ?? '').join(''),
  );
}

describe('the link', () => {
  it('says to WhatsApp what was written, whatever it is', () => {
    for (const text of texts()) {
      const link = waLink('74950000000', text);
      const url = new URL(link);
      expect(url.origin + url.pathname).toBe('https://wa.me/74950000000');
      expect(url.hash).toBe('');
      expect([...url.searchParams.keys()]).toEqual(text.trim() === '' ? [] : ['text']);
      expect(url.searchParams.get('text') ?? '').toBe(text.trim());
      // Nothing in it ends a link where one is recognised, or means something in a page.
      expect(link).toMatch(/^https:\/\/wa\.me\/\d+(\?text=[\w.~%-]+)?$/u);
    }
  });

  it('is the plain one where nothing is written', () => {
    expect(waLink('74950000000', ' \n')).toBe('https://wa.me/74950000000');
  });

  it('can be made of half an emoji', () => {
    expect(waLink('74950000000', 'a\uD83D')).toBe('https://wa.me/74950000000?text=a%EF%BF%BD');
  });
});

describe('a number', () => {
  it.each(['+7 495 000-00-00', '7 (495) 000\u00A000 00', '74950000000', ' 7.495.000.00.00 '])(
    '%s is its digits',
    (typed) => {
      expect(phoneDigits(typed)).toBe('74950000000');
    },
  );

  it.each(['', '12345', '1234567890123456', '0495000000', '7495000000a', 'доб. 74950000000'])(
    '%j is none',
    (typed) => {
      expect(phoneDigits(typed)).toBeNull();
    },
  );

  it('with an 8 before it is dialled within Russia, unless a plus says otherwise', () => {
    expect(isDialledWithEight('8 (495) 000-00-00')).toBe(true);
    expect(isDialledWithEight('+84 12 345 67 89')).toBe(false);
    expect(isDialledWithEight('7 495 000-00-00')).toBe(false);
  });
});

describe('the link for a site', () => {
  it('is one link that says what it was given, whatever that is', () => {
    for (const text of ['<b>"Да" & \'нет\'</b>', '</a><script>', 'Написать нам']) {
      const page = new DOMParser().parseFromString(
        htmlLink(waLink('74950000000', text), text),
        'text/html',
      );
      expect(page.body.children).toHaveLength(1);
      const link = page.querySelector('a');
      expect(link?.textContent).toBe(text);
      expect(link?.getAttribute('href')).toBe(waLink('74950000000', text));
      expect(link?.children).toHaveLength(0);
    }
  });
});
