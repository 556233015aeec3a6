//! The screen of the session, looked at as a person does: what is seen, and when.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{ConnectionExt as _, ImageFormat};
use x11rb::rust_connection::RustConnection;

/// How long a program may take to show something.
const LIMIT: Duration = Duration::from_secs(30);

/// How often the screen is looked at.
const LOOK: Duration = Duration::from_millis(4);

/// How long nothing may change until a picture is what stays.
const SETTLED: Duration = Duration::from_secs(3);

/// Bytes of a dot.
const DOT: usize = 4;

/// Dots at the side of a square that is compared as one.
const SQUARE: usize = 8;

/// By so much of 255 the brightness of such squares may differ.
const SAME: u32 = 6;

/// The screen.
#[derive(Debug)]
pub struct Screen {
    connection: RustConnection,
    root: u32,
    size: (u16, u16),
}

/// A rectangle of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    x: i16,
    y: i16,
    width: u16,
    height: u16,
}

/// What is seen in an area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    area: Area,
    dots: Vec<u8>,
}

impl Screen {
    /// Opens the display of the session.
    ///
    /// # Errors
    /// When there is none.
    pub fn open() -> Result<Self> {
        let (connection, number) = x11rb::connect(None).context("Opening the display")?;
        let screen = connection.setup().roots.get(number);
        let screen = screen.context("The display has no screen")?;
        let (root, size) = (
            screen.root,
            (screen.width_in_pixels, screen.height_in_pixels),
        );
        Ok(Self {
            connection,
            root,
            size,
        })
    }

    /// What is seen in an area now.
    ///
    /// # Errors
    /// When the display is gone.
    pub fn picture(&self, area: Area) -> Result<Picture> {
        let Area {
            x,
            y,
            width,
            height,
        } = area;
        let asked = self.connection.get_image(
            ImageFormat::Z_PIXMAP,
            self.root,
            x,
            y,
            width,
            height,
            u32::MAX,
        );
        let dots = asked?.reply().context("Looking at the screen")?.data;
        Ok(Picture { area, dots })
    }

    fn whole(&self) -> Area {
        let (width, height) = self.size;
        Area {
            x: 0,
            y: 0,
            width,
            height,
        }
    }

    /// Waits until the one window on the screen stands still; gives what is seen in the part of it that
    /// begins and ends at these shares of its width and height.
    ///
    /// # Errors
    /// When there is none, or it goes on changing.
    pub fn settled(&self, across: (f64, f64), down: (f64, f64)) -> Result<Picture> {
        let end = Instant::now() + LIMIT;
        let (mut last, mut since) = (self.picture(self.whole())?, Instant::now());
        loop {
            std::thread::sleep(LOOK * 25);
            let now = self.picture(self.whole())?;
            if let Some(window) = now.window() {
                let part = now.part(window.part(across, down))?;
                if !last.part(part.area)?.looks_like(&part) {
                    since = Instant::now();
                }
                if since.elapsed() >= SETTLED {
                    return Ok(part);
                }
            } else {
                since = Instant::now();
            }
            last = now;
            ensure!(Instant::now() < end, "no window stands still on the screen");
        }
    }

    /// Looks until the screen shows a picture in its place; gives the milliseconds since `begun`.
    ///
    /// # Errors
    /// When it does not in time.
    pub fn shows(&self, picture: &Picture, begun: Instant) -> Result<f64> {
        loop {
            if self.picture(picture.area)?.looks_like(picture) {
                return Ok(begun.elapsed().as_secs_f64() * 1e3);
            }
            if begun.elapsed() >= LIMIT {
                bail!("the screen does not show what it showed before");
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Looks until no window is left.
    ///
    /// # Errors
    /// When one stays.
    pub fn is_empty(&self) -> Result<()> {
        let end = Instant::now() + LIMIT;
        while self.picture(self.whole())?.window().is_some() {
            ensure!(Instant::now() < end, "a window stays on the screen");
            std::thread::sleep(LOOK);
        }
        Ok(())
    }
}

impl Area {
    /// The part of it that begins and ends at these shares.
    fn part(self, across: (f64, f64), down: (f64, f64)) -> Self {
        let of = |length: u16, share: f64| (f64::from(length) * share).round();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a length of 16 bits"
        )]
        let whole = |value: f64| value as u16;
        let (left, right) = (of(self.width, across.0), of(self.width, across.1));
        let (top, bottom) = (of(self.height, down.0), of(self.height, down.1));
        Self {
            x: self.x.saturating_add_unsigned(whole(left)),
            y: self.y.saturating_add_unsigned(whole(top)),
            width: whole(right - left),
            height: whole(bottom - top),
        }
    }
}

impl Picture {
    /// Where everything lies that has another colour than the screen's corner.
    fn window(&self) -> Option<Area> {
        let width = usize::from(self.area.width);
        let ground = self.dots.get(..DOT)?;
        let is_other = |dot: &[u8]| dot != ground;
        let rows: Vec<&[u8]> = self.dots.chunks_exact(width * DOT).collect();
        let is_met = |row: &&[u8]| row.chunks_exact(DOT).any(is_other);
        let top = rows.iter().position(is_met)?;
        let bottom = rows.iter().rposition(is_met)?;
        let met = rows.get(top..=bottom)?;
        let left = met
            .iter()
            .filter_map(|row| row.chunks_exact(DOT).position(is_other))
            .min()?;
        let right = met
            .iter()
            .filter_map(|row| row.chunks_exact(DOT).rposition(is_other))
            .max()?;
        Some(Area {
            x: i16::try_from(left).ok()?,
            y: i16::try_from(top).ok()?,
            width: u16::try_from(right - left + 1).ok()?,
            height: u16::try_from(bottom - top + 1).ok()?,
        })
    }

