import jsQR from 'jsqr';
import { describe, expect, it } from 'vitest';

import { printedCm, qrCode, type QrCode, qrPath, qrPixels, qrSvg } from './qr';
import { MAX_LINK_TEXT, waLink } from './wa-link';

function read(code: QrCode, scale = 4): string | undefined {
  const { width, data } = qrPixels(code, scale);
  return jsQR(data, width, width)?.data;
}

describe('a QR code', () => {
  it.each([
    waLink('74950000000', ''),
    waLink('74950000000', 'Здравствуйте! Я с сайта.'),
    waLink('123456789012345', `Заказ № 42 (срочно), "два" шкафа & полка 🙂`),
    waLink('74950000000', 'a'.repeat(MAX_LINK_TEXT)),
    waLink('74950000000', 'ы'.repeat(300)),
  ])('of %.60s… is read as what it was made of', (link) => {
    const code = qrCode(link);
    expect(code).not.toBeNull();
    expect(read(code!)).toBe(link);
  });

  it('of any length is read, as long as there is one', () => {
    for (let length = 1; length < 400; length += 37) {
      const link = waLink('74950000000', 'ё'.repeat(length));
      const code = qrCode(link);
      if (code === null) expect(link.length).toBeGreaterThan(2300);
      else expect(read(code)).toBe(link);
    }
  });

  it('is none of what does not fit', () => {
    expect(qrCode(waLink('74950000000', 'ы'.repeat(MAX_LINK_TEXT)))).toBeNull();
  });

  it('has room around it', () => {
    const { width, data } = qrPixels(qrCode('https://wa.me/74950000000')!, 1);
    for (let at = 0; at < width; at += 1) {
      for (let edge = 0; edge < 4; edge += 1) {
        expect(data[(edge * width + at) * 4]).toBe(255);
        expect(data[(at * width + edge) * 4]).toBe(255);
      }
    }
  });

  it('is drawn in lines as in points', () => {
    const code = qrCode(waLink('74950000000', 'Да'))!;
    const { width, data } = qrPixels(code, 1);
    const drawn = new Set<string>();
    for (const [, x, y, run] of qrPath(code).matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/gu)) {
      for (let step = 0; step < Number(run); step += 1) drawn.add(`${Number(x) + step} ${y}`);
    }
    for (let y = 0; y < width; y += 1) {
      for (let x = 0; x < width; x += 1) {
        expect(drawn.has(`${x} ${y}`)).toBe(data[(y * width + x) * 4] === 0);
      }
    }
    const svg = new DOMParser().parseFromString(qrSvg(code), 'image/svg+xml');
    expect(svg.querySelector('parsererror')).toBeNull();
    expect(svg.documentElement.getAttribute('viewBox')).toBe(`0 0 ${width} ${width}`);
  });

  it('is to be printed the larger the more it says', () => {
    const short = qrCode('https://wa.me/74950000000')!;
    const long = qrCode(waLink('74950000000', 'ы'.repeat(300)))!;
    expect(printedCm(short)).toBe(2);
    expect(printedCm(long)).toBeGreaterThan(5);
    expect(long.length).toBeGreaterThan(short.length);
  });
});
