/** States of the panel in memory, by name: `?fixture=NAME` while the page is worked on. */
import { withArchive, withCard } from './fixtures-archive';
import type { Alert } from './generated/Alert';
import type { NotificationChoices } from './generated/NotificationChoices';
import type { NotificationKind } from './generated/NotificationKind';
import type { NotificationLine } from './generated/NotificationLine';
import type { ChatDeed } from './generated/ChatDeed';
import type { Code } from './generated/Code';
import type { DeliveryState } from './generated/DeliveryState';
import type { EntryBody } from './generated/EntryBody';
import type { FailureKind } from './generated/FailureKind';
import type { HeldAction } from './generated/HeldAction';
import type { Notice } from './generated/Notice';
import type { ReadyAnswerRow } from './generated/ReadyAnswerRow';
import type { Role } from './generated/Role';
import type { Status } from './generated/Status';
import { MemoryChat, type World } from './world';

export type { World } from './world';

/** Builds a state as of `now`. */
type Fixture = (now: number) => World;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Who is signed in. */
const ME = 'op-anna';
const IVAN = 'op-ivan';
const MARIA = 'op-maria';

function emptyWorld(now: number): World {
  const operators: World['operators'] = [
    { id: ME, name: 'Анна Образцова', role: 'operator', is_active: true },
    { id: IVAN, name: 'Иван', role: 'operator', is_active: true },
    { id: MARIA, name: 'Мария Примерова', role: 'supervisor', is_active: true },
    { id: 'op-artyom', name: 'Артём Небылов', role: 'operator', is_active: true },
    { id: 'op-boss', name: 'Вера Выдуманная', role: 'administrator', is_active: true },
    { id: 'op-gone', name: 'Марк Бывалый', role: 'operator', is_active: false },
  ];
  const session: World['session'] = {
    address: 'https://pult.example.ru',
    operator: { id: ME, name: 'Анна Образцова', role: 'operator', is_active: true },
    token_in_key_store: true,
  };
  return {
    session,
    wouldBe: session,
    connection: { state: 'live' },
    operators,
    onlookers: [],
    presence: [
      { operator_id: ME, presence: 'online', since: now - 3 * HOUR, by_hand: false },
      { operator_id: IVAN, presence: 'online', since: now - HOUR, by_hand: false },
      { operator_id: MARIA, presence: 'offline', since: now - 25 * MINUTE, by_hand: false },
      { operator_id: 'op-artyom', presence: 'offline', since: now - 3 * DAY, by_hand: false },
    ],
    channels: [
      {
        id: 'channel-1',
        kind: 'whatsapp',
        name: 'WhatsApp, отдел продаж',
        problem: null,
        phone: null,
      },
    ],
    integrations: [{ id: 'program-1c', name: '1С', is_active: true }],
    company: {
      revision: 0,
      settings: {
        name: '',
        time_zone: 'Europe/Moscow',
        waiting: { plain_minutes: 1, warn_minutes: 5, bad_minutes: 15 },
        late_first_answer_minutes: 10,
        late_answer_minutes: 15,
        away_after_minutes: 10,
        defaults: { language: null, text_size: 'normal', notifications: { kinds: {} } },
      },
    },
    chats: new Map(),
    shells: [],
    answers: readyAnswers(),
    notifications: [],
    notificationChoices: notificationChoices(),
    lastSignIn: { address: 'https://pult.example.ru', login: 'anna' },
    historyKept: { closed_days: null, max_mb: 4096 },
  };
}

function announced(now: number): World {
  const world = usual(now);
  const told = (
    what: NotificationKind,
    minutesAgo: number,
    facts: Partial<NotificationLine['notification']>,
    isSeen = minutesAgo > 5,
  ): Omit<NotificationLine, 'position'> => ({
    at: now - minutesAgo * MINUTE,
    is_seen: isSeen,
    notification: {
      what,
      key: { about: 'chat', chat_id: facts.chat_id ?? 'pavel' },
      chat_id: 'pavel',
      place: null,
      title: 'Павел Небылицын',
      text: '',
      placeholder: null,
      n: 1,
      minutes: 0,
      banner: true,
      sound: true,
      ...facts,
    },
  });
  const lines = [
    told('mention', 1, { text: 'Проверьте, пожалуйста, склад: обещали монтаж в день доставки' }),
    told('waits_in_queue', 3, { key: { about: 'queue' }, title: 'Тимур', n: 3, minutes: 5 }),
    told('new_message', 8, { text: 'Где курьер?' }),
    told('connection_lost', 90, { key: { about: 'connection' }, chat_id: null, title: null }),
    told('not_delivered', 2000, { title: 'Ольга Выдумкина', text: 'Счёт готов' }),
  ];
  const { notificationChoices } = world;
  return {
    ...world,
    notifications: lines.map((line, index) => ({ ...line, position: lines.length - index })),
    notificationChoices: {
      ...notificationChoices,
      settings: { ...notificationChoices.settings, quiet_until: now + 30 * MINUTE },
    },
  };
}

