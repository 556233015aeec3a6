//! The pictures of the tray's icon: one for each [`Sign`], with the number that waits drawn into it.

use tauri::image::Image;
use tauri::include_image;

use super::Sign;

/// Of the pictures, in pixels.
pub(super) const SIZE: u32 = 64;

/// Where the number's dot lies, how large it is, and how much is cut out around it so that it is seen
/// on the icon as well as on any panel.
const CENTRE: u32 = 48;
const RADIUS: u32 = 16;
const CUT: u32 = 20;

const RED: [u8; 3] = [0xD9, 0x2D, 0x34];
const WHITE: [u8; 3] = [0xFF; 3];

/// Figures of five by seven points, from 1, a row a number; the last is the plus.
const FIGURES: [[u8; 7]; 10] = [
    [0x04, 0x0C, 0x04, 0x04, 0x04, 0x04, 0x0E],
    [0x0E, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1F],
    [0x1F, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0E],
    [0x02, 0x06, 0x0A, 0x12, 0x1F, 0x02, 0x02],
    [0x1F, 0x10, 0x1E, 0x01, 0x01, 0x11, 0x0E],
    [0x06, 0x08, 0x10, 0x1E, 0x11, 0x11, 0x0E],
    [0x1F, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08],
    [0x0E, 0x11, 0x11, 0x0E, 0x11, 0x11, 0x0E],
    [0x0E, 0x11, 0x11, 0x0F, 0x01, 0x02, 0x0C],
    [0x00, 0x04, 0x04, 0x1F, 0x04, 0x04, 0x00],
];
const PLUS: usize = 9;
const COLUMNS: u32 = 5;
const ROWS: u32 = 7;

/// The icon, red, green, blue and alpha for each pixel.
pub(super) fn picture(sign: Sign, n: u32) -> Vec<u8> {
    let base: Image<'_> = match sign {
        Sign::Live => include_image!("../icons/tray.png"),
        Sign::CatchingUp => include_image!("../icons/tray-catching-up.png"),
        Sign::Offline => include_image!("../icons/tray-offline.png"),
    };
    let mut rgba = base.rgba().to_vec();
    if n > 0 {
        draw_number(&mut rgba, SIZE, CENTRE, n);
    }
    rgba
}

/// The dot with the number alone, as the taskbar lays it over the window's icon.
#[cfg(windows)]
pub(crate) fn mark(n: u32) -> Image<'static> {
    let size = RADIUS * 2;
    let mut rgba = vec![0; usize::try_from(size * size * 4).unwrap_or_default()];
    draw_number(&mut rgba, size, RADIUS, n);
    Image::new_owned(rgba, size, size)
}

fn draw_number(rgba: &mut [u8], width: u32, centre: u32, n: u32) {
    for (i, pixel) in (0..).zip(rgba.chunks_exact_mut(4)) {
        let at: (u32, u32) = (i % width, i / width);
        let [r, g, b, alpha] = pixel else { continue };
        let inside = coverage(at, centre, RADIUS);
        if inside > 0 {
            [*r, *g, *b] = if is_ink(at, centre, n) { WHITE } else { RED };
            *alpha = share(255, inside);
        } else {
            *alpha = share(*alpha, 16 - coverage(at, centre, CUT));
        }
    }
}

/// How many of sixteen points of a pixel lie in the circle.
fn coverage((x, y): (u32, u32), centre: u32, radius: u32) -> u32 {
    let centre = centre * 8;
    let points = [1, 3, 5, 7];
    let is_in = |dx: u32, dy: u32| {
        let (dx, dy) = ((x * 8 + dx).abs_diff(centre), (y * 8 + dy).abs_diff(centre));
        dx * dx + dy * dy <= radius * radius * 64
    };
    let n = points
        .iter()
        .map(|dx| points.iter().filter(|dy| is_in(*dx, **dy)).count())
        .sum::<usize>();
    u32::try_from(n).unwrap_or(16)
}

/// So many sixteenths of it.
fn share(of: u8, sixteenths: u32) -> u8 {
    u8::try_from(u32::from(of) * sixteenths / 16).unwrap_or(of)
}

/// Whether the number's figures cover a pixel. There is room for one, or for "9+".
fn is_ink((x, y): (u32, u32), centre: u32, n: u32) -> bool {
    let n = usize::try_from(n).unwrap_or(usize::MAX);
    let (figures, scale): (&[usize], u32) = if n <= 9 {
        (&[n - 1], 3)
    } else {
        (&[8, PLUS], 2)
    };
    let n_figures = u32::try_from(figures.len()).unwrap_or(1);
    // A column is left free between two.
    let width = (n_figures * (COLUMNS + 1) - 1) * scale;
    let (left, top) = (centre - width / 2, centre - ROWS * scale / 2);
    let (Some(x), Some(y)) = (x.checked_sub(left), y.checked_sub(top)) else {
        return false;
    };
    let (column, row) = (x / scale, y / scale);
    let (figure, column) = (column / (COLUMNS + 1), column % (COLUMNS + 1));
    let bits = usize::try_from(figure)
        .ok()
        .and_then(|figure| FIGURES.get(*figures.get(figure)?))
        .and_then(|figure| figure.get(usize::try_from(row).ok()?));
    bits.is_some_and(|bits| column < COLUMNS && bits >> (COLUMNS - 1 - column) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::{SIZE, Sign, WHITE, picture};

    #[test]
    fn every_sign_and_every_number_is_a_picture_of_its_own() {
        let mut all = Vec::new();
        for sign in [Sign::Live, Sign::CatchingUp, Sign::Offline] {
            for n in 0..=10 {
                let picture = picture(sign, n);
                assert_eq!(picture.len(), (SIZE * SIZE * 4) as usize, "{sign:?} {n}");
                assert!(!all.contains(&picture), "{sign:?} {n}");
                all.push(picture);
            }
        }
        assert_eq!(picture(Sign::Live, 10), picture(Sign::Live, u32::MAX));
    }

    #[test]
    fn a_figure_is_drawn_upright_in_the_middle_of_its_dot() {
        let picture = picture(Sign::Live, 7);
        let rows: Vec<String> = (38..59)
            .step_by(3)
            .map(|y| {
                (41..56)
                    .step_by(3)
                    .map(|x| {
                        let at = ((y * SIZE + x) * 4) as usize;
                        let is_white = picture[at..at + 3] == WHITE;
                        if is_white { '#' } else { '.' }
                    })
                    .collect()
            })
            .collect();
        let seven = [
            "#####", "....#", "...#.", "..#..", ".#...", ".#...", ".#...",
        ];
        assert_eq!(rows, seven);
    }
}
