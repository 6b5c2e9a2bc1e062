//! Arguments of `zoomfield export`, of which most are those of `zoomfield batch` too.

use super::compute_args::{ComputeArgs, PRECISION};
use super::look::NamedModel;
use super::look_args::LookArgs;
use super::map_args::MapArgs;
use super::values::{
    ViewArg, parse_bits, parse_dpi, parse_page, parse_region, parse_scale, parse_side, parse_size, parse_view,
};
use crate::error::Error;
use crate::export::{CommandLine, DEFAULT_QUALITY, Extent, FileOptions, OutputSize, Request};
use crate::geometry::{Region, Size};
use crate::kernel::{Precision, PrecisionChoice};
use crate::picture::{Exposure, Picture};
use crate::recipe::{Recipe, Source};
use crate::render::{Compute, Suited, Wear};
use crate::weights::Builtin;
use clap::ArgGroup;
use std::path::PathBuf;

/// The options that say how large an output is; one of them is needed.
pub(super) const SIZES: [&str; 7] = ["scale", "size", "width", "height", "megapixels", "width_cm", "height_cm"];

/// What an export that is repeated says itself.
const REPEATED: [&str; 14] = [
    "page",
    "exposure",
    "crop",
    "view",
    "look",
    "lock",
    "ensemble",
    "strength",
    "exact",
    "bits",
    "quality",
    "dpi",
    "strip_metadata",
    "no_provenance",
];

#[derive(clap::Args)]
#[command(group(ArgGroup::new("output size").required(true).args(SIZES).arg("repeat")))]
pub(super) struct ExportArgs {
    /// The picture.
    #[arg(value_name = "INPUT", required_unless_present = "repeat")]
    pub(super) input: Option<PathBuf>,
    /// Do again what made this export, from its source: the same bytes on the same device. The source is looked for beside
    /// it where INPUT does not name it; --model, --backend, --device and --precision say otherwise than it does.
    #[arg(long, value_name = "FILE", conflicts_with_all = REPEATED)]
    pub(super) repeat: Option<PathBuf>,
    /// The file to write; its ending chooses the format.
    #[arg(short, long, value_name = "OUT")]
    pub(super) output: PathBuf,
    #[command(flatten)]
    pub(super) what: WhatArgs,
    /// Answer with one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

/// Of a picture what, how large, how made, and into what kind of file: for one picture or many.
#[derive(Clone, clap::Args)]
pub(super) struct WhatArgs {
    /// The page of a picture file that has several, or the frame of an animation.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = parse_page)]
    pub(super) page: usize,
    /// How much brighter than it is stored a floating-point or HDR picture is made, in stops: one more is twice the light.
    #[arg(long, value_name = "STOPS", default_value_t = Exposure::NONE, allow_hyphen_values = true)]
    pub(super) exposure: Exposure,
    /// Output pixels per source pixel, any number above 0.
    #[arg(short, long, value_name = "S", value_parser = parse_scale, allow_hyphen_values = true)]
    pub(super) scale: Option<f64>,
    /// Output size in pixels.
    #[arg(long, value_name = "WxH", value_parser = parse_size)]
    pub(super) size: Option<Size>,
    /// Output width in pixels; the height follows.
    #[arg(long, value_name = "W", value_parser = parse_side)]
    pub(super) width: Option<usize>,
    /// Output height in pixels; the width follows.
    #[arg(long, value_name = "H", value_parser = parse_side)]
    pub(super) height: Option<usize>,
    /// Output size in millions of pixels; both sides follow.
    #[arg(long, value_name = "MP", value_parser = parse_scale)]
    pub(super) megapixels: Option<f64>,
    /// Width on paper in centimetres, at --dpi; the height follows.
    #[arg(long, value_name = "CM", value_parser = parse_scale, requires = "dpi")]
    pub(super) width_cm: Option<f64>,
    /// Height on paper in centimetres, at --dpi; the width follows.
    #[arg(long, value_name = "CM", value_parser = parse_scale, requires = "dpi")]
    pub(super) height_cm: Option<f64>,
    /// The part of the picture, in source pixels; fractions are allowed.
    #[arg(long, value_name = "X,Y,W,H", value_parser = parse_region, allow_hyphen_values = true)]
    pub(super) crop: Option<Region>,
    /// What a window of --size shows: the source position at its centre, and output pixels per source pixel.
    #[arg(long, value_name = "X,Y,ZOOM", value_parser = parse_view, allow_hyphen_values = true, requires = "size",
          conflicts_with_all = ["crop", "scale", "width", "height", "megapixels", "width_cm", "height_cm"])]
    pub(super) view: Option<ViewArg>,
    #[command(flatten)]
    pub(super) look: LookArgs,
    /// Weights to use instead of the built-in LIIF: builtin:live, builtin:photo, or a file (safetensors or .pth).
    #[arg(long, value_name = "FILE")]
    pub(super) model: Option<PathBuf>,
    #[command(flatten)]
    pub(super) compute: ComputeArgs,
    #[arg(long, value_name = "NAME", help = PRECISION)]
    pub(super) precision: Option<PrecisionChoice>,
    /// Evaluate the function at every pixel, without any shortcut: short for --look neural:exact --precision f32.
    #[arg(long, conflicts_with_all = ["look", "precision"])]
    pub(super) exact: bool,
    #[command(flatten)]
    pub(super) file: FileArgs,
    #[command(flatten)]
    pub(super) map: MapArgs,
}

