//! A desktop as people have it, to look at: a bar with a tray and a service that shows
//! notifications, both Xfce's or used with it.
//!
//! `xfce4-panel`, `xfconfd` and `dunst` are needed, and `import` of `ImageMagick` for the pictures;
//! nothing but these pictures asks for them.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::process::Command;

use crate::desk::Bus;
use crate::programs::Program;
use crate::until::until;

/// The bar at the lower edge: windows, tray, clock.
const BAR: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=8;x=0;y=0"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="length" type="uint" value="100"/>
      <property name="size" type="uint" value="32"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/>
        <value type="int" value="2"/>
        <value type="int" value="3"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="tasklist"/>
    <property name="plugin-2" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
    </property>
    <property name="plugin-3" type="string" value="clock"/>
  </property>
</channel>
"#;

/// Where systems put the service that hands out Xfce's settings, which is no program of `PATH`.
const XFCONFD: &[&str] = &[
    "/usr/lib/x86_64-linux-gnu/xfce4/xfconf/xfconfd",
    "/usr/lib/aarch64-linux-gnu/xfce4/xfconf/xfconfd",
    "/usr/lib/xfce4/xfconf/xfconfd",
    "/usr/lib64/xfce4/xfconf/xfconfd",
    "/usr/libexec/xfce4/xfconf/xfconfd",
];

/// What has been drawn is on the screen after so long: nobody tells when.
const DRAWN: Duration = Duration::from_millis(1500);

/// The bar and the notifications, on a bus of their own.
#[derive(Debug)]
pub struct Taskbar {
    /// The bus on which they wait for a panel.
    pub bus: Bus,
    _programs: [Program; 3],
}

impl Taskbar {
    /// Starts both; their settings lie below `home`.
    ///
    /// # Errors
    /// When one of the programs is not there or does not start.
    pub async fn start(home: &Path) -> Result<Self> {
        let bus = Bus::start().await?;
        let settings = home.join(".config/xfce4/xfconf/xfce-perchannel-xml");
        std::fs::create_dir_all(&settings).context("Making a folder")?;
        std::fs::write(settings.join("xfce4-panel.xml"), BAR).context("Writing the bar down")?;
        let start = |program: &Path, args: &[&str]| {
            let mut command = Command::new(program);
            command
                .args(args)
                .envs(bus.envs_of_usual(home))
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            Program::start(&mut command)
        };
        let settings = start(&xfconfd()?, &[])?;
        bus.has("org.xfce.Xfconf").await?;
        let bar = start(Path::new("xfce4-panel"), &["--disable-wm-check"])?;
        bus.has("org.kde.StatusNotifierWatcher").await?;
        let notifications = start(Path::new("dunst"), &[])?;
        bus.has("org.freedesktop.Notifications").await?;
        Ok(Self {
            bus,
            _programs: [settings, bar, notifications],
        })
    }

    /// Takes a picture of the whole screen.
    ///
    /// # Errors
    /// When `ImageMagick` is not there.
    pub async fn picture(&self, file: &Path) -> Result<()> {
        tokio::time::sleep(DRAWN).await;
        let mut command = Command::new("import");
        command.args(["-window", "root"]).arg(file);
        let status = command.status().await;
        let status = status.context("Starting import: install ImageMagick")?;
        ensure!(status.success(), "The screen cannot be pictured");
        Ok(())
    }
}

impl Bus {
    /// Waits until somebody has that name on the bus.
    ///
    /// # Errors
    /// When nobody takes it.
    async fn has(&self, name: &str) -> Result<()> {
        let address = self.address.as_str();
        let bus = zbus::connection::Builder::address(address)?.build().await?;
        let names = zbus::fdo::DBusProxy::new(&bus).await?;
        until(&format!("{name} on the bus"), async || {
            let name = name.try_into().ok()?;
            let has_owner = names.name_has_owner(name).await;
            has_owner.unwrap_or_default().then_some(())
        })
        .await
    }
}

fn xfconfd() -> Result<PathBuf> {
    let found = XFCONFD.iter().map(Path::new).find(|path| path.exists());
    match found {
        Some(path) => Ok(path.to_owned()),
        None => bail!("xfconfd is not there: install xfconf"),
    }
}
