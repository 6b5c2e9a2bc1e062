//! Names of mmagic (mmediting) checkpoints and their counterparts in the original.
//!
//! Source of the names: `mmagic/models/editors/liif` and its EDSR and RDN backbones (Apache-2.0); the mathematics is
//! the same, the colour normalisation of its EDSR configurations is not.

use super::Array;
use super::config::{MAX_LAYERS, Normalization};
use std::collections::BTreeMap;

/// The arrays under the original's names, if these are mmagic's, with the normalisation they were trained with.
pub(super) fn renamed(arrays: &BTreeMap<String, Array>) -> Option<(BTreeMap<String, Array>, Normalization)> {
    let bare = |name: &str| name.strip_prefix("generator.").unwrap_or(name).to_owned();
    let has = |wanted: &str| arrays.keys().any(|name| bare(name) == wanted);
    let normalization = if has("conv_first.weight") {
        Normalization::MMAGIC_EDSR
    } else if has("sfe1.weight") {
        Normalization::LIIF
    } else {
        return None;
    };
    let blocks = (0..MAX_LAYERS).take_while(|i| has(&format!("body.{i}.conv1.weight"))).count();
    let map = arrays.iter().filter_map(|(name, array)| Some((original_name(&bare(name), blocks)?, array.clone())));
    Some((map.collect(), normalization))
}

fn original_name(name: &str, blocks: usize) -> Option<String> {
    if name.starts_with("imnet.layers.") {
        return Some(name.to_owned());
    }
    let parts: Vec<&str> = name.split('.').collect();
    Some(match parts.as_slice() {
        ["conv_first", kind] => format!("encoder.head.0.{kind}"),
        ["body", i, "conv1", kind] => format!("encoder.body.{i}.body.0.{kind}"),
        ["body", i, "conv2", kind] => format!("encoder.body.{i}.body.2.{kind}"),
        ["conv_after_body", kind] => format!("encoder.body.{blocks}.{kind}"),
        ["sfe1", kind] => format!("encoder.SFENet1.{kind}"),
        ["sfe2", kind] => format!("encoder.SFENet2.{kind}"),
        ["rdbs", i, "layers", c, "conv", kind] => format!("encoder.RDBs.{i}.convs.{c}.conv.0.{kind}"),
        ["rdbs", i, "lff", kind] => format!("encoder.RDBs.{i}.LFF.{kind}"),
        ["gff", i, kind] => format!("encoder.GFF.{i}.{kind}"),
        _ => return None,
    })
}
