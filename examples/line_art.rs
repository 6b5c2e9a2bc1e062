//! Draws pages of printed matter to train on: `cargo run --release --example line_art -- FOLDER [PAGES] [SEED]`.
//!
//! Each page is 768×768 pixels of made-up words, ruled tables and pen drawings with hatching, dark ink on light paper,
//! with smooth edges, in RGB as a colour scanner would give it. The same seed draws the same pages.

use epaint_default_fonts::{HACK_REGULAR, UBUNTU_LIGHT};
use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, MetadataProvider};
use std::error::Error;
use std::path::Path;
use vello_cpu::color::{AlphaColor, Srgb};
use vello_cpu::kurbo::{Affine, BezPath, Circle, Line, Point, Rect, Shape, Stroke};
use vello_cpu::{Pixmap, RenderContext, Resources};

const SIDE: u16 = 768;
const MARGIN: f64 = 24.0;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments.first().ok_or("give the folder to draw into, then the number of pages and a seed")?;
    let number = |at: usize, usual| arguments.get(at).map_or(Ok(usual), |text| text.parse::<u64>());
    let (pages, seed) = (number(1, 40)?, number(2, 1)?);
    std::fs::create_dir_all(folder)?;
    for page in 0..pages {
        let pixels = Page::new(Random(seed.wrapping_mul(1_000_003) ^ page)).draw()?;
        pixels.save(Path::new(folder).join(format!("page-{page:03}.png")))?;
    }
    Ok(())
}

/// splitmix64 (Steele, Lea and Flood, 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// From `low` up to, not including, `high`.
    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn count(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low)
    }

    fn point(&mut self, within: Rect) -> Point {
        Point::new(self.between(within.x0, within.x1), self.between(within.y0, within.y1))
    }
}

/// One page while it is drawn, from the top down.
struct Page {
    random: Random,
    context: RenderContext,
    /// The first row that is still empty, in pixels.
    top: f64,
}

impl Page {
    fn new(mut random: Random) -> Self {
        let mut context = RenderContext::new(SIDE, SIDE);
        let mut shade = |low, high| random.between(low, high) as f32 / 255.0;
        context.set_paint(AlphaColor::<Srgb>::new([
            shade(240.0, 256.0),
            shade(236.0, 252.0),
            shade(225.0, 250.0),
            1.0,
        ]));
        context.fill_rect(&Rect::new(0.0, 0.0, SIDE.into(), SIDE.into()));
        context.set_paint(AlphaColor::<Srgb>::new([shade(0.0, 50.0), shade(0.0, 45.0), shade(0.0, 70.0), 1.0]));
        Self { random, context, top: MARGIN }
    }

    fn draw(mut self) -> Result<image::RgbImage, Box<dyn Error>> {
        let bottom = f64::from(SIDE) - MARGIN;
        while self.top < bottom - 60.0 {
            let height = self.random.between(60.0, 260.0).min(bottom - self.top);
            let area = Rect::new(MARGIN, self.top, bottom, self.top + height);
            match self.random.count(0, 5) {
                0 => self.table(area)?,
                1 => self.pen_drawing(area),
                2 => self.hatching(area),
                _ => self.paragraph(area)?,
            }
            self.top += height + 12.0;
        }
        self.context.flush();
        let mut pixels = Pixmap::new(SIDE, SIDE);
        self.context.render(&mut pixels, &mut Resources::new());
        let rgb = pixels.data().iter().flat_map(|p| [p.r, p.g, p.b]).collect();
        Ok(image::RgbImage::from_raw(SIDE.into(), SIDE.into(), rgb).ok_or("a page has lost pixels")?)
    }

    /// Lines of words that mean nothing, all in one size and font.
    fn paragraph(&mut self, area: Rect) -> Result<(), Box<dyn Error>> {
        let size = if self.random.count(0, 4) == 0 { 30.0 } else { self.random.between(9.0, 18.0) };
        let font = if self.random.count(0, 3) == 0 { HACK_REGULAR } else { UBUNTU_LIGHT };
        let mut baseline = area.y0 + size;
        while baseline < area.y1 {
            self.words(font, size, Point::new(area.x0, baseline), area.width())?;
            baseline += 1.35 * size;
        }
        Ok(())
    }

