//! Checkpoints as PyTorch writes them: a zip with a pickle that describes arrays and one entry per storage.
//!
//! The pickle is read by candle's interpreter, which builds plain values and never calls anything: a pickle that
//! would run a command under Python only yields a `Reduce` value here, which is ignored or refused. Layouts read:
//! the original trainer's (`model.{name, args, sd}`), and a plain or wrapped (`state_dict`) dictionary of arrays.

use super::unpickle::unpickle;
use super::{AdamState, Array, Moments, Weights, infer};
use candle_core::pickle::Object;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};

/// The largest pickle (without the storages) that is read.
const MAX_PICKLE_BYTES: u64 = 64 << 20;

/// Parameters that the original's EDSR has before all others, frozen and unused.
const FROZEN: [&str; 4] =
    ["encoder.sub_mean.weight", "encoder.sub_mean.bias", "encoder.add_mean.weight", "encoder.add_mean.bias"];

type Zip<'a> = zip::ZipArchive<Cursor<&'a [u8]>>;

/// Reads a `.pth` file.
pub(super) fn read(bytes: &[u8]) -> Result<Weights, String> {
    read_parts(bytes, false).map(|(weights, _)| weights)
}

/// Reads a `.pth` file with the state of the optimizer that made it, as far as the original's trainer left one.
pub(super) fn read_with_adam(bytes: &[u8]) -> Result<(Weights, AdamState), String> {
    read_parts(bytes, true)
}

fn read_parts(bytes: &[u8], wants_adam: bool) -> Result<(Weights, AdamState), String> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| format!("it is damaged ({e})"))?;
    let name = zip.file_names().filter_map(Result::ok).find(|name| name.ends_with("data.pkl"));
    let name = name.ok_or("it is a zip archive but no PyTorch checkpoint")?.into_owned();
    let folder = name.trim_end_matches("data.pkl").to_owned();
    let pickle = entry(&mut zip, &name, MAX_PICKLE_BYTES)?;
    let root = unpickle(&pickle)?;
    let (spec, found) = find_arrays(&root)?;
    let arrays = found.iter().filter_map(|(key, value)| Some((text(key)?, tensor(value)?)));
    let mut storages = Storages { zip, folder, loaded: BTreeMap::new(), budget: bytes.len(), values: bytes.len() };
    let arrays = arrays.map(|(name, tensor)| Ok((name.to_owned(), tensor.load(&mut storages, name)?)));
    let arrays: BTreeMap<String, Array> = arrays.collect::<Result<_, String>>()?;
    let frozen = FROZEN.iter().filter(|name| arrays.contains_key(**name)).count();
    let is_original = spec.is_some();
    let (config, arrays) = match spec {
        Some(spec) => (infer::config_of(&arrays, Some(&spec))?, arrays),
        None => infer::foreign(arrays)?,
    };
    let weights = Weights::new(config, arrays)?;
    let has_adam = wants_adam && is_original;
    let adam = if has_adam { adam_state(&root, &weights, frozen, &mut storages)? } else { AdamState::default() };
    Ok((weights, adam))
}

