//! The archive: who finds what by which words, in pages, at any size.

use std::collections::BTreeSet;

use pult_domain::provider::{Content, Fact, InboundMessage, Sender};
use pult_domain::{ChatId, OperatorId, Place, Timestamp};
use pult_protocol::{ArchiveCursor, ArchiveHit, ArchivePage, ArchiveQuery, Command};
use uuid::Uuid;

use crate::kit::{TestStore, user_id};

fn query(text: &str) -> ArchiveQuery {
    ArchiveQuery {
        text: Some(text.to_owned()),
        ..ArchiveQuery::default()
    }
}

async fn page(store: &TestStore, who: OperatorId, query: &ArchiveQuery) -> ArchivePage {
    store.archive(who, query.clone()).await.unwrap()
}

/// All that is found, page after page, and how many pages that took.
async fn all(store: &TestStore, who: OperatorId, query: &ArchiveQuery) -> (Vec<ArchiveHit>, usize) {
    let mut query = query.clone();
    let (mut hits, mut n_pages) = (Vec::new(), 0);
    loop {
        let ArchivePage { hits: more, next } = page(store, who, &query).await;
        hits.extend(more);
        n_pages += 1;
        if next.is_none() {
            return (hits, n_pages);
        }
        assert_ne!(next, query.after, "it goes on");
        query.after = next;
    }
}

async fn finds(store: &TestStore, who: OperatorId, text: &str) -> BTreeSet<ChatId> {
    let (hits, _) = all(store, who, &query(text)).await;
    let chats: BTreeSet<ChatId> = hits.iter().map(|hit| hit.chat.id).collect();
    assert_eq!(chats.len(), hits.len(), "each once");
    chats
}

/// A client writes these, somebody answers and closes.
async fn talk(store: &TestStore, name: &str, lines: &[&str], owner: OperatorId) -> ChatId {
    let facts = lines
        .iter()
        .map(|line| Fact::Message(store.text_of(name, line)));
    store.takes_in(facts.collect()).await;
    let chat = store.chat_of(name);
    store.reply(owner, chat, "Принято").await.unwrap();
    store.close_chat(owner, chat).await.unwrap();
    store.clock.pass_ms(1_000);
    chat
}

/// As the backend does beside other work.
async fn write_index(store: &TestStore) -> usize {
    let mut n_pieces = 0;
    while store.archive_piece().await.unwrap() {
        n_pieces += 1;
    }
    n_pieces
}

fn comment(chat_id: ChatId, text: &str, mentions: Vec<OperatorId>, seen_place: Place) -> Command {
    Command::Comment {
        chat_id,
        text: text.to_owned(),
        mentions,
        seen_place,
    }
}

impl TestStore {
    async fn brings_in(&self, by: OperatorId, chat: ChatId, whom: OperatorId) {
        let seen = self.chat(chat).last_place;
        self.asks(by, comment(chat, "Взгляните", vec![whom], seen))
            .await
            .unwrap();
    }

