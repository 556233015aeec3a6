//! Bugs that are planted on demand and do what the ordinary program has no way to do.

use pult_domain::{CommandId, CommentText, Event, ReplyText};
use pult_protocol::CommandEnvelope;
use uuid::Uuid;

use crate::commands::{Asker, No, reply};
use crate::trials::{self, Bug};
use crate::writer::Work;
use crate::{StoreError, chats};

/// What was refused leaves a notice, if it is to.
pub(crate) fn after_refusal(
    work: &mut Work<'_>,
    asker: &Asker,
    envelope: &CommandEnvelope,
) -> Result<(), StoreError> {
    if !trials::has(Bug::RefusalsLeaveNotices) {
        return Ok(());
    }
    let key = chats::key_of(work.tx.reader(), envelope.command.chat_id())?;
    if let (Some(by), Some(key)) = (asker.author.id(), key) {
        let mut chat = chats::load(work.tx.reader(), key)?;
        let event = Event::NoAnswerNeeded { by };
        chats::apply(work, &mut chat, &[event], asker.integration)?;
    }
    Ok(())
}

/// What a comment says is sent to the client, if it is to be.
pub(crate) fn after_comment(
    work: &mut Work<'_>,
    asker: &Asker,
    envelope: &CommandEnvelope,
    chat: &mut chats::Stored,
    text: &CommentText,
) -> Result<(), No> {
    if !trials::has(Bug::CommentsToClient) {
        return Ok(());
    }
    let text = ReplyText::parse(text.as_str()).map_err(No::Refused)?;
    let envelope = CommandEnvelope {
        id: CommandId(Uuid::now_v7()),
        command: envelope.command.clone(),
        draft: None,
    };
    reply(work, asker, &envelope, chat, &[], &text)?;
    Ok(())
}
