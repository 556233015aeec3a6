//! Small pictures of pages: a page has few colours, so a palette of them says all.

use std::collections::HashMap;

use anyhow::{Context, Result, bail};
use png::{BitDepth, ColorType, Compression, Decoder, Encoder, Filter, Transformations};

type Colour = [u8; 3];

/// How many colours a palette holds.
const MAX: usize = 256;

/// Colours closer than this are told apart by nobody.
const NEAR: u32 = 5;

/// The same picture with at most 256 colours, the commonest there are; opaque.
///
/// # Errors
/// When it is no PNG.
pub fn with_palette(picture: &[u8]) -> Result<Vec<u8>> {
    let (width, height, pixels) = decoded(picture)?;
    let palette = palette_of(&pixels);
    let mut nearest: HashMap<Colour, u8> = HashMap::new();
    let indices: Vec<u8> = pixels
        .iter()
        .map(|&colour| {
            *nearest
                .entry(colour)
                .or_insert_with(|| nearest_in(&palette, colour))
        })
        .collect();

    let mut small = Vec::new();
    let mut encoder = Encoder::new(&mut small, width, height);
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_palette(palette.concat());
    encoder.set_compression(Compression::High);
    // Neighbours in a palette have nothing to do with each other.
    encoder.set_filter(Filter::NoFilter);
    let mut writer = encoder.write_header().context("Writing a picture")?;
    writer
        .write_image_data(&indices)
        .context("Writing a picture")?;
    writer.finish().context("Writing a picture")?;
    Ok(small)
}

fn decoded(picture: &[u8]) -> Result<(u32, u32, Vec<Colour>)> {
    let mut decoder = Decoder::new(std::io::Cursor::new(picture));
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().context("Reading a picture")?;
    let size = reader
        .output_buffer_size()
        .context("A picture is too large")?;
    let mut bytes = vec![0; size];
    let info = reader.next_frame(&mut bytes).context("Reading a picture")?;
    let n_channels = info.color_type.samples();
    if n_channels < 3 {
        bail!("A picture of a page is not {:?}", info.color_type);
    }
    let pixels = bytes
        .chunks_exact(n_channels)
        .filter_map(|pixel| pixel.first_chunk().copied())
        .collect();
    Ok((info.width, info.height, pixels))
}

/// The commonest colours, none too close to a commoner one, so that each colour has one that is near.
fn palette_of(pixels: &[Colour]) -> Vec<Colour> {
    let mut counts: HashMap<Colour, u32> = HashMap::new();
    for &colour in pixels {
        *counts.entry(colour).or_default() += 1;
    }
    let mut colours: Vec<_> = counts.into_iter().collect();
    // The same picture gives the same bytes.
    colours.sort_by_key(|&(colour, n)| (std::cmp::Reverse(n), colour));
    let mut near = NEAR;
    loop {
        let mut palette: Vec<Colour> = Vec::new();
        for &(colour, _) in &colours {
            if palette.iter().all(|&taken| distance(taken, colour) > near) {
                palette.push(colour);
            }
        }
        if palette.len() <= MAX {
            return palette;
        }
        near *= 2;
    }
}

fn nearest_in(palette: &[Colour], colour: Colour) -> u8 {
    let nearest = (0..=u8::MAX)
        .zip(palette)
        .min_by_key(|&(_, &one)| distance(one, colour));
    nearest.map_or(0, |(index, _)| index)
}

fn distance(one: Colour, other: Colour) -> u32 {
    one.iter()
        .zip(other)
        .map(|(&a, b)| u32::from(a.abs_diff(b)))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(pixels: &[[u8; 4]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let width = u32::try_from(pixels.len()).unwrap();
        let mut encoder = Encoder::new(&mut bytes, width, 1);
        encoder.set_color(ColorType::Rgba);
        encoder.set_depth(BitDepth::Eight);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&pixels.concat()).unwrap();
        writer.finish().unwrap();
        bytes
    }

    fn pixels(picture: &[u8]) -> Vec<Colour> {
        decoded(picture).unwrap().2
    }

    #[test]
    fn few_colours_stay_as_they_are() {
        let made = picture(&[[255, 255, 255, 255], [29, 85, 219, 255], [0, 0, 0, 255]]);
        let small = with_palette(&made).unwrap();
        assert_eq!(pixels(&small), [[255, 255, 255], [29, 85, 219], [0, 0, 0]]);
    }

    #[test]
    fn of_many_colours_each_becomes_one_that_is_near() {
        let shades = (0..=250).step_by(10);
        let many: Vec<[u8; 4]> = shades
            .clone()
            .flat_map(|red| shades.clone().map(move |green| [red, green, 128, 255]))
            .collect();
        assert!(many.len() > MAX, "{}", many.len());
        let small = with_palette(&picture(&many)).unwrap();
        let used: std::collections::BTreeSet<_> = pixels(&small).into_iter().collect();
        assert!(used.len() <= MAX, "{}", used.len());
        for (before, after) in many.iter().zip(pixels(&small)) {
            let before: Colour = *before.first_chunk().unwrap();
            assert!(distance(before, after) < 40, "{before:?} became {after:?}");
        }
    }
}