/// `optimizer.sd.state` of the original: each entry is named by its parameter's place in `model.parameters()`, which
/// runs through the modules in order, `frozen` parameters first, the weight of each before its bias.
fn adam_state(
    root: &Object,
    weights: &Weights,
    frozen: usize,
    storages: &mut Storages<'_>,
) -> Result<AdamState, String> {
    let path = ["optimizer", "sd", "state"];
    let state = path.iter().try_fold(root, |object, key| pairs(object).and_then(|pairs| get(pairs, key)));
    let names: Vec<String> = weights.config().expected_arrays().into_iter().map(|(name, _)| name).collect();
    let mut adam = AdamState::default();
    for (index, entry) in state.and_then(pairs).unwrap_or_default() {
        // Our list has the bias of each module before its weight.
        let name = whole(index).and_then(|i| i.checked_sub(frozen)).and_then(|i| names.get(i ^ 1));
        let (Some(name), Some(entry)) = (name, pairs(entry)) else { continue };
        let mut list = |key: &str| match get(entry, key).and_then(tensor) {
            Some(tensor) => tensor.load(storages, &format!("{key} of {name}")).map(|array| (array.shape, array.data)),
            None => Ok(Default::default()),
        };
        let ((first_shape, first), (second_shape, second)) = (list("exp_avg")?, list("exp_avg_sq")?);
        let counted = list("step")?.1.first().map(|step| *step as u64);
        // Old versions of PyTorch count in integers, new ones in an array of one number.
        let step = counted.or_else(|| get(entry, "step").and_then(whole).map(|step| step as u64));
        let shape = &weights.array(name).shape;
        if first_shape != *shape || second_shape != *shape {
            return Err(format!("the optimizer's state of `{name}` has another shape; the file is damaged"));
        }
        if !first.iter().chain(&second).all(|v| v.is_finite()) || second.iter().any(|v| *v < 0.0) {
            return Err(format!("the optimizer's state of `{name}` holds impossible numbers; the file is damaged"));
        }
        adam.step = adam.step.max(step.unwrap_or_default());
        adam.moments.insert(name.clone(), Moments { first, second });
    }
    // Without the count the averages mean nothing.
    Ok(if adam.step == 0 { AdamState::default() } else { adam })
}

fn entry(zip: &mut Zip<'_>, name: &str, limit: u64) -> Result<Vec<u8>, String> {
    let file = zip.by_name(name).map_err(|e| format!("its entry `{name}` cannot be read ({e})"))?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|e| format!("its entry `{name}` is damaged ({e})"))?;
    if bytes.len() as u64 > limit { Err(format!("its entry `{name}` is larger than it may be")) } else { Ok(bytes) }
}

/// The entries that hold the arrays' values, each read once.
///
/// Entries may overlap and arrays may share them, so a small file could ask for more memory than there is: in all,
/// no more bytes are read and no more values are made than the file has bytes.
struct Storages<'a> {
    zip: Zip<'a>,
    folder: String,
    loaded: BTreeMap<String, Vec<u8>>,
    budget: usize,
    values: usize,
}

impl Storages<'_> {
    fn bytes(&mut self, key: &str) -> Result<&[u8], String> {
        if !self.loaded.contains_key(key) {
            let bytes = entry(&mut self.zip, &format!("{}data/{key}", self.folder), self.budget as u64)?;
            self.budget -= bytes.len();
            self.loaded.insert(key.to_owned(), bytes);
        }
        Ok(&self.loaded[key])
    }

    /// Takes note of an array of so many values.
    fn charge(&mut self, values: usize) -> Result<(), String> {
        let rest = self.values.checked_sub(values);
        self.values = rest.ok_or("its arrays are larger than the file; it is damaged")?;
        Ok(())
    }
}

type Pairs = [(Object, Object)];

/// The dictionary of arrays, and the original's spec if the file has one.
fn find_arrays(root: &Object) -> Result<(Option<Value>, &Pairs), String> {
    let root = pairs(root).ok_or("it holds no dictionary of arrays")?;
    if let Some(model) = get(root, "model").and_then(pairs)
        && let Some(arrays) = get(model, "sd").and_then(pairs)
    {
        return Ok((Some(plain_dict(model)), arrays));
    }
    let wrapped = ["state_dict", "params_ema", "params", "model"].iter().find_map(|key| get(root, key).and_then(pairs));
    Ok((None, wrapped.unwrap_or(root)))
}

/// The pairs of a dictionary, through the `OrderedDict` wrappers that pickles put around them.
fn pairs(object: &Object) -> Option<&Pairs> {
    match object {
        Object::Dict(pairs) => Some(pairs),
        Object::Build { callable, .. } => pairs(callable),
        _ => None,
    }
}

fn get<'a>(pairs: &'a Pairs, key: &str) -> Option<&'a Object> {
    pairs.iter().find(|(name, _)| text(name) == Some(key)).map(|(_, value)| value)
}

fn text(object: &Object) -> Option<&str> {
    if let Object::Unicode(text) = object { Some(text) } else { None }
}

fn whole(object: &Object) -> Option<usize> {
    match object {
        Object::Int(n) => usize::try_from(*n).ok(),
        Object::Long(n) => usize::try_from(*n).ok(),
        _ => None,
    }
}