    /// Whether nobody would see a difference: the edges of letters are smoothed in one way or another from
    /// start to start, so what lies close together is compared as one.
    fn looks_like(&self, other: &Self) -> bool {
        self.area == other.area
            && self
                .blurred()
                .iter()
                .zip(other.blurred())
                .all(|(one, other)| one.abs_diff(other) <= SAME)
    }

    /// How bright each square of dots is on average.
    fn blurred(&self) -> Vec<u32> {
        let width = usize::from(self.area.width);
        let across = width.div_ceil(SQUARE);
        let down = usize::from(self.area.height).div_ceil(SQUARE);
        let mut sums = vec![(0_u32, 0_u32); across * down];
        for (y, row) in self.dots.chunks_exact(width * DOT).enumerate() {
            for (x, dot) in row.chunks_exact(DOT).enumerate() {
                if let Some((sum, n)) = sums.get_mut(y / SQUARE * across + x / SQUARE) {
                    *sum += dot.iter().take(3).copied().map(u32::from).sum::<u32>();
                    *n += 3;
                }
            }
        }
        sums.iter().map(|(sum, n)| sum / n.max(&1)).collect()
    }

    fn part(&self, area: Area) -> Result<Self> {
        let width = usize::from(self.area.width);
        let (x, y) = (usize::try_from(area.x)?, usize::try_from(area.y)?);
        let rows = self.dots.chunks_exact(width * DOT);
        let rows = rows.skip(y).take(area.height.into());
        let dots = rows.flat_map(|row| {
            let part = row.get(x * DOT..(x + usize::from(area.width)) * DOT);
            part.unwrap_or_default().to_vec()
        });
        Ok(Self {
            area,
            dots: dots.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u16, rows: &[&str]) -> Picture {
        let dots = rows.iter().flat_map(|row| row.bytes());
        Picture {
            area: Area {
                x: 0,
                y: 0,
                width,
                height: u16::try_from(rows.len()).unwrap(),
            },
            dots: dots.flat_map(|dot| [dot; DOT]).collect(),
        }
    }

    #[test]
    fn a_window_is_what_has_another_colour() {
        let screen = picture(6, &["......", "..ab..", "..cd..", "......"]);
        let window = screen.window().unwrap();
        let area = |x, y, width, height| Area {
            x,
            y,
            width,
            height,
        };
        assert_eq!(window, area(2, 1, 2, 2));
        assert_eq!(window.part((0.5, 1.0), (0.0, 0.5)), area(3, 1, 1, 1));
        let part = screen.part(area(3, 1, 1, 2)).unwrap();
        assert_eq!(part.dots, [b'b', b'b', b'b', b'b', b'd', b'd', b'd', b'd']);
        assert_eq!(picture(3, &["...", "..."]).window(), None);
    }

    #[test]
    fn letters_may_be_smoothed_otherwise_and_not_be_missing() {
        let line = "zzzz  zz".repeat(4);
        let blank = "z".repeat(32);
        let shown = picture(32, &[line.as_str(); 8]);
        let smoothed = line.replace("  ", "\"\u{1e}");
        assert!(shown.looks_like(&picture(32, &[smoothed.as_str(); 8])));
        assert!(!shown.looks_like(&picture(32, &[blank.as_str(); 8])));
    }
}