impl WhatArgs {
    /// Which part and how large.
    pub(super) fn request(&self) -> Request {
        let extent = match (self.crop, self.view) {
            (Some(crop), _) => Extent::Crop(crop),
            (_, Some(ViewArg { center, zoom })) => Extent::View { center, zoom },
            _ => Extent::Whole,
        };
        let sizes = [
            self.scale.map(OutputSize::Scale),
            self.size.map(OutputSize::Pixels),
            self.width.map(OutputSize::Width),
            self.height.map(OutputSize::Height),
            self.megapixels.map(OutputSize::Megapixels),
            self.width_cm.map(OutputSize::WidthCm),
            self.height_cm.map(OutputSize::HeightCm),
        ];
        // Exactly one was asked for.
        let size = sizes.into_iter().flatten().next().unwrap_or(OutputSize::Scale(1.0));
        Request { extent, size, dpi: self.file.dpi }
    }

    /// How pixels are made.
    pub(super) fn recipe(&self) -> Recipe {
        self.look.recipe(if self.exact { Source::EXACT } else { Source::NEURAL })
    }

    /// The model that is named whatever the picture is.
    pub(super) fn named_model(&self) -> Option<PathBuf> {
        match self.look.model() {
            Some(NamedModel::Builtin(model)) => Some(model.address()),
            _ => self.model.clone(),
        }
    }

    /// The models that may be chosen, whatever the pictures are; the usual one has no name.
    ///
    /// # Errors
    /// [`Error::Request`] if two are named.
    pub(super) fn possible_models(&self) -> Result<Vec<Option<PathBuf>>, Error> {
        let named = match self.look.model() {
            None => return Ok(vec![self.model.clone()]),
            Some(NamedModel::Builtin(model)) => vec![Some(model.address())],
            Some(NamedModel::Auto) => [Builtin::Live, Builtin::Photo].map(|model| Some(model.address())).into(),
        };
        if self.model.is_some() {
            let reason = "--look names a model, and so does --model; give one of them, or --look neural";
            return Err(Error::Request(reason.into()));
        }
        Ok(named)
    }

    /// Which model for this picture, and why if that depends on the picture.
    ///
    /// # Errors
    /// [`Error::Request`] if two are named.
    pub(super) fn model(&self, picture: &Picture) -> Result<(Option<PathBuf>, Option<Suited>), Error> {
        let named = self.possible_models()?;
        if self.look.model() == Some(NamedModel::Auto) {
            let suited = Wear::of(picture).suited();
            return Ok((Some(suited.model.address()), Some(suited)));
        }
        Ok((named.into_iter().next().flatten(), None))
    }

    /// What computes, by the environment where it is not said.
    ///
    /// # Errors
    /// [`Error::Request`] if the environment names what is not there.
    pub(super) fn compute(&self) -> Result<Compute, Error> {
        self.compute.compute(super::precision(self.precision())?)
    }

