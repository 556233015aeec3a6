//! Every kind of command, refused for real: an operator works on without a network, and meanwhile
//! the world goes on.

use anyhow::Result;
use pult_domain::{ChatId, OperatorId, Place};
use pult_panel::view::ChatDeed;

use crate::office::{Office, Operator};
use crate::panels::Seat;
use crate::phones::Phone;
use crate::proxy::{Network, Proxy};

/// A command that will be refused, and the client in whose chat.
#[derive(Debug, Clone, Copy)]
pub struct Refusal {
    /// What its pictures are called.
    pub name: &'static str,
    /// The client.
    pub client: &'static str,
    before: Before,
    command: Command,
    meanwhile: Meanwhile,
}

/// How the chat stands before the network goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Queued,
    Mine,
    Observed,
    Closed,
}

/// What is asked for without a network.
#[derive(Debug, Clone, Copy)]
enum Command {
    Reply,
    CommentToMark,
    Leave,
    TransferToIvan,
    TransferToMark,
    ReturnToQueue,
    AssignToMark,
    ObservedByMark,
    NoAnswerNeeded,
    Name,
    Note,
    TellOnlyAddressed,
    Close,
    Reopen,
}

/// What happens to the chat meanwhile. Mark's account is deactivated in any case.
#[derive(Debug, Clone, Copy)]
enum Meanwhile {
    Nothing,
    ClientWrites,
    IvanGivesItToMe,
    IReturnItElsewhere,
    ICloseItElsewhere,
    IReopenItElsewhere,
}

const fn refusal(
    name: &'static str,
    client: &'static str,
    before: Before,
    command: Command,
    meanwhile: Meanwhile,
) -> Refusal {
    Refusal {
        name,
        client,
        before,
        command,
        meanwhile,
    }
}

/// All of them. The refusal of the loser of a race has a scene of its own.
pub const REFUSALS: [Refusal; 15] = {
    use Before::{Closed, Mine, Observed, Queued};
    use Meanwhile::{
        ClientWrites, ICloseItElsewhere, IReopenItElsewhere, IReturnItElsewhere, IvanGivesItToMe,
        Nothing,
    };
    [
        refusal(
            "refused-reply",
            "Алла Вымыслова",
            Mine,
            Command::Reply,
            ClientWrites,
        ),
        refusal(
            "refused-comment",
            "Борис Мнимый",
            Mine,
            Command::CommentToMark,
            Nothing,
        ),
        refusal(
            "refused-leave",
            "Вадим Нереальный",
            Observed,
            Command::Leave,
            IvanGivesItToMe,
        ),
        refusal(
            "refused-transfer",
            "Галина Фикцина",
            Mine,
            Command::TransferToMark,
            Nothing,
        ),
        refusal(
            "refused-transfer-newer",
            "Денис Легендин",
            Mine,
            Command::TransferToIvan,
            ClientWrites,
        ),
        refusal(
            "refused-return",
            "Елена Мифова",
            Mine,
            Command::ReturnToQueue,
            IReturnItElsewhere,
        ),
        refusal(
            "refused-assign",
            "Жанна Грёзова",
            Queued,
            Command::AssignToMark,
            Nothing,
        ),
        refusal(
            "refused-observers",
            "Захар Призраков",
            Queued,
            Command::ObservedByMark,
            Nothing,
        ),
        refusal(
            "refused-no-answer",
            "Инна Сновидова",
            Mine,
            Command::NoAnswerNeeded,
            ClientWrites,
        ),
        refusal(
            "refused-name",
            "Кирилл Басенный",
            Mine,
            Command::Name,
            Nothing,
        ),
        refusal(
            "refused-note",
            "Лидия Притчева",
            Mine,
            Command::Note,
            Nothing,
        ),
        refusal(
            "refused-only-addressed",
            "Максим Былинин",
            Observed,
            Command::TellOnlyAddressed,
            IvanGivesItToMe,
        ),
        refusal(
            "refused-close",
            "Нина Эпосова",
            Mine,
            Command::Close,
            ClientWrites,
        ),
        refusal(
            "refused-reopen",
            "Олег Сагин",
            Closed,
            Command::Reopen,
            IReopenItElsewhere,
        ),
        refusal(
            "refused-closed",
            "Полина Балладова",
            Mine,
            Command::Reply,
            ICloseItElsewhere,
        ),
    ]
};

