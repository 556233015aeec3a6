//! The panel's one API: what the shell calls, a method per thing that the page can ask for.

use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use pult_domain::{ChatId, CommandId, OperatorId, Place};
use pult_protocol::{
    ArchivePage, ArchiveQuery, ClientHistory, CompanyRow, FiguresQuery, HistoryPage, LateChats,
    ServiceFigures, SignInRequest, Token,
};
use tokio::sync::Mutex as AsyncMutex;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::address::{Address, BadAddress};
use crate::cache::Cache;
use crate::clock;
use crate::connection::{self, End, Link};
use crate::error::{PanelError, PanelErrorCode};
use crate::events::{EventSender, EventStream};
use crate::folder::{Account, DataFolder, OpenError, SignIns};
use crate::notifications::keep_telling;
use crate::notifying::Pace;
use crate::presence::Desk;
use crate::rest::{Rest, RestError, causes};
use crate::search::keep_index;
use crate::session::{Gap, Session};
use crate::storage::StorageError;
use crate::tls;
use crate::token_store::TokenStore;
use crate::view::{
    ChatDeed, Connection, DraftRevision, LastSignIn, Overview, PanelEvent, SignInFailure, Timeline,
};

/// How long signing out waits for the backend.
const SIGN_OUT_PATIENCE: Duration = Duration::from_secs(5);
/// The longest stretch of history that is shown at once.
const MAX_TIMELINE: u32 = 500;
/// Pages of history that one look at a chat may ask for.
const MAX_FETCHES: usize = 4;
/// The most entries that the backend gives at once.
const MAX_HISTORY: u32 = 200;
/// Asking for fewer is not worth the way.
const MIN_HISTORY: u32 = 50;

/// What a panel is opened with.
#[derive(Clone)]
pub struct Options {
    /// Where its files are; made if missing, its owner's alone.
    pub data_dir: PathBuf,
    /// What this device is called in the operator's list of sessions.
    pub device: String,
    /// Where the session's token is kept.
    pub token_store: Arc<dyn TokenStore>,
    /// A PEM file of certificate authorities to trust besides the system's.
    pub extra_ca: Option<PathBuf>,
    /// How long a transfer or a close waits before it is sent, so that it can be taken back; none
    /// for not at all.
    pub undo: Option<Duration>,
    /// How long it waits before it tells its operator of something.
    pub pace: Pace,
}

/// The panel. Clones are the same panel; it ends with the last of them. It lives on the tokio
/// runtime that it was opened on.
#[derive(Clone)]
pub struct Panel {
    inner: Arc<Inner>,
}

struct Inner {
    token_store: Arc<dyn TokenStore>,
    folder: DataFolder,
    link: Link,
    rest: Rest,
    undo: Option<Duration>,
    pace: Pace,
    events: EventSender,
    desk: Arc<Desk>,
    opened: Connection,
    session: Mutex<Option<Arc<Session>>>,
    /// The task that keeps the session connected, and erases it if the backend ends it.
    tasks: TaskTracker,
    /// Signing in and out go one after the other.
    turn: AsyncMutex<()>,
    closing: CancellationToken,
    _close_on_drop: DropGuard,
}