    /// In which arithmetic, if that is said.
    pub(super) fn precision(&self) -> Option<PrecisionChoice> {
        if self.exact { Some(PrecisionChoice::Only(Precision::F32)) } else { self.precision }
    }

    /// All that is said about the output, as the window says it too.
    pub(super) fn command_line(&self, input: PathBuf, output: PathBuf, model: Option<PathBuf>) -> CommandLine {
        let FileArgs { bits, quality, dpi, strip_metadata, no_provenance, overwrite } = self.file;
        CommandLine {
            input,
            page: self.page,
            exposure: self.exposure,
            output,
            request: self.request(),
            recipe: self.recipe(),
            usual_lock: !self.exact && self.look.has_usual_lock() && self.recipe().is_neural(),
            file: FileOptions { bits, quality, dpi, strip_metadata, provenance: !no_provenance },
            overwrite,
            model,
            backend: self.compute.backend,
            device: self.compute.device.clone(),
            precision: self.precision(),
            map: self.map.file(),
        }
    }
}

impl ExportArgs {
    /// All that is said about the output, by a model of that name.
    pub(super) fn command_line(&self, model: Option<PathBuf>) -> CommandLine {
        self.what.command_line(self.input.clone().unwrap_or_default(), self.output.clone(), model)
    }
}

/// How an output file is made, beside its pixels.
#[derive(Clone, Copy, clap::Args)]
pub(super) struct FileArgs {
    /// Bits a sample, 8 or 16, in PNG, TIFF and JPEG XL; the picture's own if not given.
    #[arg(long, value_name = "BITS", value_parser = parse_bits)]
    pub(super) bits: Option<u8>,
    /// Quality of JPEG and AVIF, 1 to 100.
    #[arg(long, value_name = "Q", default_value_t = DEFAULT_QUALITY, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(super) quality: u8,
    /// Dots per inch, written into the file for those who print it.
    #[arg(long, value_name = "DPI", value_parser = parse_dpi)]
    pub(super) dpi: Option<f64>,
    /// Leave out what the camera wrote (EXIF). The colour profile stays.
    #[arg(long)]
    pub(super) strip_metadata: bool,
    /// Do not say in the file how it was made. Without this its XMP names the program, the model, the source's name and
    /// hash, the options, and that its pixels are a network's or not.
    #[arg(long)]
    pub(super) no_provenance: bool,
    /// Replace the output if it exists.
    #[arg(long)]
    pub(super) overwrite: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::{Args, Command};
    use clap::Parser;

    fn export(words: &str) -> Result<ExportArgs, clap::Error> {
        let line = format!("zoomfield export in.png -o out.png {words}");
        match Args::try_parse_from(line.split_whitespace())?.command {
            Some(Command::Export(args)) => Ok(*args),
            _ => panic!("not an export"),
        }
    }

    #[test]
    fn exactly_one_size_is_asked_for() {
        assert!(export("--scale 30").is_ok());
        assert_eq!(export("--size 640x480").unwrap().what.size, Some(Size::new(640, 480)));
        for wrong in [
            "",
            "--scale 2 --width 10",
            "--size 10x10 --height 3",
            "--scale 0",
            "--scale NaN",
            "--scale -1",
            "--scale inf",
            "--width 0",
            "--size 5",
            "--scale 2 --crop 1,2,3",
            "--scale 2 --crop a,b,c,d",
            "--megapixels 0",
            "--width-cm 10",
            "--view 1,2,3 --scale 2",
            "--view 1,2,0 --size 9x9",
            "--view 1,2,3 --size 9x9 --crop 1,2,3,4",
        ] {
            assert_eq!(export(wrong).err().map(|e| e.exit_code()), Some(2), "{wrong}");
        }
    }

    #[test]
    fn crops_may_be_fractions() {
        let crop = export("--scale 2 --crop 1.5,0,10.25,3").unwrap().what.crop;
        assert_eq!(crop, Some(Region { x: 1.5, y: 0.0, width: 10.25, height: 3.0 }));
    }
}
