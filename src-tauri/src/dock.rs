//! The narrow window at the screen's edge.

use serde::{Deserialize, Serialize};
use tauri::{PhysicalPosition, PhysicalSize, Runtime, WebviewWindow};

/// How wide it is, in the pixels of a usual screen.
const WIDTH: f64 = 400.0;

/// Where a window is, in the screen's own pixels: its frame's corner, and its page's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Frame {
    x: i32,
    y: i32,
    width: u32,
    height: u32,
}

/// Where the window is now.
pub(crate) fn frame_of<R: Runtime>(window: &WebviewWindow<R>) -> tauri::Result<Frame> {
    let PhysicalPosition { x, y } = window.outer_position()?;
    let PhysicalSize { width, height } = window.inner_size()?;
    Ok(Frame {
        x,
        y,
        width,
        height,
    })
}

/// Puts the window at the right edge of the screen that it is on, as high as there is room.
pub(crate) fn dock<R: Runtime>(window: &WebviewWindow<R>) -> tauri::Result<()> {
    let Some(monitor) = window.current_monitor()?.or(window.primary_monitor()?) else {
        return Ok(());
    };
    window.unmaximize()?;
    let area = monitor.work_area();
    let (outer, inner) = (window.outer_size()?, window.inner_size()?);
    let (beside, above) = (
        outer.width.saturating_sub(inner.width),
        outer.height.saturating_sub(inner.height),
    );
    let PhysicalSize { width, .. } =
        tauri::LogicalSize::new(WIDTH, WIDTH).to_physical::<u32>(monitor.scale_factor());
    let left = i64::from(area.position.x) + i64::from(area.size.width)
        - i64::from(width)
        - i64::from(beside);
    put(
        window,
        Frame {
            x: i32::try_from(left).unwrap_or(area.position.x),
            y: area.position.y,
            width,
            height: area.size.height.saturating_sub(above),
        },
    )
}

/// Puts the window there.
pub(crate) fn put<R: Runtime>(window: &WebviewWindow<R>, frame: Frame) -> tauri::Result<()> {
    window.set_size(PhysicalSize::new(frame.width, frame.height))?;
    window.set_position(PhysicalPosition::new(frame.x, frame.y))
}

/// Whether a program may say where its window is, and that it stays above others. Wayland leaves that
/// to its user; through `XWayland` it can be said.
pub(crate) fn is_possible() -> bool {
    #[cfg(target_os = "linux")]
    {
        use gtk::glib::object::ObjectExt as _;
        // Asked of a thread that is not the toolkit's it would panic; it is the same all the time.
        static IS_WAYLAND: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
        !*IS_WAYLAND.get_or_init(|| {
            gtk::is_initialized_main_thread()
                && gtk::gdk::Display::default()
                    .is_some_and(|display| display.type_().name().contains("Wayland"))
        })
    }
    #[cfg(not(target_os = "linux"))]
    true
}