    /// Copies what is archived of a chat until there are `n` closed ones like it, in others' hands.
    fn fill_with_copies(&self, of: ChatId, n: u32) {
        let file = self.file();
        let sql = "
            BEGIN;
            CREATE TEMP TABLE made AS
                WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?2)
                SELECT n, (SELECT key FROM chats WHERE id = ?1) AS of FROM n;
        ";
        file.execute_batch(&sql.replace("?1", &blob(of)).replace("?2", &n.to_string()))
            .unwrap();
        for sql in [
            "INSERT INTO clients (id, name) SELECT randomblob(16), 'Копия' FROM made",
            "INSERT INTO chats (id, channel, client, status, owner, last_place, answered_place,
                                last_activity_at, seq, archived_place)
             SELECT randomblob(16), c.channel,
                    (SELECT max(key) FROM clients) - made.n + 1, 'closed', c.owner, c.last_place, 0,
                    c.last_activity_at + 1000 + made.n, c.seq, 0
             FROM made JOIN chats c ON c.key = made.of ORDER BY made.n",
            "INSERT INTO closings (at, chat) SELECT c.last_activity_at, c.key
             FROM made JOIN chats c ON c.key = (SELECT max(key) FROM chats) - made.n + 1",
            "INSERT INTO entries (id, chat, place, kind, author, sent_at, received_at, created_seq, seq)
             SELECT randomblob(16), ch.key, e.place, e.kind, e.author, e.sent_at, e.received_at,
                    e.created_seq, e.seq
             FROM made JOIN entries e ON e.chat = made.of
             JOIN chats ch ON ch.key = (SELECT max(key) FROM chats) - made.n + 1",
            "INSERT INTO messages (entry, channel, text)
             SELECT e.key, m.channel, m.text
             FROM entries e JOIN made ON e.chat > made.of AND made.n = 1
             JOIN entries o ON o.chat = made.of AND o.place = e.place
             JOIN messages m ON m.entry = o.key
             WHERE NOT EXISTS (SELECT 1 FROM messages x WHERE x.entry = e.key)",
            "DROP TABLE made",
            "COMMIT",
        ] {
            file.execute_batch(sql).unwrap();
        }
    }
}

fn blob(id: ChatId) -> String {
    format!("x'{}'", id.0.simple())
}

#[tokio::test]
async fn what_lies_far_back_is_found_whatever_others_have_written_since() {
    let store = TestStore::new().await;
    let (anna, boris) = (store.operator("Анна").await, store.operator("Борис").await);
    let vera = store.supervisor("Вера").await;
    let annas = talk(&store, "Ирина", &["Здравствуйте"], anna).await;
    let boriss = talk(&store, "Пётр", &["Здравствуйте"], boris).await;
    store.fill_with_copies(boriss, 6_000);
    write_index(&store).await;
    assert_eq!(finds(&store, anna, "здравствуйте").await, [annas].into());
    assert_eq!(finds(&store, anna, "з").await, [annas].into());
    assert_eq!(finds(&store, boris, "здравствуйте").await, [boriss].into());
    let everything = ArchiveQuery {
        limit: Some(100),
        ..query("здр")
    };
    let (hits, n_pages) = all(&store, vera, &everything).await;
    assert_eq!((hits.len(), n_pages), (6_002, 61));
    let last = ArchiveQuery {
        owner_id: Some(anna),
        ..query("здравствуйте")
    };
    assert_eq!(page(&store, vera, &last).await.hits.len(), 1, "at once");
}

#[tokio::test]
async fn a_search_that_reads_much_stops_and_goes_on_from_there() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    // Both words are in each, but never in one line, so every line has to be read.
    let lines: Vec<&str> = ["красный", "чайник"]
        .into_iter()
        .cycle()
        .take(400)
        .collect();
    let first = talk(&store, "Ирина", &["красный чайник"], anna).await;
    for n in 0..100 {
        talk(&store, &format!("Клиент{n}"), &lines, anna).await;
    }
    write_index(&store).await;
    let (hits, n_pages) = all(&store, anna, &query("красный чайник")).await;
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].chat.id, first);
    assert!((2..4).contains(&n_pages), "{n_pages}");
}

#[tokio::test]
async fn the_pages_stay_where_they_are_when_a_chat_moves() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let mut chats = Vec::new();
    for n in 0..6 {
        chats.push(talk(&store, &format!("Клиент{n}"), &["Здравствуйте"], anna).await);
    }
    chats.reverse();
    let asked = |after| ArchiveQuery {
        limit: Some(2),
        after,
        ..query("здравствуйте")
    };
    let ids =
        |page: &ArchivePage| -> Vec<ChatId> { page.hits.iter().map(|hit| hit.chat.id).collect() };
    let first = page(&store, anna, &asked(None)).await;
    assert_eq!(ids(&first), chats[..2]);
    // The chat behind which the next page begins comes to the top, and another is opened.
    store.clock.pass_ms(60_000);
    talk(&store, "Клиент4", &["Это снова я"], anna).await;
    store.reopen_chat(anna, chats[3]).await.unwrap();
    let second = page(&store, anna, &asked(first.next)).await;
    assert_eq!(ids(&second), [chats[2], chats[4]]);
    let third = page(&store, anna, &asked(second.next)).await;
    assert_eq!(ids(&third), [chats[5]]);
    assert_eq!(third.next, None);
    // One that nobody has given is a place all the same.
    let unknown = ArchiveCursor {
        at: Timestamp(i64::MAX),
        chat_id: ChatId(Uuid::now_v7()),
    };
    assert_eq!(
        page(&store, anna, &asked(Some(unknown))).await.hits.len(),
        2
    );
}

