//! What measurements say, a structure a kind: the table for people and the JSON are made of the same.

use super::Measurement;
use serde::Serialize;

/// One line of the answer. As JSON every row is one flat object.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Row {
    /// A stage, by whatever computed it.
    Stage(Measurement),
    /// Something about a graphics device.
    Card(CardRow),
}

/// What is measured of a graphics device; as JSON, `measured` names the kind.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "measured", rename_all = "kebab-case")]
pub enum CardRow {
    /// What it is.
    Card(Card),
    /// Whether it computes rightly enough to be used.
    SelfTest(SelfTest),
    /// What it can multiply at all.
    Product(ProductRate),
    /// A shader in one of its variants.
    Variant(VariantRate),
    /// One kind of dispatch.
    Dispatch(DispatchRate),
    /// Memory to it, or from it.
    Transfer(Transfer),
    /// How far it is from the processor.
    Difference(Difference),
    /// How long a person waits.
    View(ViewWait),
    /// What could not be measured.
    Failure(Failure),
}

/// A graphics device.
#[derive(Clone, Debug, Serialize)]
pub struct Card {
    /// Name, kind and interface: how all other rows name it.
    pub device: String,
    /// The driver and its version.
    pub driver: String,
    /// Whether it is software.
    pub software: bool,
    /// Whether it computes with 16-bit floats.
    pub f16: bool,
    /// Whether it has a clock of its own.
    pub clock: bool,
    /// Workgroup memory that shaders may take, in bytes: what it has, and at most what ours take.
    pub workgroup_bytes: u32,
    /// Invocations of a workgroup, likewise.
    pub invocations: u32,
}

/// The test that every device passes before it is used.
#[derive(Clone, Debug, Serialize)]
pub struct SelfTest {
    /// Of which device.
    pub device: String,
    /// In which arithmetic.
    pub precision: &'static str,
    /// Whether it is fit.
    pub passed: bool,
    /// Why not.
    pub reason: Option<String>,
}

/// The rate of a large square product.
#[derive(Clone, Debug, Serialize)]
pub struct ProductRate {
    /// Of which device.
    pub device: String,
    /// What is multiplied.
    pub precision: &'static str,
    /// Rows, columns and depth.
    pub side: usize,
    /// Median time, in seconds.
    pub secs: f64,
    /// Billions of floating-point operations a second, two per multiply-add.
    pub gflops: f64,
    /// Whose clock says so: `device`, or `wall`, which also counts handing over and waiting.
    pub clock: &'static str,
}

/// The rate of a shader in one of its variants: the convolution of the main shape, 64→64 and 3×3, or decoding at ×4.
#[derive(Clone, Debug, Serialize)]
pub struct VariantRate {
    /// Of which device.
    pub device: String,
    /// In which arithmetic.
    pub precision: &'static str,
    /// Of what: `convolution`, which encoders are made of, or `decode`.
    pub shader: &'static str,
    /// What a thread computes, and where its weights lie.
    pub name: &'static str,
    /// Whether it is computed so on this device.
    pub in_use: bool,
    /// Median time of a dispatch, in seconds.
    pub secs: f64,
    /// Billions of floating-point operations a second, two per multiply-add.
    pub gflops: f64,
    /// As [`ProductRate::clock`].
    pub clock: &'static str,
}

/// The rate of one kind of dispatch.
#[derive(Clone, Debug, Serialize)]
pub struct DispatchRate {
    /// Of which device.
    pub device: String,
    /// In which arithmetic.
    pub precision: &'static str,
    /// `encode` or `decode`.
    pub stage: &'static str,
    /// Which kind.
    pub name: String,
    /// How many of its kind one run of the network has.
    pub count: usize,
    /// Useful floating-point operations of the one that was measured, in billions.
    pub gflop: f64,
    /// Median time, in seconds.
    pub secs: f64,
    /// Billions of useful floating-point operations a second.
    pub gflops: f64,
    /// Part of the product's rate in the same arithmetic, where that was measured: 1 is all of it.
    pub share: Option<f64>,
    /// As [`ProductRate::clock`].
    pub clock: &'static str,
}

/// The rate of copying, as the program does it: numbers in its own memory to numbers on the device, or back.
#[derive(Clone, Debug, Serialize)]
pub struct Transfer {
    /// Of which device.
    pub device: String,
    /// `upload` or `readback`.
    pub direction: &'static str,
    /// How much.
    pub bytes: usize,
    /// Median time, in seconds.
    pub secs: f64,
    /// Billions of bytes a second.
    pub gigabytes_per_sec: f64,
}

/// How far results are from those of the processor in single precision.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// Of which device.
    pub device: String,
    /// In which arithmetic.
    pub precision: &'static str,
    /// `encode` (latent codes) or `decode` (normalised RGB).
    pub stage: &'static str,
    /// The largest absolute difference; none if one is no number.
    pub worst: Option<f64>,
    /// PSNR in dB of a signal that spans `span`; none if nothing differs, or a difference is no number.
    pub psnr_db: Option<f64>,
    /// From the least to the largest value: of the processor's codes, or 2 for normalised RGB.
    pub span: f64,
    /// Whether that is as close as the tests ask for.
    pub within: bool,
}

/// From opening a photograph to its view, with the model loaded already.
#[derive(Clone, Debug, Serialize)]
pub struct ViewWait {
    /// By which device.
    pub device: String,
    /// In which arithmetic.
    pub precision: &'static str,
    /// What is opened.
    pub photo: String,
    /// What is filled.
    pub canvas: String,
    /// Output pixels per source pixel.
    pub zoom: f64,
    /// Until the photograph was decoded, in seconds; part of the next two.
    pub open_secs: f64,
    /// Until the first pixels of the network were there; none if that was not within the limit.
    pub first_secs: Option<f64>,
    /// Until all final pixels were there, likewise.
    pub all_secs: Option<f64>,
    /// The limit, in seconds after opening.
    pub limit_secs: f64,
}

/// A measurement that failed; the others go on.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// On which device.
    pub device: String,
    /// In which arithmetic, where that matters.
    pub precision: Option<&'static str>,
    /// What was to be measured.
    pub what: String,
    /// Why it was not.
    pub reason: String,
}
