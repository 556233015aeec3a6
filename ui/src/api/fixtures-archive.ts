/** Closed chats and clients with a past, for the states in which the archive and the card are looked at. */
import type { DeliveryState } from './generated/DeliveryState';
import type { EntryBody } from './generated/EntryBody';
import { MemoryChat, type World } from './world';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const ANNA = 'op-anna';
const IVAN = 'op-ivan';
const MARIA = 'op-maria';

const theirs = (text: string): EntryBody => ({ kind: 'inbound', text });

const ours = (text: string, state: DeliveryState = 'read'): EntryBody => ({
  kind: 'outbound',
  text,
  delivery: { state, failure: null, failure_details: null },
});

const closed = (by: string | null): EntryBody => ({
  kind: 'notice',
  notice: { what: 'closed', by },
});

/** A closed chat, to be filled and ended by `end`. */
function past(
  world: World,
  id: string,
  name: string | null,
  phone: string | null,
  owner: string | null,
): MemoryChat {
  const chat = new MemoryChat({
    id,
    channel_id: 'channel-1',
    client: { id: `client-${id}`, name, own_name: name, phone, note: '' },
    status: 'closed',
    owner_id: owner,
    former_owner_id: null,
    observer_ids: [],
    waiting_since: null,
    last_activity_at: 0,
    client_wrote_at: null,
    last_place: 0,
    preview: null,
  });
  world.chats.set(id, chat);
  return chat;
}

function end(chat: MemoryChat, by: string | null, at: number): void {
  chat.append(closed(by), by, at);
  chat.row.waiting_since = null;
  chat.readPlace = chat.entries.length;
}

/** `world` with an archive: chats of mine, a colleague's in which I commented, and many more. */
export function withArchive(world: World, now: number): World {
  const elka = past(world, 'past-elka', 'Алёна Ёлкина-Небыль', '79990000201', ANNA);
  elka.append(theirs('Здравствуйте, есть ли у вас стеллажи из дуба?'), null, now - 3 * DAY);
  elka.append(ours('Есть, в двух размерах. Какой вам нужен?'), ANNA, now - 3 * DAY + 4 * MINUTE);
  elka.append(
    theirs('Нужен высокий. И скажите, пожалуйста, сколько будет стоить доставка ёлки в Гатчину?'),
    null,
    now - 3 * DAY + 9 * MINUTE,
  );
  elka.append(
    ours('Доставка в Гатчину 900 ₽, ёлки не возим 🙂'),
    ANNA,
    now - 3 * DAY + 12 * MINUTE,
  );
  end(elka, ANNA, now - 3 * DAY + 30 * MINUTE);

  const shared = past(world, 'past-shared', 'Роман Несбыточный', '79990000202', IVAN);
  shared.append(theirs('Пришёл не тот крепёж'), null, now - 6 * DAY);
  shared.append(ours('Сейчас разберёмся'), IVAN, now - 6 * DAY + MINUTE);
  shared.append(
    { kind: 'comment', text: 'Отдай ему набор со склада, я договорилась', mentions: [IVAN] },
    ANNA,
    now - 6 * DAY + 5 * MINUTE,
  );
  end(shared, IVAN, now - 6 * DAY + HOUR);

  const nameless = past(world, 'past-nameless', null, '79990000203', ANNA);
  nameless.append(
    { kind: 'inbound_placeholder', placeholder: 'image', caption: 'Вот накладная' },
    null,
    now - 9 * DAY,
  );
  end(nameless, null, now - 9 * DAY + HOUR);

  // Who took no part does not find it; a supervisor does.
  const others = past(world, 'past-others', 'Клара Чужая', '79990000204', MARIA);
  others.append(theirs('Вопрос про опт'), null, now - 10 * DAY);
  end(others, MARIA, now - 10 * DAY + HOUR);

  const long = past(world, 'past-long', 'Лев Долгописьмов-Старший', '79990000205', ANNA);
  /** What is found by a word, far from the end and very far. */
  const RARE: Record<number, string> = { 180: 'Вернисаж, ', 30: 'Витраж, ' };
  const words = 'полка дуб доставка сборка крепёж склад счёт оплата адрес подъезд'.split(' ');
  for (let index = 0; index < 300; index += 1) {
    const at = now - 40 * DAY + index * 20 * MINUTE;
    const text = Array.from(
      { length: 3 + ((index * 31) % 20) },
      (_, n) => words[(index + n * 3) % words.length],
    ).join(' ');
    if (index % 3 === 1) long.append(ours(`${index + 1}. ${text}`), ANNA, at);
    else long.append(theirs(`${index + 1}. ${RARE[index] ?? ''}${text}`), null, at);
  }
  end(long, ANNA, now - 30 * DAY);

  for (let index = 0; index < 70; index += 1) {
    const at = now - (45 + index * 6) * DAY;
    const phone = `7999000${3000 + index}`;
    const chat = past(world, `past-${index}`, `Клиент Прежний ${index + 1}`, phone, ANNA);
    chat.append(theirs(`Давний вопрос номер ${index + 1}`), null, at);
    chat.append(ours('Ответили и договорились'), ANNA, at + 5 * MINUTE);
    end(chat, ANNA, at + HOUR);
  }
  return world;
}

/** `world` in which Marina has come several times, has a name among staff and a note. */
export function withCard(world: World, now: number): World {
  const marina = world.chats.get('marina');
  if (marina === undefined) return world;
  const present = marina.entries.splice(0);
  marina.row.client = {
    ...marina.row.client,
    name: 'Марина Выдумкина, «Белый дом»',
    own_name: '🌸 marina 🌸',
    note: 'Постоянная, скидка 5 %.\nЗвонить после 18:00.',
  };
  const begins = [400, 210, 95, 30];
  const ends = [ANNA, IVAN, null, MARIA];
  begins.forEach((days, index) => {
    const by = ends[index] ?? null;
    marina.append(theirs(`Здравствуйте, вопрос ${index + 1}`), null, now - days * DAY);
    marina.append(ours('Решили'), IVAN, now - days * DAY + 9 * MINUTE);
    marina.append(closed(by), by, now - days * DAY + HOUR);
  });
  for (const { body, author_id, sent_at } of present) marina.append(body, author_id, sent_at);
  marina.readPlace = marina.entries.length;
  return world;
}