#[tokio::test]
async fn whoever_comes_back_stands_in_the_archive_once_where_they_were_closed_last() {
    let store = TestStore::new().await;
    let (anna, vera) = (store.operator("Анна").await, store.supervisor("Вера").await);
    let irina = talk(&store, "Ирина", &["Здравствуйте"], anna).await;
    let pyotr = talk(&store, "Пётр", &["Здравствуйте"], anna).await;
    let stand = async || -> Vec<ChatId> {
        let (hits, _) = all(&store, vera, &ArchiveQuery::default()).await;
        hits.iter().map(|hit| hit.chat.id).collect()
    };
    assert_eq!(stand().await, [pyotr, irina]);
    store.client_writes("Ирина", "Это снова я").await;
    assert_eq!(stand().await, [pyotr]);
    store.close_chat(anna, irina).await.unwrap();
    assert_eq!(stand().await, [irina, pyotr]);
    // Nothing was written in between.
    store.reopen_chat(anna, pyotr).await.unwrap();
    assert_eq!(stand().await, [irina]);
    store.close_chat(anna, pyotr).await.unwrap();
    assert_eq!(stand().await, [irina, pyotr]);
}

#[tokio::test]
async fn a_long_talk_is_found_whole_soon_after_its_close_and_no_commit_has_much_of_it() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let mut lines = vec!["слово"; 2_999];
    lines[0] = "первое";
    lines.push("последнее");
    let chat = talk(&store, "Ирина", &lines, anna).await;
    assert_eq!(finds(&store, anna, "последнее").await, BTreeSet::new());
    let n_pieces = write_index(&store).await;
    assert!(n_pieces > 1, "{n_pieces}");
    for text in ["первое", "последнее", "слово"] {
        assert_eq!(finds(&store, anna, text).await, [chat].into(), "{text}");
    }
    // What comes to it is added to what is there.
    talk(&store, "Ирина", &["добавочное"], anna).await;
    for text in ["первое", "последнее", "добавочное"] {
        assert_eq!(finds(&store, anna, text).await, [chat].into(), "{text}");
    }
    let hit = &page(&store, anna, &query("слово")).await.hits[0];
    assert_eq!(hit.line.as_ref().unwrap().place, Place(2_999), "the newest");
}

#[tokio::test]
async fn few_but_very_long_lines_are_written_in_pieces_as_well() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let long = "длинная строка ".repeat(250);
    let mut lines = vec![long.as_str(); 200];
    lines.push("конец");
    let chat = talk(&store, "Ирина", &lines, anna).await;
    assert!(write_index(&store).await > 1);
    assert_eq!(finds(&store, anna, "конец").await, [chat].into());
}

#[tokio::test]
async fn what_was_closed_before_there_was_an_index_gets_into_it() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = talk(&store, "Ирина", &["Здравствуйте"], anna).await;
    let open = store.client_writes("Пётр", "Здравствуйте").await;
    let file = store.file();
    for sql in [
        "DELETE FROM archive_lines",
        "DELETE FROM archive_clients",
        "UPDATE chats SET archived_place = 0",
    ] {
        file.execute(sql, ()).unwrap();
    }
    assert_eq!(finds(&store, anna, "ирина").await, BTreeSet::new());
    assert_eq!(write_index(&store).await, 1);
    assert_eq!(finds(&store, anna, "ирина").await, [chat].into());
    assert_eq!(finds(&store, anna, "здравствуйте").await, [chat].into());
    assert_eq!(store.chat(open).last_place, Place(1));
}

