//! Linux: D-Bus and the X server.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use parking_lot::Mutex;
use pult_panel::Panel;
use tokio::time::{MissedTickBehavior, interval};
use x11rb::connection::Connection as _;
use x11rb::protocol::screensaver::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;
use zbus::message::Type;
use zbus::zvariant::OwnedObjectPath;
use zbus::{Connection, MatchRule, MessageStream, Proxy};

/// How often it is asked how long nobody has touched the device.
const ASK_EVERY: Duration = Duration::from_secs(10);

/// Interfaces whose `ActiveChanged` tells that the screen was locked, or blanked, or is back.
const SCREEN_SAVERS: [&str; 2] = ["org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver"];

/// Tells the panel what the desktop tells, for as long as it tells anything.
pub(crate) async fn watch(panel: Panel) {
    let locks = Arc::new(Locks {
        panel: panel.clone(),
        locked: Mutex::new([false; 3]),
    });
    let [freedesktop, gnome] = SCREEN_SAVERS;
    let (idle, hint, first, second) = tokio::join!(
        tell_idle_time(&panel),
        follow_locked_hint(&locks),
        follow_screen_saver(freedesktop, &locks, Source::Freedesktop),
        follow_screen_saver(gnome, &locks, Source::Gnome),
    );
    for ended in [hint, first, second] {
        if let Err(error) = ended {
            tracing::info!(%error, "The desktop does not tell in this way whether the screen is locked");
        }
    }
    if !idle {
        tracing::info!("The desktop does not tell how long nobody has touched the device");
    }
}

/// Who tells that the screen is locked. It is as long as anybody says so.
struct Locks {
    panel: Panel,
    locked: Mutex<[bool; 3]>,
}

#[derive(Clone, Copy)]
enum Source {
    Login,
    Freedesktop,
    Gnome,
}

impl Locks {
    fn set(&self, source: Source, is_locked: bool) {
        let mut locked = self.locked.lock();
        let [login, freedesktop, gnome] = &mut *locked;
        *match source {
            Source::Login => login,
            Source::Freedesktop => freedesktop,
            Source::Gnome => gnome,
        } = is_locked;
        self.panel.set_locked(locked.contains(&true));
    }
}

/// Follows the hint that the desktop gives the system of this session.
async fn follow_locked_hint(locks: &Locks) -> zbus::Result<()> {
    const LOGIN: &str = "org.freedesktop.login1";
    const SESSION: &str = "org.freedesktop.login1.Session";
    let bus = Connection::system().await?;
    // Changes are told of the session by its own name alone.
    let own = Proxy::new(&bus, LOGIN, "/org/freedesktop/login1/session/auto", SESSION).await?;
    let id: String = own.get_property("Id").await?;
    let manager = Proxy::new(
        &bus,
        LOGIN,
        "/org/freedesktop/login1",
        "org.freedesktop.login1.Manager",
    );
    let path: OwnedObjectPath = manager.await?.call("GetSession", &(id,)).await?;
    let session = Proxy::new(&bus, LOGIN, path, SESSION).await?;
    let mut hints = session.receive_property_changed::<bool>("LockedHint").await;
    while let Some(hint) = hints.next().await {
        locks.set(Source::Login, hint.get().await?);
    }
    Ok(())
}

/// Follows the desktop's screen saver.
async fn follow_screen_saver(
    interface: &'static str,
    locks: &Locks,
    source: Source,
) -> zbus::Result<()> {
    let bus = Connection::session().await?;
    let changes = MatchRule::builder()
        .msg_type(Type::Signal)
        .interface(interface)?
        .member("ActiveChanged")?
        .build();
    let mut changes = MessageStream::for_match_rule(changes, &bus, None).await?;
    while let Some(change) = changes.next().await {
        locks.set(source, change?.body().deserialize()?);
    }
    Ok(())
}

/// Tells how long nobody has touched the device, again and again. False if nobody knows.
async fn tell_idle_time(panel: &Panel) -> bool {
    let Some(source) = IdleSource::find().await else {
        return false;
    };
    let mut asking = interval(ASK_EVERY);
    asking.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        asking.tick().await;
        match source.idle_time().await {
            Some(ago) => panel.used(ago),
            None => return false,
        }
    }
}

/// Who knows how long nobody has touched the device.
enum IdleSource {
    Mutter(Proxy<'static>),
    X11(Arc<Screen>),
}

struct Screen {
    connection: RustConnection,
    root: u32,
}

impl IdleSource {
    async fn find() -> Option<Self> {
        if let Some(mutter) = mutter().await {
            let source = Self::Mutter(mutter);
            if source.idle_time().await.is_some() {
                return Some(source);
            }
        }
        // It asks the X server, which may let one wait.
        let screen = tauri::async_runtime::spawn_blocking(Screen::open).await;
        let source = Self::X11(Arc::new(screen.ok()??));
        source.idle_time().await.is_some().then_some(source)
    }

    async fn idle_time(&self) -> Option<Duration> {
        let ms = match self {
            Self::Mutter(mutter) => mutter.call::<_, _, u64>("GetIdletime", &()).await.ok()?,
            Self::X11(screen) => {
                let screen = Arc::clone(screen);
                let asked = tauri::async_runtime::spawn_blocking(move || screen.idle_ms());
                asked.await.ok()??.into()
            }
        };
        Some(Duration::from_millis(ms))
    }
}

async fn mutter() -> Option<Proxy<'static>> {
    const MONITOR: &str = "org.gnome.Mutter.IdleMonitor";
    let bus = Connection::session().await.ok()?;
    let path = "/org/gnome/Mutter/IdleMonitor/Core";
    Proxy::new(&bus, MONITOR, path, MONITOR).await.ok()
}

impl Screen {
    fn open() -> Option<Self> {
        let (connection, n) = x11rb::connect(None).ok()?;
        let root = connection.setup().roots.get(n)?.root;
        Some(Self { connection, root })
    }

    fn idle_ms(&self) -> Option<u32> {
        let asked = self.connection.screensaver_query_info(self.root).ok()?;
        Some(asked.reply().ok()?.ms_since_user_input)
    }
}
