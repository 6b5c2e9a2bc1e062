//! Safetensors: our own native format, and foreign files in it.

use super::config::ModelConfig;
use super::{Array, Weights, infer};
use crate::atomic;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// The header's entry that holds the [`ModelConfig`] as JSON.
pub(super) const CONFIG_KEY: &str = "zoomfield.config";

/// The header's entry that holds what is known about the model, as JSON.
pub(super) const CARD_KEY: &str = "zoomfield.card";

/// Reads safetensors: with our configuration in the header, or with the original's or mmagic's array names.
pub(super) fn read(bytes: &[u8]) -> Result<Weights, String> {
    let damaged = |e| format!("it is not a safetensors or .pth file, or is damaged ({e})");
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
    let file = SafeTensors::deserialize(bytes).map_err(damaged)?;
    // Counters and the like, as whole numbers, are no weights.
    let is_float = |view: &TensorView<'_>| matches!(view.dtype(), Dtype::F32 | Dtype::F64 | Dtype::F16 | Dtype::BF16);
    let floats = file.iter().filter(|(_, view)| is_float(view));
    let arrays = floats.map(|(name, view)| Ok((name.to_owned(), array(name, &view)?)));
    let arrays: BTreeMap<String, Array> = arrays.collect::<Result<_, String>>()?;
    let config = header.metadata().as_ref().and_then(|metadata| metadata.get(CONFIG_KEY));
    match config {
        Some(json) => {
            let config: ModelConfig =
                serde_json::from_str(json).map_err(|e| format!("its configuration cannot be read ({e})"))?;
            Weights::new(config, arrays)
        }
        None => infer::foreign(arrays).and_then(|(config, arrays)| Weights::new(config, arrays)),
    }
}

pub(super) fn array(name: &str, view: &TensorView<'_>) -> Result<Array, String> {
    let bytes = view.data();
    let data = match view.dtype() {
        Dtype::F32 => bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
        Dtype::F64 => bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b) as f32).collect(),
        Dtype::F16 => bytes.as_chunks().0.iter().map(|b| half::f16::from_le_bytes(*b).to_f32()).collect(),
        Dtype::BF16 => bytes.as_chunks().0.iter().map(|b| half::bf16::from_le_bytes(*b).to_f32()).collect(),
        other => return Err(format!("`{name}` is stored as {other:?}, not as floating-point numbers")),
    };
    Ok(Array { shape: view.shape().to_vec(), data })
}

/// The card in the header, if there is one.
pub(super) fn card(bytes: &[u8]) -> Option<String> {
    let (_, header) = SafeTensors::read_metadata(bytes).ok()?;
    header.metadata().as_ref()?.get(CARD_KEY).cloned()
}

/// Writes `weights` beside `path`, then renames.
pub(super) fn write(weights: &Weights, path: &Path, overwrite: bool, card: Option<&str>) -> Result<(), String> {
    let mut header = HashMap::from([(CONFIG_KEY.to_owned(), weights.config().to_json())]);
    header.extend(card.map(|card| (CARD_KEY.to_owned(), card.to_owned())));
    let bytes = safetensors::serialize(views(weights, "")?, Some(header)).map_err(|e| e.to_string())?;
    atomic::write(path, overwrite, &bytes)
}

/// As [`write`], in half precision and without a card. A field's own few numbers stay: at ×1 they cancel exactly.
pub(super) fn write_half(weights: &Weights, path: &Path, overwrite: bool) -> Result<(), String> {
    let header = HashMap::from([(CONFIG_KEY.to_owned(), weights.config().to_json())]);
    let halves = weights.arrays().iter().map(|(name, array)| {
        if name.starts_with("field.") {
            return (name, Dtype::F32, &array.shape, bytemuck::cast_slice(&array.data).to_vec());
        }
        let bytes: Vec<u8> = array.data.iter().flat_map(|v| half::f16::from_f32(*v).to_le_bytes()).collect();
        (name, Dtype::F16, &array.shape, bytes)
    });
    let halves: Vec<_> = halves.collect();
    let views = halves.iter().map(|(name, dtype, shape, bytes)| {
        TensorView::new(*dtype, (*shape).clone(), bytes).map(|view| ((*name).clone(), view))
    });
    let views = views.collect::<Result<Vec<_>, _>>().map_err(|e| e.to_string())?;
    atomic::write(path, overwrite, &safetensors::serialize(views, Some(header)).map_err(|e| e.to_string())?)
}

/// All arrays under their names with a prefix.
pub(super) fn views<'a>(weights: &'a Weights, prefix: &str) -> Result<Vec<(String, TensorView<'a>)>, String> {
    let views = weights.arrays().iter().map(|(name, array)| {
        let view = TensorView::new(Dtype::F32, array.shape.clone(), bytemuck::cast_slice(&array.data));
        view.map(|view| (format!("{prefix}{name}"), view))
    });
    views.collect::<Result<_, _>>().map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_back_with_its_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copy.safetensors");
        let weights = Weights::builtin().unwrap();
        weights.save(&path, false).unwrap();
        let back = Weights::open(&path).unwrap();
        assert_eq!(back, weights);
        assert_eq!(back.id(), weights.id());
        assert!(weights.save(&path, false).unwrap_err().to_string().contains("exists"));
        weights.save(&path, true).unwrap();
    }

    #[test]
    fn truncated_and_foreign_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bad.safetensors");
        let whole = safetensors_of("something.else");
        for bytes in [&b""[..], b"hello", &whole[..whole.len() - 3], &whole] {
            std::fs::write(&path, bytes).unwrap();
            let sentence = Weights::open(&path).unwrap_err().to_string();
            assert!(sentence.contains("bad.safetensors"), "{sentence}");
        }
        assert!(Weights::open(folder.path()).is_err());
        assert!(Weights::open(Path::new("nowhere.safetensors")).is_err());
    }

    fn safetensors_of(name: &str) -> Vec<u8> {
        let view = TensorView::new(Dtype::F32, vec![2], &[0; 8]).unwrap();
        safetensors::serialize([(name, view)], None).unwrap()
    }
}
