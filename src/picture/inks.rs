//! CMYK by its profile: inks to sRGB through the profile's table from device to connection space (ICC.1:2022, 10.10 to 10.12),
//! by the relative colorimetric intent, without black point compensation.
//!
//! The table is evaluated here, at every colour, as `LittleCMS` does: linear in the first ink, tetrahedra in the other three.
//! The library would resample it to 17 levels of encoded sRGB, which is several ΔE off next to colours that sRGB clips. Such
//! colours are cut off here too, but after the interpolation.

use crate::task::survive;
use moxcms::{
    ColorProfile, DataColorSpace, LutMultidimensionalType, LutStore, LutType, LutWarehouse, Matrix3d,
    ToneCurveEvaluator, ToneReprCurve,
};

/// D50, as ICC profiles have it.
const WHITE: [f64; 3] = [0.9642, 1.0, 0.8249];

/// What 1.0 stands for where XYZ is stored as a number from 0 to 1.
const MOST_XYZ: f64 = 1.0 + 32_767.0 / 32_768.0;

type Evaluator = Box<dyn ToneCurveEvaluator + Send + Sync>;

/// A curve from 0 to 1.
enum Curve {
    Table(Vec<f32>),
    Function(Evaluator),
}

/// What leads from four inks to sRGB.
pub(super) struct Inks {
    before: Vec<Curve>,
    /// Levels along the axis of each ink.
    grid: [usize; 4],
    /// `[grid[0], grid[1], grid[2], grid[3], 3]`.
    table: Vec<f32>,
    /// Curves, a matrix with offsets, and curves behind the table; each may be missing.
    middle: Vec<Curve>,
    matrix: Option<(Matrix3d, [f64; 3])>,
    behind: Vec<Curve>,
    pcs: Pcs,
}

#[derive(Clone, Copy)]
enum Pcs {
    Xyz,
    /// What stands for 100 there, and for the zero of a and b.
    Lab {
        hundred: f64,
        zero: f64,
    },
}

impl Inks {
    /// Of a profile for CMYK whose table can be read.
    pub(super) fn of(profile: &[u8]) -> Option<Self> {
        // Readers of damaged files have been known to panic.
        survive(|| Self::read(profile)).flatten()
    }

    fn read(profile: &[u8]) -> Option<Self> {
        let profile = ColorProfile::new_from_slice(profile).ok()?;
        if profile.color_space != DataColorSpace::Cmyk {
            return None;
        }
        let by_intent =
            [&profile.lut_a_to_b_colorimetric, &profile.lut_a_to_b_perceptual, &profile.lut_a_to_b_saturation];
        let inks = match by_intent.into_iter().flatten().next()? {
            LutWarehouse::Lut(lut) => {
                // 16 bits have ICC's old encoding of Lab there, 8 bits the new one.
                let is_old = lut.lut_type == LutType::Lut16;
                let [inputs, outputs] = [
                    (&lut.input_table, lut.num_input_table_entries),
                    (&lut.output_table, lut.num_output_table_entries),
                ]
                .map(|(table, entries)| tables(table, usize::from(entries)));
                let grid = [usize::from(lut.num_clut_grid_points); 4];
                let (table, pcs) = (units(&lut.clut_table), pcs(profile.pcs, is_old)?);
                Self { before: inputs?, grid, table, middle: Vec::new(), matrix: None, behind: outputs?, pcs }
            }
            LutWarehouse::Multidimensional(lut) => of_mab(lut, pcs(profile.pcs, false)?)?,
        };
        inks.is_whole().then_some(inks)
    }

    fn is_whole(&self) -> bool {
        let [a, b, c, d] = self.grid;
        let points = a.checked_mul(b).and_then(|n| n.checked_mul(c)).and_then(|n| n.checked_mul(d));
        self.grid.iter().all(|levels| *levels >= 2)
            && points.and_then(|n| n.checked_mul(3)).is_some_and(|len| len == self.table.len())
            && self.before.len() == 4
            && self.behind.len() == 3
            && matches!(self.middle.len(), 0 | 3)
    }

    /// The sRGB, in [0, 1], of inks in [0, 1], of which 1 is all of it.
    pub(super) fn to_srgb(&self, inks: [f32; 4]) -> [f32; 3] {
        let shaped: [f32; 4] = std::array::from_fn(|i| self.before[i].at(inks[i]));
        let mut color = self.interpolated(shaped);
        if let Some((matrix, offsets)) = &self.matrix {
            if !self.middle.is_empty() {
                color = std::array::from_fn(|i| self.middle[i].at(color[i]));
            }
            let row = |i: usize| (0..3).map(|c| matrix.v[i][c] * f64::from(color[c])).sum::<f64>() + offsets[i];
            color = std::array::from_fn(|i| row(i) as f32);
        }
        let color: [f64; 3] = std::array::from_fn(|i| f64::from(self.behind[i].at(color[i])));
        let [x, y, z] = self.pcs.xyz(color);
        TO_SRGB.map(|row| encoded(row[0] * x + row[1] * y + row[2] * z) as f32)
    }

