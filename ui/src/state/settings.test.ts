import { flushSync } from 'svelte';
import { describe, expect, it } from 'vitest';

import { m } from '../paraglide/messages';
import { Settings } from './settings.svelte';

function storageWith(text: string): Storage {
  localStorage.clear();
  localStorage.setItem('pult.settings', text);
  return localStorage;
}

describe('settings', () => {
  it('begin with the language of the system, Russian or else English', () => {
    expect(new Settings(null, 'ru-RU').language).toBe('ru');
    expect(new Settings(null, 'en-US').language).toBe('en');
    expect(new Settings(null, 'kk-KZ').language).toBe('en');
  });

  it('take what was kept, as far as it makes sense', () => {
    const settings = new Settings(
      storageWith('{"language":"en","theme":"purple","listWidth":9000,"folded":["queued",7]}'),
    );
    expect(settings.language).toBe('en');
    expect(settings.theme).toBe('system');
    expect(settings.listWidth).toBe(420);
    expect(settings.folded).toEqual(['queued']);
  });

  it.each(['', '[]', 'null', '{', '"x"'])('do not stumble over %s', (text) => {
    expect(new Settings(storageWith(text)).textSize).toBe('normal');
  });

  it('keep whether notifications are heard, and how loud', () => {
    localStorage.clear();
    const first = new Settings(localStorage);
    expect([first.areSoundsOn, first.volume]).toEqual([true, 70]);
    first.areSoundsOn = false;
    first.setVolume(130);
    const end = first.apply();
    flushSync();
    end();
    const second = new Settings(localStorage);
    expect([second.areSoundsOn, second.volume]).toEqual([false, 100]);
  });

  it('begin with what the company has set on a new device, once', () => {
    const fresh = new Settings(null, 'ru');
    fresh.adopt({ language: 'en', text_size: 'large' });
    expect([fresh.language, fresh.textSize]).toEqual(['en', 'large']);
    fresh.adopt({ language: 'ru', text_size: 'small' });
    expect([fresh.language, fresh.textSize]).toEqual(['en', 'large']);
  });

  it('begin with it also in a window that was opened before anybody had signed in', () => {
    localStorage.clear();
    const first = new Settings(localStorage, 'en');
    const end = first.apply();
    flushSync();
    end();
    expect(localStorage.getItem('pult.settings')).not.toBeNull();
    const second = new Settings(localStorage, 'en');
    second.adopt({ language: 'ru', text_size: 'large' });
    expect([second.language, second.textSize]).toEqual(['ru', 'large']);
  });

  it('keep what is the system’s once the company has set nothing else', () => {
    localStorage.clear();
    const first = new Settings(localStorage, 'en');
    const end = first.apply();
    first.adopt({ language: null, text_size: 'normal' });
    flushSync();
    end();
    const second = new Settings(localStorage, 'ru');
    second.adopt({ language: 'ru', text_size: 'large' });
    expect([second.language, second.textSize]).toEqual(['en', 'normal']);
  });

  it('keep what was chosen above what the company has set', () => {
    const known = new Settings(storageWith('{"language":"ru"}'));
    known.adopt({ language: 'en', text_size: 'large' });
    expect([known.language, known.textSize]).toEqual(['ru', 'normal']);
    const chosen = new Settings(null, 'ru');
    chosen.language = 'en';
    chosen.textSize = 'huge';
    chosen.adopt({ language: 'ru', text_size: 'small' });
    expect([chosen.language, chosen.textSize]).toEqual(['en', 'huge']);
  });

  it('keep the keys that were set, as far as they make sense', () => {
    const settings = new Settings(
      storageWith(
        '{"ownKeys":{"close":["Alt+KeyW","Ctrl+Alt+KeyW"],"nothing":["F9"]},"areSingleKeysOn":false,"recentCommands":["card","nothing",7]}',
      ),
    );
    expect(settings.ownKeys).toEqual({ close: ['Alt+KeyW'] });
    expect(settings.areSingleKeysOn).toBe(false);
    expect(settings.recentCommands).toEqual(['card']);
    const end = settings.apply();
    settings.ownKeys = { transfer: ['F9'] };
    settings.noteCommand('close');
    settings.noteCommand('card');
    flushSync();
    const again = new Settings(localStorage);
    end();
    expect(again.ownKeys).toEqual({ transfer: ['F9'] });
    expect(again.areSingleKeysOn).toBe(false);
    expect(again.recentCommands).toEqual(['card', 'close']);
    expect(new Settings(storageWith('{"ownKeys":[],"recentCommands":7}')).ownKeys).toEqual({});
  });

  it('word messages in the language that is set', () => {
    const settings = new Settings(null, 'ru');
    expect(m.settings()).toBe('Настройки');
    settings.language = 'en';
    expect(m.settings()).toBe('Settings');
  });
});