impl Panel {
    /// Opens the data folder. Whoever was signed in still is, and the connection is sought in the
    /// background.
    ///
    /// # Errors
    /// See [`OpenError`]; nothing was changed then.
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        let data_dir = options.data_dir.clone();
        let inner = tokio::task::spawn_blocking(move || Inner::open(options))
            .await
            .map_err(|error| OpenError::Folder {
                path: data_dir.clone(),
                source: std::io::Error::other(error),
            })??;
        let inner = Arc::new(inner);
        let resumed = {
            let inner = Arc::clone(&inner);
            tokio::task::spawn_blocking(move || inner.resume())
                .await
                .map_err(|error| OpenError::Folder {
                    path: data_dir,
                    source: std::io::Error::other(error),
                })??
        };
        if let Some(session) = resumed {
            inner.start(session);
        }
        Ok(Self { inner })
    }

    /// Events from now on.
    #[must_use]
    pub fn events(&self) -> EventStream {
        self.inner.events.subscribe()
    }

    /// Ends the connection and lets go of the data folder. Nothing is lost without it; with it the
    /// folder is free when this returns.
    pub async fn shut_down(&self) {
        let _turn = self.inner.turn.lock().await;
        self.inner.closing.cancel();
        self.inner.stop().await;
        self.inner.folder.release();
    }

    /// Everything but histories.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub async fn overview(&self) -> Result<Overview, PanelError> {
        let inner = Arc::clone(&self.inner);
        blocking(move || match inner.session() {
            Some(session) => Ok(session.overview(inner.token_store.is_key_store())?),
            None => Ok(inner.signed_out_overview()),
        })
        .await
    }

    /// The newest `limit` entries of a chat, or those before `before`. What is not held is fetched
    /// if the backend can be reached.
    ///
    /// # Errors
    /// When nobody is signed in or the files cannot be read.
    pub async fn timeline(
        &self,
        chat_id: ChatId,
        before: Option<Place>,
        limit: u32,
    ) -> Result<Timeline, PanelError> {
        self.timeline_at_hand(chat_id, before, limit, u32::MAX)
            .await
    }

    /// The same as far as it is held, so that nobody waits for the network to read what is there. If
    /// fewer entries than `at_least` are held, or none that join the end of the stretch, the rest is
    /// fetched all the same.
    ///
    /// # Errors
    /// As there.
    pub async fn timeline_at_hand(
        &self,
        chat_id: ChatId,
        before: Option<Place>,
        limit: u32,
        at_least: u32,
    ) -> Result<Timeline, PanelError> {
        let session = self.inner.session().ok_or_else(PanelError::not_signed_in)?;
        let limit = limit.clamp(1, MAX_TIMELINE);
        let at_least = usize::try_from(at_least.min(limit)).unwrap_or(usize::MAX);
        let mut fetches = 0;
        loop {
            let (timeline, gap) = {
                let session = Arc::clone(&session);
                blocking(move || Ok(session.timeline(chat_id, before, limit)?)).await?
            };
            let held = &timeline.entries;
            let is_enough = |gap: &Gap| match held.first() {
                Some(oldest) => held.len() >= at_least && gap.before <= oldest.place,
                None => at_least == 0,
            };
            let Some(gap) = gap.filter(|gap| fetches < MAX_FETCHES && !is_enough(gap)) else {
                return Ok(timeline);
            };
            fetches += 1;
            if !self.inner.fill(&session, chat_id, gap).await? {
                return Ok(timeline);
            }
        }
    }

    /// Writes to the client. The text is in the outbox when this returns; the draft is cleared.
    /// `seen` is the draft's revision as the composer knew it: with the latest the text goes in
    /// the place of a refused reply, which the composer held; else that one still waits for a look.
    ///
    /// # Errors
    /// When there is no such chat in the panel or the text cannot be stored.
    pub async fn reply(
        &self,
        chat_id: ChatId,
        text: String,
        seen: DraftRevision,
    ) -> Result<CommandId, PanelError> {
        self.with_session(move |session| session.reply(chat_id, &text, seen))
            .await
    }

    /// Writes a hidden comment, as [`Panel::reply`] writes a reply. Whom it mentions observes the
    /// chat from then on.
    ///
    /// # Errors
    /// When there is no such chat in the panel or the text cannot be stored.
    pub async fn comment(
        &self,
        chat_id: ChatId,
        text: String,
        mentions: Vec<OperatorId>,
        seen: DraftRevision,
    ) -> Result<CommandId, PanelError> {
        self.with_session(move |session| session.comment(chat_id, &text, mentions, seen))
            .await
    }

    /// Does something with a chat, by the outbox. What ends the chat for its author waits for a few
    /// seconds, in which it can be taken back.
    ///
    /// # Errors
    /// When there is no such chat in the panel or the command cannot be stored.
    pub async fn act(&self, chat_id: ChatId, deed: ChatDeed) -> Result<CommandId, PanelError> {
        let delay = self.inner.undo.filter(|_| deed.can_be_taken_back());
        let id = self
            .with_session(move |session| {
                session.act(chat_id, delay, |seen_place| {
                    deed.into_command(chat_id, seen_place)
                })
            })
            .await?;
        if let (Some(delay), Some(session)) = (delay, self.inner.session()) {
            let session = Arc::downgrade(&session);
            drop(tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                let Some(session) = session.upgrade() else {
                    return;
                };
                if let Err(error) = blocking(move || session.come_due(id)).await {
                    tracing::warn!(%error, "What was to be done now waits on");
                }
            }));
        }
        Ok(id)
    }

    /// Closes a chat, by the outbox. It can be taken back for a few seconds.
    ///
    /// # Errors
    /// When there is no such chat in the panel or the command cannot be stored.
    pub async fn close_chat(&self, chat_id: ChatId) -> Result<CommandId, PanelError> {
        self.act(chat_id, ChatDeed::Close).await
    }

    /// Reopens a closed chat, by the outbox. Of one that was found in the archive `found` is the
    /// newest entry there.
    ///
    /// # Errors
    /// When there is no such chat in the panel or the command cannot be stored.
    pub async fn reopen_chat(
        &self,
        chat_id: ChatId,
        found: Option<Place>,
    ) -> Result<CommandId, PanelError> {
        self.with_session(move |session| session.reopen_chat(chat_id, found))
            .await
    }

    /// Searches the archive, which is at the backend.
    ///
    /// # Errors
    /// Offline, or what the backend refused.
    pub async fn archive(&self, query: ArchiveQuery) -> Result<ArchivePage, PanelError> {
        let session = self.inner.session().ok_or_else(PanelError::not_signed_in)?;
        let account = &session.account;
        let page = self
            .inner
            .rest
            .archive(&account.address, &session.token, &query);
        Ok(page.await?)
    }

    /// A stretch of the history of a chat that was found in the archive, for reading.
    ///
    /// # Errors
    /// Offline, or what the backend refused.
    pub async fn archived(
        &self,
        chat_id: ChatId,
        before: Option<Place>,
        limit: u32,
    ) -> Result<HistoryPage, PanelError> {
        let session = self.inner.session().ok_or_else(PanelError::not_signed_in)?;
        let page = self.inner.rest.history(
            &session.account.address,
            &session.token,
            chat_id,
            before.unwrap_or(Place(i64::MAX)),
            limit.clamp(1, MAX_HISTORY),
        );
        Ok(page.await?)
    }

    /// What the client's card shows besides the chat itself.
    ///
    /// # Errors
    /// Offline, or what the backend refused.
    pub async fn card(&self, chat_id: ChatId) -> Result<ClientHistory, PanelError> {
        let session = self.inner.session().ok_or_else(PanelError::not_signed_in)?;
        let card = self
            .inner
            .rest
            .card(&session.account.address, &session.token, chat_id);
        Ok(card.await?)
    }

    /// The figures of some days, which are at the backend.
    ///
    /// # Errors
    /// Offline, or what the backend refused.
    pub async fn figures(&self, query: FiguresQuery) -> Result<ServiceFigures, PanelError> {
        let session = self.inner.session().ok_or_else(PanelError::not_signed_in)?;
        let account = &session.account;
        let figures = self
            .inner
            .rest
            .figures(&account.address, &session.token, &query);
        Ok(figures.await?)
    }

    /// Withdraws a command that was not handed over yet; its text is the draft again. False if it
    /// is too late for that.
    ///
    /// # Errors
    /// When the outbox cannot be written.
    pub async fn take_back(&self, command_id: CommandId) -> Result<bool, PanelError> {
        self.with_session(move |session| session.take_back(command_id))
            .await
    }

    /// Sends a held command again, now that its author has seen what came in between: as a new
    /// command, in the place of the old one. A reply's text is what stands in the draft.
    ///
    /// # Errors
    /// When there is no such held command or the new one cannot be stored.
    pub async fn send_anyway(&self, command_id: CommandId) -> Result<CommandId, PanelError> {
        self.with_session(move |session| session.send_anyway(command_id))
            .await
    }

    /// Forgets a refused command; the chat's later ones go on. The text stays in the draft.
    ///
    /// # Errors
    /// When there is no such held command or the outbox cannot be written.
    pub async fn dismiss_held(&self, command_id: CommandId) -> Result<(), PanelError> {
        self.with_session(move |session| session.dismiss_held(command_id))
            .await
    }

    /// Throws away the unsent text of a chat that is in no list any more.
    ///
    /// # Errors
    /// When the chat is in a list, or the outbox cannot be written.
    pub async fn discard_shell(&self, chat_id: ChatId) -> Result<(), PanelError> {
        self.with_session(move |session| session.discard_shell(chat_id))
            .await
    }

    /// The operator has read the chat up to `place`. Marks only grow.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn mark_read(&self, chat_id: ChatId, place: Place) -> Result<(), PanelError> {
        self.with_session(move |session| session.mark_read(chat_id, place))
            .await
    }

    /// Signs in. Whoever was signed in before is not any more on this device; their unsent texts
    /// wait for them.
    ///
    /// # Errors
    /// See [`SignInFailure`]; whoever was signed in still is then.
    pub async fn sign_in(
        &self,
        address: String,
        login: String,
        password: String,
    ) -> Result<(), SignInFailure> {
        let _turn = self.inner.turn.lock().await;
        let address = Address::parse(&address).map_err(|bad| match bad {
            BadAddress::NotAnAddress => SignInFailure::BadAddress,
            BadAddress::PlainHttp => SignInFailure::PlainHttp,
        })?;
        let login = login.trim().to_owned();
        let request = SignInRequest {
            login: login.clone(),
            password,
            device: self.inner.link.device.clone(),
        };
        let response = self
            .inner
            .rest
            .sign_in(&address, &request)
            .await
            .map_err(|error| match error {
                RestError::Unreachable(details) => SignInFailure::Unreachable { details },
                RestError::NotPult => SignInFailure::NotPult,
                RestError::Refused(problem) => SignInFailure::Refused { problem },
            })?;
        self.inner.stop().await;
        let sign_ins = SignIns {
            last: Some(LastSignIn {
                address: address.to_string(),
                login,
            }),
            current: Some(Account {
                address,
                operator: response.operator,
            }),
        };
        let session = {
            let inner = Arc::clone(&self.inner);
            blocking(move || inner.remember(&sign_ins, response.token))
                .await
                .map_err(|error| SignInFailure::Storage {
                    details: error.message,
                })?
        };
        self.inner.start(session);
        self.inner.events.send(PanelEvent::Overflowed);
        Ok(())
    }

    /// Ends the session, at the backend too if it can be reached, and erases token and cache.
    /// Unsent texts wait for the operator's next sign-in, but `force` must say that this is meant.
    ///
    /// # Errors
    /// When there is unsent text and no `force`, or the files cannot be changed.
    pub async fn sign_out(&self, force: bool) -> Result<(), PanelError> {
        let _turn = self.inner.turn.lock().await;
        let session = self.inner.session().ok_or_else(PanelError::not_signed_in)?;
        let has_unsent_text = self
            .with_session(|session| session.has_unsent_text())
            .await?;
        if has_unsent_text && !force {
            return Err(PanelError::new(
                PanelErrorCode::UnsentText,
                "there is text that was not sent",
            ));
        }
        self.inner.stop().await;
        self.inner.tell_of_sign_out(&session).await;
        let inner = Arc::clone(&self.inner);
        blocking(move || {
            let last = inner.sign_ins()?.last;
            inner.forget(&session, last)
        })
        .await
    }

    /// Ends the session as [`Panel::sign_out`] does, and erases everything that this device keeps of
    /// its operator: unsent texts and settings too, and what the sign-in screen would propose. Other
    /// operators' files stay as they are.
    ///
    /// # Errors
    /// When nobody is signed in or the files cannot be changed.
    pub async fn sign_out_and_erase(&self) -> Result<(), PanelError> {
        let _turn = self.inner.turn.lock().await;
        let session = self.inner.session().ok_or_else(PanelError::not_signed_in)?;
        self.inner.stop().await;
        self.inner.tell_of_sign_out(&session).await;
        let inner = Arc::clone(&self.inner);
        blocking(move || {
            // Whatever else fails, nobody is there any more to try this again.
            let forgotten = inner.forget(&session, None);
            let account = session.account.clone();
            // Some systems delete no file that is open.
            drop(session);
            let erased = inner.folder.erase_account(&account);
            forgotten.and(erased.map_err(|error| PanelError::storage(&error)))
        })
        .await
    }

    /// What the sign-in screen proposes.
    ///
    /// # Errors
    /// When the data folder cannot be read.
    pub async fn last_sign_in(&self) -> Result<Option<LastSignIn>, PanelError> {
        let inner = Arc::clone(&self.inner);
        blocking(move || Ok(inner.sign_ins()?.last)).await
    }

    /// Tries to connect now instead of waiting for the next try.
    ///
    /// # Errors
    /// When nobody is signed in.
    #[expect(clippy::unused_async, reason = "the shell calls all methods alike")]
    pub async fn reconnect(&self) -> Result<(), PanelError> {
        let session = self.inner.session().ok_or_else(PanelError::not_signed_in)?;
        if matches!(
            session.connection(),
            Connection::Offline { .. } | Connection::Refused { .. }
        ) {
            session.try_now.notify_one();
        }
        Ok(())
    }

    /// Whoever is signed in.
    pub(crate) fn session(&self) -> Result<Arc<Session>, PanelError> {
        self.inner.session().ok_or_else(PanelError::not_signed_in)
    }

    /// What is on the screen, and what is known of the device.
    pub(crate) fn desk(&self) -> &Desk {
        &self.inner.desk
    }

    /// What asks the backend.
    pub(crate) fn rest(&self) -> &Rest {
        &self.inner.rest
    }

    /// How long what can be taken back waits.
    pub(crate) fn undo(&self) -> Option<Duration> {
        self.inner.undo
    }

    pub(crate) async fn with_session<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Session) -> Result<T, PanelError> + Send + 'static,
    ) -> Result<T, PanelError> {
        let session = self.inner.session().ok_or_else(PanelError::not_signed_in)?;
        let works = session.works.clone();
        works
            .spawn_blocking(move || work(&session))
            .await
            .unwrap_or_else(|error| Err(PanelError::storage(&error)))
    }
}

