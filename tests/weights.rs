//! Checkpoints of other trainers hold the same numbers here; hostile ones are refused quickly and harm nothing.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

mod common;

use common::{Arrays, fixture};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};
use zip::write::SimpleFileOptions;
use zoomfield::weights::{AdamState, Array, EncoderConfig, Normalization, Weights};

/// What is read of a fixture must be every array of its model and nothing else, to the bit.
fn assert_same_arrays(weights: &Weights, original: &Weights) {
    assert_eq!(weights.arrays().keys().collect::<Vec<_>>(), original.arrays().keys().collect::<Vec<_>>());
    for (name, array) in weights.arrays() {
        assert!(array == &original.arrays()[name], "{name} differs");
    }
}

fn original(name: &str) -> Weights {
    Arrays::load(name).weights("model.")
}

#[test]
fn the_original_trainers_checkpoint_is_read() {
    let weights = Weights::open(&fixture("liif_edsr_tiny.pth")).unwrap();
    let trained = Arrays::load("training_tiny.safetensors");
    let needed = trained.arrays.iter().filter_map(|(name, array)| Some((name.strip_prefix("after5.")?, array)));
    // The mean shifts are frozen and take no part in LIIF.
    let needed: Vec<_> = needed.filter(|(name, _)| !name.contains("_mean.")).collect();
    assert_eq!(weights.arrays().keys().collect::<Vec<_>>(), needed.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for (name, array) in needed {
        assert!(weights.array(name) == array, "{name} differs");
    }
    assert_eq!(weights.config(), original("liif_edsr_tiny.safetensors").config());
}

#[test]
fn mmagic_edsr_is_read_with_its_normalisation() {
    let weights = Weights::open(&fixture("mmagic_edsr_tiny.pth")).unwrap();
    let original = original("liif_edsr_tiny.safetensors");
    assert_same_arrays(&weights, &original);
    assert_eq!(weights.config().normalization, Normalization::MMAGIC_EDSR);
    assert_eq!(weights.config().encoder, EncoderConfig::Edsr { blocks: 2, features: 8, res_scale: 1.0 });
    assert_ne!(weights.id(), original.id(), "the same arrays with another normalisation are another model");
}

#[test]
fn mmagic_rdn_is_read() {
    let weights = Weights::open(&fixture("mmagic_rdn_tiny.pth")).unwrap();
    assert_eq!(weights.config().encoder, EncoderConfig::Rdn { blocks: 3, convs: 4, growth: 8, features: 8 });
    assert_eq!(weights.config().normalization, Normalization::LIIF);
    assert!(weights == original("liif_rdn_tiny.safetensors"), "the arrays differ");
}

#[test]
fn bare_arrays_in_safetensors_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bare.safetensors");
    let original = original("liif_rdn_tiny.safetensors");
    let views = original.arrays().iter().map(|(name, array)| {
        let bytes: Vec<u8> = array.data.iter().flat_map(|v| v.to_le_bytes()).collect();
        (name.clone(), array.shape.clone(), bytes)
    });
    let stored: Vec<_> = views.collect();
    let views = stored.iter().map(|(name, shape, bytes)| {
        (name, safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.clone(), bytes).unwrap())
    });
    std::fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    assert!(Weights::open(&path).unwrap() == original, "the arrays differ");
}

/// Writes pickles by hand, as Python's `pickle` (protocol 2) does.
#[derive(Default)]
struct Pickle(Vec<u8>);

impl Pickle {
    fn op(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.0.extend_from_slice(bytes.as_ref());
        self
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.op([b'X']).op((text.len() as u32).to_le_bytes()).op(text)
    }

    fn int(&mut self, n: usize) -> &mut Self {
        self.op([b'J']).op((n as i32).to_le_bytes())
    }

    fn ints(&mut self, items: &[usize]) -> &mut Self {
        self.op("(");
        for n in items {
            self.int(*n);
        }
        self.op("t")
    }