    /// Words from `at` on, as far as `width` reaches.
    fn words(&mut self, font: &[u8], size: f64, at: Point, width: f64) -> Result<(), Box<dyn Error>> {
        let font = FontRef::new(font)?;
        let (glyphs, names) = (font.outline_glyphs(), font.charmap());
        let metrics = font.glyph_metrics(Size::new(size as f32), LocationRef::default());
        let mut x = at.x;
        while x < at.x + width - size {
            let Some(id) = names.map(self.letter()) else { continue };
            if let Some(glyph) = glyphs.get(id) {
                let mut outline = Outline(BezPath::new());
                glyph.draw(DrawSettings::unhinted(Size::new(size as f32), LocationRef::default()), &mut outline)?;
                // Glyphs point up, pictures down.
                let place = Affine::translate((x, at.y)) * Affine::FLIP_Y;
                self.context.fill_path(&(place * outline.0));
            }
            x += f64::from(metrics.advance_width(id).unwrap_or(size as f32));
        }
        Ok(())
    }

    /// Roughly as often as in European languages.
    fn letter(&mut self) -> char {
        const LETTERS: &[u8] = b"eeeeettaaaooniinsshhrrddllcumwfgypbvkxjqz      .,ETAOSRLDCM0123456789-()&";
        LETTERS[self.random.count(0, LETTERS.len() as u64) as usize].into()
    }

    /// A ruled table with a word or number in each cell.
    fn table(&mut self, area: Rect) -> Result<(), Box<dyn Error>> {
        let (rows, columns) = (self.random.count(2, 8) as usize, self.random.count(2, 7) as usize);
        let (high, wide) = (area.height() / rows as f64, area.width() / columns as f64);
        self.context.set_stroke(Stroke::new(self.random.between(0.6, 2.0)));
        for row in 0..=rows {
            let y = area.y0 + row as f64 * high;
            self.stroke(Line::new((area.x0, y), (area.x1, y)));
        }
        for column in 0..=columns {
            let x = area.x0 + column as f64 * wide;
            self.stroke(Line::new((x, area.y0), (x, area.y1)));
        }
        let size = (0.55 * high).clamp(8.0, 16.0);
        for cell in 0..rows * columns {
            let corner = Point::new(area.x0 + (cell % columns) as f64 * wide, area.y0 + (cell / columns) as f64 * high);
            let reach = self.random.between(0.3, 0.95) * wide;
            self.words(HACK_REGULAR, size, corner + (4.0, 0.5 * high + 0.35 * size), reach)?;
        }
        Ok(())
    }

    /// Curves, circles and polygons of several widths, some filled.
    fn pen_drawing(&mut self, area: Rect) {
        for _ in 0..self.random.count(10, 30) {
            self.context.set_stroke(Stroke::new(self.random.between(0.6, 3.0)));
            let [a, b, c, d] = std::array::from_fn(|_| self.random.point(area));
            match self.random.count(0, 5) {
                0 => {
                    let radius = self.random.between(3.0, 40.0);
                    self.stroke(Circle::new(a, radius));
                }
                1 => {
                    let corners = format!("M{},{} L{},{} L{},{} Z", a.x, a.y, b.x, b.y, c.x, c.y);
                    self.stroke(BezPath::from_svg(&corners).unwrap_or_default());
                }
                2 => self.context.fill_path(&Circle::new(a, self.random.between(1.0, 9.0)).to_path(0.01)),
                3 => self.stroke(Line::new(a, b)),
                _ => {
                    let mut curve = BezPath::new();
                    curve.move_to(a);
                    curve.curve_to(b, c, d);
                    self.stroke(curve);
                }
            }
        }
    }

    /// Strips of parallel strokes, as engravers shade.
    fn hatching(&mut self, area: Rect) {
        let strips = self.random.count(2, 6);
        let wide = area.width() / strips as f64;
        for strip in 0..strips {
            let (spacing, slant) = (self.random.between(2.5, 9.0), self.random.between(-1.0, 1.0));
            self.context.set_stroke(Stroke::new(self.random.between(0.5, 0.5 * spacing)));
            let left = area.x0 + strip as f64 * wide;
            for i in 0..(area.height() / spacing) as u64 {
                let y = area.y0 + i as f64 * spacing;
                let end = (y + slant * 0.5 * wide).clamp(area.y0, area.y1);
                self.stroke(Line::new((left, y), (left + wide - 10.0, end)));
            }
        }
    }

    fn stroke(&mut self, shape: impl Shape) {
        self.context.stroke_path(&shape.to_path(0.01));
    }
}

/// A glyph's outline, as the drawing library wants it.
struct Outline(BezPath);

impl OutlinePen for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.move_to(point(x, y));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.line_to(point(x, y));
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        self.0.quad_to(point(cx, cy), point(x, y));
    }

    fn curve_to(&mut self, ax: f32, ay: f32, bx: f32, by: f32, x: f32, y: f32) {
        self.0.curve_to(point(ax, ay), point(bx, by), point(x, y));
    }

    fn close(&mut self) {
        self.0.close_path();
    }
}

fn point(x: f32, y: f32) -> Point {
    Point::new(x.into(), y.into())
}