/** Kinds of notifications, each as usual. */
function notificationChoices(): NotificationChoices {
  const loud = { banner: true, sound: true, badge: false, in_front: true, repeat_s: null };
  const usual: [NotificationKind, Alert][] = [
    ['mention', loud],
    ['given', loud],
    ['reopened', loud],
    ['not_delivered', loud],
    ['suggested', loud],
    ['new_message', { ...loud, badge: true }],
    ['new_in_queue', { ...loud, badge: true, in_front: false }],
    ['observed', { ...loud, sound: false, in_front: false }],
    ['waits_in_queue', { ...loud, repeat_s: 60 }],
    ['overdue', loud],
    ['channel_down', { ...loud, sound: false }],
    ['connection_lost', { ...loud, sound: false }],
  ];
  return {
    settings: {
      kinds: {},
      hide_text: false,
      queue_waits_s: 60,
      quiet_until: null,
      quiet_hours: null,
      quiet_when_away: false,
      mentions_break_through: true,
    },
    kinds: usual.map(([what, alert]) => ({ what, alert, usual: alert, built_in: alert })),
  };
}

/** The company's ready answers, and one of my own. */
function readyAnswers(): ReadyAnswerRow[] {
  const answer = (
    shortcut: string,
    title: string,
    group: string,
    text: string,
    owner_id: string | null = null,
  ): ReadyAnswerRow => ({ id: `answer-${shortcut}`, owner_id, shortcut, title, group, text });
  return [
    answer('привет', 'Начало разговора', 'Общее', 'Здравствуйте, {клиент}! Чем помочь?'),
    answer(
      'адрес',
      'Где мы находимся',
      'Магазин',
      'Мы на Примерной улице, 1, вход со двора.\nОткрыты каждый день с 9 до 20.',
    ),
    answer('счёт', 'Оплата по счёту', 'Оплата', 'Вышлю счёт в течение часа. На кого его оформить?'),
    answer('пока', '', 'Общее', 'Спасибо за обращение, {клиент}! С вами была {сотрудник}.'),
    answer('мой-телефон', '', '', 'Мой рабочий номер: +7 999 000-01-99, {сотрудник}.', ME),
  ];
}

interface ChatOptions {
  status?: Status;
  owner?: string | null;
  formerOwner?: string;
  observers?: string[];
}

/** Adds a chat; `say` then fills it. */
function addChat(
  world: World,
  id: string,
  name: string | null,
  phone: string | null,
  { status = 'queued', owner = null, formerOwner, observers = [] }: ChatOptions = {},
): MemoryChat {
  const chat = new MemoryChat({
    id,
    channel_id: 'channel-1',
    client: { id: `client-${id}`, name, own_name: name, phone, note: '' },
    status,
    owner_id: owner,
    former_owner_id: formerOwner ?? null,
    observer_ids: observers,
    waiting_since: null,
    last_activity_at: 0,
    client_wrote_at: null,
    last_place: 0,
    preview: null,
  });
  world.chats.set(id, chat);
  return chat;
}

const theirs = (text: string): EntryBody => ({ kind: 'inbound', text });

const placeholder = (kind: string, caption: string | null = null): EntryBody => ({
  kind: 'inbound_placeholder',
  placeholder: kind,
  caption,
});

const ours = (
  text: string,
  state: DeliveryState = 'read',
  failure: FailureKind | null = null,
  failure_details: string | null = null,
): EntryBody => ({ kind: 'outbound', text, delivery: { state, failure, failure_details } });

