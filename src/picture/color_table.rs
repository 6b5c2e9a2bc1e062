//! A colour space as a table, for shaders.
//!
//! Of a profile that is curves and a matrix the table holds the curves: a grid of its colours would be far off between one
//! that sRGB clips and one that it does not. All others are a grid, as they are in moxcms itself.

use moxcms::{ColorProfile, ToneCurveEvaluator, TransformExecutor, Xyzd};
use std::sync::Arc;

/// Pixels of one space to those of another.
pub(super) type Transform = Arc<dyn TransformExecutor<f32> + Send + Sync>;

/// Entries of curves.
const CURVE: usize = 4096;

/// Colours along each axis of a grid: as many as moxcms has; more, should that have changed.
const SIDES: [usize; 2] = [33, 65];

/// The largest error that is allowed, of 1: a table that misses is not used.
const MOST_OFF: f32 = 0.75 / 255.0;

/// Colours for which a table is compared with what it stands for.
const COMPARED: usize = 1 << 14;

/// Curves that are nowhere further from each other than this, in linear light, are the same.
const SAME_CURVE: f32 = 1e-5;

/// Primaries that are nowhere further from each other than this, of XYZ, are the same: profiles round to 1/65536.
const SAME_PRIMARY: f64 = 1e-4;

/// How often an interval is halved to find where a curve reaches a value.
const HALVES: usize = 20;

/// Where the curve of sRGB ends to be straight, in linear light.
const STRAIGHT_UP_TO: f32 = 0.003_130_8;

/// What leads from one colour space to another.
#[derive(Clone, Debug, PartialEq)]
pub struct ColorTable {
    /// Entries of a curve, or along each axis of the grid.
    pub side: usize,
    /// Curves: `[side]`, of red, green and blue, to linear light, and behind them, unless the other space is sRGB's, `[side]` from
    /// there, by the root of the light. A grid: `[side, side, side]` by red, green and blue. The fourth number is for alignment.
    pub entries: Vec<[f32; 4]>,
    /// From linear light behind the curves to that of the other space, row by row; none for a grid.
    pub matrix: Option<[[f32; 3]; 3]>,
}

impl ColorTable {
    /// The first that is exact enough, if one is, for two profiles and what leads from one to the other.
    pub(super) fn new(from: &ColorProfile, to: &ColorProfile, transform: &Transform) -> Option<Self> {
        // Where one of them has a table for colours, that counts and not its curves.
        let is_by_curves = !has_way_out(from) && !has_way_in(to);
        let curves = is_by_curves.then(|| Self::of_curves(from, to)).flatten();
        // Into a space of other curves moxcms goes by steps of linear light, which in the dark are several of 8 bits: no judge.
        if curves.as_ref().is_some_and(Self::has_end_curves) {
            return curves;
        }
        let compared: Vec<f32> = colors().take(COMPARED).flatten().collect();
        let expected = transformed(transform, &compared)?;
        let is_exact = |table: &Self| {
            let mut pairs = compared.as_chunks::<3>().0.iter().zip(expected.as_chunks::<3>().0);
            pairs.all(|(color, expected)| {
                let seen = table.converted(*color);
                (0..3).all(|c| (seen[c] - expected[c].clamp(0.0, 1.0)).abs() <= MOST_OFF)
            })
        };
        curves
            .filter(is_exact)
            .or_else(|| SIDES.into_iter().filter_map(|side| Self::of_grid(side, transform)).find(is_exact))
    }

    /// Between profiles that are curves and a matrix.
    pub(super) fn of_curves(from: &ColorProfile, to: &ColorProfile) -> Option<Self> {
        let mut entries = curves(from, |curve, at| curve.evaluate_value(at))?;
        // sRGB's own curve is a formula.
        if !has_same_curves(to, &ColorProfile::new_srgb())? {
            entries.extend(curves(to, |curve, root| inverse(curve, root * root))?);
        }
        let matrix = Some(from.transform_matrix(to).v.map(|row| row.map(|v| v as f32)));
        Some(Self { side: CURVE, entries, matrix })
    }

    fn of_grid(side: usize, transform: &Transform) -> Option<Self> {
        let level = |i: usize| i as f32 / (side - 1) as f32;
        let grid = (0..side.pow(3)).flat_map(|i| [i / side / side, i / side % side, i % side].map(level));
        let colors = transformed(transform, &grid.collect::<Vec<_>>())?;
        let entry =
            |[red, green, blue]: &[f32; 3]| [red.clamp(0.0, 1.0), green.clamp(0.0, 1.0), blue.clamp(0.0, 1.0), 0.0];
        Some(Self { side, entries: colors.as_chunks::<3>().0.iter().map(entry).collect(), matrix: None })
    }

    /// Whether curves are followed by others, in place of sRGB's.
    pub fn has_end_curves(&self) -> bool {
        self.matrix.is_some() && self.entries.len() > self.side
    }

    /// A colour of one space in the other, both in [0, 1], as shaders compute it.
    pub fn converted(&self, color: [f32; 3]) -> [f32; 3] {
        let Some(matrix) = self.matrix else {
            let (cell, part) = self.cell(color);
            return self.in_cell(cell, part);
        };
        let linear = mixed(matrix, self.linear(color)).map(|value| value.clamp(0.0, 1.0));
        if self.has_end_curves() { self.on_curves(self.side, linear.map(f32::sqrt)) } else { linear.map(encoded) }
    }

    /// Linear light of a colour in [0, 1] behind the curves, if it is curves.
    pub(super) fn linear(&self, color: [f32; 3]) -> [f32; 3] {
        self.on_curves(0, color)
    }

