//! Arguments of `zoomfield train`.

use crate::error::{Error, Result};
use crate::train::{
    Degradation, Distillation, Hyperparameters, Length, PatchSampling, Schedule, Start, TrainConfig, TrainDevice,
};
use crate::weights::{EncoderConfig, FieldConfig, ImnetConfig, ModelConfig, Normalization, Weights};
use clap::{ArgGroup, Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Args)]
#[command(group(ArgGroup::new("length").required(true).args(["steps", "time"])))]
pub(super) struct TrainArgs {
    /// The pictures to learn from; folders inside it are searched too.
    pub(super) folder: PathBuf,
    /// The safetensors file to write; the checkpoint lies beside it.
    #[arg(short, long, value_name = "OUT")]
    pub(super) output: PathBuf,
    /// End after so many steps, those before a resumption included.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) steps: Option<u64>,
    /// End after so much time, like 90s, 10m or 2h.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(super) time: Option<Duration>,
    /// What to start from: builtin, none (random weights), or a weights file.
    #[arg(long, value_name = "WEIGHTS", default_value = "builtin")]
    pub(super) from: String,
    /// Go on from a checkpoint; how steps are made is read from it.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "network", "hyperparameters"])]
    pub(super) resume: Option<PathBuf>,
    #[command(flatten)]
    pub(super) network: NetworkArgs,
    #[command(flatten)]
    pub(super) hyperparameters: HyperparameterArgs,
    /// Minutes between two checkpoints.
    #[arg(long, value_name = "MINUTES", default_value_t = 5.0, value_parser = parse_minutes)]
    pub(super) checkpoint_every: f64,
    /// Steps between two judgements on held-out pictures.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) evaluate_every: u64,
    /// What computes.
    #[arg(long, value_enum, default_value_t = DeviceName::Cpu)]
    pub(super) device: DeviceName,
    /// Threads; all processors if not given.
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub(super) threads: Option<usize>,
    /// Memory for decoded pictures, in megabytes; what does not fit is read again.
    #[arg(long, value_name = "MB", default_value_t = 1024)]
    pub(super) cache: usize,
    /// Memory for what a frozen encoder makes of small pictures, in megabytes: as many as fit come again and again, with
    /// other pixels queried. 0: every step has its own.
    #[arg(long, value_name = "MB", default_value_t = 1024, requires = "freeze_encoder")]
    pub(super) feature_cache: usize,
    /// Replace the output if it exists.
    #[arg(long)]
    pub(super) overwrite: bool,
    /// Print one JSON object an event.
    #[arg(long)]
    pub(super) json: bool,
}

/// The network that `--from none` makes.
#[derive(Args)]
#[group(id = "network", multiple = true)]
pub(super) struct NetworkArgs {
    /// The encoder of a new network.
    #[arg(long, value_enum, default_value_t = EncoderName::Edsr)]
    encoder: EncoderName,
    /// Blocks of its encoder; 16 if not given, 4 for a live network.
    #[arg(long, value_name = "N", value_parser = parse_count)]
    blocks: Option<usize>,
    /// Channels of its feature map; 64 if not given, 32 for a live network.
    #[arg(long, value_name = "N", value_parser = parse_count)]
    features: Option<usize>,
    /// Waves of a live network's field: of the brightness, and of the colour differences.
    #[arg(long, value_name = "N,N", default_value = "16,8", value_parser = parse_waves)]
    waves: (usize, usize),
    /// Widths of imnet's hidden layers.
    #[arg(long, value_name = "N[,N…]", value_delimiter = ',', default_value = "256,256,256,256", value_parser = parse_count)]
    hidden: Vec<usize>,
    /// Do not tell imnet the size of the pixel.
    #[arg(long)]
    no_cell_decode: bool,
    /// Do not show imnet the neighbourhood of a latent code.
    #[arg(long)]
    no_feat_unfold: bool,
    /// Query the nearest latent code alone.
    #[arg(long)]
    no_local_ensemble: bool,
}

