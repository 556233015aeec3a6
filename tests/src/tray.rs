//! A desktop's tray in place of a real one, and the panel's icon in it, on a session bus.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use parking_lot::Mutex;
use zbus::proxy::CacheProperties;
use zbus::zvariant::{OwnedValue, Structure, Value};
use zbus::{Connection, Proxy, interface};

use crate::until::until;

const NAME: &str = "org.kde.StatusNotifierWatcher";
const PATH: &str = "/StatusNotifierWatcher";

/// The tray; it goes when this goes.
#[derive(Debug)]
pub struct Tray {
    connection: Connection,
    registered: Arc<Mutex<Vec<String>>>,
}

struct Watcher {
    registered: Arc<Mutex<Vec<String>>>,
}

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, service: String) {
        self.registered.lock().push(service);
    }

    fn register_status_notifier_host(&self, _service: String) {}

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        self.registered.lock().clone()
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

impl Tray {
    /// Appears on the bus at `address`.
    ///
    /// # Errors
    /// When there is no such bus, or a tray on it.
    pub async fn appear(address: &str) -> Result<Self> {
        let registered = Arc::new(Mutex::new(Vec::new()));
        let watcher = Watcher {
            registered: Arc::clone(&registered),
        };
        let connection = zbus::connection::Builder::address(address)
            .and_then(|builder| builder.serve_at(PATH, watcher))
            .and_then(|builder| builder.name(NAME))
            .context("Preparing a tray")?
            .build()
            .await
            .context("Appearing as a tray")?;
        Ok(Self {
            connection,
            registered,
        })
    }

    /// Goes from the bus, as the desktop's panel does when it starts over.
    ///
    /// # Errors
    /// When the bus does not let it go.
    pub async fn disappear(self) -> Result<()> {
        self.connection.close().await.context("Closing the tray")
    }

    /// Waits for the panel's icon.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn icon(&self) -> Result<TrayIcon> {
        let name = until("the panel's icon in the tray", async || {
            self.registered.lock().first().cloned()
        })
        .await?;
        Ok(TrayIcon {
            item: self
                .proxy(&name, "/StatusNotifierItem", "org.kde.StatusNotifierItem")
                .await?,
            menu: self
                .proxy(&name, "/MenuBar", "com.canonical.dbusmenu")
                .await?,
        })
    }

    async fn proxy(
        &self,
        name: &str,
        path: &'static str,
        interface: &'static str,
    ) -> Result<Proxy<'static>> {
        zbus::proxy::Builder::new(&self.connection)
            .destination(name.to_owned())
            .and_then(|builder| builder.path(path))
            .and_then(|builder| builder.interface(interface))
            .with_context(|| format!("Naming {interface}"))?
            .cache_properties(CacheProperties::No)
            .build()
            .await
            .with_context(|| format!("Reaching {interface}"))
    }
}

/// An icon in the tray.
#[derive(Debug)]
pub struct TrayIcon {
    item: Proxy<'static>,
    menu: Proxy<'static>,
}

/// A line of its menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuLine {
    id: i32,
    /// What it says; nothing if it is a line between two parts.
    pub label: String,
    /// Whether it can be chosen.
    pub is_enabled: bool,
    /// Whether it is checked; none if it cannot be.
    pub is_checked: Option<bool>,
}

type Pixmaps = Vec<(i32, i32, Vec<u8>)>;
type Layout = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

impl TrayIcon {
    /// What it is called.
    ///
    /// # Errors
    /// When it is gone.
    pub async fn title(&self) -> Result<String> {
        let title = self.item.get_property("Title").await;
        title.context("Reading the icon's title")
    }

    /// What it says when it is pointed at, below its title.
    ///
    /// # Errors
    /// When it is gone.
    pub async fn tooltip(&self) -> Result<String> {
        let tooltip: (String, Pixmaps, String, String) = self
            .item
            .get_property("ToolTip")
            .await
            .context("Reading the icon's tooltip")?;
        Ok(tooltip.3)
    }

    /// Its picture: alpha, red, green and blue for each pixel.
    ///
    /// # Errors
    /// When it is gone, or has none.
    pub async fn picture(&self) -> Result<Vec<u8>> {
        let pixmaps: Pixmaps = self
            .item
            .get_property("IconPixmap")
            .await
            .context("Reading the icon's picture")?;
        let (_, _, picture) = pixmaps.into_iter().next().context("There is no picture")?;
        Ok(picture)
    }

    /// Clicks on it.
    ///
    /// # Errors
    /// When it is gone.
    pub async fn click(&self) -> Result<()> {
        let clicked = self.item.call_method("Activate", &(0, 0)).await;
        clicked.map(drop).context("Clicking on the icon")
    }

    /// The lines of its menu.
    ///
    /// # Errors
    /// When it is gone, or has no such menu.
    pub async fn lines(&self) -> Result<Vec<MenuLine>> {
        let (_, (_, _, lines)): (u32, Layout) = self
            .menu
            .call("GetLayout", &(0, -1, Vec::<String>::new()))
            .await
            .context("Reading the menu")?;
        lines
            .into_iter()
            .map(|line| line_of(line).context("A line of the menu is none"))
            .collect()
    }

    /// The line that says this, or begins so.
    ///
    /// # Errors
    /// When there is none.
    pub async fn line(&self, label: &str) -> Result<MenuLine> {
        let lines = self.lines().await?;
        let line = lines.iter().find(|line| line.label.starts_with(label));
        line.cloned()
            .with_context(|| format!("no {label:?} among {lines:?}"))
    }

    /// Chooses a line.
    ///
    /// # Errors
    /// When there is none.
    pub async fn choose(&self, label: &str) -> Result<()> {
        let line = self.line(label).await?;
        let event = (line.id, "clicked", Value::from(0), 0_u32);
        let chosen = self.menu.call_method("Event", &event).await;
        chosen
            .map(drop)
            .with_context(|| format!("Choosing {label:?}"))
    }
}

fn line_of(value: OwnedValue) -> Option<MenuLine> {
    let structure = Structure::try_from(value).ok()?;
    let mut fields = structure.into_fields().into_iter();
    let id = i32::try_from(fields.next()?).ok()?;
    let properties: HashMap<String, Value<'_>> = fields.next()?.try_into().ok()?;
    let text = |name: &str| {
        let value = properties.get(name)?.try_clone().ok()?;
        String::try_from(value).ok()
    };
    let is = |name: &str| bool::try_from(properties.get(name)?).ok();
    let is_checked = properties
        .get("toggle-state")
        .and_then(|state| i32::try_from(state).ok())
        .map(|state| state == 1);
    let can_be_checked = text("toggle-type").is_some_and(|kind| !kind.is_empty());
    Some(MenuLine {
        id,
        label: text("label").unwrap_or_default(),
        is_enabled: is("enabled").unwrap_or(true),
        is_checked: if can_be_checked {
            Some(is_checked.unwrap_or(false))
        } else {
            None
        },
    })
}
