//! Every way of computing colours, in one test: against the original's numbers, and against the definition where the
//! original has none. Each way must also notice one changed weight, one changed latent code, and one shifted sample.
//!
//! The graphics device is any that there is, software too; `ZOOMFIELD_REQUIRE_GPU=1` forbids to go without.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests and their helpers may panic and speak")]

mod common;
#[cfg(feature = "gpu")]
#[path = "common/devices.rs"]
mod devices;
#[path = "common/scalar.rs"]
mod scalar;

use candle_core::{Device, Tensor};
use common::{Arrays, TINY, psnr, worst};
#[cfg(feature = "gpu")]
use std::sync::Arc;
use zoomfield::decode::{self, DecodeParams, Sampling};
#[cfg(feature = "gpu")]
use zoomfield::decode::{Decoder, GpuDecoder, WindowQuery};
use zoomfield::feature::{FeaturePrecision, FeatureTile, FeatureWindow};
use zoomfield::geometry::{AxisGrid, Region, SampleGrid, Size};
#[cfg(feature = "gpu")]
use zoomfield::gpu::{ElementType, Gpu};
use zoomfield::kernel::Precision;
use zoomfield::model::{Liif, Query};
use zoomfield::task::NEVER;
use zoomfield::weights::{Array, Weights};

/// What a way must keep to.
#[derive(Clone, Copy, Debug)]
enum Bound {
    /// The largest difference.
    Off(f32),
    /// The least PSNR in dB, of a span of 2.
    Psnr(f64),
}

const SINGLE: Bound = Bound::Off(4e-6);
const HALF: Bound = Bound::Psnr(70.0);

/// Something that evaluates the function.
enum Way {
    Oracle,
    Scalar,
    Processor(Precision),
    #[cfg(feature = "gpu")]
    Device(Arc<Gpu>, ElementType),
}

/// Evaluates the function on a grid.
type Decode<'a> = Box<dyn Fn(&SampleGrid, Sampling) -> Vec<f32> + 'a>;

/// A model and a feature map.
#[derive(Clone)]
struct Case {
    weights: Weights,
    map: Array,
}

impl Way {
    /// All that there are here.
    fn all() -> Vec<Self> {
        let mut ways = vec![Self::Oracle, Self::Scalar];
        for precision in Precision::ALL {
            if precision.is_available() {
                ways.push(Self::Processor(precision));
            } else {
                println!("skipped: this processor has no {precision}");
            }
        }
        #[cfg(feature = "gpu")]
        if let Some(gpu) = devices::open() {
            ways.extend(devices::element_types(&gpu).into_iter().map(|element| Self::Device(gpu.clone(), element)));
        }
        ways
    }

    fn name(&self) -> String {
        match self {
            Self::Oracle => "oracle".into(),
            Self::Scalar => "scalar".into(),
            Self::Processor(precision) => format!("processor {precision}"),
            #[cfg(feature = "gpu")]
            Self::Device(gpu, element) => format!("{} {element:?}", gpu.description().name),
        }
    }

    fn bound(&self) -> Bound {
        match self {
            Self::Processor(precision) if precision.is_bf16() => HALF,
            #[cfg(feature = "gpu")]
            Self::Device(_, ElementType::F16) => HALF,
            _ => SINGLE,
        }
    }

    /// Whether it has a lattice, or evaluates every sample whatever is query.
    fn has_lattice(&self) -> bool {
        !matches!(self, Self::Oracle | Self::Scalar)
    }

    /// This way of decoding a case, prepared.
    fn of<'a>(&'a self, case: &'a Case) -> Decode<'a> {
        let (window, size) = (case.window(), case.size());
        match self {
            Self::Oracle => {
                let map = Tensor::from_slice(&case.map.data, case.map.shape.as_slice(), &Device::Cpu).unwrap();
                let liif = Liif::oracle(&case.weights).unwrap();
                Box::new(move |grid, _| {
                    let rgb = liif.query_rgb(&map, &Query::grid(grid)).unwrap();
                    rgb.flatten_all().unwrap().to_vec1().unwrap()
                })
            }
            Self::Scalar => Box::new(|grid, _| scalar::query_rgb(&case.weights, &case.map, grid)),
            Self::Processor(precision) => {
                let params = DecodeParams::new(&case.weights, *precision);
                Box::new(move |grid, sampling| {
                    decode::query_rgb(&params, &window, size, grid, sampling, NEVER).unwrap()
                })
            }
            #[cfg(feature = "gpu")]
            Self::Device(gpu, element) => {
                let processor = Decoder::new(&case.weights, Precision::F32);
                let decoder = GpuDecoder::new(gpu.clone(), &processor, *element).unwrap();
                Box::new(move |grid, sampling| {
                    let before = gpu.dispatches();
                    let query = WindowQuery::new(&window, size, grid, sampling);
                    let rgb = decoder.query(query, NEVER).unwrap();
                    assert!(gpu.dispatches() > before, "the graphics card did nothing");
                    rgb
                })
            }
        }
    }
}