#[tokio::test]
async fn who_took_part_finds_a_chat_as_far_as_their_part_went() {
    let store = TestStore::new().await;
    let (anna, boris) = (store.operator("Анна").await, store.operator("Борис").await);
    let (gleb, olga) = (store.operator("Глеб").await, store.operator("Ольга").await);
    let vera = store.supervisor("Вера").await;
    let chat = store.client_writes("Ирина", "заря").await;
    store.reply(anna, chat, "утро").await.unwrap();
    store.brings_in(anna, chat, gleb).await;
    store.client_writes("Ирина", "полдень").await;
    let leave = Command::Leave {
        chat_id: chat,
        seen_place: store.chat(chat).last_place,
    };
    store.asks(gleb, leave).await.unwrap();
    store.client_writes("Ирина", "вечер").await;
    let over = Command::Transfer {
        chat_id: chat,
        to: boris,
        note: None,
        seen_place: store.chat(chat).last_place,
    };
    store.asks(anna, over).await.unwrap();
    store.reply(boris, chat, "ночь").await.unwrap();
    store.close_chat(boris, chat).await.unwrap();
    let found = async |who, words: &[&str]| {
        let mut found = Vec::new();
        for word in words {
            found.push(!finds(&store, who, word).await.is_empty());
        }
        found
    };
    let words = ["заря", "полдень", "вечер", "ночь"];
    assert_eq!(found(gleb, &words).await, [true, true, false, false]);
    assert_eq!(found(anna, &words).await, [true, true, true, false]);
    assert_eq!(found(boris, &words).await, [true, true, true, true]);
    assert_eq!(found(olga, &words).await, [false; 4]);
    assert_eq!(found(vera, &words).await, [true; 4]);
    // Whoever comes in later reads what was before them, and nobody loses what they found.
    store.reopen_chat(boris, chat).await.unwrap();
    store.brings_in(boris, chat, olga).await;
    assert_eq!(found(vera, &words).await, [false; 4], "it is not closed");
    store.close_chat(boris, chat).await.unwrap();
    assert_eq!(found(olga, &words).await, [true; 4]);
    assert_eq!(found(anna, &words).await, [true, true, true, false]);
    // Who becomes a supervisor finds all.
    let promote = "UPDATE operators SET role = 'supervisor' WHERE id = ?1";
    store.file().execute(promote, (anna.0,)).unwrap();
    assert_eq!(found(anna, &words).await, [true; 4]);
}

#[tokio::test]
async fn who_observed_in_the_queue_finds_the_chat_and_who_only_saw_it_there_does_not() {
    let store = TestStore::new().await;
    let (anna, boris) = (store.operator("Анна").await, store.operator("Борис").await);
    let gleb = store.operator("Глеб").await;
    let vera = store.supervisor("Вера").await;
    let chat = store.client_writes("Ирина", "заря").await;
    store.brings_in(vera, chat, anna).await;
    store.brings_in(vera, chat, gleb).await;
    let leave = Command::Leave {
        chat_id: chat,
        seen_place: store.chat(chat).last_place,
    };
    store.asks(gleb, leave).await.unwrap();
    store.client_writes("Ирина", "вечер").await;
    store.close_chat(vera, chat).await.unwrap();
    for (who, words) in [
        (anna, [true, true]),
        (gleb, [true, false]),
        (boris, [false; 2]),
    ] {
        for (word, is_found) in ["заря", "вечер"].into_iter().zip(words) {
            assert_eq!(
                !finds(&store, who, word).await.is_empty(),
                is_found,
                "{word}"
            );
        }
    }
    let history = |who| store.history(who, chat, Place(i64::MAX), 100);
    assert_eq!(
        history(anna).await.unwrap().unwrap().last().unwrap().place,
        store.chat(chat).last_place
    );
    assert_eq!(history(boris).await.unwrap(), None);
}

