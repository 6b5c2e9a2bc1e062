//! The configuration of a checkpoint, from its arrays' names and shapes and, where there is one, the original's spec.
//!
//! Shapes are what the arrays really are, so the encoder's sizes always come from them. The spec adds what no shape
//! tells: `local_ensemble` and `res_scale`.

use super::config::{EncoderConfig, MAX_LAYERS, ModelConfig, Normalization};
use super::decoder::{FieldConfig, ImnetConfig};
use super::{Array, mmagic};
use serde_json::Value;
use std::collections::BTreeMap;

/// The configuration of arrays that carry the original's names.
///
/// `spec` is the original's `{'name': 'liif', 'args': {…}}`.
pub(super) fn config_of(arrays: &BTreeMap<String, Array>, spec: Option<&Value>) -> Result<ModelConfig, String> {
    let args = match spec {
        Some(spec) => liif_args(spec)?,
        None => &Value::Null,
    };
    let encoder = encoder_of(arrays, args)?;
    let layers =
        (0..MAX_LAYERS).map_while(|i| dims(arrays, &format!("imnet.layers.{}.weight", 2 * i))).collect::<Vec<_>>();
    let [first, .., last] = layers.as_slice() else { return Err(NOT_LIIF.into()) };
    if last.first() != Some(&3) || layers.iter().any(|shape| shape.len() != 2) {
        return Err("its decoder does not end in three colours".into());
    }
    let (feat_unfold, cell_decode) = input_flags(first[1], encoder.features())?;
    let decoder = ImnetConfig {
        hidden: layers[..layers.len() - 1].iter().map(|shape| shape[0]).collect(),
        local_ensemble: args["local_ensemble"].as_bool().unwrap_or(true),
        feat_unfold: args["feat_unfold"].as_bool().unwrap_or(feat_unfold),
        cell_decode: args["cell_decode"].as_bool().unwrap_or(cell_decode),
    };
    Ok(ModelConfig { encoder, decoder: decoder.into(), normalization: Normalization::LIIF })
}

/// Arrays under the names of another trainer, brought to the original's, with the configuration that follows.
pub(super) fn foreign(arrays: BTreeMap<String, Array>) -> Result<(ModelConfig, BTreeMap<String, Array>), String> {
    if arrays.len() > MAX_ARRAYS {
        return Err(format!("it holds {} arrays; no LIIF model has that many", arrays.len()));
    }
    if let Some((arrays, normalization)) = mmagic::renamed(&arrays) {
        let config = config_of(&arrays, None)?;
        return Ok((ModelConfig { normalization, ..config }, arrays));
    }
    let config = if arrays.contains_key("field.kappa") { live(&arrays)? } else { config_of(&arrays, None)? };
    Ok((config, arrays))
}

/// A live network's, by its shapes.
fn live(arrays: &BTreeMap<String, Array>) -> Result<ModelConfig, String> {
    let size = |name: &str| {
        let shape = dims(arrays, name).ok_or_else(|| format!("`{name}` is missing; the file is incomplete"))?;
        shape.first().copied().ok_or_else(|| format!("`{name}` is a single number"))
    };
    let encoder = EncoderConfig::Plain {
        blocks: count(arrays, |i| format!("encoder.blocks.{i}.0.weight")),
        convs: count(arrays, |c| format!("encoder.blocks.0.{c}.weight")),
        features: size("encoder.head.weight")?,
    };
    let field = FieldConfig { luma_waves: size("field.luma_waves")?, chroma_waves: size("field.chroma_waves")? };
    Ok(ModelConfig { encoder, decoder: field.into(), normalization: Normalization::LIIF })
}

/// Far more arrays than any LIIF model has.
const MAX_ARRAYS: usize = 20_000;

const NOT_LIIF: &str = "it holds no LIIF model (no arrays named `encoder.…` and `imnet.layers.…`)";

fn liif_args(spec: &Value) -> Result<&Value, String> {
    match spec["name"].as_str() {
        Some("liif") => Ok(&spec["args"]),
        Some(other) => Err(format!("it is a `{other}` model; Zoomfield runs `liif` models")),
        None => Err("its model has no name".into()),
    }
}

fn dims(arrays: &BTreeMap<String, Array>, name: &str) -> Option<Vec<usize>> {
    arrays.get(name).map(|array| array.shape.clone())
}

/// How many of `name(0)`, `name(1)`, … there are without a gap.
fn count(arrays: &BTreeMap<String, Array>, name: impl Fn(usize) -> String) -> usize {
    (0..MAX_LAYERS).take_while(|&i| arrays.contains_key(&name(i))).count()
}

fn encoder_of(arrays: &BTreeMap<String, Array>, args: &Value) -> Result<EncoderConfig, String> {
    let spec = &args["encoder_spec"];
    if let Some(shape) = dims(arrays, "encoder.head.0.weight") {
        let default = if spec["name"] == "edsr" { 0.1 } else { 1.0 };
        return Ok(EncoderConfig::Edsr {
            blocks: count(arrays, |i| format!("encoder.body.{i}.body.0.weight")),
            features: outputs(&shape)?,
            res_scale: spec["args"]["res_scale"].as_f64().unwrap_or(default) as f32,
        });
    }
    let Some(shape) = dims(arrays, "encoder.SFENet1.weight") else {
        return Err(match spec["name"].as_str() {
            Some(name) => format!("its encoder `{name}` is not supported; EDSR and RDN are"),
            None => NOT_LIIF.into(),
        });
    };
    let growth = dims(arrays, "encoder.RDBs.0.convs.0.conv.0.weight").ok_or("its RDN encoder has no blocks")?;
    Ok(EncoderConfig::Rdn {
        blocks: count(arrays, |i| format!("encoder.RDBs.{i}.LFF.weight")),
        convs: count(arrays, |c| format!("encoder.RDBs.0.convs.{c}.conv.0.weight")),
        growth: outputs(&growth)?,
        features: outputs(&shape)?,
    })
}

/// The output channels of a convolution of this shape.
fn outputs(shape: &[usize]) -> Result<usize, String> {
    shape.first().copied().ok_or_else(|| "its encoder has single numbers where arrays belong".into())
}

/// `feat_unfold` and `cell_decode`, which together fix the width of imnet's input.
fn input_flags(input: usize, features: usize) -> Result<(bool, bool), String> {
    let options = [(true, true), (true, false), (false, true), (false, false)];
    let width = |&(unfold, cell): &(bool, bool)| {
        features.checked_mul(if unfold { 9 } else { 1 })?.checked_add(if cell { 4 } else { 2 })
    };
    options
        .into_iter()
        .find(|flags| width(flags) == Some(input))
        .ok_or_else(|| format!("its decoder reads {input} values, which fits no LIIF variant on {features} features"))
}
