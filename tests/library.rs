//! The list of models: what comes in, what is refused, what is renamed and deleted.

#![allow(clippy::unwrap_used, reason = "tests and their helpers may panic")]

use std::path::Path;
use std::sync::Arc;
use zoomfield::library::{Card, Entry, Imported, Library, Origin, TrainingSummary};
use zoomfield::weights::{Builtin, Weights};

use tempfile::TempDir;
use zoomfield::train::{Degradation, untrained};
use zoomfield::weights::{EncoderConfig, ImnetConfig, ModelConfig, Normalization};

/// A bin that is a folder, which every test can look into.
fn library() -> (TempDir, Library) {
    let folder = tempfile::tempdir().unwrap();
    let bin = folder.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let to_bin = move |path: &Path| {
        let target = bin.join(path.file_name().unwrap());
        std::fs::rename(path, target).map_err(|error| error.to_string())
    };
    let library = Library::new(folder.path().join("data/models"), Arc::new(to_bin));
    (folder, library)
}

fn tiny(seed: u64) -> Weights {
    let config = ModelConfig {
        encoder: EncoderConfig::Edsr { blocks: 1, features: 4, res_scale: 1.0 },
        decoder: ImnetConfig::new(vec![4]).into(),
        normalization: Normalization::LIIF,
    };
    untrained(&config, seed).unwrap()
}

fn summary() -> TrainingSummary {
    TrainingSummary {
        folder: "holiday".into(),
        pictures: 12,
        held_out: 2,
        steps: 40,
        date: "2026-11-22".into(),
        degradation: Degradation::Phone,
        seed: 3,
        started_from: "built-in".into(),
        bicubic_psnr: Some(26.0),
        start_psnr: Some(27.0),
        psnr: Some(27.5),
    }
}

fn names(library: &Library) -> Vec<String> {
    // The live networks are always there.
    let is_counted = |entry: &Entry| entry.path.as_deref().is_none_or(|path| Builtin::at(path).is_none());
    library.list().unwrap().into_iter().filter(is_counted).map(|entry| entry.name).collect()
}

#[test]
fn an_empty_library_holds_the_built_in_model() {
    let (_folder, library) = library();
    let entries = library.list().unwrap();
    assert_eq!(entries, Builtin::ALL.map(Entry::builtin));
    let facts = entries[0].facts.as_ref().unwrap();
    assert_eq!((facts.parameters, &facts.card), (1_567_299, &Card::builtin(Builtin::Liif)));
}

#[test]
fn what_is_added_is_listed_with_its_card_and_names_do_not_collide() {
    let (_folder, library) = library();
    let card = Card::trained(summary(), "BSD");
    let first = library.add(&tiny(1), "holiday", &card).unwrap();
    let second = library.add(&tiny(2), "Holiday", &card).unwrap();
    assert_eq!(names(&library), ["built-in", "holiday", "Holiday 2"]);
    let entries = library.list().unwrap();
    assert_eq!((entries[3].path.as_ref(), entries[4].path.as_ref()), (Some(&first), Some(&second)));
    let facts = entries[3].facts.as_ref().unwrap();
    assert_eq!((facts.id, &facts.card), (tiny(1).id(), &card));
    assert!(entries[3].bytes > 1000);
    // The card is in the file and leaves the weights as they are.
    assert_eq!(Weights::open(&first).unwrap().arrays(), tiny(1).arrays());
}

/// What a model learnt from says whether it is meant to depart from a source: it is not locked then.
#[test]
fn a_model_that_undoes_damage_is_known_by_its_card() {
    let (_folder, library) = library();
    let restores = |name: &str, degradation| {
        let summary = TrainingSummary { degradation, ..summary() };
        let path = library.add(&tiny(1), name, &Card::trained(summary, "BSD")).unwrap();
        Weights::open(&path).unwrap().restores()
    };
    assert!(!restores("clean", Degradation::Clean) && restores("scan", Degradation::Scan));
    assert!(!tiny(1).restores());
    let of = |builtin: Builtin| builtin.weights().unwrap().restores();
    assert_eq!(Builtin::ALL.map(of), Builtin::ALL.map(|builtin| builtin == Builtin::Photo));
}

#[test]
fn an_import_is_a_checked_copy_and_the_same_weights_come_in_once() {
    let (folder, library) = library();
    let file = folder.path().join("gift.safetensors");
    tiny(1).save(&file, false).unwrap();
    let imported = library.import(&file).unwrap();
    assert!(!imported.was_there && file.exists());
    let entry = &library.list().unwrap()[3];
    let card = &entry.facts.as_ref().unwrap().card;
    assert_eq!(card.origin, Origin::Imported { from: "gift.safetensors".into() });
    let again = library.import(&file).unwrap();
    assert_eq!(again, Imported { path: imported.path.clone(), was_there: true });
    // A card that comes with the file stays.
    let carded = folder.path().join("other.safetensors");
    tiny(2).save_with_card(&carded, false, &Card::trained(summary(), "BSD").to_json()).unwrap();
    library.import(&carded).unwrap();
    let entries = library.list().unwrap();
    let other = entries.iter().find(|entry| entry.name == "other").unwrap();
    assert_eq!(other.facts.as_ref().unwrap().card, Card::trained(summary(), "BSD"));
}