function usual(now: number): World {
  const world = emptyWorld(now);

  const marina = addChat(world, 'marina', 'Марина Выдумкина', '79990000101', {
    status: 'in_work',
    owner: ME,
  });
  const yesterday = now - DAY;
  marina.append(
    theirs('Здравствуйте! Хочу заказать стеллаж «Север», три секции.'),
    null,
    yesterday,
  );
  marina.append({ kind: 'notice', notice: { what: 'taken', by: ME } }, ME, yesterday + 2 * MINUTE);
  marina.append(
    ours('Добрый день, Марина! Есть белый и дуб. Какой цвет вам ближе?'),
    ME,
    yesterday + 2 * MINUTE,
  );
  marina.append(placeholder('image', 'Вот такой, как на фото'), null, yesterday + 9 * MINUTE);
  marina.append(
    ours(
      'Это *дуб сонома*. Он есть на складе, привезём послезавтра.\nДоставка _бесплатная_, подъём 300 ₽ за этаж.',
    ),
    ME,
    yesterday + 12 * MINUTE,
  );
  marina.append(ours('Оформляем?'), ME, yesterday + 13 * MINUTE);
  marina.append(theirs('Да, давайте'), null, yesterday + 20 * MINUTE);
  marina.append(
    { kind: 'notice', notice: { what: 'closed', by: ME } },
    ME,
    yesterday + 30 * MINUTE,
  );
  marina.append(theirs('Добрый день! Это снова я'), null, now - 14 * MINUTE);
  marina.append(
    { kind: 'notice', notice: { what: 'came_back', owner: ME } },
    null,
    now - 14 * MINUTE,
  );
  marina.append(
    theirs(
      'А можно собрать сразу при доставке? Нашла у вас на сайте https://shelves.example.ru/services?city=spb#sborka, но не поняла цену.',
    ),
    null,
    now - 13 * MINUTE,
  );
  marina.append(
    ours(
      'Можно! Сборка стеллажа до трёх секций стоит 1 900 ₽, мастер приедет вместе с доставкой.',
      'delivered',
    ),
    ME,
    now - 11 * MINUTE,
  );
  marina.append(placeholder('voice'), null, now - 3 * MINUTE);
  marina.append(theirs('Записала голосом, так быстрее :)'), null, now - 3 * MINUTE + 8000);
  marina.readPlace = 12;

  const pavel = addChat(world, 'pavel', 'Павел Небывалов', '79990000102', {
    status: 'in_work',
    owner: ME,
  });
  pavel.append(theirs('Где мой заказ?'), null, now - 50 * MINUTE);
  pavel.append(ours('Павел, курьер уже выехал, будет с 15 до 17.', 'read'), ME, now - 46 * MINUTE);
  pavel.append(theirs('Спасибо!'), null, now - 45 * MINUTE);
  pavel.append(ours('Хорошего дня!', 'sent'), ME, now - 44 * MINUTE);
  pavel.readPlace = 4;

  const olga = addChat(world, 'olga', 'Ольга Придумкина', '79990000103', {
    status: 'in_work',
    owner: ME,
  });
  olga.append(theirs('Пришлите, пожалуйста, счёт на ООО «Ромашка-Пример»'), null, now - 3 * HOUR);
  olga.append(ours('Готовлю, пришлю в течение часа.', 'read'), ME, now - 2.9 * HOUR);
  olga.draft = 'Ольга, счёт готов: сумма 48 300 ₽, ';
  olga.readPlace = 2;

  const observed = addChat(world, 'fyodor', 'Фёдор Сказкин', '79990000104', {
    status: 'in_work',
    owner: IVAN,
    observers: [ME],
  });
  observed.append(theirs('Не подходит крепёж к стене из газобетона'), null, now - 40 * MINUTE);
  observed.append(ours('Сейчас уточню у коллег, какой подойдёт.', 'read'), IVAN, now - 38 * MINUTE);
  observed.readPlace = 2;

  const queue: [string, string | null, string | null, EntryBody, number][] = [
    ['q1', 'Геннадий Невзаправдин', '79990000105', theirs('Вы сегодня до скольки работаете?'), 21],
    ['q2', 'Светлана', '79990000106', placeholder('document', 'Смета.pdf'), 11],
    ['q3', null, '79990000107', theirs('Добрый день, сколько стоит доставка в Гатчину?'), 4],
    [
      'q4',
      'Ширли-Мырли и партнёры, оптовый отдел, Санкт-Петербург',
      null,
      theirs('Нужно 40 стеллажей, кто у вас занимается оптом? Готовы подписать договор на год.'),
      2,
    ],
    ['q5', 'Тимур 🙂', '79990000109', placeholder('sticker'), 0.4],
  ];
  for (const [id, name, phone, body, minutes] of queue) {
    const chat = addChat(world, id, name, phone, id === 'q2' ? { formerOwner: IVAN } : {});
    chat.append(body, null, now - minutes * MINUTE);
  }
  const q1 = world.chats.get('q1');
  q1?.append(theirs('Ау?'), null, now - 12 * MINUTE);
  return world;
}

