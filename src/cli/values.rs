//! Values of arguments, parsed.

use crate::geometry::{Region, Size};

/// A centre, (x, y) in source pixels, and a zoom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ViewArg {
    pub(super) center: [f64; 2],
    pub(super) zoom: f64,
}

pub(super) fn parse_scale(text: &str) -> Result<f64, String> {
    let scale: f64 = text.parse().map_err(|_| "a scale is a number, like 2 or 7.5".to_owned())?;
    if scale.is_finite() && scale > 0.0 { Ok(scale) } else { Err("a scale is above 0".into()) }
}

pub(super) fn parse_bits(text: &str) -> Result<u8, String> {
    text.parse().ok().filter(|bits| matches!(bits, 8 | 16)).ok_or_else(|| "samples have 8 or 16 bits".into())
}

pub(super) fn parse_page(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|page| *page > 0).ok_or_else(|| "pages are counted from 1".into())
}

pub(super) fn parse_dpi(text: &str) -> Result<f64, String> {
    let dpi = text.parse().ok().filter(|dpi| (1.0..=65_535.0).contains(dpi));
    dpi.ok_or_else(|| "a resolution is a number of dots per inch from 1 to 65535, like 300".into())
}

pub(super) fn parse_side(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(|| "a side is a whole number of pixels, at least 1".into())
}

pub(super) fn parse_size(text: &str) -> Result<Size, String> {
    let (width, height) = text.split_once(['x', 'X', '×']).ok_or("a size is WxH, like 1920x1080")?;
    Ok(Size::new(parse_side(width)?, parse_side(height)?))
}

pub(super) fn parse_view(text: &str) -> Result<ViewArg, String> {
    let wrong = || "a view is X,Y,ZOOM: a source position and a zoom above 0, like 225.5,150,30".to_owned();
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|part| part.trim().parse::<f64>()).collect();
    let [x, y, zoom] = numbers.map_err(|_| wrong())?[..] else { return Err(wrong()) };
    let is_sound = x.is_finite() && y.is_finite() && zoom.is_finite() && zoom > 0.0;
    is_sound.then_some(ViewArg { center: [x, y], zoom }).ok_or_else(wrong)
}

pub(super) fn parse_region(text: &str) -> Result<Region, String> {
    let wrong = || "a crop is X,Y,W,H in source pixels, like 130,90,48,48".to_owned();
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|part| part.trim().parse::<f64>()).collect();
    let [x, y, width, height] = numbers.map_err(|_| wrong())?[..] else { return Err(wrong()) };
    Ok(Region { x, y, width, height })
}
