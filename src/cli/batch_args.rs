//! Arguments of `zoomfield batch`.

use super::export_args::{SIZES, WhatArgs};
use crate::export::batch::{Shard, Template};
use clap::ArgGroup;
use std::path::PathBuf;

#[derive(clap::Args)]
#[command(group(ArgGroup::new("output size").required(true).args(SIZES)))]
pub(super) struct BatchArgs {
    /// The pictures, and folders that are searched for pictures, with the folders inside them.
    #[arg(value_name = "IN", required = true)]
    pub(super) inputs: Vec<PathBuf>,
    /// How the files to write are named: {dir} is the picture's folder, {subdir} that folder below the one that was searched,
    /// {name} its name without ending, {ext} its ending (png where that cannot be written), {scale} the number of --scale;
    /// {{ and }} are braces. Folders are made where they are missing. --invention is named in the same way.
    #[arg(short, long, value_name = "TEMPLATE")]
    pub(super) output: Template,
    /// Pictures at a time. One keeps about four processors busy, and so many there are if this is not given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(super) jobs: Option<u16>,
    /// Do only the Ith of N shares of the pictures. In a task of a Slurm array it is the task's share where this is not given.
    #[arg(long, value_name = "I/N")]
    pub(super) shard: Option<Shard>,
    #[command(flatten)]
    pub(super) what: WhatArgs,
    /// Add a line of JSON about every picture to this file.
    #[arg(long, value_name = "FILE")]
    pub(super) summary: Option<PathBuf>,
    /// Answer with one JSON object a picture.
    #[arg(long)]
    pub(super) json: bool,
}