impl Inner {
    fn open(options: Options) -> Result<Self, OpenError> {
        let folder = DataFolder::open(&options.data_dir)?;
        let tls = tls::client_config(options.extra_ca.as_deref())?;
        let rest = Rest::new(tls.clone()).map_err(|error| OpenError::Folder {
            path: options.data_dir.clone(),
            source: std::io::Error::other(causes(&error)),
        })?;
        let closing = CancellationToken::new();
        Ok(Self {
            token_store: options.token_store,
            folder,
            link: Link {
                device: options.device,
                tls: Arc::new(tls),
            },
            rest,
            undo: options.undo,
            pace: options.pace,
            events: EventSender::new(),
            desk: Arc::new(Desk::new()),
            opened: Connection::Offline {
                since: clock::now(),
                cannot_write: false,
            },
            session: Mutex::new(None),
            tasks: TaskTracker::new(),
            turn: AsyncMutex::new(()),
            _close_on_drop: closing.clone().drop_guard(),
            closing,
        })
    }

    /// The session of whoever was signed in when the panel was last open.
    fn resume(&self) -> Result<Option<Arc<Session>>, OpenError> {
        let sign_ins = self
            .folder
            .sign_ins()
            .map_err(|source| self.unusable(source))?;
        self.erase_other_caches(sign_ins.current.as_ref());
        let Some(account) = sign_ins.current else {
            return Ok(None);
        };
        match self.token_store.load(&account.key()) {
            Ok(Some(token)) => self
                .open_session(account, token)
                .map(Some)
                .map_err(|error| {
                    let reason = error.to_string();
                    if error.is_disk_trouble() {
                        let path = self.folder.path().to_owned();
                        OpenError::NoRoom { path, reason }
                    } else {
                        OpenError::Files { reason }
                    }
                }),
            Ok(None) => Ok(None),
            Err(error) => {
                tracing::warn!(%error, "The token cannot be read; a new sign-in is needed");
                Ok(None)
            }
        }
    }

