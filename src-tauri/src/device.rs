//! What the system tells of the device: how long nobody has touched it, whatever the window, and
//! whether its screen is locked. What cannot be had is left out: the panel then goes by the input in
//! its own window.
//!
//! | system | idle time | locked screen |
//! |---|---|---|
//! | Linux, GNOME | Mutter's idle monitor, by D-Bus | login1's `LockedHint`, `ActiveChanged` |
//! | Linux, X11 | the X server's screen saver extension | the same |
//! | Linux, other Wayland | – | the same, as far as the desktop tells |
//! | Windows, macOS | – | – |
//!
//! Another system is another module with a `watch` of its own.

#[cfg(target_os = "linux")]
pub(crate) use linux::watch;

/// Tells nothing: this system is not asked yet.
#[cfg(not(target_os = "linux"))]
pub(crate) async fn watch(_: pult_panel::Panel) {}

#[cfg(target_os = "linux")]
mod linux;