    fn storage(&mut self, kind: &str, key: &str, len: usize) -> &mut Self {
        self.op("(").text("storage").op(format!("ctorch\n{kind}\n")).text(key).text("cpu").int(len).op("tQ")
    }

    /// `_rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict())`.
    fn tensor(&mut self, kind: &str, key: &str, shape: &[usize]) -> &mut Self {
        let strides: Vec<usize> = (0..shape.len()).map(|i| shape[i + 1..].iter().product()).collect();
        self.op("ctorch._utils\n_rebuild_tensor_v2\n(").storage(kind, key, shape.iter().product()).int(0);
        self.ints(shape).ints(&strides).op(b"\x89ccollections\nOrderedDict\n)RtR")
    }
}

type Encode<'a> = &'a dyn Fn(f32) -> Vec<u8>;
type Describe<'a> = &'a dyn Fn(&mut Pickle, &str, &Array);

/// A checkpoint: the pickle, and one entry per storage.
fn checkpoint(path: &Path, pickle: &[u8], storages: &BTreeMap<String, Vec<u8>>) {
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file("archive/data.pkl", stored).unwrap();
    zip.write_all(pickle).unwrap();
    for (key, bytes) in storages {
        zip.start_file(format!("archive/data/{key}"), stored).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
}

/// A plain dictionary of the model's arrays, each described by `describe`, its values encoded by `encode`.
fn dictionary(
    weights: &Weights,
    describe: impl Fn(&mut Pickle, &str, &Array),
    encode: impl Fn(f32) -> Vec<u8>,
) -> (Vec<u8>, BTreeMap<String, Vec<u8>>) {
    let mut pickle = Pickle::default();
    pickle.op(b"\x80\x02}(");
    for (name, array) in weights.arrays() {
        describe(pickle.text(name), name, array);
    }
    pickle.op("u.");
    let encoded = |array: &Array| array.data.iter().flat_map(|v| encode(*v)).collect();
    (pickle.0, weights.arrays().iter().map(|(name, array)| (name.clone(), encoded(array))).collect())
}

fn read(pickle: &[u8], storages: &BTreeMap<String, Vec<u8>>) -> Result<Weights, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.pth");
    checkpoint(&path, pickle, storages);
    let weights = Weights::open(&path).map_err(|error| error.to_string());
    let with_adam = Weights::open_with_adam(&path).map_err(|error| error.to_string());
    assert!(with_adam == weights.clone().map(|weights| (weights, AdamState::default())));
    weights
}