/// Plain values as JSON; everything else (arrays, the state dictionary) becomes null.
fn plain(object: &Object) -> Value {
    match object {
        Object::Int(n) => (*n).into(),
        Object::Long(n) => (*n).into(),
        Object::Float(x) => (*x).into(),
        Object::Bool(b) => (*b).into(),
        Object::Unicode(text) => text.clone().into(),
        Object::Tuple(items) | Object::List(items) => items.iter().map(plain).collect::<Vec<_>>().into(),
        Object::Dict(pairs) => plain_dict(pairs),
        _ => Value::Null,
    }
}

fn plain_dict(pairs: &Pairs) -> Value {
    let known = pairs.iter().filter_map(|(key, value)| Some((text(key)?, value)));
    known.filter(|(key, _)| *key != "sd").map(|(key, value)| (key.to_owned(), plain(value))).collect()
}

/// What a pickle says of one array.
struct Tensor<'a> {
    storage: &'a str,
    kind: &'a str,
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

/// `_rebuild_tensor_v2((storage), offset, shape, strides, …)`, bare or inside `_rebuild_parameter`.
fn tensor(object: &Object) -> Option<Tensor<'_>> {
    let Object::Reduce { callable, args } = object else { return None };
    let (Object::Class { class_name, .. }, Object::Tuple(args)) = (&**callable, &**args) else { return None };
    match (class_name.as_str(), args.as_slice()) {
        ("_rebuild_parameter", [inner, ..]) => tensor(inner),
        ("_rebuild_tensor_v2", [Object::PersistentLoad(storage), offset, shape, strides, ..]) => {
            let Object::Tuple(storage) = &**storage else { return None };
            let [_, Object::Class { class_name: kind, .. }, key, ..] = storage.as_slice() else { return None };
            let sizes = |object: &Object| match object {
                Object::Tuple(items) | Object::List(items) => items.iter().map(whole).collect::<Option<Vec<_>>>(),
                _ => None,
            };
            Some(Tensor {
                storage: text(key)?,
                kind,
                offset: whole(offset)?,
                shape: sizes(shape)?,
                strides: sizes(strides)?,
            })
        }
        _ => None,
    }
}

impl Tensor<'_> {
    /// Its values out of the archive.
    fn load(&self, storages: &mut Storages<'_>, name: &str) -> Result<Array, String> {
        let width = match self.kind {
            "FloatStorage" => 4,
            "HalfStorage" | "BFloat16Storage" => 2,
            "DoubleStorage" => 8,
            // Step counters and the like are no weights.
            _ => return Ok(Array { shape: self.shape.clone(), data: Vec::new() }),
        };
        let contiguous = {
            let mut expected = 1;
            let steps = self.shape.iter().zip(&self.strides).rev();
            let fits = steps.into_iter().all(|(n, stride)| {
                let fits = *n <= 1 || *stride == expected;
                expected = expected.saturating_mul((*n).max(1));
                fits
            });
            fits && self.shape.len() == self.strides.len()
        };
        if !contiguous {
            return Err(format!("`{name}` is stored in an order that is not supported"));
        }
        let count = self.shape.iter().try_fold(1_usize, |all, n| all.checked_mul(*n));
        let count = count.ok_or_else(|| format!("`{name}` has an impossible size"))?;
        storages.charge(count)?;
        let bytes = storages.bytes(self.storage)?;
        let start = self.offset.saturating_mul(width);
        let end = start.saturating_add(count * width);
        let bytes = bytes.get(start..end).ok_or_else(|| format!("`{name}` is cut short; the file is incomplete"))?;
        Ok(Array { shape: self.shape.clone(), data: self.decode(bytes) })
    }

    fn decode(&self, bytes: &[u8]) -> Vec<f32> {
        match self.kind {
            "FloatStorage" => bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
            "DoubleStorage" => bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b) as f32).collect(),
            "HalfStorage" => bytes.as_chunks().0.iter().map(|b| half::f16::from_le_bytes(*b).to_f32()).collect(),
            _ => bytes.as_chunks().0.iter().map(|b| half::bf16::from_le_bytes(*b).to_f32()).collect(),
        }
    }
}