    /// Values in [0, 1] by the curves that begin at an entry.
    fn on_curves(&self, first: usize, values: [f32; 3]) -> [f32; 3] {
        let (cell, part) = self.cell(values);
        [0, 1, 2].map(|c| {
            let (from, to) = (self.entries[first + cell[c]][c], self.entries[first + cell[c] + 1][c]);
            from + part[c] * (to - from)
        })
    }

    /// The entries before a colour, and how far it is from them to the next.
    fn cell(&self, color: [f32; 3]) -> ([usize; 3], [f32; 3]) {
        let scaled = color.map(|v| v * (self.side - 1) as f32);
        let cell = scaled.map(|v| (v as usize).min(self.side - 2));
        (cell, [0, 1, 2].map(|c| scaled[c] - cell[c] as f32))
    }

    /// Between the eight entries of a cell.
    fn in_cell(&self, cell: [usize; 3], part: [f32; 3]) -> [f32; 3] {
        let mut sum = [0.0; 3];
        for corner in 0..8 {
            let step = [corner >> 2, corner >> 1 & 1, corner & 1];
            let weight: f32 = (0..3).map(|c| if step[c] == 1 { part[c] } else { 1.0 - part[c] }).product();
            let at = (0..3).fold(0, |at, c| at * self.side + cell[c] + step[c]);
            (0..3).for_each(|c| sum[c] += weight * self.entries[at][c]);
        }
        sum
    }
}

/// Entries that are made of a profile's three curves, which lead to linear light; entry `i` is that of `i / (CURVE - 1)`.
fn curves(profile: &ColorProfile, entry: impl Fn(&dyn ToneCurveEvaluator, f32) -> f32) -> Option<Vec<[f32; 4]>> {
    let curves = [&profile.red_trc, &profile.green_trc, &profile.blue_trc];
    let [red, green, blue] = curves.map(|curve| curve.as_ref()?.make_linear_evaluator().ok());
    let (red, green, blue) = (red?, green?, blue?);
    let entries_at = |i: usize| {
        let at = i as f32 / (CURVE - 1) as f32;
        // Of 0 a power is far off there.
        let values = [&red, &green, &blue].map(|curve| entry(curve.as_ref(), at).clamp(0.0, 1.0));
        [values[0], values[1], values[2], 0.0]
    };
    Some((0..CURVE).map(entries_at).collect())
}

/// Where a curve reaches this light, by halves: moxcms's inverse of a curve that is a table has steps.
fn inverse(curve: &dyn ToneCurveEvaluator, light: f32) -> f32 {
    let (mut below, mut above) = (0.0, 1.0);
    for _ in 0..HALVES {
        let middle = f32::midpoint(below, above);
        *(if curve.evaluate_value(middle) < light { &mut below } else { &mut above }) = middle;
    }
    f32::midpoint(below, above)
}

/// Whether a table says what a profile's numbers mean.
fn has_way_out(profile: &ColorProfile) -> bool {
    let ways = [&profile.lut_a_to_b_perceptual, &profile.lut_a_to_b_colorimetric, &profile.lut_a_to_b_saturation];
    ways.into_iter().any(Option::is_some)
}

/// Whether a table says which of a profile's numbers a colour is.
fn has_way_in(profile: &ColorProfile) -> bool {
    let ways = [&profile.lut_b_to_a_perceptual, &profile.lut_b_to_a_colorimetric, &profile.lut_b_to_a_saturation];
    ways.into_iter().any(Option::is_some)
}

/// Whether profiles are the same curves and primaries, and have nothing that would count before those.
pub(super) fn are_same(one: &ColorProfile, other: &ColorProfile) -> bool {
    let is_by_curves = |profile| !has_way_out(profile) && !has_way_in(profile);
    let primaries = |profile: &ColorProfile| [profile.red_colorant, profile.green_colorant, profile.blue_colorant];
    let is_near = |(one, other): (&Xyzd, &Xyzd)| {
        [one.x - other.x, one.y - other.y, one.z - other.z].iter().all(|off| off.abs() < SAME_PRIMARY)
    };
    is_by_curves(one)
        && is_by_curves(other)
        && primaries(one).iter().zip(&primaries(other)).all(is_near)
        && has_same_curves(one, other).unwrap_or(false)
}

/// Whether profiles have the same curves; none if one has no curves.
fn has_same_curves(one: &ColorProfile, other: &ColorProfile) -> Option<bool> {
    let of = |profile| curves(profile, |curve, at| curve.evaluate_value(at));
    let (one, other) = (of(one)?, of(other)?);
    Some(one.as_flattened().iter().zip(other.as_flattened()).all(|(one, other)| (one - other).abs() < SAME_CURVE))
}

/// Rows of a matrix times a colour.
pub(super) fn mixed(rows: [[f32; 3]; 3], color: [f32; 3]) -> [f32; 3] {
    rows.map(|row| (0..3).map(|c| row[c] * color[c]).sum())
}

fn encoded(linear: f32) -> f32 {
    if linear <= STRAIGHT_UP_TO { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 }
}

fn transformed(by: &Transform, from: &[f32]) -> Option<Vec<f32>> {
    let mut to = vec![0.0; from.len()];
    by.transform(from, &mut to).ok()?;
    to.iter().all(|v| v.is_finite()).then_some(to)
}

/// Colours without an order, many of them dark, and many with channels that are empty or full.
fn colors() -> impl Iterator<Item = [f32; 3]> {
    let mut state = 1_u32;
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32
    };
    std::iter::repeat_with(move || {
        let exponent = 1.0 + (3.0 * next()).floor();
        [next(), next(), next()].map(|v| (v.powf(exponent) * 1.2 - 0.1).clamp(0.0, 1.0))
    })
}