/// Longer than a name or a note may be.
const TOO_LONG: usize = 5000;

/// Those at work besides the operator whose commands are refused.
struct Others {
    /// The operator at a desk of theirs whose network is whole.
    elsewhere: Seat,
    ivan: Seat,
    mark: Operator,
}

/// A chat of the scene.
struct Scene {
    refusal: Refusal,
    phone: Phone,
    chat: ChatId,
}

/// Has all of [`REFUSALS`] come about for `me`, a supervisor, on the panel in `dir`, which is shut
/// down then. The panel reaches the backend as long as what this answers is there.
///
/// # Errors
/// When something does not come about.
pub async fn provoke(office: &Office, me: &Operator, dir: &str) -> Result<Proxy> {
    let proxy = Proxy::to(office.target()).await?;
    let address = proxy.address();
    let desk = Seat::take(me, &address, &office.panel_dir(dir)).await?;
    let ivan = office.operator("ivan-b", "Иван Образцов").await?;
    let mark = office.operator("mark", "Марк Бывалый").await?;
    let whole = office.address();
    let elsewhere = office.panel_dir(&format!("{dir}-elsewhere"));
    let others = Others {
        elsewhere: Seat::take(me, whole, &elsewhere).await?,
        ivan: Seat::take(&ivan, whole, &office.panel_dir("ivan-b")).await?,
        mark,
    };
    let mut scenes = Vec::new();
    for (n, refusal) in (200..).zip(REFUSALS) {
        let number = format!("79000000{n}");
        let phone = office.phones.client(&number, refusal.client, true).await?;
        phone
            .write("Здравствуйте! Подскажите по моему заказу")
            .await?;
        let chat = desk.sees_queued(refusal.client).await?;
        scenes.push(Scene {
            refusal,
            phone,
            chat,
        });
    }
    for scene in &scenes {
        scene.begin(&desk, &others).await?;
    }
    for scene in &scenes {
        scene.has_begun(&desk).await?;
    }

    proxy.becomes(Network::Cut);
    desk.is_offline().await?;
    for scene in &scenes {
        scene.ask(&desk, &others).await?;
    }
    for scene in &scenes {
        scene.go_on(&others).await?;
    }
    for scene in &scenes {
        scene.has_gone_on(&others).await?;
    }
    office.phones.idle().await?;
    office.deactivate(&others.mark).await?;
    proxy.becomes(Network::Carries);
    desk.panel.reconnect().await?;
    for scene in &scenes {
        scene.is_refused(&desk).await?;
    }
    desk.leave().await;
    others.elsewhere.leave().await;
    others.ivan.leave().await;
    Ok(proxy)
}

impl Scene {
    async fn begin(&self, desk: &Seat, others: &Others) -> Result<()> {
        const ANSWER: &str = "Здравствуйте! Сейчас посмотрю.";
        match self.refusal.before {
            Before::Queued => {}
            Before::Mine => {
                desk.replies(self.chat, ANSWER).await?;
            }
            Before::Closed => {
                desk.replies(self.chat, ANSWER).await?;
                desk.sees_in_work(self.refusal.client).await?;
                desk.panel.act(self.chat, ChatDeed::Close).await?;
            }
            Before::Observed => {
                others.ivan.sees_queued(self.refusal.client).await?;
                others.ivan.replies(self.chat, ANSWER).await?;
                others.ivan.sees_in_work(self.refusal.client).await?;
                self.calls(&others.ivan, &desk.operator, "посмотрите, пожалуйста")
                    .await?;
            }
        }
        Ok(())
    }

    async fn has_begun(&self, desk: &Seat) -> Result<()> {
        let client = self.refusal.client;
        match self.refusal.before {
            Before::Queued => Ok(()),
            Before::Mine => desk.sees_in_work(client).await.map(drop),
            Before::Closed => desk.loses(client).await,
            Before::Observed => {
                desk.sees(client, |now| {
                    let mut observed = now.observed.iter();
                    observed.find(|one| one.chat.id == self.chat).map(drop)
                })
                .await
            }
        }
    }

