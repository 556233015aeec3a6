import { describe, expect, it } from 'vitest';

import { type Inline, parseMarkup, plainText } from './markup';

/** A tree as a short text, so that a case fits a line. */
function show(pieces: readonly Inline[]): string {
  return pieces
    .map((piece) => {
      if (piece.kind === 'text') return piece.text;
      if (piece.kind === 'code') return `{code ${piece.text}}`;
      if (piece.kind === 'link') return `{link ${piece.href} at ${piece.host}}`;
      if (piece.kind === 'mention') return `{mention ${piece.text}}`;
      return `{${piece.kind} ${show(piece.children)}}`;
    })
    .join('');
}

describe('markup', () => {
  it.each([
    ['просто текст', 'просто текст'],
    ['', ''],
    ['*жирный*', '{bold жирный}'],
    ['_курсив_ и ~нет~', '{italic курсив} и {strike нет}'],
    ['*и _то_ и другое*', '{bold и {italic то} и другое}'],
    ['(*в скобках*)', '({bold в скобках})'],
    ['```код *не жирный*```', '{code код *не жирный*}'],
    ['до ```x``` после', 'до {code x} после'],
  ])('of %s', (text, tree) => {
    expect(show(parseMarkup(text))).toBe(tree);
  });

  it.each([
    '2*3*4',
    'snake_case_name',
    '* список',
    '*не закрыто',
    '* пробелы *',
    '**',
    '``````',
    '```',
    'две *строки\nне* жирные',
    '<b>тег</b> <script>alert(1)</script>',
    '&lt;',
  ])('leaves %s as it was typed', (text) => {
    expect(parseMarkup(text)).toEqual(text === '' ? [] : [{ kind: 'text', text }]);
  });

  it('keeps every character that is no mark', () => {
    const text = 'a *b* ```c``` _d_ *e f https://example.org/x_y_z ~g';
    expect(show(parseMarkup(text))).toBe(
      'a {bold b} {code c} {italic d} *e f {link https://example.org/x_y_z at example.org} ~g',
    );
  });

  it('does not take long for a long line of marks', () => {
    const started = performance.now();
    parseMarkup('*_~'.repeat(1365));
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('a line in a list', () => {
  it('has the words without the marks', () => {
    expect(plainText('*Да*, _конечно_: ```код``` и https://example.org/a_b, 2*2')).toBe(
      'Да, конечно: код и https://example.org/a_b, 2*2',
    );
  });
});

describe('links', () => {
  it.each([
    [
      'см. https://example.ru/путь?a=1, да',
      'см. {link https://example.ru/путь?a=1 at example.ru}, да',
    ],
    ['(http://example.org)', '({link http://example.org at example.org})'],
    ['https://example.org/a_(b)', '{link https://example.org/a_(b) at example.org}'],
    ['mailto:anna@example.ru', '{link mailto:anna@example.ru at anna@example.ru}'],
    ['tel:+79990000101!', '{link tel:+79990000101 at +79990000101}!'],
    ['*https://example.org*', '{bold {link https://example.org at example.org}}'],
    [
      'https://a.example https://b.example',
      '{link https://a.example at a.example} {link https://b.example at b.example}',
    ],
  ])('in %s', (text, tree) => {
    expect(show(parseMarkup(text))).toBe(tree);
  });

  it.each([
    'javascript:alert(1)',
    'file:///etc/passwd',
    'data:text/html,x',
    'https://',
    'xhttps://a.b',
    'ftp://a.b',
  ])('are not made of %s', (text) => {
    expect(show(parseMarkup(text))).toBe(text);
  });

  it('show the host that a disguised address leads to', () => {
    expect(show(parseMarkup('https://bank.example@evil.example/'))).toContain('at evil.example');
  });
});
