/**
 * What an operator is offered in a chat: the table of "The life of a chat", for people. The backend
 * decides; this keeps the panel from offering what it would refuse.
 */
import type { ChatRow } from '../api/generated/ChatRow';
import type { OperatorRow } from '../api/generated/OperatorRow';
import type { Role } from '../api/generated/Role';
import type { Status } from '../api/generated/Status';

/** What can be asked for in a chat. */
export type Right =
  | 'reply'
  | 'comment'
  | 'leave'
  | 'tell_only_addressed'
  | 'transfer'
  | 'close'
  | 'reopen'
  | 'return_to_queue'
  | 'assign'
  | 'set_observers'
  | 'no_answer_needed';

/** To whom something is open. */
type Open = 'anybody' | 'owner' | 'observer' | 'former_owner' | 'supervisor';

const TABLE: Record<Right, Partial<Record<Status, readonly Open[]>>> = {
  reply: { queued: ['anybody'], in_work: ['owner', 'observer'] },
  comment: { queued: ['anybody'], in_work: ['owner', 'observer', 'supervisor'] },
  leave: { queued: ['observer'], in_work: ['observer'] },
  tell_only_addressed: { queued: ['observer'], in_work: ['observer'] },
  transfer: { in_work: ['owner', 'supervisor'] },
  close: { queued: ['supervisor'], in_work: ['owner', 'supervisor'] },
  reopen: { closed: ['former_owner', 'supervisor'] },
  return_to_queue: { in_work: ['owner', 'supervisor'], closed: ['supervisor'] },
  assign: { queued: ['supervisor'] },
  set_observers: { queued: ['supervisor'], in_work: ['supervisor'] },
  no_answer_needed: { queued: ['anybody'], in_work: ['owner', 'observer'] },
};

/** What of a chat the rights depend on. */
type Standing = Pick<ChatRow, 'status' | 'owner_id' | 'observer_ids'>;

/** Whether `me` may do it in `chat`. */
export function may(
  right: Right,
  me: Pick<OperatorRow, 'id' | 'role'> | null,
  chat: Standing,
): boolean {
  if (me === null) return false;
  const isOwner = chat.owner_id === me.id;
  const holds: Record<Open, boolean> = {
    anybody: true,
    owner: chat.status === 'in_work' && isOwner,
    observer: chat.observer_ids.includes(me.id),
    former_owner: chat.status === 'closed' && isOwner,
    supervisor: isSupervisor(me.role),
  };
  return (TABLE[right][chat.status] ?? []).some((open) => holds[open]);
}

/** Whether the role has a supervisor's rights. */
export function isSupervisor(role: Role): boolean {
  return role !== 'operator';
}