/// How steps are made.
#[derive(Args)]
#[group(id = "hyperparameters", multiple = true)]
pub(super) struct HyperparameterArgs {
    /// Small pictures in a step.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = parse_count)]
    batch: usize,
    /// Rows and columns of a small picture.
    #[arg(long, value_name = "N", default_value_t = 48, value_parser = parse_count)]
    patch: usize,
    /// Pixels that are queried of each small picture.
    #[arg(long, value_name = "N", default_value_t = 2304, value_parser = parse_count)]
    samples: usize,
    /// By how much patches are reduced: a range, or one factor.
    #[arg(long, value_name = "MIN..MAX", default_value = "1..4", value_parser = parse_scales)]
    scale: (f64, f64),
    /// The share of patches that are reduced by up to twice the largest factor; 0 if not given, 0.15 for a live network.
    #[arg(long, value_name = "SHARE")]
    deep: Option<f64>,
    /// Adam's step size at the beginning; 1e-4 if not given, 5e-4 for a live network.
    #[arg(long, value_name = "RATE")]
    lr: Option<f64>,
    /// How the step size falls: halved after each fifth of the work, or a cosine after a warm-up, as for live networks.
    #[arg(long, value_enum)]
    schedule: Option<ScheduleName>,
    /// How much Adam keeps of the squares of gradients; 0.999 if not given, 0.99 for a live network.
    #[arg(long, value_name = "SHARE")]
    beta2: Option<f64>,
    /// The step size of a live network's waves, as a share of that of all others.
    #[arg(long, value_name = "SHARE", default_value_t = 0.3)]
    wave_rate: f64,
    /// Judge, show and save averaged weights, which keep so much of themselves from step to step; 0 is none, 0.999 is usual
    /// for a live network.
    #[arg(long, value_name = "SHARE")]
    ema: Option<f64>,
    /// Scale gradients down to this length if they are longer; 1 for a live network if not given.
    #[arg(long, value_name = "LENGTH")]
    clip: Option<f64>,
    /// Learn from this model too: builtin, builtin:live, builtin:photo, or a weights file. Resuming needs it again.
    #[arg(long, value_name = "WEIGHTS")]
    teacher: Option<String>,
    /// The teacher's share of the loss; the rest is the truth's.
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, requires = "teacher")]
    distill: f64,
    /// The share of patches that are not reduced: pictures of the size they have teach too, by what the teacher makes of them.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, requires = "teacher")]
    unreduced: f64,
    /// What happens to small pictures: clean, jpeg, noise, blur, phone, scan or photo.
    #[arg(long, value_name = "KIND", default_value = "clean")]
    degrade: Degradation,
    /// Train imnet alone.
    #[arg(long)]
    freeze_encoder: bool,
    /// The share of pictures that is kept for judging.
    #[arg(long, value_name = "PERCENT", default_value = "10%", value_parser = parse_percent)]
    hold_out: f64,
    /// Whole pictures, whose originals are from A to B pixels a side, each its own.
    #[arg(long, value_name = "A..B", value_parser = parse_sizes, conflicts_with_all = ["scale", "pairs"])]
    size_varied: Option<(usize, usize)>,
    /// Bring those originals to one size once more.
    #[arg(long, value_name = "N", value_parser = parse_count, requires = "size_varied")]
    gt_resize: Option<usize>,
    /// A folder of small pictures, each named like its original, or with the scale behind (a.png and ax4.png).
    #[arg(long, value_name = "LRDIR", conflicts_with = "scale")]
    pairs: Option<PathBuf>,
    /// Chooses pictures, places, factors and degradations.
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum EncoderName {
    /// EDSR.
    Edsr,
    /// RDN.
    Rdn,
    /// A live network: plain 3×3 convolutions, and a field of waves instead of imnet.
    Live,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum ScheduleName {
    /// Halved after each fifth of the work.
    Halved,
    /// Half a cosine.
    Cosine,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum DeviceName {
    /// The processor.
    Cpu,
    /// NVIDIA, in builds with CUDA.
    Cuda,
    /// Apple, in builds with Metal.
    Metal,
}

impl TrainArgs {
    /// The training that the options describe.
    ///
    /// # Errors
    /// [`Error::Weights`] if the weights to start from cannot be used, [`Error::Request`] for options that exclude
    /// each other.
    pub(super) fn config(&self) -> Result<TrainConfig> {
        let start = match (&self.resume, self.from.as_str()) {
            (Some(path), _) => Start::Resume(path.clone()),
            (None, "none") => Start::Untrained(self.network.config()),
            (None, _) if self.network.is_given() => {
                let words = "--encoder, --blocks, --features, --hidden and --no-… describe a new network: give --from \
                             none with them";
                return Err(Error::Request(words.into()));
            }
            (None, path) => {
                let (weights, adam) = Weights::open_with_adam(path.as_ref())?;
                Start::Weights(Box::new(weights), adam)
            }
        };
        let usual = match &start {
            Start::Weights(weights, _) => Hyperparameters::of(weights.config()),
            Start::Untrained(config) => Hyperparameters::of(config),
            // Its own are read from it.
            Start::Resume(_) => Hyperparameters::default(),
        };
        let length = match (self.steps, self.time) {
            (Some(steps), _) => Length::Steps(steps),
            (None, time) => Length::Time(time.unwrap_or_default()),
        };
        Ok(TrainConfig {
            small_folder: self.hyperparameters.pairs.clone(),
            overwrite: self.overwrite,
            hyperparameters: self.hyperparameters.parse(&usual)?,
            checkpoint_every: Duration::from_secs_f64(60.0 * self.checkpoint_every),
            evaluate_every: self.evaluate_every,
            device: match self.device {
                DeviceName::Cpu => TrainDevice::Cpu,
                DeviceName::Cuda => TrainDevice::Cuda,
                DeviceName::Metal => TrainDevice::Metal,
            },
            threads: self.threads,
            cache_bytes: self.cache.saturating_mul(1_000_000),
            feature_cache_bytes: self.feature_cache.saturating_mul(1_000_000),
            ..TrainConfig::new(self.folder.clone(), self.output.clone(), start, length)
        })
    }
}

impl NetworkArgs {
    /// Whether anything differs from the shipped model's shape.
    fn is_given(&self) -> bool {
        let usual = self.blocks.is_none() && self.features.is_none() && self.hidden == [256; 4];
        let is_variant = self.no_cell_decode || self.no_feat_unfold || self.no_local_ensemble;
        !usual || is_variant || !matches!(self.encoder, EncoderName::Edsr)
    }

    fn config(&self) -> ModelConfig {
        let is_live = matches!(self.encoder, EncoderName::Live);
        let (usual_blocks, usual_features) = if is_live { (4, 32) } else { (16, 64) };
        let (blocks, features) = (self.blocks.unwrap_or(usual_blocks), self.features.unwrap_or(usual_features));
        ModelConfig {
            encoder: match self.encoder {
                EncoderName::Live => EncoderConfig::Plain { blocks, convs: 4, features },
                EncoderName::Edsr => EncoderConfig::Edsr { blocks, features, res_scale: 1.0 },
                // The paper's: eight convolutions in a block, as many new channels as there are features.
                EncoderName::Rdn => EncoderConfig::Rdn { blocks, convs: 8, growth: features, features },
            },
            decoder: if is_live {
                FieldConfig { luma_waves: self.waves.0, chroma_waves: self.waves.1 }.into()
            } else {
                ImnetConfig {
                    hidden: self.hidden.clone(),
                    local_ensemble: !self.no_local_ensemble,
                    feat_unfold: !self.no_feat_unfold,
                    cell_decode: !self.no_cell_decode,
                }
                .into()
            },
            normalization: Normalization::LIIF,
        }
    }
}

impl HyperparameterArgs {
    /// What is given, and `usual` where nothing is.
    fn parse(&self, usual: &Hyperparameters) -> Result<Hyperparameters> {
        let sampling = match (self.size_varied, &self.pairs) {
            (Some((min, max)), _) => PatchSampling::SizeVaried { min, max, gt_resize: self.gt_resize },
            (None, Some(_)) => PatchSampling::Pairs,
            (None, None) => PatchSampling::RandomScale { min: self.scale.0, max: self.scale.1 },
        };
        let taught = |teacher: &String| Distillation::from(teacher, self.distill);
        Ok(Hyperparameters {
            batch: self.batch,
            patch: self.patch,
            samples: self.samples,
            sampling,
            degradation: self.degrade,
            learning_rate: self.lr.unwrap_or(usual.learning_rate),
            schedule: match self.schedule {
                Some(ScheduleName::Halved) => Schedule::Halved,
                Some(ScheduleName::Cosine) => Schedule::Cosine,
                None => usual.schedule,
            },
            beta2: self.beta2.unwrap_or(usual.beta2),
            wave_rate: self.wave_rate,
            ema: self.ema.or(usual.ema).filter(|ema| *ema != 0.0),
            distillation: self.teacher.as_ref().map(taught).transpose()?,
            unreduced: self.unreduced,
            deep: self.deep.unwrap_or(if matches!(sampling, PatchSampling::RandomScale { .. }) {
                usual.deep
            } else {
                0.0
            }),
            clip_norm: self.clip.or(usual.clip_norm),
            freeze_encoder: self.freeze_encoder,
            repeat_batches: None,
            hold_out: self.hold_out,
            seed: self.seed,
        })
    }
}

fn parse_waves(text: &str) -> Result<(usize, usize), String> {
    let wrong = || "waves are two whole numbers, like 16,8".to_owned();
    let (luma, chroma) = text.split_once(',').ok_or_else(wrong)?;
    Ok((parse_count(luma).map_err(|_| wrong())?, parse_count(chroma).map_err(|_| wrong())?))
}

fn parse_count(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(|| "give a whole number, at least 1".into())
}

fn parse_time(text: &str) -> Result<Duration, String> {
    let wrong = || "a time is a number with s, m or h, like 90s, 10m or 1.5h".to_owned();
    let unit = match text.chars().last() {
        Some('s') => 1.0,
        Some('m') => 60.0,
        Some('h') => 3600.0,
        _ => return Err(wrong()),
    };
    let number: f64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    let secs = number * unit;
    if secs > 0.0 && secs <= 1e9 { Ok(Duration::from_secs_f64(secs)) } else { Err(wrong()) }
}

fn parse_minutes(text: &str) -> Result<f64, String> {
    let minutes = text.parse().ok().filter(|minutes| (0.0..=10_000.0).contains(minutes));
    minutes.ok_or_else(|| "give a number of minutes, like 5".into())
}

fn parse_percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).parse::<f64>().ok();
    let share = number.filter(|n| (0.0..=90.0).contains(n)).map(|n| n / 100.0);
    share.ok_or_else(|| "give a percentage from 0 to 90, like 10%".into())
}