    fn unusable(&self, source: std::io::Error) -> OpenError {
        OpenError::Folder {
            path: self.folder.path().to_owned(),
            source,
        }
    }

    fn open_session(&self, account: Account, token: Token) -> Result<Arc<Session>, StorageError> {
        let folder = self
            .folder
            .of_account(&account)
            .map_err(StorageError::Folder)?;
        let session = Session::open(
            folder,
            account,
            token,
            self.events.clone(),
            Arc::clone(&self.desk),
            self.pace,
            self.closing.child_token(),
        )?;
        Ok(Arc::new(session))
    }

    /// Writes a sign-in down and opens its session.
    fn remember(&self, sign_ins: &SignIns, token: Token) -> Result<Arc<Session>, PanelError> {
        let account = sign_ins
            .current
            .clone()
            .ok_or_else(PanelError::not_signed_in)?;
        self.token_store
            .save(&account.key(), &token)
            .map_err(|error| PanelError::storage(&error))?;
        let session = self.open_session(account, token)?;
        self.folder
            .save_sign_ins(sign_ins)
            .map_err(|error| PanelError::storage(&error))?;
        self.erase_other_caches(sign_ins.current.as_ref());
        Ok(session)
    }

    /// What only a signed-in operator may have is to be gone when nobody or somebody else is, also if the
    /// program was ended before it had erased it, or could not.
    fn erase_other_caches(&self, current: Option<&Account>) {
        let erased = self.folder.other_accounts(current).and_then(|folders| {
            folders
                .iter()
                .try_for_each(|folder| Cache::erase_in(folder).map_err(std::io::Error::other))
        });
        if let Err(error) = erased {
            tracing::warn!(%error, "What another account has held may be left until the next start");
        }
    }