impl Case {
    fn new(arrays: &Arrays, weights: Weights) -> Self {
        Self { weights, map: arrays.get("feature_map").clone() }
    }

    fn size(&self) -> Size {
        Size::new(self.map.shape[3], self.map.shape[2])
    }

    fn window(&self) -> FeatureWindow {
        let (channels, size) = (self.map.shape[1], self.size());
        let value = |i: usize| self.map.data[i % channels * size.area() + i / channels];
        let codes: Vec<f32> = (0..channels * size.area()).map(value).collect();
        let tile = FeatureTile::cut(&codes, size.rect(), size.rect(), FeaturePrecision::Single);
        let margin = usize::from(self.weights.config().decoder.imnet().unwrap().feat_unfold);
        FeatureWindow::assemble(&[tile.into()], size.rect(), margin)
    }

    fn grid(region: Region, scale: f64) -> SampleGrid {
        let side = |n: f64| (n * scale).round().max(1.0) as usize;
        let size = Size::new(side(region.width), side(region.height));
        SampleGrid::spanning(region, size)
    }

    /// The original's results: grids and colours.
    fn references<'a>(&self, arrays: &'a Arrays) -> Vec<(SampleGrid, &'a [f32])> {
        let parse = |name: &str| {
            let (height, width) = name.strip_prefix("rgb_")?.split_once('x')?;
            Some(Size::new(width.parse().ok()?, height.parse().ok()?))
        };
        let whole = |size| SampleGrid::spanning(Region::whole(self.size()), size);
        let arrays = arrays.arrays.iter();
        arrays.filter_map(|(name, array)| Some((whole(parse(name)?), array.data.as_slice()))).collect()
    }

    /// Colours where they can be compared. Without the ensemble the function jumps halfway between two codes, and which
    /// side a sample exactly there falls on is decided by rounding errors.
    fn compared(&self, rgb: &[f32], grid: &SampleGrid) -> Vec<f32> {
        let is_tie = |axis: &AxisGrid, i: usize| (axis.latent_position(i).rem_euclid(1.0) - 0.5).abs() < 1e-6;
        let has_ties = !self.weights.config().decoder.imnet().unwrap().local_ensemble;
        let is_compared =
            |i: &usize| !has_ties || !(is_tie(&grid.y, i / grid.x.len) || is_tie(&grid.x, i % grid.x.len));
        (0..grid.size().area()).filter(is_compared).flat_map(|i| rgb[3 * i..3 * i + 3].to_vec()).collect()
    }

    fn is_close(&self, way: &Way, what: &str, grid: &SampleGrid, ours: &[f32], reference: &[f32]) -> bool {
        let (ours, reference) = (self.compared(ours, grid), self.compared(reference, grid));
        let (off, quality) = (worst(&ours, &reference), psnr(&ours, &reference, 2.0));
        println!("{what}, {}: off by at most {off}, {quality:.1} dB", way.name());
        match way.bound() {
            Bound::Off(most) => off <= most,
            Bound::Psnr(least) => quality >= least,
        }
    }
}

/// The official model by its definition takes a minute at the larger sizes.
fn is_slow(way: &Way, name: &str, grid: &SampleGrid) -> bool {
    matches!(way, Way::Scalar) && name.ends_with("official") && grid.size().area() > 4000
}

/// What a way is asked of a grid and its colours: all, or some rows in the middle where all take software minutes.
fn asked(way: &Way, grid: &SampleGrid, reference: &[f32]) -> (SampleGrid, Vec<f32>) {
    #[cfg(feature = "gpu")]
    if let Way::Device(gpu, _) = way {
        const ROWS: usize = 16;
        if gpu.description().is_software && grid.size().area() > 20_000 && grid.y.len > ROWS {
            let first = (grid.y.len - ROWS) / 2;
            println!("{}: {ROWS} rows of {}, since it is software", way.name(), grid.size());
            let colors = &reference[first * grid.x.len * 3..(first + ROWS) * grid.x.len * 3];
            return (grid.slice(first..first + ROWS, 0..grid.x.len), colors.to_vec());
        }
    }
    #[cfg(not(feature = "gpu"))]
    let _ = way;
    (*grid, reference.to_vec())
}

