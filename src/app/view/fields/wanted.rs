//! Which tiles a view reads, and which ones it may read next.

use crate::app::view::canvas::Canvas;
use crate::decode::CanvasView;
use crate::geometry::{MipTile, PixelRect, Size, View, mip_level, mip_rect};

/// A picture of a million pixels a side is a single one there.
const LAST_LEVEL: u32 = 20;

/// What is looked at: a view of a picture of some size on a canvas, and where on it.
#[derive(Clone, Copy)]
pub(super) struct Looking<'a> {
    pub(super) view: &'a View,
    pub(super) canvas: &'a Canvas,
    pub(super) size: Size,
    /// The position on the canvas that matters most.
    pub(super) focus: [f64; 2],
}

/// Tiles: those that a view reads, then those that it may read next.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) seen: Vec<MipTile>,
    pub(super) ahead: Vec<MipTile>,
}

impl Looking<'_> {
    /// The source pixels under a rectangle on the canvas, and `margin` more on either side.
    fn pixels(&self, near: [f64; 2], far: [f64; 2], margin: f64) -> Option<PixelRect> {
        let (near, far) = (self.view.image_from_screen(near), self.view.image_from_screen(far));
        let sides = [self.size.width, self.size.height];
        let start = |i: usize| ((near[i] - margin).max(0.0) as usize).min(sides[i]);
        let end = |i: usize| ((far[i] + margin).max(0.0).ceil() as usize).min(sides[i]);
        let ((x, y), (right, bottom)) = ((start(0), start(1)), (end(0), end(1)));
        (x < right && y < bottom).then(|| PixelRect { x, y, width: right - x, height: bottom - y })
    }

    /// The tiles of a level under the canvas, grown by so many canvases on every side, from the focus outwards.
    fn tiles(&self, level: u32, growth: f64) -> Vec<MipTile> {
        let sides = [self.canvas.size.width as f64, self.canvas.size.height as f64];
        self.sorted(level, sides.map(|side| -growth * side), sides.map(|side| (1.0 + growth) * side))
    }

    /// The tiles of a level under what a view would show around the focus that is `times` as near.
    fn nearer(&self, level: u32, times: f64) -> Vec<MipTile> {
        let half = [self.canvas.size.width, self.canvas.size.height].map(|side| side as f64 / (2.0 * times));
        let corner = |sign: f64| [0, 1].map(|i| self.focus[i] + sign * half[i]);
        self.sorted(level, corner(-1.0), corner(1.0))
    }

    /// The tiles of a level under a rectangle on the canvas.
    fn over(&self, level: u32, near: [f64; 2], far: [f64; 2]) -> impl Iterator<Item = MipTile> {
        // Bicubic interpolation reads two pixels more on either side, the lock some more; and one for rounding.
        let pixels = self.pixels(near, far, f64::from(3_u32 << level).max(CanvasView::LOCK_REACH + 1.0));
        pixels.into_iter().flat_map(move |pixels| MipTile::over(level, mip_rect(pixels, level)))
    }

    fn sorted(&self, level: u32, near: [f64; 2], far: [f64; 2]) -> Vec<MipTile> {
        let center = self.view.image_from_screen(self.focus);
        let distance = |tile: &MipTile| {
            let [x, y] = tile.center();
            (x - center[0]).hypot(y - center[1])
        };
        let mut tiles: Vec<MipTile> = self.over(level, near, far).collect();
        tiles.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
        tiles
    }

    /// The finest mip level of which all that the canvas shows finds room in so many slots, and not finer than the view
    /// needs.
    pub(super) fn level(&self, slots: usize) -> u32 {
        let far = [self.canvas.size.width as f64, self.canvas.size.height as f64];
        let fits = |level: &u32| self.over(*level, [0.0; 2], far).count() <= slots;
        (mip_level(1.0 / self.view.zoom)..LAST_LEVEL).find(fits).unwrap_or(LAST_LEVEL)
    }

    /// The source: what is seen; half a canvas more in each direction, a view that is twice as near around the focus, and
    /// one that is twice as far.
    pub(super) fn source(&self, slots: usize) -> Wanted {
        let level = self.level(slots);
        let nearer = level.checked_sub(1).map_or_else(Vec::new, |finer| self.nearer(finer, 2.0));
        let (around, farther) = (self.tiles(level, 0.5), self.tiles(level + 1, 1.0));
        Wanted { seen: self.tiles(level, 0.0), ahead: [nearer, around, farther].concat() }
    }

    /// Fields: what is seen, and half a canvas more in each direction; at ×1 and below what a view of ×2 shows around the
    /// focus.
    pub(super) fn field(&self) -> Wanted {
        if self.view.zoom > 1.0 {
            return Wanted { seen: self.tiles(0, 0.0), ahead: self.tiles(0, 0.5) };
        }
        Wanted { seen: Vec::new(), ahead: self.nearer(0, 2.0 / self.view.zoom) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::place::Room;
    use super::super::slots::Slots;
    use super::*;

    /// Bytes of a tile of the source, and of the cells of a field with 16 + 8 waves.
    const TILES: [u64; 2] = [8 << 12, 128 << 12];

    fn canvas(width: usize, height: usize) -> Canvas {
        Canvas { origin_in_window: [0.0; 2], size: Size::new(width, height), pixels_per_point: 1.0 }
    }

    /// Whatever the canvas and the zoom, what is asked for and held stays within the budgets, and what is seen of the source
    /// is all asked for.
    #[test]
    fn large_canvases_stay_within_the_budgets() {
        let size = Size::new(40_000, 30_000);
        let canvases = [canvas(1280, 800), canvas(3840, 2160), canvas(7680, 4320)];
        for (budget, canvas) in [128, 512, 2048].into_iter().flat_map(|mib| canvases.map(|canvas| (mib << 20, canvas)))
        {
            let room = Room::of(budget);
            let counts = [room.source / TILES[0], room.cells / TILES[1]].map(|count| count as usize);
            let [mut source, mut fields] = counts.map(|count| {
                let mut slots: Slots<()> = Slots::default();
                slots.resize(count);
                slots
            });
            for zoom in [0.07, 0.2, 0.5, 0.51, 0.99, 1.0, 1.3, 2.0, 30.0, 300.0] {
                let view = View::centered([20_000.0, 15_000.0], zoom, canvas.size).snapped();
                let looking = Looking { view: &view, canvas: &canvas, size, focus: canvas.center() };
                let (of_source, of_fields) = (looking.source(source.count()), looking.field());
                for (slots, wanted) in [(&mut source, &of_source), (&mut fields, &of_fields)] {
                    slots.begin_frame();
                    let all = wanted.seen.iter().chain(&wanted.ahead).copied();
                    let missing = slots.missing(all, wanted.seen.len());
                    assert!(missing.len() <= slots.count());
                    for tile in missing {
                        slots.take(tile, ());
                    }
                    slots.look_at(wanted.seen.iter().copied());
                    slots.begin_frame();
                    slots.begin_frame();
                    slots.look_at(wanted.seen.iter().copied());
                    slots.uploads(usize::MAX);
                    assert!(slots.len() <= slots.count());
                }
                let is_there = source.has_all(of_source.seen.iter().copied());
                assert!(is_there, "×{zoom} on {}: some of the source is not there", canvas.size);
                let bytes = source.len() as u64 * TILES[0] + fields.len() as u64 * TILES[1];
                assert!(bytes <= budget, "{bytes}");
            }
        }
    }

    #[test]
    fn a_canvas_that_is_too_large_for_a_level_takes_the_next_one() {
        let size = Size::new(40_000, 30_000);
        let level = |canvas: &Canvas, zoom| {
            let view = View::centered([20_000.0, 15_000.0], zoom, canvas.size).snapped();
            Looking { view: &view, canvas, size, focus: canvas.center() }.level(4096)
        };
        assert_eq!([1.0, 0.51, 0.5, 0.26].map(|zoom| level(&canvas(2560, 1440), zoom)), [0, 0, 1, 1]);
        assert_eq!([1.0, 0.51].map(|zoom| level(&canvas(3840, 2160), zoom)), [0, 1]);
        assert_eq!([1.0, 2.0].map(|zoom| level(&canvas(7680, 4320), zoom)), [1, 0]);
    }
}
