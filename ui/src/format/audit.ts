/** The audit log in words. */
import type { Act } from '../api/generated/Act';
import type { AuditEntry } from '../api/generated/AuditEntry';
import type { CompanyChange } from '../api/generated/CompanyChange';
import type { IntegrationId } from '../api/generated/IntegrationId';
import type { OperatorId } from '../api/generated/OperatorId';
import type { Deed } from '../api/generated/Deed';
import { m } from '../paraglide/messages';
import { automaticName } from './automatic';
import { KINDS } from './notifications';
import { roleName } from './people';

export interface Names {
  operator: (id: OperatorId) => string;
  integration: (id: IntegrationId) => string;
}

/** What kinds of acts can be looked for. */
export const ACT_KINDS: Record<Act['act'], () => string> = {
  operator_added: m.act_kind_operator_added,
  operator_renamed: m.act_kind_operator_renamed,
  role_changed: m.act_kind_role_changed,
  operator_deactivated: m.act_kind_operator_deactivated,
  operator_reactivated: m.act_kind_operator_reactivated,
  password_set: m.act_kind_password_set,
  sessions_revoked: m.act_kind_sessions_revoked,
  channel_added: m.act_kind_channel_added,
  channel_replaced: m.act_kind_channel_replaced,
  channel_renamed: m.act_kind_channel_renamed,
  integration_added: m.act_kind_integration_added,
  integration_revoked: m.act_kind_integration_revoked,
  company_changed: m.act_kind_company_changed,
  channel_phone_set: m.act_kind_channel_phone_set,
  ready_answer_added: m.act_kind_ready_answer_added,
  ready_answer_changed: m.act_kind_ready_answer_changed,
  ready_answer_deleted: m.act_kind_ready_answer_deleted,
  ready_answers_imported: m.act_kind_ready_answers_imported,
  automatic_texts_changed: m.act_kind_automatic_texts_changed,
  working_hours_changed: m.act_kind_working_hours_changed,
  directions_changed: m.act_kind_directions_changed,
  chat_handled: m.act_kind_chat_handled,
  restored: m.act_kind_restored,
};

/** Who did it. */
export function actorName({ by }: AuditEntry, names: Names): string {
  switch (by.who) {
    case 'operator':
      return names.operator(by.operator_id);
    case 'integration':
      return names.integration(by.integration_id);
    case 'command_line':
      return m.actor_command_line();
  }
}

/** What was done. An act of a newer version is told by its name. */
export function actText({ act, kind }: AuditEntry, names: Names): string {
  if (act === null) return m.act_unknown({ kind });
  switch (act.act) {
    case 'operator_added':
      return m.act_operator_added({
        name: act.name,
        login: act.login,
        role: roleName(act.role).toLowerCase(),
      });
    case 'operator_renamed':
      return m.act_renamed({ was: act.was, now: act.now });
    case 'role_changed':
      return m.act_role_changed({
        name: names.operator(act.operator_id),
        was: roleName(act.was).toLowerCase(),
        now: roleName(act.now).toLowerCase(),
      });
    case 'operator_deactivated':
      return m.act_operator_deactivated({
        name: names.operator(act.operator_id),
        n: act.n_chats,
      });
    case 'operator_reactivated':
      return m.act_operator_reactivated({ name: names.operator(act.operator_id) });
    case 'password_set':
      return m.act_password_set({ name: names.operator(act.operator_id) });
    case 'sessions_revoked':
      return m.act_sessions_revoked({
        name: names.operator(act.operator_id),
        devices: act.devices.join(', '),
      });
    case 'channel_added':
      return m.act_channel_added({ name: act.name });
    case 'channel_replaced':
      return m.act_channel_replaced({ name: act.name });
    case 'channel_renamed':
      return m.act_renamed({ was: act.was, now: act.now });
    case 'integration_added':
      return m.act_integration_added({ name: act.name });
    case 'integration_revoked':
      return m.act_integration_revoked({ name: act.name });
    case 'company_changed':
      return act.changes.map(changeText).join('; ');
    case 'channel_phone_set':
      return m.act_channel_phone_set({ was: act.was ?? m.company_none(), now: act.now });
    case 'ready_answer_added':
      return m.act_ready_answer_added({ shortcut: act.shortcut });
    case 'ready_answer_changed':
      return act.was === act.now
        ? m.act_ready_answer_changed({ shortcut: act.now })
        : m.act_ready_answer_renamed({ was: act.was, now: act.now });
    case 'ready_answer_deleted':
      return m.act_ready_answer_deleted({ shortcut: act.shortcut });
    case 'ready_answers_imported':
      return m.act_ready_answers_imported({ added: act.n_new, changed: act.n_changed });
    case 'automatic_texts_changed':
      return m.act_automatic_texts_changed({ kinds: act.kinds.map(automaticName).join(', ') });
    case 'working_hours_changed':
      return act.are_kept
        ? m.act_working_hours_changed({ n: act.n_exceptions })
        : m.act_working_hours_none();
    case 'directions_changed':
      return m.act_directions_changed({ n: act.n_rules });
    case 'chat_handled':
      return handledText(act, names);
    case 'restored':
      return m.act_restored();
  }
}