/** The chat of the usual world that most fixtures change. */
function inMarina(now: number, change: (chat: MemoryChat, world: World) => void): World {
  const world = usual(now);
  const chat = world.chats.get('marina');
  if (chat !== undefined) change(chat, world);
  return world;
}

function offline(now: number): World {
  return inMarina(now, (chat, world) => {
    world.connection = { state: 'offline', since: now - 7 * MINUTE, cannot_write: false };
    chat.readPlace = chat.entries.length;
    chat.echoes = [
      {
        command_id: 'command-a',
        mode: 'reply',
        text: 'Марина, послушала: да, мастер возьмёт с собой крепёж.',
        written_at: now - 5 * MINUTE,
        is_handed_over: true,
      },
      {
        command_id: 'command-b',
        mode: 'reply',
        text: 'И уровень тоже возьмёт.',
        written_at: now - 2 * MINUTE,
        is_handed_over: false,
      },
    ];
  });
}

/** What was refused in which way, of each action one that is likely. */
const HELD: Record<HeldAction, Code> = {
  reply: 'newer_message',
  comment: 'colleague_inactive',
  leave: 'wrong_status',
  transfer: 'colleague_inactive',
  return_to_queue: 'unavailable',
  assign: 'already_owner',
  set_observers: 'colleague_inactive',
  no_answer_needed: 'newer_message',
  name_client: 'not_allowed',
  note_client: 'too_large',
  tell_only_addressed: 'not_allowed',
  close: 'newer_message',
  reopen: 'not_allowed',
};

/** A refused command in a chat of mine. */
function held(now: number, action: HeldAction, code: Code = HELD[action]): World {
  return inMarina(now, (chat) => {
    chat.readPlace = chat.entries.length;
    if (action === 'reply') {
      chat.draft = 'Да, мастер всё привезёт с собой, ничего покупать не нужно.';
    }
    if (action === 'comment') {
      chat.mode = 'comment';
      chat.comment = { text: '@Марк Бывалый посмотри, пожалуйста', mentions: ['op-gone'] };
    }
    const details = {
      ...(code === 'chat_taken' ? { owner: IVAN } : {}),
      ...(code === 'colleague_inactive' ? { operator: 'op-gone' } : {}),
    };
    chat.held = {
      command_id: 'command-held',
      action,
      problem: { code, message: '', details },
      owner_id: code === 'chat_taken' ? IVAN : null,
    };
    chat.heldDeed = heldDeed(action);
    if (code === 'chat_closed') chat.row.status = 'closed';
  });
}

/** What a held command was to do. */
function heldDeed(action: HeldAction): ChatDeed | null {
  switch (action) {
    case 'transfer':
      return { deed: 'transfer', to: 'op-gone', note: 'Просит счёт' };
    case 'assign':
      return { deed: 'assign', to: IVAN };
    case 'return_to_queue':
    case 'no_answer_needed':
    case 'close':
      return { deed: action };
    default:
      return null;
  }
}

const comment = (text: string, mentions: string[] = []): EntryBody => ({
  kind: 'comment',
  text,
  mentions,
});

const tells = (notice: Notice): EntryBody => ({ kind: 'notice', notice });

/** A chat that went through everything: comments, mentions, observers, programs. */
function life(now: number): World {
  const world = usual(now);
  const chat = world.chats.get('fyodor');
  if (chat === undefined) return world;
  chat.append(
    comment('@Анна Образцова подскажи, какие анкеры к газобетону? @Мария Примерова, для сведения', [
      ME,
      MARIA,
    ]),
    IVAN,
    now - 30 * MINUTE,
  );
  for (const observer of [ME, MARIA]) {
    chat.append(tells({ what: 'joined', by: IVAN, observer }), IVAN, now - 30 * MINUTE);
  }
  chat.row.observer_ids = [ME, MARIA];
  chat.append(comment('Химические, М8. В каталоге есть.'), ME, now - 20 * MINUTE);
  chat.append(comment('И пусть просверлит под 10'), ME, now - 20 * MINUTE);
  chat.append(ours('Подойдут химические анкеры М8, они есть у нас.'), IVAN, now - 18 * MINUTE);
  chat.append(theirs('А сколько их нужно на секцию?'), null, now - 6 * MINUTE);
  chat.append(
    tells({ what: 'transferred', by: null, from: IVAN, to: IVAN }),
    null,
    now - 5 * MINUTE,
    null,
    'program-1c',
  );
  chat.append(comment('@Анна Образцова ответь, пожалуйста, я на складе', [ME]), IVAN, now - MINUTE);
  chat.readPlace = chat.entries.length - 2;
  return world;
}

