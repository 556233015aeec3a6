import { describe, expect, it } from 'vitest';

import { decodeTable } from './table';

const TEXT = 'Текст;Ёлка';

function utf16(text: string, isLittle: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(text.length * 2));
  [...text].forEach((letter, n) => view.setUint16(n * 2, letter.charCodeAt(0), isLittle));
  return new Uint8Array(view.buffer);
}

describe('a table is read', () => {
  it.each([
    ['UTF-8', new TextEncoder().encode(TEXT)],
    ['UTF-8 with a mark', new TextEncoder().encode(`\uFEFF${TEXT}`)],
    ['UTF-16, little end first', utf16(`\uFEFF${TEXT}`, true)],
    ['UTF-16, big end first', utf16(`\uFEFF${TEXT}`, false)],
    ['windows-1251', new Uint8Array([0xd2, 0xe5, 0xea, 0xf1, 0xf2, 0x3b, 0xa8, 0xeb, 0xea, 0xe0])],
  ])('in %s', (_, bytes) => {
    expect(decodeTable(bytes)).toBe(TEXT);
  });

  it('whatever it is', () => {
    expect(decodeTable(new Uint8Array())).toBe('');
    expect(decodeTable(new Uint8Array([0x98, 0xff, 0x00]))).toHaveLength(3);
  });
});