#[test]
fn pytorch_checkpoints_become_our_own_files() {
    let (_folder, library) = library();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let pth = fixture.join("liif_edsr_tiny.pth");
    let imported = library.import(&pth).unwrap();
    assert_eq!(imported.path.extension().unwrap(), "safetensors");
    assert_eq!(Weights::open(&imported.path).unwrap(), Weights::open(&pth).unwrap());
}

#[test]
fn what_a_checkpoint_would_run_is_neither_run_nor_kept() {
    let (_folder, library) = library();
    let malicious = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/malicious.pth");
    let imported = library.import(&malicious).unwrap();
    assert!(!Path::new("zoomfield_pickle_ran").exists());
    let kept = std::fs::read(&imported.path).unwrap();
    let holds = |bytes: &[u8], word: &[u8]| bytes.windows(word.len()).any(|part| part == word);
    assert!(
        holds(&std::fs::read(&malicious).unwrap(), b"zoomfield_pickle_ran") && !holds(&kept, b"zoomfield_pickle_ran")
    );
}

#[test]
fn hostile_and_damaged_files_never_come_in_and_never_stop_the_list() {
    let (folder, library) = library();
    let good = library.add(&tiny(1), "good", &Card::imported("good.pth")).unwrap();
    let whole = std::fs::read(&good).unwrap();
    let huge_header = [&u64::MAX.to_le_bytes()[..], b"{}"].concat();
    let lying_header = [&(1_u64 << 40).to_le_bytes()[..], b"{\"a\":1}"].concat();
    let bad = [&b""[..], b"PK\x03\x04 and no more", &huge_header, &lying_header, &whole[..whole.len() - 1], b"hello"];
    for (i, bytes) in bad.iter().enumerate() {
        let file = folder.path().join(format!("bad {i}.safetensors"));
        std::fs::write(&file, bytes).unwrap();
        assert!(library.import(&file).unwrap_err().to_string().contains("bad"), "{i}");
        std::fs::copy(&file, library.path_of(&format!("bad {i}"))).unwrap();
    }
    assert!(library.import(folder.path()).is_err(), "a folder is no model");
    assert!(library.import(&folder.path().join("missing.pth")).is_err());
    std::fs::create_dir(library.path_of("a folder")).unwrap();
    std::fs::write(library.path_of(".hidden"), "x").unwrap();
    let entries = library.list().unwrap();
    assert_eq!(entries.len(), 4 + bad.len(), "the built-in models, the good one, and each damaged file");
    let is_damaged = |entry: &&Entry| entry.facts.is_err();
    assert_eq!(entries.iter().filter(is_damaged).count(), bad.len());
    let reason = entries.iter().find(|entry| entry.name == "bad 4").unwrap().facts.clone().unwrap_err();
    assert!(!reason.contains("cannot use the weights"), "{reason}");
}

#[test]
fn models_are_renamed_within_the_list_only() {
    let (folder, library) = library();
    let first = library.add(&tiny(1), "first", &Card::imported("a")).unwrap();
    library.add(&tiny(2), "second", &Card::imported("b")).unwrap();
    for (wanted, word) in [("second", "already"), ("SECOND", "already"), ("", "needs a name"), ("../up", "choose")] {
        let sentence = library.rename(&first, wanted).unwrap_err().to_string();
        assert!(sentence.contains(word) && first.exists(), "{sentence}");
    }
    let renamed = library.rename(&first, " 日本 scans ").unwrap();
    assert_eq!(names(&library), ["built-in", "second", "日本 scans"]);
    let capital = library.rename(&renamed, "日本 Scans").unwrap();
    assert_eq!(names(&library)[2], "日本 Scans");
    assert_eq!(Weights::open(&capital).unwrap(), tiny(1));
    let outside = folder.path().join("outside.safetensors");
    tiny(3).save(&outside, false).unwrap();
    assert!(library.rename(&outside, "in").is_err() && outside.exists());
}

#[test]
fn deleting_moves_to_the_bin_and_without_a_bin_nothing_is_lost() {
    let (folder, library) = library();
    let path = library.add(&tiny(1), "old", &Card::imported("a")).unwrap();
    library.delete(&path).unwrap();
    assert_eq!(names(&library), ["built-in"]);
    assert_eq!(Weights::open(&folder.path().join("bin/old.safetensors")).unwrap(), tiny(1));
    assert!(library.delete(&path).is_err(), "it is gone");
    let without = Library::new(folder.path().join("data/models"), Arc::new(|_: &Path| Err("no bin".into())));
    let path = without.add(&tiny(2), "kept", &Card::imported("a")).unwrap();
    assert!(without.delete(&path).unwrap_err().to_string().contains("stays"));
    let outside = folder.path().join("outside.safetensors");
    tiny(3).save(&outside, false).unwrap();
    assert!(library.delete(&outside).is_err() && outside.exists() && path.exists());
}