/// Two closed chats with numbers: Anna's of one day, Boris's of the next.
struct TwoDays {
    store: TestStore,
    anna: OperatorId,
    boris: OperatorId,
    vera: OperatorId,
    petr: ChatId,
    smith: ChatId,
    begun: Timestamp,
    next_day: Timestamp,
}

impl TwoDays {
    async fn new() -> Self {
        let store = TestStore::new().await;
        let anna = store.operator("Анна").await;
        let boris = store.operator("Борис").await;
        let vera = store.supervisor("Вера").await;
        let begun = store.clock.now();
        let said = ("79990000001", "Нужен зелёный ЧАЙ, 2 кг", "Есть");
        let petr = talk_of(&store, "Пётр Ёлкин", said, anna).await;
        store.clock.pass_ms(86_400_000);
        let next_day = store.clock.now();
        let said = (
            "447700900123",
            "Чай чёрный? Мой номер 8 999 000-00-01",
            "Да",
        );
        let smith = talk_of(&store, "Smith", said, boris).await;
        Self {
            store,
            anna,
            boris,
            vera,
            petr,
            smith,
            begun,
            next_day,
        }
    }
}

/// A client with a number writes, is answered, and the chat is closed.
async fn talk_of(
    store: &TestStore,
    name: &str,
    (phone, body, answer): (&str, &str, &str),
    owner: OperatorId,
) -> ChatId {
    let message = InboundMessage {
        provider_id: store.next_wamid(),
        sender: Sender {
            identities: vec![user_id(name)],
            name: Some(name.to_owned()),
            phone: Some(phone.to_owned()),
        },
        sent_at: store.clock.now(),
        content: Content::Text {
            body: body.to_owned(),
        },
    };
    store.takes_in(vec![Fact::Message(message)]).await;
    let chat = store.chat_of(name);
    store.reply(owner, chat, answer).await.unwrap();
    store.close_chat(owner, chat).await.unwrap();
    chat
}

#[tokio::test]
async fn words_begin_words_of_one_line_or_of_names_and_numbers_are_found_by_any_fragment() {
    let TwoDays {
        store,
        vera,
        petr,
        smith,
        ..
    } = TwoDays::new().await;
    let both = BTreeSet::from([petr, smith]);
    for text in ["чай", "ЧА", "ч", "999 000", "8 999 000-00-01"] {
        assert_eq!(finds(&store, vera, text).await, both, "{text}");
    }
    for text in [
        "зеленый",
        "ЗЕЛЁН чай",
        "чай зелен",
        "елкин",
        "ёлкин пет",
        // Of the client and of a line together.
        "пётр чай",
        "2 кг",
        "79990000001",
        "+7 (999) 000-00-01",
        "89990000001",
        "000001",
        "чай 000001",
    ] {
        assert_eq!(finds(&store, vera, text).await, [petr].into(), "{text}");
    }
    for text in ["smith чай", "00900", "+44 7700 900123"] {
        assert_eq!(finds(&store, vera, text).await, [smith].into(), "{text}");
    }
    // The third is of two lines: in no one line.
    for text in ["ай", "smith зелёный", "зелёный есть", "8 447"] {
        assert_eq!(finds(&store, vera, text).await, [].into(), "{text}");
    }
}