    /// Linear between the two neighbours of the first ink.
    fn interpolated(&self, inks: [f32; 4]) -> [f32; 3] {
        let place = |i: usize| {
            let scaled = inks[i].clamp(0.0, 1.0) * (self.grid[i] - 1) as f32;
            let cell = (scaled as usize).min(self.grid[i] - 2);
            (cell, scaled - cell as f32)
        };
        let (first, part) = place(0);
        let rest = [place(1), place(2), place(3)];
        let (low, high) = (self.in_cube(first, rest), self.in_cube(first + 1, rest));
        std::array::from_fn(|i| low[i] + part * (high[i] - low[i]))
    }

    /// From the corner of a cell to the opposite one along its axes, that with the largest part first: those corners are a
    /// tetrahedron around the colour.
    fn in_cube(&self, first: usize, rest: [(usize, f32); 3]) -> [f32; 3] {
        let mut order = [0, 1, 2];
        order.sort_by(|a, b| rest[*b].1.total_cmp(&rest[*a].1));
        let mut corner = rest.map(|(cell, _)| cell);
        let mut last = self.entry(first, corner);
        let mut sum = last;
        for axis in order {
            corner[axis] += 1;
            let next = self.entry(first, corner);
            (0..3).for_each(|i| sum[i] += rest[axis].1 * (next[i] - last[i]));
            last = next;
        }
        sum
    }

    fn entry(&self, first: usize, rest: [usize; 3]) -> [f32; 3] {
        let at = rest.iter().zip(&self.grid[1..]).fold(first, |at, (cell, levels)| at * levels + cell);
        std::array::from_fn(|i| self.table[3 * at + i])
    }
}

fn of_mab(lut: &LutMultidimensionalType, pcs: Pcs) -> Option<Inks> {
    let functions = |curves: &[ToneReprCurve]| -> Option<Vec<Curve>> {
        curves.iter().map(|curve| curve.make_linear_evaluator().ok().map(Curve::Function)).collect()
    };
    let has_middle = !lut.m_curves.is_empty();
    Some(Inks {
        before: functions(&lut.a_curves)?,
        grid: std::array::from_fn(|i| usize::from(lut.grid_points[i])),
        table: units(lut.clut.as_ref()?),
        middle: functions(&lut.m_curves)?,
        matrix: has_middle.then_some((lut.matrix, lut.bias.v)),
        behind: functions(&lut.b_curves)?,
        pcs,
    })
}

fn pcs(space: DataColorSpace, is_old: bool) -> Option<Pcs> {
    match space {
        DataColorSpace::Xyz => Some(Pcs::Xyz),
        DataColorSpace::Lab if is_old => Some(Pcs::Lab { hundred: 65_280.0 / 65_535.0, zero: 32_768.0 / 65_535.0 }),
        DataColorSpace::Lab => Some(Pcs::Lab { hundred: 1.0, zero: 128.0 / 255.0 }),
        _ => None,
    }
}

fn units(stored: &LutStore) -> Vec<f32> {
    match stored {
        LutStore::Store8(values) => values.iter().map(|v| f32::from(*v) / 255.0).collect(),
        LutStore::Store16(values) => values.iter().map(|v| f32::from(*v) / 65_535.0).collect(),
    }
}

/// So many curves as there are tables of `entries`.
fn tables(stored: &LutStore, entries: usize) -> Option<Vec<Curve>> {
    let values = units(stored);
    (entries >= 2).then(|| values.chunks_exact(entries).map(|table| Curve::Table(table.to_vec())).collect())
}

impl Curve {
    fn at(&self, value: f32) -> f32 {
        let value = value.clamp(0.0, 1.0);
        match self {
            Self::Function(function) => function.evaluate_value(value),
            Self::Table(table) => {
                let scaled = value * (table.len() - 1) as f32;
                let cell = (scaled as usize).min(table.len() - 2);
                table[cell] + (scaled - cell as f32) * (table[cell + 1] - table[cell])
            }
        }
    }
}

impl Pcs {
    fn xyz(self, color: [f64; 3]) -> [f64; 3] {
        let Self::Lab { hundred, zero } = self else { return color.map(|v| v * MOST_XYZ) };
        // One step of a and b is as large a part of the range as 1 is of 255.
        let step = hundred / 255.0;
        let y = (color[0] / hundred * 100.0 + 16.0) / 116.0;
        let [a, b] = [1, 2].map(|i| (color[i] - zero) / step);
        let uncompressed = |v: f64| if v > 6.0 / 29.0 { v.powi(3) } else { (v - 4.0 / 29.0) * 108.0 / 841.0 };
        let each = [y + a / 500.0, y, y - b / 200.0].map(uncompressed);
        std::array::from_fn(|i| each[i] * WHITE[i])
    }
}

/// XYZ of D50 to linear sRGB, adapted after Bradford (the inverse of sRGB's ICC profile).
const TO_SRGB: [[f64; 3]; 3] =
    [[3.134_136, -1.617_386, -0.490_662], [-0.978_796, 1.916_254, 0.033_443], [0.071_955, -0.228_977, 1.405_386]];

fn encoded(linear: f64) -> f64 {
    let v = linear.clamp(0.0, 1.0);
    if v <= 0.003_130_8 { 12.92 * v } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 }
}