/** A hidden comment that was begun in a chat of mine. */
function commenting(now: number, text: string): World {
  const world = life(now);
  const chat = world.chats.get('marina');
  if (chat === undefined) return world;
  chat.readPlace = chat.entries.length;
  chat.draft = 'Да, мастер всё привезёт с собой';
  chat.comment = { text, mentions: [] };
  chat.mode = 'comment';
  chat.row.observer_ids = [IVAN];
  return world;
}

/** Who is signed in has more rights. */
function signedInAs(now: number, role: Role): World {
  const world = usual(now);
  if (world.session !== null) {
    world.session.operator = { ...world.session.operator, role };
  }
  return world;
}

/** Something of mine that waits so that it can be taken back. */
function pending(now: number, deed: ChatDeed): World {
  return inMarina(now, (chat) => {
    chat.readPlace = chat.entries.length;
    const to = deed.deed === 'transfer' ? deed.to : null;
    const until = now + 5000;
    chat.pending = { command_id: 'command-pending', action: deed.deed, until, to, deed };
  });
}

function ticks(now: number): World {
  return inMarina(now, (chat) => {
    const states: DeliveryState[] = [
      'pending',
      'sending',
      'sent',
      'delivered',
      'read',
      'not_confirmed',
    ];
    for (const state of states) chat.append(ours(`Сообщение: ${state}`, state), ME, now - MINUTE);
    chat.append(
      ours(
        'Подтвердите адрес, пожалуйста',
        'failed',
        'window_closed',
        '131047: Re-engagement message',
      ),
      ME,
      now,
    );
    chat.append(
      ours(
        'Второе не ушло: номер недоступен',
        'failed',
        'not_reachable',
        '131026: Message undeliverable',
      ),
      ME,
      now,
    );
    chat.readPlace = chat.entries.length;
  });
}

function kinds(now: number): World {
  return inMarina(now, (chat) => {
    for (const kind of ['image', 'video', 'voice', 'audio', 'document', 'sticker', 'location']) {
      chat.append(
        placeholder(kind, kind === 'document' ? 'Договор.docx' : null),
        null,
        now - MINUTE,
      );
    }
    for (const kind of [
      'contacts',
      'order',
      'button',
      'interactive',
      'poll_creation',
      'unsupported',
    ]) {
      chat.append(placeholder(kind), null, now - MINUTE);
    }
    chat.append(placeholder('hologram', 'такого ещё нет'), null, now - MINUTE);
    chat.append(
      theirs(
        '*жирный*, _курсив_, ~зачёркнуто~, ```код``` и <b>не тег</b> & https://example.org/a_b_c',
      ),
      null,
      now,
    );
    chat.readPlace = chat.entries.length;
  });
}

/** A chat as long as `n`, with messages of many heights over many days. */
function longHistory(now: number, n = 3000, nNotCached = 0): World {
  const world = usual(now);
  const chat = addChat(world, 'long', 'Лев Долгописьмов', '79990000110', {
    status: 'in_work',
    owner: ME,
  });
  const words =
    'полка дуб доставка сборка крепёж склад счёт оплата завтра вечером адрес подъезд'.split(' ');
  for (let index = 0; index < n; index += 1) {
    const length = 2 + ((index * 7919) % 60);
    const text = Array.from({ length }, (_, at) => words[(index + at * 5) % words.length]).join(
      ' ',
    );
    const at = now - (n - index) * 11 * MINUTE;
    if (index % 3 === 1) chat.append(ours(`${index + 1}. ${text}`), ME, at);
    else chat.append(theirs(`${index + 1}. ${text}`), null, at);
  }
  chat.readPlace = n - 3;
  chat.nNotCached = nNotCached;
  return world;
}

function manyChats(now: number): World {
  const world = usual(now);
  for (let index = 0; index < 2000; index += 1) {
    const chat = addChat(world, `many-${index}`, `Клиент Вымышленный ${index + 1}`, null);
    chat.append(theirs(`Вопрос номер ${index + 1}`), null, now - (2000 - index) * 3000);
  }
  return world;
}

