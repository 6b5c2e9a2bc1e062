//! A region of any size to a file, band by band: the same renderer, the same samples and the same rounding as the
//! view's, in memory that grows neither with the output nor with the source's width.

mod band;
pub mod batch;
mod command_line;
mod estimate;
mod invention;
mod plan;
mod provenance;
mod request;
mod scene;

pub use command_line::CommandLine;
pub use estimate::{Estimate, estimate};
pub use invention::InventionFile;
pub use provenance::PROGRAM;
pub use request::{Extent, OutputSize, Request};
pub use scene::RenderScene;

use self::band::{Band, Depth};
use self::plan::Plan;
use self::scene::{Blocks, Made};
use crate::error::{Error, Result};
use crate::geometry::{SampleGrid, Size};
use crate::picture::save::{PictureWriter, SaveOptions, holds_profiles, written_bits};
use crate::picture::{ColorSpace, Metadata, Picture, Raster};
use crate::recipe::Recipe;
pub use crate::render::MOST_INVENTED;
use crate::render::{FeatureStore, LoadedModel};
use crate::task::Gate;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// The largest output, in pixels.
pub const MAX_OUTPUT_PIXELS: usize = 2_000_000_000;

/// The longest side of an output: a row of it is held in memory.
const MAX_OUTPUT_SIDE: usize = 1 << 22;

/// What to export and where to.
#[derive(Clone)]
pub struct ExportJob {
    /// Of which picture.
    pub picture: Arc<Picture>,
    /// By which model.
    pub model: Arc<LoadedModel>,
    /// Which samples.
    pub grid: SampleGrid,
    /// The file to write; its ending chooses the format.
    pub output: PathBuf,
    /// Whether an existing file may be replaced.
    pub overwrite: bool,
    /// How its pixels are made.
    pub recipe: Recipe,
    /// How the file is made.
    pub file: FileOptions,
    /// Where features are looked up: what the view has encoded is not encoded again.
    pub features: FeatureStore,
    /// What was asked for, for the file's provenance: without it the file has none.
    pub asked: Option<CommandLine>,
    /// The invention map of the same samples, in a file beside it, if one is wanted.
    pub map: Option<InventionFile>,
}

impl ExportJob {
    /// What `line` asks of a picture that is open, by a model that is loaded.
    ///
    /// # Errors
    /// [`Error::Request`] if the part is not inside the picture, or its size makes no sense.
    pub fn of(
        line: CommandLine,
        picture: Arc<Picture>,
        model: Arc<LoadedModel>,
        features: FeatureStore,
    ) -> Result<Self> {
        let (grid, line) = (line.grid(&picture)?, line.locked_by(model.usual_lock()));
        let asked = Some(line.clone());
        let CommandLine { output, overwrite, recipe, file, map, .. } = line;
        Ok(Self { picture, model, grid, output, overwrite, recipe, file, features, asked, map })
    }

    /// Whether the network makes its pixels.
    pub fn is_neural(&self) -> bool {
        self.model.makes(&self.grid, self.recipe)
    }

    /// Pixels of all its files.
    pub fn pixels(&self) -> usize {
        self.grid.size().area() * (1 + usize::from(self.map.is_some()))
    }
}

/// How an output file is made, beside its pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FileOptions {
    /// 8 or 16 bits a sample, where the format has both; the picture's own without.
    pub bits: Option<u8>,
    /// JPEG quality, 1 to 100.
    pub quality: u8,
    /// Dots per inch for those who print it; the picture's own without.
    pub dpi: Option<f64>,
    /// Leave out what the camera and others wrote. The colour profile stays: without it the colours would be others.
    pub strip_metadata: bool,
    /// Say in the file how it was made, where the format has XMP.
    pub provenance: bool,
}

/// JPEG quality unless asked otherwise.
pub const DEFAULT_QUALITY: u8 = 95;

impl Default for FileOptions {
    fn default() -> Self {
        Self { bits: None, quality: DEFAULT_QUALITY, dpi: None, strip_metadata: false, provenance: true }
    }
}

/// How far an export is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Output pixels done.
    pub done: usize,
    /// Output pixels in all.
    pub total: usize,
}

/// What an export did.
#[derive(Clone, Debug)]
pub struct ExportReport {
    /// The file's size in bytes.
    pub bytes: u64,
    /// Time it took, in seconds.
    pub elapsed_secs: f64,
}

impl ExportJob {
    /// What is rendered.
    pub fn scene(&self) -> RenderScene<'_> {
        let Self { picture, model, grid, recipe, features, .. } = self;
        RenderScene { picture, model, grid, recipe: *recipe, features }
    }

    /// Whether the pixels become sRGB on their way, because the format cannot say that they are anything else.
    fn is_converted(&self) -> bool {
        !self.picture.color.is_srgb() && !holds_profiles(&self.output)
    }

    /// The bits that the file will have.
    fn bits(&self) -> u8 {
        written_bits(&self.output, self.picture.channels(), self.file.bits.unwrap_or(self.picture.rgb.bits()))
    }

    /// How bands are held without changing what is written: JPEG has no opacity, which is taken away before rounding.
    fn depth(&self) -> Depth {
        match (estimate::ending(&self.output).as_str(), self.picture.channels(), self.bits()) {
            ("jpg" | "jpeg", 4, _) => Depth::F32,
            (_, _, 8) => Depth::U8,
            _ => Depth::U16,
        }
    }
}

/// A file on its way: blocks are gathered to a band, which is written when it is whole.
struct File<'a> {
    writer: PictureWriter,
    made: Made,
    plan: Plan,
    width: usize,
    channels: usize,
    depth: Depth,
    /// The colours that become sRGB on their way, if they do.
    converted: Option<&'a ColorSpace>,
    /// The band, and its first row.
    band: Option<(Band, usize)>,
}

