//! Which device computes, and in which arithmetic: what is asked for, what is told of it, what can be asked for again.

use crate::devices::{choice, open};
use crate::view::{on_cpu, view, weights};
use zoomfield::bench;
use zoomfield::gpu::AdapterChoice;
use zoomfield::kernel::{Precision, PrecisionChoice};
use zoomfield::render::{Backend, Compute, LoadedModel};
use zoomfield::task::NEVER;

fn choice_has_f16() -> bool {
    open().is_some_and(|gpu| gpu.has_f16())
}

#[test]
fn software_is_used_by_name_alone_and_a_missing_card_is_an_error() {
    let Some(choice) = choice() else { return };
    let AdapterChoice::Named(name) = choice else { panic!("tests name their adapter") };
    let compute = Compute { device: Some(name), half: false, ..Compute::default() };
    let model = LoadedModel::on(&weights(), &compute).unwrap();
    assert!(model.adapter().is_some() && model.dispatches() > 0, "the graphics card did nothing");
    // Automatic arithmetic may be half precision; single precision by name is single precision, here too.
    let best = if choice_has_f16() { "f16" } else { "f32" };
    for (precision, arithmetic) in [(PrecisionChoice::Auto, best), (PrecisionChoice::Only(Precision::F32), "f32")] {
        let model = LoadedModel::on(&weights(), &Compute { half: true, precision, ..compute.clone() }).unwrap();
        assert_eq!(model.arithmetic(), arithmetic, "{precision:?}");
    }
    let missing = Compute { device: Some("no such card".into()), ..compute.clone() };
    // Where the choice is automatic the processor stands in, and says so.
    let model = LoadedModel::on(&weights(), &missing).unwrap();
    assert!(model.adapter().is_none() && model.refusal().unwrap().contains("`no such card`"));
    let missing = Compute { backend: Backend::Gpu, ..missing };
    assert!(LoadedModel::on(&weights(), &missing).err().unwrap().to_string().contains("`no such card`"));
    let on_cpu = LoadedModel::on(&weights(), &Compute { backend: Backend::Cpu, ..compute }).unwrap();
    assert!(on_cpu.adapter().is_none());
}

/// The words of a copied command have the same device compute in the same arithmetic again, to the bit.
#[test]
fn what_computed_a_view_can_be_asked_for_again() {
    let Some(gpu) = open() else { return };
    for half in [false, true] {
        let model = LoadedModel::on_gpu(&weights(), gpu.clone(), Precision::F32, half).unwrap();
        let Compute { backend, device, precision, .. } = model.computed();
        assert_eq!((backend, device.as_deref()), (Backend::Gpu, model.adapter()));
        assert_eq!(precision.to_string(), model.arithmetic());
        let [backend, precision] = [backend.to_string(), precision.to_string()];
        let asked = Compute {
            backend: backend.parse().unwrap(),
            device,
            precision: precision.parse().unwrap(),
            ..Compute::default()
        };
        let again = LoadedModel::on(&weights(), &asked).unwrap();
        assert_eq!((again.adapter(), again.arithmetic()), (model.adapter(), model.arithmetic()));
        assert_eq!(view(&again), view(&model));
    }
    let on_cpu = on_cpu().computed();
    assert_eq!((on_cpu.backend, on_cpu.precision), (Backend::Cpu, PrecisionChoice::Only(Precision::F32)));
}

/// What the settings and `zoomfield bench` tell of the device.
#[test]
fn devices_are_listed_by_name_and_measured() {
    let Some(gpu) = open() else { return };
    let devices = bench::devices();
    assert!(devices[0].name == bench::CPU && !devices[0].is_software);
    let device = devices.iter().find(|device| device.name == gpu.description().in_words()).unwrap();
    assert_eq!(device.is_software, gpu.description().is_software);
    assert!(device.identity().contains(&gpu.description().driver));
    let speed = bench::measure(device, NEVER).unwrap();
    assert!(speed.megapixels_per_sec.is_finite() && speed.megapixels_per_sec > 0.0);
    assert_eq!(speed.arithmetic, if gpu.has_f16() { "f16" } else { "f32" });
    let missing = bench::Device { name: "no such card".into(), ..device.clone() };
    assert!(bench::measure(&missing, NEVER).unwrap_err().to_string().contains("`no such card`"));
}