/** Every state by its name. */
export const FIXTURES = {
  usual,
  empty: (now) => emptyWorld(now),
  'sign-in': (now) => ({ ...usual(now), session: null }),
  'first-sign-in': (now) => ({ ...usual(now), session: null, lastSignIn: null }),
  offline,
  connecting: (now) => ({
    ...usual(now),
    connection: { state: 'connecting', since: now - MINUTE },
  }),
  'catching-up': (now) => ({ ...usual(now), connection: { state: 'catching_up', behind: 240 } }),
  refused: (now) => ({
    ...usual(now),
    connection: {
      state: 'refused',
      problem: { code: 'protocol_too_old', message: '', details: {} },
    },
  }),
  'held-taken': (now) => held(now, 'reply', 'chat_taken'),
  'held-newer': (now) => held(now, 'reply'),
  'held-closed': (now) => held(now, 'reply', 'chat_closed'),
  'held-internal': (now) => held(now, 'reply', 'internal'),
  ...Object.fromEntries(
    (Object.keys(HELD) as HeldAction[]).map((action): [string, Fixture] => [
      `held-${action}`,
      (now) => held(now, action),
    ]),
  ),
  /** The bell has something of several kinds, and it is quiet. */
  announced,
  comment: (now) => commenting(now, 'Обещали монтаж в день доставки, проверьте склад'),
  /** The list of colleagues is open once the chat is. */
  mention: (now) => commenting(now, 'Проверьте склад, @ма'),
  observed: life,
  /** Alt+T asks to whom. */
  transfer: usual,
  supervisor: (now) => signedInAs(now, 'supervisor'),
  administrator: (now) => signedInAs(now, 'administrator'),
  'pending-close': (now) => pending(now, { deed: 'close' }),
  'pending-transfer': (now) => pending(now, { deed: 'transfer', to: IVAN, note: null }),
  closed: (now) =>
    inMarina(now, (chat) => {
      chat.row.status = 'closed';
      chat.row.waiting_since = null;
      chat.append({ kind: 'notice', notice: { what: 'closed', by: ME } }, ME, now);
      chat.readPlace = chat.entries.length;
    }),
  shells: (now) => ({
    ...usual(now),
    shells: [
      {
        chat_id: 'shell-1',
        client_name: 'Зинаида Небылицына',
        text: 'Зинаида, добрый день! Ваш заказ можно забрать сегодня после 18:00.',
        comment: '',
        problem: { code: 'chat_taken', message: '', details: { owner: IVAN } },
      },
    ],
  }),
  ticks,
  kinds,
  'window-near': (now) =>
    inMarina(now, (chat) => {
      chat.row.client_wrote_at = now - 22.9 * HOUR + 30_000;
    }),
  'window-over': (now) =>
    inMarina(now, (chat) => {
      chat.row.client_wrote_at = now - 2 * DAY;
    }),
  'no-key-store': (now) => {
    const world = usual(now);
    if (world.session !== null) world.session.token_in_key_store = false;
    return world;
  },
  'long-history': (now) => longHistory(now),
  'long-history-offline': (now) => ({
    ...longHistory(now, 3000, 2900),
    connection: { state: 'offline', since: now - 7 * MINUTE, cannot_write: false },
  }),
  /** Clients go on writing: see `memoryBackend`. */
  busy: (now) => longHistory(now, 400),
  'many-chats': manyChats,
  archive: (now) => withArchive(usual(now), now),
  'archive-offline': (now) => ({
    ...withArchive(usual(now), now),
    connection: { state: 'offline', since: now - 7 * MINUTE, cannot_write: false },
  }),
  'supervisor-offline': (now) => ({
    ...signedInAs(now, 'supervisor'),
    connection: { state: 'offline', since: now - 7 * MINUTE, cannot_write: false },
  }),
  'supervisor-empty': (now) => ({
    ...signedInAs(now, 'supervisor'),
    chats: new Map<string, MemoryChat>(),
  }),
  'archive-supervisor': (now) => withArchive(signedInAs(now, 'supervisor'), now),
  card: (now) => withCard(usual(now), now),
  'card-offline': (now) => ({
    ...withCard(usual(now), now),
    connection: { state: 'offline', since: now - 7 * MINUTE, cannot_write: false },
  }),
} satisfies Record<string, Fixture> as Record<string, Fixture> & { usual: Fixture };