    /// What the operator asks for at the desk without a network.
    async fn ask(&self, desk: &Seat, others: &Others) -> Result<()> {
        let (ivan, mark) = (others.ivan.operator.id, others.mark.id);
        let deed = match self.refusal.command {
            Command::Reply => {
                let text = "Заказ уже собран, привезём завтра с 10 до 14.";
                return desk.replies(self.chat, text).await.map(drop);
            }
            Command::CommentToMark => {
                return self.calls(desk, &others.mark, "что со складом?").await;
            }
            Command::Reopen => return self.reopens(desk).await,
            Command::Leave => ChatDeed::Leave,
            Command::TransferToIvan => transfer(ivan),
            Command::TransferToMark => transfer(mark),
            Command::ReturnToQueue => ChatDeed::ReturnToQueue,
            Command::AssignToMark => ChatDeed::Assign { to: mark },
            Command::ObservedByMark => ChatDeed::SetObservers {
                observer_ids: vec![mark],
            },
            Command::NoAnswerNeeded => ChatDeed::NoAnswerNeeded,
            Command::Name => ChatDeed::NameClient {
                name: Some("й".repeat(TOO_LONG)),
            },
            Command::Note => ChatDeed::NoteClient {
                note: "й".repeat(TOO_LONG),
            },
            Command::TellOnlyAddressed => ChatDeed::TellOnlyAddressed {
                only_addressed: true,
            },
            Command::Close => ChatDeed::Close,
        };
        desk.panel.act(self.chat, deed).await?;
        Ok(())
    }

    /// What happens meanwhile.
    async fn go_on(&self, others: &Others) -> Result<()> {
        let Others {
            elsewhere, ivan, ..
        } = others;
        match self.refusal.meanwhile {
            Meanwhile::Nothing => {}
            Meanwhile::ClientWrites => self.phone.write("И ещё: можно оплатить картой?").await?,
            Meanwhile::IvanGivesItToMe => {
                let deed = transfer(elsewhere.operator.id);
                ivan.panel.act(self.chat, deed).await?;
            }
            Meanwhile::IReturnItElsewhere => {
                elsewhere
                    .panel
                    .act(self.chat, ChatDeed::ReturnToQueue)
                    .await?;
            }
            Meanwhile::ICloseItElsewhere => {
                elsewhere.panel.act(self.chat, ChatDeed::Close).await?;
            }
            Meanwhile::IReopenItElsewhere => self.reopens(elsewhere).await?,
        }
        Ok(())
    }

    async fn has_gone_on(&self, others: &Others) -> Result<()> {
        let Others {
            elsewhere, ivan, ..
        } = others;
        let client = self.refusal.client;
        match self.refusal.meanwhile {
            Meanwhile::Nothing | Meanwhile::ClientWrites => Ok(()),
            Meanwhile::IvanGivesItToMe => ivan.loses(client).await,
            Meanwhile::IReturnItElsewhere => elsewhere.sees_queued(client).await.map(drop),
            Meanwhile::ICloseItElsewhere => elsewhere.loses(client).await,
            Meanwhile::IReopenItElsewhere => elsewhere.sees_in_work(client).await.map(drop),
        }
    }

    async fn is_refused(&self, desk: &Seat) -> Result<()> {
        desk.sees_in(self.chat, self.refusal.name, |now| {
            let is_shell = now.shell.as_ref().is_some_and(|one| one.problem.is_some());
            (now.held.is_some() || is_shell).then_some(())
        })
        .await
    }

    async fn calls(&self, by: &Seat, whom: &Operator, words: &str) -> Result<()> {
        let seen = by.timeline(self.chat).await?.draft_revision;
        let text = format!("@{} {words}", whom.name);
        by.panel
            .comment(self.chat, text, vec![whom.id], seen)
            .await?;
        Ok(())
    }

    /// Puts the closed chat back in work, as from the archive.
    async fn reopens(&self, seat: &Seat) -> Result<()> {
        seat.panel.reopen_chat(self.chat, Some(Place(1))).await?;
        Ok(())
    }
}

const fn transfer(to: OperatorId) -> ChatDeed {
    ChatDeed::Transfer { to, note: None }
}