function handledText(
  { deed, owner_id, to }: Extract<Act, { act: 'chat_handled' }>,
  names: Names,
): string {
  const toName = to === null ? '' : names.operator(to);
  const what = DEEDS[deed](toName);
  if (owner_id !== null) return m.act_chat_handled({ what, owner: names.operator(owner_id) });
  return deed === 'assign'
    ? m.deed_assign_queued({ to: toName })
    : m.act_chat_handled_ownerless({ what });
}

/** What was done in somebody else’s chat, and for whom. */
const DEEDS: Record<Deed, (to: string) => string> = {
  reply: () => m.deed_reply(),
  comment: () => m.deed_comment(),
  leave: () => m.deed_leave(),
  transfer: (to) => m.deed_transfer({ to }),
  close: () => m.deed_close(),
  reopen: () => m.deed_reopen(),
  return_to_queue: () => m.deed_return(),
  assign: (to) => m.deed_assign({ to }),
  set_observers: () => m.deed_observers(),
  no_answer_needed: () => m.deed_no_answer(),
};

const FIELDS: Record<string, () => string> = {
  name: m.company_name,
  time_zone: m.company_time_zone,
  'waiting.plain_minutes': m.company_waiting_plain,
  'waiting.warn_minutes': m.company_waiting_warn,
  'waiting.bad_minutes': m.company_waiting_bad,
  late_first_answer_minutes: m.company_late_first,
  late_answer_minutes: m.company_late,
  away_after_minutes: m.company_away,
  'defaults.language': m.company_language,
  'defaults.text_size': m.company_text_size,
};

/** What of a kind of notifications is set. */
const OF_KIND: Record<string, () => string> = {
  banner: m.notify_banner,
  sound: m.notify_sound,
  badge: m.notify_badge,
  in_front: m.notify_in_front,
  repeat_s: m.notify_repeat,
};

function fieldText(field: string): string {
  const [, what, part] = /^defaults\.notifications\.kinds\.(\w+)\.(\w+)$/u.exec(field) ?? [];
  if (what !== undefined && part !== undefined && what in KINDS) {
    const kind = KINDS[what as keyof typeof KINDS].title();
    return `${kind}: ${OF_KIND[part]?.() ?? part}`;
  }
  return FIELDS[field]?.() ?? field;
}

function changeText({ field, was, now }: CompanyChange): string {
  return m.act_setting({ field: fieldText(field), was: bare(was), now: bare(now) });
}

/** A JSON value as people write it. */
function bare(text: string | null): string {
  if (text === null || text === '""') return m.company_none();
  if (text === 'true') return m.company_yes();
  if (text === 'false') return m.company_no();
  return text.replace(/^"(.*)"$/u, '$1');
}
