//! `zoomfield bench --backend gpu`: every row that is promised, in JSON and in words; and that it says so when a device
//! computes wrongly.

use crate::common::program;
use crate::devices::choice;
use serde_json::Value;
use std::process::Output;
use std::time::Duration;
use zoomfield::bench::{self, BenchOptions, CardRow, Row};
use zoomfield::gpu::{AdapterChoice, Gpu};
use zoomfield::kernel::PrecisionChoice;
use zoomfield::render::Backend;
use zoomfield::weights::Weights;

/// The name of the device to test with.
fn name() -> Option<String> {
    match choice()? {
        AdapterChoice::Named(name) => Some(name),
        AdapterChoice::Best => panic!("tests name their adapter"),
    }
}

fn bench(words: &[&str]) -> Output {
    program().arg("bench").args(words).output().unwrap()
}

/// The rows of a kind in one arithmetic (any if none is given).
fn of<'a>(rows: &'a [Value], measured: &str, precision: Option<&str>) -> Vec<&'a Value> {
    let is_of = |row: &&Value| row["measured"] == measured && precision.is_none_or(|name| row["precision"] == name);
    rows.iter().filter(is_of).collect()
}

fn assert_positive(row: &Value, keys: &[&str]) {
    for key in keys {
        assert!(row[key].as_f64().is_some_and(|value| value > 0.0), "`{key}` of {row}");
    }
}

