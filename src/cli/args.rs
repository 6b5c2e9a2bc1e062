//! Arguments, parsed into values that are valid by themselves.

use super::batch_args::BatchArgs;
use super::compute_args::{ComputeArgs, PRECISION};
use super::eval_args::EvalArgs;
use super::export_args::ExportArgs;
use super::train_args::TrainArgs;
use super::values::{parse_page, parse_region, parse_scale};
use crate::geometry::Region;
use crate::kernel::PrecisionChoice;
use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// See photographs without pixels.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    /// Pictures, or folders of pictures, to look at; several are walked through in this order.
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Weights to use instead of the built-in LIIF: builtin:live, builtin:photo, or a file (safetensors or .pth).
    #[arg(long, value_name = "FILE")]
    pub(super) model: Option<PathBuf>,
    #[arg(long, value_name = "NAME", help = PRECISION)]
    pub(super) precision: Option<PrecisionChoice>,
    #[command(flatten)]
    pub(super) compute: ComputeArgs,
    /// The ICC profile of the screen, instead of what the system says of it.
    #[arg(long, value_name = "FILE")]
    pub(super) screen_profile: Option<PathBuf>,
    /// For measuring: write there, as JSON, when things were first seen.
    #[arg(long, value_name = "FILE", hide = true)]
    pub(super) milestones: Option<PathBuf>,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Write a picture, or a crop of it, at any size.
    Export(Box<ExportArgs>),
    /// Write many pictures as `export` writes one: folders are searched, what is done is left alone.
    Batch(Box<BatchArgs>),
    /// Measure models on a folder of originals: PSNR, SSIM, consistency, with intervals.
    Eval(Box<EvalArgs>),
    /// Turn a PyTorch checkpoint into safetensors, without running the pickle in it.
    Convert(ConvertArgs),
    /// Describe pictures or weights.
    Info(InfoArgs),
    /// Measure this machine.
    Bench(BenchArgs),
    /// Train on your own pictures.
    Train(Box<TrainArgs>),
    /// For the program itself: decode a picture for the process that asks through stdin.
    #[command(hide = true)]
    DecodeFile {
        /// The picture.
        file: PathBuf,
    },
}

#[derive(clap::Args)]
pub(super) struct ConvertArgs {
    /// The checkpoint.
    pub(super) input: PathBuf,
    /// The safetensors file to write.
    #[arg(short, long, value_name = "OUT")]
    pub(super) output: PathBuf,
    /// Write half precision: half the size, and every value rounded.
    #[arg(long)]
    pub(super) half: bool,
    /// Replace the output if it exists.
    #[arg(long)]
    pub(super) overwrite: bool,
}

#[derive(clap::Args)]
pub(super) struct InfoArgs {
    /// Pictures or weights; builtin:liif, builtin:live and builtin:photo are weights.
    #[arg(required = true)]
    pub(super) files: Vec<PathBuf>,
    /// The page of a picture file that has several, or the frame of an animation.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = parse_page)]
    pub(super) page: usize,
    /// Answer with one JSON object a file.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(clap::Args)]
pub(super) struct BenchArgs {
    /// A picture to measure with, instead of the built-in one.
    pub(super) picture: Option<PathBuf>,
    /// Weights to measure, instead of the built-in ones (safetensors or .pth).
    #[arg(long, value_name = "FILE")]
    pub(super) model: Option<PathBuf>,
    /// The part that is enlarged 30 times, in source pixels; 48×48 in the middle by default.
    #[arg(long, value_name = "X,Y,W,H", value_parser = parse_region, allow_hyphen_values = true, requires = "picture")]
    pub(super) crop: Option<Region>,
    #[arg(long, value_name = "NAME", help = PRECISION)]
    pub(super) precision: Option<PrecisionChoice>,
    #[command(flatten)]
    pub(super) compute: ComputeArgs,
    /// The most seconds that one view may take on a graphics card.
    #[arg(long, value_name = "SECONDS", value_parser = parse_scale, hide = true)]
    pub(super) patience: Option<f64>,
    /// Answer with one JSON object a measurement.
    #[arg(long)]
    pub(super) json: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_file_is_for_the_viewer() {
        let args = Args::try_parse_from(["zoomfield", "holiday photo.jpg"]).unwrap();
        assert_eq!(args.files, [PathBuf::from("holiday photo.jpg")]);
        assert!(args.command.is_none());
        let args = Args::try_parse_from(["zoomfield", "a.png", "folder", "--model", "m.pth"]).unwrap();
        assert_eq!(args.files.len(), 2);
    }
}
