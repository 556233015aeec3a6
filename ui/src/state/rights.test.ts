import { describe, expect, it } from 'vitest';

import type { Role } from '../api/generated/Role';
import type { Status } from '../api/generated/Status';
import { may, type Right } from './rights';

type Part = 'owner' | 'observer' | 'nobody';
const PARTS: readonly Part[] = ['owner', 'observer', 'nobody'];
const STATUSES: readonly Status[] = ['queued', 'in_work', 'closed'];
const RIGHTS: readonly Right[] = [
  'reply',
  'comment',
  'leave',
  'tell_only_addressed',
  'transfer',
  'close',
  'reopen',
  'return_to_queue',
  'assign',
  'set_observers',
  'no_answer_needed',
];

function offered(role: Role, part: Part, status: Status): Right[] {
  const me = { id: 'me', role };
  const chat = {
    status,
    owner_id: part === 'owner' ? 'me' : 'ivan',
    observer_ids: part === 'observer' ? ['me'] : [],
  };
  return RIGHTS.filter((right) => may(right, me, chat));
}

const READ: Right[] = ['reply', 'comment', 'no_answer_needed'];
const OBSERVE: Right[] = ['reply', 'comment', 'leave', 'tell_only_addressed', 'no_answer_needed'];

describe('what an operator is offered', () => {
  it.each<[Part, Status, Right[]]>([
    ['nobody', 'queued', READ],
    ['observer', 'queued', OBSERVE],
    [
      'owner',
      'in_work',
      ['reply', 'comment', 'transfer', 'close', 'return_to_queue', 'no_answer_needed'],
    ],
    ['observer', 'in_work', OBSERVE],
    ['nobody', 'in_work', []],
    ['owner', 'closed', ['reopen']],
    ['nobody', 'closed', []],
  ])('%s, %s', (part, status, rights) => {
    expect(offered('operator', part, status)).toEqual(rights);
  });
});

describe('what a supervisor is offered', () => {
  it.each<[Part, Status, Right[]]>([
    [
      'nobody',
      'queued',
      ['reply', 'comment', 'close', 'assign', 'set_observers', 'no_answer_needed'],
    ],
    ['nobody', 'in_work', ['comment', 'transfer', 'close', 'return_to_queue', 'set_observers']],
    ['nobody', 'closed', ['reopen', 'return_to_queue']],
  ])('%s, %s', (part, status, rights) => {
    expect(offered('supervisor', part, status)).toEqual(rights);
  });

  it('contains what an operator is, and an administrator the same', () => {
    for (const part of PARTS) {
      for (const status of STATUSES) {
        const all = offered('supervisor', part, status);
        expect(all).toEqual(expect.arrayContaining(offered('operator', part, status)));
        expect(offered('administrator', part, status)).toEqual(all);
      }
    }
  });
});

describe('whoever is not signed in', () => {
  it('is offered nothing', () => {
    const chat = { status: 'queued', owner_id: null, observer_ids: [] } as const;
    expect(RIGHTS.some((right) => may(right, null, { ...chat, observer_ids: [] }))).toBe(false);
  });
});