#[test]
fn every_way_gives_the_originals_colours() {
    let ways = Way::all();
    for name in TINY.into_iter().chain(["liif_edsr_official"]) {
        let arrays = Arrays::load(&format!("{name}.safetensors"));
        let case = Case::new(&arrays, scalar::weights_of(name, &arrays));
        let mut references = case.references(&arrays);
        assert!(references.len() > 1, "{name} has no references");
        if name.ends_with("official") {
            let region = Region { x: 7.9, y: 11.3, width: 64.0 / 200.0, height: 64.0 / 200.0 };
            let grid = SampleGrid::spanning(region, Size::new(64, 64));
            references.push((grid, &arrays.get("rgb_zoom200_y11.3_x7.9_64x64_f64").data));
        }
        for way in &ways {
            let decode = way.of(&case);
            for (grid, reference) in references.iter().filter(|(grid, _)| !is_slow(way, name, grid)) {
                let (grid, reference) = asked(way, grid, reference);
                let ours = decode(&grid, Sampling::Exact);
                let what = format!("{name} at {}", grid.size());
                assert!(case.is_close(way, &what, &grid, &ours, &reference), "{what}: {}", way.name());
            }
        }
    }
}

#[test]
fn every_way_follows_the_definition_at_every_scale_with_and_without_the_lattice() {
    let ways = Way::all();
    for name in ["liif_edsr_tiny", "liif_edsr_tiny_no_local_ensemble", "liif_rdn_tiny", "liif_edsr_official"] {
        let arrays = Arrays::load(&format!("{name}.safetensors"));
        let case = Case::new(&arrays, scalar::weights_of(name, &arrays));
        let (definition, lattice) = (Way::Scalar.of(&case), Way::Processor(Precision::F32));
        let (lattice, prepared) = (lattice.of(&case), ways.iter().map(|way| (way, way.of(&case))).collect::<Vec<_>>());
        for (scale, width, height) in [
            (1.5, 13.4, 9.0),
            (2.0, 11.5, 7.5),
            (3.7, 7.0, 5.3),
            (12.0, 3.1, 2.2),
            (33.3, 1.3, 1.1),
            (200.0, 0.21, 0.17),
        ] {
            let grid = Case::grid(Region { x: 3.3, y: 0.0, width, height }, scale);
            let reference = definition(&grid, Sampling::Exact);
            let interpolated = lattice(&grid, Sampling::Lattice);
            for (way, decode) in &prepared {
                let what = format!("{name} at ×{scale}");
                let ours = decode(&grid, Sampling::Exact);
                assert!(case.is_close(way, &what, &grid, &ours, &reference), "{what}: {}", way.name());
                if way.has_lattice() {
                    // In half precision other points may be doubted than in single precision: those are the better ones.
                    let ours = decode(&grid, Sampling::Lattice);
                    let what = format!("{what} on the lattice");
                    let is_close = case.is_close(way, &what, &grid, &ours, &interpolated);
                    assert!(is_close || matches!(way.bound(), Bound::Psnr(_)), "{what}: {}", way.name());
                    assert!(psnr(&ours, &reference, 2.0) > 50.0, "{what}: {}", way.name());
                }
            }
        }
    }
}

#[test]
fn every_way_notices_one_changed_weight_one_changed_code_and_one_shifted_sample() {
    let arrays = Arrays::load("liif_edsr_tiny.safetensors");
    let case = Case::new(&arrays, arrays.weights("model."));
    let grid = Case::grid(Region { x: 3.3, y: 1.0, width: 5.0, height: 4.0 }, 3.7);
    let reference = Way::Scalar.of(&case)(&grid, Sampling::Exact);
    let mut changed = case.weights.arrays().clone();
    changed.get_mut("imnet.layers.4.weight").unwrap().data[5] += 0.5;
    let other_weight = Case { weights: Weights::new(case.weights.config().clone(), changed).unwrap(), ..case.clone() };
    let mut other_code = case.clone();
    // Channel 2 of the code at (5, 3).
    other_code.map.data[(2 * 24 + 3) * 20 + 5] += 2.0;
    let shifted = SampleGrid { x: AxisGrid { origin: grid.x.origin + 0.5, ..grid.x }, ..grid };
    for way in Way::all() {
        let keeps = |case: &Case, sampled: &SampleGrid| {
            let ours = way.of(case)(sampled, Sampling::Exact);
            case.is_close(&way, "changed or not", &grid, &ours, &reference)
        };
        assert!(keeps(&case, &grid), "{}", way.name());
        assert!(!keeps(&other_weight, &grid), "{} does not notice a weight", way.name());
        assert!(!keeps(&other_code, &grid), "{} does not notice a code", way.name());
        assert!(!keeps(&case, &shifted), "{} does not notice a shift", way.name());
    }
}