impl<'a> File<'a> {
    /// Starts the picture's.
    fn create(job: &'a ExportJob) -> Result<Self> {
        let (made, depth) = (Made::Picture, job.depth());
        Ok(Self {
            writer: PictureWriter::create(&job.output, save_options(job))?,
            made,
            plan: job.scene().plan(made, depth),
            width: job.grid.x.len,
            channels: job.picture.channels(),
            depth,
            converted: job.is_converted().then_some(&job.picture.color),
            band: None,
        })
    }

    /// Renders all of it.
    fn render(&mut self, job: &ExportJob, gate: &Gate, on_pixels: &mut dyn FnMut(usize)) -> Result<()> {
        let (plan, made) = (self.plan.clone(), self.made);
        job.scene().render_blocks(&plan, made, gate, &mut Filling { file: self, on_pixels })?;
        gate.pass()
    }
}

/// Values that are handed over at once: writers make copies of what they get.
const WRITTEN_VALUES: usize = 8 << 20;

/// A file that is being filled.
struct Filling<'f, 'a> {
    file: &'f mut File<'a>,
    on_pixels: &'f mut dyn FnMut(usize),
}

impl Blocks for Filling<'_, '_> {
    fn block(&mut self, row: usize, column: usize, mut block: Raster) {
        let file = &mut *self.file;
        if let Some(color) = file.converted {
            color.convert_to_srgb(&mut block);
        }
        let size = Size::new(file.width, file.plan.most_rows());
        let band = || (Band::new(size, file.channels, file.depth), row);
        let (band, first) = file.band.get_or_insert_with(band);
        band.put(row - *first, column, &block);
        (self.on_pixels)(block.size.area());
    }

    fn end_band(&mut self, rows: Range<usize>) -> Result<()> {
        let file = &mut *self.file;
        let Some((band, first)) = &mut file.band else { return Ok(()) };
        let step = (WRITTEN_VALUES / (file.width * file.channels)).max(1);
        for start in (0..rows.len()).step_by(step) {
            file.writer.write_rows(&band.rows(start..(start + step).min(rows.len())))?;
        }
        // The memory serves the next one.
        *first = rows.end;
        Ok(())
    }
}

/// Renders and writes, the invention map too where one is wanted: both files are there once both are made. `gate` is passed
/// between units: it pauses and stops the work. Nothing is left behind when it is stopped or fails.
///
/// # Errors
/// [`Error::Export`], [`Error::Request`] (too large, or a map where no network makes pixels), [`Error::Device`],
/// [`Error::Cancelled`].
pub fn run(job: &ExportJob, gate: &Gate, progress: &mut dyn FnMut(Progress)) -> Result<ExportReport> {
    let start = Instant::now();
    check_size(job.grid.size())?;
    let files = [Some(File::create(job)), job.map.as_ref().map(|map| map.create(job))];
    let mut files = files.into_iter().flatten().collect::<Result<Vec<_>>>()?;
    let (mut done, total) = (0, job.pixels());
    let on_pixels = &mut |pixels| {
        done += pixels;
        progress(Progress { done, total });
    };
    for file in &mut files {
        file.render(job, gate, on_pixels)?;
        // Its memory is not needed any more.
        file.band = None;
    }
    let bytes = files.into_iter().map(|file| file.writer.finish()).collect::<Result<Vec<_>>>()?;
    Ok(ExportReport { bytes: bytes[0], elapsed_secs: start.elapsed().as_secs_f64() })
}

/// Renders into memory: what [`run`] would write.
///
/// # Errors
/// [`Error::Request`] (too large), [`Error::Device`], [`Error::Cancelled`].
pub fn render(job: &ExportJob, gate: &Gate) -> Result<Raster> {
    job.scene().render(gate)
}

/// Refuses outputs that nobody can store.
///
/// # Errors
/// [`Error::Request`].
pub fn check_size(size: Size) -> Result<()> {
    let pixels = size.width.checked_mul(size.height);
    if pixels.is_some_and(|pixels| pixels <= MAX_OUTPUT_PIXELS) {
        if size.width.max(size.height) <= MAX_OUTPUT_SIDE {
            return Ok(());
        }
        let longest = format!("an output of {size} is too long, {MAX_OUTPUT_SIDE} pixels a side are the most");
        return Err(Error::Request(format!("{longest}; choose a smaller size or crop")));
    }
    let gigapixels = size.width as f64 * size.height as f64 / 1e9;
    let most = MAX_OUTPUT_PIXELS / 1_000_000_000;
    Err(Error::Request(format!(
        "an output of {size} has {gigapixels:.1} gigapixels and {most} are the most; choose a smaller size or crop"
    )))
}

fn save_options(job: &ExportJob) -> SaveOptions {
    let mut metadata = job.picture.metadata.clone();
    if job.file.strip_metadata {
        metadata = Metadata { icc_profile: metadata.icc_profile, ..Metadata::default() };
    }
    metadata.xmp = provenance::packet(job, metadata.xmp);
    if job.is_converted() {
        metadata.icc_profile = None;
    }
    SaveOptions {
        size: job.grid.size(),
        channels: job.picture.channels(),
        bits: job.bits(),
        quality: job.file.quality,
        overwrite: job.overwrite,
        dpi: job.file.dpi.or(metadata.dpi),
        metadata,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_beyond_two_gigapixels_are_refused() {
        assert!(check_size(Size::new(50_000, 40_000)).is_ok());
        assert!(check_size(Size::new(50_000, 40_001)).is_err());
        assert!(check_size(Size::new(usize::MAX, 2)).is_err());
        assert!(check_size(Size::new(2_000_000_000, 1)).is_err());
    }
}