    /// Keeps `session` connected from now on.
    fn start(self: &Arc<Self>, session: Arc<Session>) {
        *self.session.lock() = Some(Arc::clone(&session));
        let inner = Arc::downgrade(self);
        drop(self.tasks.spawn(keep_telling(Arc::clone(&session))));
        drop(self.tasks.spawn(keep_index(Arc::clone(&session))));
        drop(
            self.tasks
                .spawn(stay_connected(inner, session, self.link.clone())),
        );
    }

    /// Ends the session's connection, and returns when nothing is done for it any more.
    async fn stop(&self) {
        let session = self.session.lock().take();
        if let Some(session) = &session {
            session.ended.cancel();
        }
        self.tasks.close();
        self.tasks.wait().await;
        self.tasks.reopen();
        if let Some(session) = session {
            session.works.close();
            session.works.wait().await;
            session.end_telling();
            let erased = blocking(move || Ok(session.cache.erase_remains()?)).await;
            if let Err(error) = erased {
                tracing::warn!(%error, "Copies of erased text may be left until the next start");
            }
        }
    }

    async fn tell_of_sign_out(&self, session: &Session) {
        let told = self.rest.sign_out(&session.account.address, &session.token);
        match tokio::time::timeout(SIGN_OUT_PATIENCE, told).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "The backend was not told of the sign-out"),
            Err(_) => tracing::warn!("The backend was not told of the sign-out in time"),
        }
    }

    fn sign_ins(&self) -> Result<SignIns, PanelError> {
        let sign_ins = self.folder.sign_ins();
        sign_ins.map_err(|error| PanelError::storage(&error))
    }

    /// Erases what only a signed-in operator may have; the outbox waits for their return. The sign-in
    /// screen proposes `last`.
    fn forget(&self, session: &Session, last: Option<LastSignIn>) -> Result<(), PanelError> {
        let storage = |error: std::io::Error| PanelError::storage(&error);
        let nobody = SignIns {
            current: None,
            last,
        };
        // Each for itself: what fails keeps nothing else on this device.
        let saved = self.folder.save_sign_ins(&nobody);
        let token_erased = self.token_store.erase(&session.account.key());
        let cache_erased = session.cache.erase();
        self.events.send(PanelEvent::Overflowed);
        saved.and(token_erased).map_err(storage)?;
        Ok(cache_erased?)
    }

    fn session(&self) -> Option<Arc<Session>> {
        self.session.lock().clone()
    }

    fn signed_out_overview(&self) -> Overview {
        Overview {
            session: None,
            connection: self.opened.clone(),
            operators: Vec::new(),
            presence: Vec::new(),
            channels: Vec::new(),
            integrations: Vec::new(),
            company: CompanyRow::default(),
            in_work: Vec::new(),
            observed: Vec::new(),
            queued: Vec::new(),
            shells: Vec::new(),
            late: LateChats::default(),
            clock_offset_ms: 0,
        }
    }

    /// Fetches the history in a gap. False when there is no connection, or nothing came of it.
    async fn fill(
        &self,
        session: &Arc<Session>,
        chat_id: ChatId,
        gap: Gap,
    ) -> Result<bool, PanelError> {
        if session.connection() != Connection::Live {
            return Ok(false);
        }
        let generation = session.cache.generation();
        let limit = gap.limit.clamp(MIN_HISTORY, MAX_HISTORY);
        let page = self
            .rest
            .history(
                &session.account.address,
                &session.token,
                chat_id,
                gap.before,
                limit,
            )
            .await;
        let entries = match page {
            Ok(page) => page.entries,
            Err(error) => {
                tracing::warn!(%error, chat.id = %chat_id, "History cannot be fetched");
                return Ok(false);
            }
        };
        if entries.is_empty() {
            return Ok(false);
        }
        let session = Arc::clone(session);
        blocking(move || {
            session.fill_gaps(chat_id, &entries, generation)?;
            Ok(true)
        })
        .await
    }
}

async fn stay_connected(inner: Weak<Inner>, session: Arc<Session>, link: Link) {
    let end = connection::run(Arc::clone(&session), link).await;
    if end == End::SignedOut
        && let Some(inner) = inner.upgrade()
    {
        tracing::info!("The backend has ended the session");
        drop(inner.session.lock().take());
        // Whoever signs in next waits for all that was done for it.
        session.ended.cancel();
        session.end_telling();
        let forgotten = blocking(move || {
            let last = inner.sign_ins()?.last;
            inner.forget(&session, last)
        })
        .await;
        if let Err(error) = forgotten {
            tracing::error!(%error, "An ended session cannot be erased");
        }
    }
}

/// Runs `work` where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PanelError> + Send + 'static,
) -> Result<T, PanelError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(PanelError::storage(&error)))
}
