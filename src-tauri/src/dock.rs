//! The narrow window at the screen's edge.

use serde::{Deserialize, Serialize};
use tauri::{PhysicalPosition, PhysicalRect, PhysicalSize, Runtime, WebviewWindow};

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

/// Puts the window back to where it was; where there is no screen any more, onto one that there is.
pub(crate) fn put_back<R: Runtime>(window: &WebviewWindow<R>, frame: Frame) -> tauri::Result<()> {
    let screens = window.available_monitors()?;
    let is_within_reach = screens
        .iter()
        .any(|screen| frame.can_be_seized_on(*screen.work_area()));
    if is_within_reach {
        return put(window, frame);
    }
    window.set_size(PhysicalSize::new(frame.width, frame.height))?;
    window.center()
}

/// So much of a window's upper edge is to be on a screen that it can be seized, in pixels.
const SEIZABLE: i64 = 64;

impl Frame {
    /// Whether its upper edge is on a part of a screen, far enough to be seized there.
    fn can_be_seized_on(self, area: PhysicalRect<i32, u32>) -> bool {
        let (left, top) = (i64::from(area.position.x), i64::from(area.position.y));
        let (right, bottom) = (
            left + i64::from(area.size.width),
            top + i64::from(area.size.height),
        );
        let (x, y) = (i64::from(self.x), i64::from(self.y));
        let beside = right.min(x + i64::from(self.width)) - left.max(x);
        beside >= SEIZABLE && y >= top && y + SEIZABLE <= bottom
    }
}

/// Puts the window there.
fn put<R: Runtime>(window: &WebviewWindow<R>, frame: Frame) -> tauri::Result<()> {
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

#[cfg(test)]
mod tests {
    use super::{Frame, PhysicalPosition, PhysicalRect, PhysicalSize};

    #[test]
    fn a_window_goes_back_only_to_where_it_can_be_seized() {
        let screen = PhysicalRect {
            position: PhysicalPosition::new(0, 24),
            size: PhysicalSize::new(1920, 1056),
        };
        let can_be_seized = |x, y| {
            let frame = Frame {
                x,
                y,
                width: 1080,
                height: 720,
            };
            frame.can_be_seized_on(screen)
        };
        for (x, y) in [(0, 24), (840, 360), (-1000, 24), (1800, 900)] {
            assert!(can_be_seized(x, y), "{x} {y}");
        }
        // On a screen that is not there any more, and without the edge by which it is moved.
        for (x, y) in [
            (1920, 24),
            (-1080, 24),
            (2400, 300),
            (100, -700),
            (100, 1075),
            (1900, 24),
        ] {
            assert!(!can_be_seized(x, y), "{x} {y}");
        }
        assert!(!can_be_seized(i32::MAX, i32::MIN));
    }
}