fn parse_scales(text: &str) -> Result<(f64, f64), String> {
    let (min, max) = text.split_once("..").unwrap_or((text, text));
    let parse = |text: &str| text.trim().parse::<f64>().map_err(|_| "scales are like 1..4, or 2".to_owned());
    Ok((parse(min)?, parse(max)?))
}

fn parse_sizes(text: &str) -> Result<(usize, usize), String> {
    let wrong = || "sizes are like 64..128".to_owned();
    let (min, max) = text.split_once("..").ok_or_else(wrong)?;
    Ok((parse_count(min.trim()).map_err(|_| wrong())?, parse_count(max.trim()).map_err(|_| wrong())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_scales_and_shares_are_read() {
        assert_eq!(parse_time("10m"), Ok(Duration::from_mins(10)));
        assert_eq!(parse_time("1.5h"), Ok(Duration::from_mins(90)));
        assert_eq!(parse_scales("1..4"), Ok((1.0, 4.0)));
        assert_eq!(parse_scales("2"), Ok((2.0, 2.0)));
        assert_eq!(parse_percent("10%"), Ok(0.1));
        assert_eq!(parse_sizes("64..128"), Ok((64, 128)));
        for wrong in ["", "10", "m", "-1s", "0s", "é"] {
            assert!(parse_time(wrong).is_err(), "{wrong}");
        }
        assert!(parse_scales("a..b").is_err() && parse_percent("95").is_err() && parse_sizes("64").is_err());
    }
}