#[test]
fn every_floating_point_storage_is_read() {
    let original = original("liif_edsr_tiny.safetensors");
    let half = |v: f32| half::f16::from_f32(v).to_le_bytes().to_vec();
    let brain = |v: f32| half::bf16::from_f32(v).to_le_bytes().to_vec();
    let double = |v: f32| f64::from(v).to_le_bytes().to_vec();
    let single = |v: f32| v.to_le_bytes().to_vec();
    let cases: [(&str, Encode<'_>, f32); 4] = [
        ("HalfStorage", &half, 1e-3),
        ("BFloat16Storage", &brain, 8e-3),
        ("DoubleStorage", &double, 0.0),
        ("FloatStorage", &single, 0.0),
    ];
    for (kind, encode, tolerance) in cases {
        let describe = |p: &mut Pickle, name: &str, array: &Array| {
            p.tensor(kind, name, &array.shape);
        };
        let (pickle, storages) = dictionary(&original, describe, encode);
        let weights = read(&pickle, &storages).unwrap();
        for (name, array) in weights.arrays() {
            for (a, b) in array.data.iter().zip(&original.array(name).data) {
                assert!((a - b).abs() <= tolerance * b.abs().max(1e-3), "{kind} {name}: {a} for {b}");
            }
        }
        assert_eq!(weights.config(), original.config());
    }
}

#[test]
fn parameters_are_read_like_tensors() {
    let original = original("liif_edsr_tiny.safetensors");
    let describe = |p: &mut Pickle, name: &str, array: &Array| {
        p.op("ctorch._utils\n_rebuild_parameter\n(").tensor("FloatStorage", name, &array.shape);
        p.op(b"\x88ccollections\nOrderedDict\n)RtR");
    };
    let (pickle, storages) = dictionary(&original, describe, |v| v.to_le_bytes().to_vec());
    assert!(read(&pickle, &storages).unwrap() == original, "the arrays differ");
}

#[test]
fn unusual_objects_beside_the_arrays_do_no_harm() {
    let original = original("liif_edsr_tiny.safetensors");
    let describe = |p: &mut Pickle, name: &str, array: &Array| {
        p.tensor("FloatStorage", name, &array.shape);
    };
    let (arrays, storages) = dictionary(&original, describe, |v| v.to_le_bytes().to_vec());
    let mut pickle = Pickle::default();
    pickle.op(b"\x80\x02}(").text("optimizer").op("}(").text("state");
    // A recursive-looking object with state, a set, an integer of 72 bits, a NaN, a call with arguments.
    pickle.op(b"cmy.project\nAdamPlus\n)\x81").op("}(").text("lr");
    pickle.op(b"G\x7f\xf8\0\0\0\0\0\0").text("steps").op(b"\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\x00").op("ub");
    pickle.text("seen").op("c__builtin__\nset\n](").int(1).int(2).op(b"e\x85R");
    pickle.int(7).op("cnumpy.core.multiarray\nscalar\n(").text("f8").op("NtR").op("u");
    pickle.text("state_dict").op(&arrays[2..arrays.len() - 1]).op("u.");
    assert!(read(&pickle.0, &storages).unwrap() == original, "the arrays differ");
}

/// The original trainer's file, with the bytes of one storage changed.
fn with_storage(key: &str, change: impl Fn(&mut [u8])) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.pth");
    let mut zip = zip::ZipArchive::new(std::fs::File::open(fixture("liif_edsr_tiny.pth")).unwrap()).unwrap();
    let mut copy = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for i in 0..zip.len() {
        let mut entry = zip.by_index(i).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let name = entry.name().unwrap().into_owned();
        if name.ends_with(key) {
            change(&mut bytes);
        }
        copy.start_file(name, SimpleFileOptions::default()).unwrap();
        copy.write_all(&bytes).unwrap();
    }
    copy.finish().unwrap();
    (folder, path)
}

#[test]
fn a_damaged_state_of_the_optimizer_is_refused() {
    let untouched = with_storage("none", |_| {});
    assert_eq!(Weights::open_with_adam(&untouched.1).unwrap().1.moments.len(), 22);
    // Every storage in turn holds no numbers: 22 arrays, and two averages of each. Counters of steps and the mean
    // shifts, which take no part, do no harm.
    let mut refused = 0;
    for key in 0..100 {
        let (_folder, path) = with_storage(&format!("/data/{key}"), |bytes| bytes.fill(0xff));
        match Weights::open_with_adam(&path) {
            Ok((_, adam)) => assert_eq!((adam.step, adam.moments.len()), (5, 22)),
            Err(error) => {
                refused += 1;
                let sentence = error.to_string();
                assert!(sentence.contains("the file is damaged") && sentence.lines().count() == 1, "{sentence}");
            }
        }
    }
    assert_eq!(refused, 66);
}

#[test]
fn files_without_an_optimizer_bring_an_empty_state() {
    for name in ["mmagic_edsr_tiny.pth", "mmagic_rdn_tiny.pth"] {
        let (weights, adam) = Weights::open_with_adam(&fixture(name)).unwrap();
        assert!(adam == AdamState::default() && weights == Weights::open(&fixture(name)).unwrap());
    }
}

/// Refused within seconds, with a sentence of one line.
fn assert_refused(what: &str, pickle: &[u8], storages: &BTreeMap<String, Vec<u8>>) {
    let start = Instant::now();
    let said = read(pickle, storages).unwrap_err();
    let took = start.elapsed();
    assert!(said.contains("cannot use the weights") && said.len() < 400 && !said.contains('\n'), "{what}: {said}");
    assert!(took < Duration::from_secs(10), "{what} took {took:?}");
}

