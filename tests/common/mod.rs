//! What the tests share: fixtures and comparators.
#![allow(dead_code, reason = "every test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

use safetensors::SafeTensors;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use zoomfield::geometry::Size;
use zoomfield::picture::{Picture, Samples};
use zoomfield::weights::{Array, Weights};

/// The fixtures of tiny models: every flag, either encoder.
pub(crate) const TINY: [&str; 7] = [
    "liif_edsr_tiny",
    "liif_edsr_tiny_no_cell_decode",
    "liif_edsr_tiny_no_feat_unfold",
    "liif_edsr_tiny_no_local_ensemble",
    "liif_edsr_tiny_shallow",
    "liif_edsr_tiny_none",
    "liif_rdn_tiny",
];

/// A file in `tests/fixtures`, or in the folder that `ZOOMFIELD_TEST_FIXTURES` names: where tests run that were built on
/// another machine.
pub(crate) fn fixture(name: &str) -> PathBuf {
    let folder = std::env::var_os("ZOOMFIELD_TEST_FIXTURES").map(PathBuf::from);
    folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")).join(name)
}

/// The program that was built with the tests, or the one that `ZOOMFIELD_TEST_PROGRAM` names.
pub(crate) fn program() -> Command {
    Command::new(std::env::var_os("ZOOMFIELD_TEST_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_zoomfield").into()))
}

/// A fixture's arrays and metadata.
pub(crate) struct Arrays {
    pub(crate) arrays: BTreeMap<String, Array>,
    pub(crate) metadata: BTreeMap<String, String>,
}

impl Arrays {
    pub(crate) fn load(name: &str) -> Self {
        let bytes = std::fs::read(fixture(name)).unwrap();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let array = |view: safetensors::tensor::TensorView<'_>| {
            let data = match view.dtype() {
                safetensors::Dtype::F64 => {
                    view.data().as_chunks().0.iter().map(|b| f64::from_le_bytes(*b) as f32).collect()
                }
                _ => view.data().as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
            };
            Array { shape: view.shape().to_vec(), data }
        };
        Self {
            arrays: file.tensors().into_iter().map(|(name, view)| (name, array(view))).collect(),
            metadata: header.metadata().clone().unwrap_or_default().into_iter().collect(),
        }
    }

    pub(crate) fn get(&self, name: &str) -> &Array {
        self.arrays.get(name).unwrap_or_else(|| panic!("no array {name}"))
    }

    /// The arrays under `prefix`, as a model of the fixture's `spec`.
    pub(crate) fn weights(&self, prefix: &str) -> Weights {
        let strip = |(name, array): (&String, &Array)| Some((name.strip_prefix(prefix)?.to_owned(), array.clone()));
        let spec = serde_json::from_str(&self.metadata["spec"]).unwrap();
        Weights::from_original(self.arrays.iter().filter_map(strip).collect(), &spec).unwrap()
    }
}

/// The largest absolute difference.
pub(crate) fn worst(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len(), "different sizes");
    // A difference that is no number is the worst of all.
    let wider = |most: f32, off: f32| if off > most || off.is_nan() { off } else { most };
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, wider)
}

/// PSNR in dB of values with the given span.
pub(crate) fn psnr(a: &[f32], b: &[f32], span: f64) -> f64 {
    assert_eq!(a.len(), b.len(), "different sizes");
    let squares: f64 = a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
    10.0 * (span * span * a.len() as f64 / squares).log10()
}

/// A picture with detail at every scale, the same on every machine.
pub(crate) fn textured(width: usize, height: usize) -> Picture {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f64 / f64::from(1 << 24)
    };
    let mut rgb = Vec::with_capacity(width * height * 3);
    for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y as f64, x as f64))) {
        for c in 0..3 {
            let wave = (x * (0.11 + 0.05 * f64::from(c)) + y * 0.07).sin() * 60.0 + (x * y * 0.003).cos() * 40.0;
            rgb.push((128.0 + wave + 20.0 * noise()).clamp(0.0, 255.0) as u8);
        }
    }
    Picture::from_rgb8(Size::new(width, height), rgb)
}

/// Writes [`textured`] as a file.
pub(crate) fn write_ppm(path: &Path, width: usize, height: usize) {
    let Samples::U8(rgb) = textured(width, height).rgb else { panic!("not 8 bits") };
    let mut file = format!("P6\n{width} {height}\n255\n").into_bytes();
    file.extend(rgb);
    std::fs::write(path, file).unwrap();
}