#[tokio::test]
async fn operators_and_days_narrow_a_search_each_and_together_with_words() {
    let TwoDays {
        store,
        anna,
        boris,
        vera,
        petr,
        smith,
        begun,
        next_day,
    } = TwoDays::new().await;
    let narrowed = |text: &str, owner_id, from, until| ArchiveQuery {
        owner_id,
        from,
        until,
        ..query(text)
    };
    let tomorrow = Some(next_day);
    let nobody = Some(OperatorId(Uuid::now_v7()));
    for (asked, expected) in [
        (narrowed("", None, None, None), vec![petr, smith]),
        (narrowed("чай", Some(anna), None, None), vec![petr]),
        (narrowed("", Some(boris), None, None), vec![smith]),
        (narrowed("чай", None, None, tomorrow), vec![petr]),
        (narrowed("чай", None, tomorrow, None), vec![smith]),
        (narrowed("", None, Some(begun), tomorrow), vec![petr]),
        (narrowed("чай", Some(anna), tomorrow, None), vec![]),
        (narrowed("", Some(anna), Some(begun), tomorrow), vec![petr]),
        (narrowed("пётр", Some(boris), None, None), vec![]),
        (narrowed("", nobody, None, None), vec![]),
    ] {
        let (hits, _) = all(&store, vera, &asked).await;
        let found: BTreeSet<ChatId> = hits.iter().map(|hit| hit.chat.id).collect();
        assert_eq!(found, expected.into_iter().collect(), "{asked:?}");
    }
    // Who finds only their own finds no more of it.
    assert_eq!(finds(&store, anna, "чай").await, [petr].into());
    assert_eq!(finds(&store, boris, "ч").await, [smith].into());
}

#[tokio::test]
async fn whatever_is_typed_is_answered() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let vera = store.supervisor("Вера").await;
    let chat = talk(
        &store,
        "NEAR \"AND\" * \0 👍",
        &["не\0видимый 👍🏽 О’Нил ﬁ İ ǅ"],
        anna,
    )
    .await;
    let texts = [
        "\"".to_owned(),
        "\"\"\"".to_owned(),
        "'; DROP TABLE chats; --".to_owned(),
        "NEAR(чай, 2)".to_owned(),
        "text : чай".to_owned(),
        "-чай ^чай {чай} (чай".to_owned(),
        "AND".to_owned(),
        "OR OR".to_owned(),
        "NOT".to_owned(),
        "*".to_owned(),
        "\0".to_owned(),
        "чай\0".to_owned(),
        "👍".to_owned(),
        "e\u{301}".to_owned(),
        "ﬁ İ ǅ ß".to_owned(),
        "٣".to_owned(),
        "x".repeat(60_000),
        "а ".repeat(30_000),
        "12 ".repeat(20_000),
        "\"а\" ".repeat(10_000),
        "👍".repeat(15_000),
    ];
    for text in &texts {
        for who in [anna, vera] {
            let page = page(&store, who, &query(text)).await;
            assert!(page.hits.len() <= 1 && page.next.is_none(), "{text:.20}");
        }
    }
    for text in ["near and", "видимый", "о нил", "ﬁ"] {
        assert_eq!(finds(&store, anna, text).await, [chat].into(), "{text}");
    }
}

#[tokio::test]
async fn a_client_whose_name_changes_is_found_by_the_new_one() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = talk(&store, "Ирина", &["Здравствуйте"], anna).await;
    let vera = store.supervisor("Вера").await;
    let name = Command::NameClient {
        chat_id: chat,
        name: Some("Склад".to_owned()),
        seen_place: Place(3),
    };
    store.asks(vera, name).await.unwrap();
    for text in ["ирина", "склад"] {
        assert_eq!(finds(&store, anna, text).await, [chat].into(), "{text}");
    }
}

#[tokio::test]
async fn a_new_name_is_found_while_the_index_is_still_being_made_anew() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let vera = store.supervisor("Вера").await;
    let chat = talk(&store, "Ирина", &["Здравствуйте"], anna).await;
    let anew = "UPDATE chats SET archived_place = 0";
    store.file().execute(anew, ()).unwrap();
    let name = Command::NameClient {
        chat_id: chat,
        name: Some("Склад".to_owned()),
        seen_place: Place(3),
    };
    store.asks(vera, name).await.unwrap();
    assert_eq!(finds(&store, anna, "склад").await, [chat].into());
    assert_eq!(write_index(&store).await, 1);
    assert_eq!(finds(&store, anna, "склад").await, [chat].into());
}
