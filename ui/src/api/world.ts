/** What the panel in memory holds: chats with their entries, and everything around them. */
import type { ChannelRow } from './generated/ChannelRow';
import type { ChatRow } from './generated/ChatRow';
import type { CompanyRow } from './generated/CompanyRow';
import type { CommandId } from './generated/CommandId';
import type { CommentDraft } from './generated/CommentDraft';
import type { ComposerMode } from './generated/ComposerMode';
import type { ChatDeed } from './generated/ChatDeed';
import type { Connection } from './generated/Connection';
import type { DraftElsewhere } from './generated/DraftElsewhere';
import type { Echo } from './generated/Echo';
import type { EntryBody } from './generated/EntryBody';
import type { EntryRow } from './generated/EntryRow';
import type { HistoryKept } from './generated/HistoryKept';
import type { Held } from './generated/Held';
import type { IntegrationId } from './generated/IntegrationId';
import type { IntegrationRow } from './generated/IntegrationRow';
import type { LastSignIn } from './generated/LastSignIn';
import type { OperatorId } from './generated/OperatorId';
import type { OperatorRow } from './generated/OperatorRow';
import type { NotificationChoices } from './generated/NotificationChoices';
import type { NotificationLine } from './generated/NotificationLine';
import type { Pending } from './generated/Pending';
import type { PresenceRow } from './generated/PresenceRow';
import type { ReadyAnswerRow } from './generated/ReadyAnswerRow';
import type { SessionView } from './generated/SessionView';
import type { Shell } from './generated/Shell';
import type { Timestamp } from './generated/Timestamp';
import type { WatchedChat } from './generated/WatchedChat';

export interface World {
  session: SessionView | null;
  /** Who is signed in after the sign-in screen. */
  wouldBe: SessionView;
  connection: Connection;
  operators: OperatorRow[];
  presence: PresenceRow[];
  /** Who else is at chats. */
  onlookers: WatchedChat[];
  channels: ChannelRow[];
  integrations: IntegrationRow[];
  company: CompanyRow;
  chats: Map<string, MemoryChat>;
  shells: Shell[];
  answers: ReadyAnswerRow[];
  notifications: NotificationLine[];
  notificationChoices: NotificationChoices;
  lastSignIn: LastSignIn | null;
  /** For how long closed chats are kept here. */
  historyKept: HistoryKept;
}

/** An echo with what is not shown of it. */
export type WorldEcho = Echo & { mentions?: OperatorId[] };

/** A chat with what belongs to it. */
export class MemoryChat {
  readonly row: ChatRow;
  readonly entries: EntryRow[] = [];
  echoes: WorldEcho[] = [];
  draft = '';
  comment: CommentDraft = { text: '', mentions: [] };
  mode: ComposerMode = 'reply';
  /** Which text was put back last. */
  draftRevision = 0;
  /** What stands in the composers on another device. */
  elsewhere: DraftElsewhere[] = [];
  /** The drafts as they were when both devices had the same. */
  readonly known: Record<ComposerMode, string> = { reply: '', comment: '' };
  /** What was put into the composers and the page has not been shown yet. */
  readonly unseen: Record<ComposerMode, string> = { reply: '', comment: '' };
  held: Held | null = null;
  /** What the held command was to do, if it was about the chat as a whole. */
  heldDeed: ChatDeed | null = null;
  /** What waits so that it can be taken back. */
  pending: (Pending & { deed: ChatDeed }) | null = null;
  onlyAddressed = false;
  /** Reopens the chat once the imagined backend answers. */
  reopens: (() => void) | null = null;
  readPlace = 0;
  /** How many of the oldest entries are at the backend only. */
  nNotCached = 0;

  constructor(row: ChatRow) {
    this.row = row;
  }

  /** Refused or withdrawn text is the draft again, before what was begun since. */
  putBack({ mode, text, mentions }: WorldEcho): void {
    if (mode === 'reply') this.draft = joined(text, this.draft);
    else {
      const all = new Set([...this.comment.mentions, ...(mentions ?? [])]);
      this.comment = { text: joined(text, this.comment.text), mentions: [...all] };
    }
    this.unseen[mode] = joined(this.unseen[mode], text);
    this.mode = mode;
    this.draftRevision += 1;
  }

  /** What stands on another device is the draft, above what was typed here since. */
  takeElsewhere(mode: ComposerMode): void {
    const there = this.elsewhere.find((one) => one.mode === mode);
    if (there === undefined) return;
    this.elsewhere = this.elsewhere.filter((one) => one !== there);
    const here = mode === 'reply' ? this.draft : this.comment.text;
    const isUntouched = here === this.known[mode];
    this.known[mode] = there.text;
    const text = isUntouched ? there.text : joined(there.text, here);
    this.unseen[mode] = text;
    if (mode === 'reply') this.draft = text;
    else this.comment = { ...this.comment, text };
    this.draftRevision += 1;
  }

  /** Adds an entry at the end and keeps the row as it would be. */
  append(
    body: EntryBody,
    author_id: OperatorId | null,
    at: Timestamp,
    command_id: CommandId | null = null,
    integration_id: IntegrationId | null = null,
  ): EntryRow {
    const place = this.entries.length + 1;
    const entry: EntryRow = {
      id: `${this.row.id}-${place}`,
      chat_id: this.row.id,
      place,
      author_id,
      integration_id,
      command_id,
      sent_at: at,
      received_at: at,
      body,
    };
    this.entries.push(entry);
    this.row.last_place = place;
    if (body.kind === 'notice') return entry;
    this.row.last_activity_at = at;
    this.row.preview =
      body.kind === 'inbound_placeholder'
        ? { kind: 'inbound', author_id, text: body.caption ?? '', placeholder: body.placeholder }
        : { kind: body.kind, author_id, text: body.text.slice(0, 160), placeholder: null };
    if (body.kind === 'outbound') {
      this.row.waiting_since = null;
    } else if (body.kind !== 'comment') {
      this.row.client_wrote_at = at;
      this.row.waiting_since ??= at;
    }
    return entry;
  }
}

/** One text above another. */
export function joined(first: string, second: string): string {
  if (first === '' || second === '') return first + second;
  return `${first}\n${second}`;
}