#[test]
fn hostile_pickles_are_refused_quickly() {
    let none = BTreeMap::new();
    let wide = [b"\x80\x02", "N".repeat(30_000_000).as_bytes(), b"."].concat();
    let hidden_depth = [b"\x80\x02N".as_slice(), &b"N\x86".repeat(3_000_000), b"."].concat();
    let deep_lists = [b"\x80\x02".as_slice(), &b"]".repeat(1_000_000), &b"a".repeat(999_999), b"."].concat();
    let deep_marks = [b"\x80\x02".as_slice(), &b"(".repeat(1_000_000), &b"t".repeat(1_000_000), b"."].concat();
    let mut laughs = Pickle::default();
    laughs.op(b"\x80\x02").text("ha").op(b"q\0");
    for level in 0..60_u8 {
        laughs.op([b'h', level, b'h', level, 0x86, b'q', level + 1]);
    }
    laughs.op(".");
    let long_text = [b"\x80\x02]X\0\0\x10\0".as_slice(), &b"a".repeat(1 << 20), b"q\0a", &b"h\0a".repeat(50_000), b"."];
    let cases: [(&str, &[u8]); 12] = [
        ("nothing", b""),
        ("an end", b"\x80\x02."),
        ("a string that is not there", b"\x80\x02X\xff\xff\xff\xff."),
        ("a wide integer", b"\x80\x02\x8a\xff."),
        ("an unknown opcode", b"\x80\x02\xfe."),
        ("a memo that is empty", b"\x80\x02h\x05."),
        ("many values", &wide),
        ("depth below the top", &hidden_depth),
        ("lists in lists", &deep_lists),
        ("tuples in tuples", &deep_marks),
        ("a memo that doubles", &laughs.0),
        ("a long string, often", &long_text.concat()),
    ];
    for (what, pickle) in cases {
        assert_refused(what, pickle, &none);
    }
}

#[test]
fn descriptions_of_arrays_that_make_no_sense_are_refused() {
    let original = original("liif_edsr_tiny.safetensors");
    let kinds: [(&str, Describe<'_>); 7] = [
        ("no arguments", &|p, _, _| {
            p.op("ctorch._utils\n_rebuild_tensor_v2\n)R");
        }),
        ("a parameter of nothing", &|p, _, _| {
            p.op("ctorch._utils\n_rebuild_parameter\n)R");
        }),
        ("no storage", &|p, _, _| {
            p.op("ctorch._utils\n_rebuild_tensor_v2\n(N").int(0).op("))tR");
        }),
        ("a number", &|p, name, _| {
            p.tensor("FloatStorage", name, &[]);
        }),
        ("another shape", &|p, name, array| {
            p.tensor("FloatStorage", name, &[array.data.len()]);
        }),
        ("integers", &|p, name, array| {
            p.tensor("LongStorage", name, &array.shape);
        }),
        ("an entry that is not there", &|p, _, array| {
            p.tensor("FloatStorage", "../x", &array.shape);
        }),
    ];
    for (what, describe) in kinds {
        let (pickle, storages) = dictionary(&original, describe, |v| v.to_le_bytes().to_vec());
        assert_refused(what, &pickle, &storages);
    }
}

#[test]
fn a_small_file_cannot_ask_for_more_memory_than_there_is() {
    let mut pickle = Pickle::default();
    pickle.op(b"\x80\x02}(");
    for i in 0..20_000 {
        pickle.text(&format!("encoder.{i}")).tensor("FloatStorage", "0", &[1 << 20]);
    }
    pickle.op("u.");
    assert_refused("one entry for all", &pickle.0, &BTreeMap::from([("0".to_owned(), vec![0; 4 << 20])]));
    let mut pickle = Pickle::default();
    pickle.op(b"\x80\x02}(").text("x").tensor("FloatStorage", "0", &[1 << 30, 1 << 30, 4]).op("u.");
    assert_refused("an impossible size", &pickle.0, &BTreeMap::from([("0".to_owned(), vec![0; 64])]));
}
