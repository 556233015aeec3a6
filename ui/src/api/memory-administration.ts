/** What is managed in the imagined company. */
import type { Administration } from './generated/Administration';
import type { AuditEntry } from './generated/AuditEntry';
import type { AuditPage } from './generated/AuditPage';
import type { AuditQuery } from './generated/AuditQuery';
import type { ChannelHealth } from './generated/ChannelHealth';
import type { ManagedIntegration } from './generated/ManagedIntegration';
import type { ManagedOperator } from './generated/ManagedOperator';
import type { SessionRow } from './generated/SessionRow';
import { refusal } from './memory-answers';
import type { World } from './world';

const HOUR = 3_600_000;

export function managedOperators(world: World): ManagedOperator[] {
  const owned = (id: string): number =>
    [...world.chats.values()].filter(({ row }) => row.owner_id === id && row.status === 'in_work')
      .length;
  return world.operators.map((operator) => ({
    ...operator,
    login: operator.id.replace('op-', ''),
    n_in_work: owned(operator.id),
    n_sessions: 1,
  }));
}

export function sessions(world: World, all: boolean, now: number): SessionRow[] {
  const me = world.session?.operator.id ?? '';
  const row = (operator_id: string, device: string, n: number): SessionRow => ({
    id: `session-${operator_id}-${n}`,
    operator_id,
    device,
    created_at: now - (n + 1) * 30 * HOUR,
    last_seen_at: now - n * HOUR,
    address: `192.0.2.${n + 1}`,
    is_connected: n === 0,
    is_current: operator_id === me && n === 0,
  });
  const mine = [row(me, 'Windows · Касса', 0), row(me, 'Linux · Склад', 1)];
  const others = world.operators.filter(({ id, is_active }) => is_active && id !== me);
  return all ? [...mine, ...others.map(({ id }) => row(id, 'Windows', 0))] : mine;
}

export function channelHealth(world: World, now: number): ChannelHealth[] {
  return world.channels.map((channel) => ({
    channel,
    provider_key: '100200300400',
    problem_since: channel.problem === null ? null : now - HOUR,
    blocked_until: channel.problem === null ? null : now + HOUR,
    last_inbound_at: now - 60_000,
    last_outbound_at: now - HOUR,
    n_waiting: 0,
    n_not_confirmed: 0,
  }));
}

export function managedIntegrations(world: World, now: number): ManagedIntegration[] {
  return world.integrations.map((integration) => ({
    ...integration,
    created_at: now - 900 * HOUR,
    last_used_at: now - HOUR,
  }));
}

/** Carries out what the page's tests ask for. */
export function administer(world: World, what: Administration): void {
  switch (what.kind) {
    case 'add_operator': {
      const { id, name, role } = what;
      world.operators = [...world.operators, { id, name, role, is_active: true }];
      return;
    }
    case 'change_operator': {
      const { change } = what;
      world.operators = world.operators.map((operator) => {
        if (operator.id !== what.id) return operator;
        switch (change.change) {
          case 'name':
            return { ...operator, name: change.now };
          case 'role':
            return { ...operator, role: change.now };
          case 'is_active':
            return { ...operator, is_active: change.now };
        }
      });
      return;
    }
    case 'set_company': {
      const { revision, settings } = what.request;
      world.company = { revision: revision + 1, settings };
      return;
    }
    case 'rename_channel':
      world.channels = world.channels.map((channel) =>
        channel.id === what.id ? { ...channel, name: what.now } : channel,
      );
      return;
    case 'set_own_password':
      if (what.present === 'wrong') throw refusal('wrong_password', {});
      return;
    case 'revoke_integration':
      world.integrations = world.integrations.map((one) =>
        one.id === what.id ? { ...one, is_active: false } : one,
      );
      return;
    default:
  }
}

export function audit(world: World, query: AuditQuery, now: number): AuditPage {
  const me = world.session?.operator.id ?? '';
  const entry = (key: number, act: NonNullable<AuditEntry['act']>): AuditEntry => ({
    key,
    at: now - (10 - key) * HOUR,
    by: key === 1 ? { who: 'command_line' } : { who: 'operator', operator_id: me },
    act,
    kind: act.act,
  });
  const all = [
    entry(1, {
      act: 'operator_added',
      operator_id: me,
      login: 'anna',
      name: 'Анна Примерова',
      role: 'administrator',
    }),
    entry(2, { act: 'role_changed', operator_id: me, was: 'operator', now: 'supervisor' }),
  ].reverse();
  const isAsked = (one: AuditEntry): boolean =>
    (query.kind === undefined || one.kind === query.kind) &&
    (query.before === undefined || one.key < query.before);
  return { entries: all.filter(isAsked), has_more: false };
}