/// All rows of one arithmetic.
fn assert_measured(rows: &[Value], precision: &str) {
    let only = |measured| {
        let found = of(rows, measured, Some(precision));
        assert_eq!(found.len(), 1, "{measured} in {precision}");
        found[0]
    };
    assert_eq!(only("self-test")["passed"], true);
    assert_positive(only("product"), &["side", "secs", "gflops"]);
    for shader in ["convolution", "decode"] {
        let variants: Vec<&Value> =
            of(rows, "variant", Some(precision)).into_iter().filter(|row| row["shader"] == shader).collect();
        // Three on a device without subgroups that would serve.
        assert!([3, 4].contains(&variants.len()), "{variants:?}");
        assert_eq!(variants.iter().filter(|row| row["in_use"] == true).count(), 1, "{variants:?}");
        for row in variants {
            assert_positive(row, &["secs", "gflops"]);
        }
    }
    let names = |stage: &str| -> Vec<String> {
        let dispatches = of(rows, "dispatch", Some(precision)).into_iter().filter(|row| row["stage"] == stage);
        dispatches.map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    let encode = names("encode");
    assert_eq!(encode.len(), 4, "{encode:?}");
    for (name, place) in encode.iter().zip(["head", "body", "body", "tail"]) {
        assert!(name.starts_with(&format!("{place} convolution ")), "{name}");
    }
    let decode = names("decode");
    assert_eq!(decode, ["projection 64→256, 3×3", "every sample, ×4", "the lattice, ×30"]);
    for row in of(rows, "dispatch", Some(precision)) {
        assert_positive(row, &["count", "gflop", "secs", "gflops", "share"]);
        assert!(row["clock"] == "device" || row["clock"] == "wall", "{row}");
    }
    let differences = of(rows, "difference", Some(precision));
    assert_eq!(differences.iter().map(|row| &row["stage"]).collect::<Vec<_>>(), ["encode", "decode"]);
    assert!(differences.iter().all(|row| row["within"] == true && row["worst"].is_f64()), "{differences:?}");
    let is_stage = |row: &&Value, name: &str| {
        row["precision"] == precision && row["name"].as_str().is_some_and(|known| known.starts_with(name))
    };
    for name in ["encode ", "decode "] {
        let stages: Vec<_> = rows.iter().filter(|row| row["threads"] == 1 && is_stage(row, name)).collect();
        assert_eq!(stages.len(), 1, "{name} in {precision}");
        assert_positive(stages[0], &["secs", "megapixels_per_sec", "gflops"]);
    }
}

#[test]
fn a_card_is_measured_through_and_through() {
    let Some(name) = name() else { return };
    let output = bench(&["--backend", "gpu", "--device", &name, "--json", "--patience", "0.5"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let rows: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let flat = |row: &Value| row.as_object().is_some_and(|row| row.values().all(|v| !v.is_object() && !v.is_array()));
    assert!(rows.iter().all(flat), "a row is not flat");
    assert!(of(&rows, "failure", None).is_empty(), "{said}");
    let cards = of(&rows, "card", None);
    assert!(cards.len() == 1 && cards[0]["device"].as_str().unwrap().contains(&name));
    assert!(cards[0]["driver"].as_str().is_some_and(|driver| !driver.is_empty()));
    assert_positive(cards[0], &["workgroup_bytes", "invocations"]);
    let transfers = of(&rows, "transfer", None);
    assert_eq!(transfers.iter().map(|row| &row["direction"]).collect::<Vec<_>>(), ["upload", "readback"]);
    for transfer in transfers {
        assert_positive(transfer, &["bytes", "secs", "gigabytes_per_sec"]);
    }
    assert_measured(&rows, "f32");
    if cards[0]["f16"] == true {
        assert_measured(&rows, "f16");
    }
    let views = of(&rows, "view", None);
    assert_eq!(views.iter().map(|row| row["zoom"].as_f64().unwrap()).collect::<Vec<_>>(), [2.0, 8.0, 30.0]);
    for view in views {
        assert_positive(view, &["open_secs", "limit_secs"]);
        assert!(view["first_secs"].is_number() || view["first_secs"].is_null(), "{view}");
        assert!(view.get("all_secs").is_some() && view["photo"] == "4000×3000 JPEG" && view["canvas"] == "1280×800");
    }
    // The processor's rows are not among them: the device alone was asked for.
    assert!(rows.iter().all(|row| row.get("threads").is_none_or(|threads| threads == 1)));
}

/// Everything that is measured of a device of this name, by the library.
fn rows_of(device: &str, precision: PrecisionChoice, weights: Option<Weights>) -> (Vec<CardRow>, Result<(), String>) {
    let (backend, device, patience) = (Backend::Gpu, Some(device.to_owned()), Duration::from_millis(200));
    let options = BenchOptions { weights, picture: None, crop: None, precision, backend, device, patience };
    let mut rows = Vec::new();
    let result = bench::run(&options, |row| {
        if let Row::Card(row) = row {
            rows.push(row.clone());
        }
    });
    (rows, result.map_err(|error| error.to_string()))
}

#[test]
fn a_card_that_computes_wrongly_is_said_to_and_measured_all_the_same() {
    let Some(name) = name() else { return };
    // Written unlike elsewhere, so that no other test shares the device.
    let name: String = name.chars().flat_map(char::to_uppercase).collect();
    let gpu = Gpu::shared(&AdapterChoice::Named(name.clone())).unwrap();
    gpu.faults().compute_wrongly(true);
    let (rows, result) = rows_of(&name, PrecisionChoice::Only(zoomfield::kernel::Precision::F32), None);
    // The first thing that failed; all of it is in the rows.
    assert!(result.unwrap_err().contains("read back"));
    let is_wrong = |row: &CardRow| match row {
        CardRow::SelfTest(test) => !test.passed && test.reason.as_ref().is_some_and(|why| why.contains("self-test")),
        _ => false,
    };
    assert_eq!(rows.iter().filter(|row| is_wrong(row)).count(), 1);
    let differences: Vec<_> = rows
        .iter()
        .filter_map(|row| match row {
            CardRow::Difference(difference) => Some(difference),
            _ => None,
        })
        .collect();
    assert_eq!(differences.len(), 2);
    for difference in differences {
        // What it adds to every number.
        assert!(!difference.within && difference.worst.is_some_and(|off| (off - 0.25).abs() < 0.01), "{difference:?}");
    }
    // What is read back is off as well, and said so.
    let is_failure = |row: &CardRow| matches!(row, CardRow::Failure(failure) if failure.what.contains("readback"));
    assert!(rows.iter().any(is_failure));
    assert!(rows.iter().any(|row| matches!(row, CardRow::Dispatch(_))));
    assert!(!rows.iter().any(|row| matches!(row, CardRow::View(_))), "a view by a device that is not fit");
}

#[test]
fn a_card_that_is_missing_is_an_error_and_half_precision_alone_can_be_asked_for() {
    let Some(name) = name() else { return };
    let refused = bench(&["--backend", "gpu", "--device", "no such card", "--json", "--patience", "0.1"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(1) && said.contains("`no such card`"), "{said}");
    let has_f16 = Gpu::open(&AdapterChoice::Named(name.clone())).unwrap().has_f16();
    let (rows, result) = rows_of(&name, PrecisionChoice::Half, None);
    assert_eq!(result.is_ok(), has_f16);
    let products = rows.iter().filter(|row| matches!(row, CardRow::Product(product) if product.precision == "f16"));
    assert_eq!(products.count(), usize::from(has_f16));
    assert!(!rows.iter().any(|row| matches!(row, CardRow::Product(product) if product.precision == "f32")));
}

#[test]
fn a_live_network_is_measured_as_well() {
    let Some(name) = name() else { return };
    let (rows, result) = rows_of(&name, PrecisionChoice::Auto, Some(crate::live::live()));
    assert_eq!(result, Ok(()));
    let of = |stage: &str| -> Vec<String> {
        let name = |row: &CardRow| match row {
            CardRow::Dispatch(rate) if rate.stage == stage && rate.precision == "f32" => Some(rate.name.clone()),
            _ => None,
        };
        rows.iter().filter_map(name).collect()
    };
    assert_eq!(of("decode"), ["amplitudes 32→96", "every sample, ×4", "every sample, ×30"]);
    assert_eq!(of("encode").len(), 4);
    let differences = rows.iter().filter_map(|row| match row {
        CardRow::Difference(difference) => Some(difference),
        _ => None,
    });
    let differences: Vec<_> = differences.collect();
    assert!(differences.len() >= 2 && differences.iter().all(|row| row.within), "{differences:?}");
}
