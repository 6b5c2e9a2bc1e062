//! The rows of `zoomfield bench` as lines of a table.

use crate::bench::{
    self, Card, CardRow, Difference, DispatchRate, Failure, Measurement, ProductRate, Row, SelfTest, Transfer,
    VariantRate, ViewWait,
};

pub(super) fn in_words(row: &Row) -> String {
    match row {
        Row::Stage(stage) => measurement(stage),
        Row::Card(CardRow::Card(row)) => card(row),
        Row::Card(CardRow::SelfTest(row)) => self_test(row),
        Row::Card(CardRow::Product(row)) => product(row),
        Row::Card(CardRow::Variant(row)) => variant(row),
        Row::Card(CardRow::Dispatch(row)) => dispatch(row),
        Row::Card(CardRow::Transfer(row)) => transfer(row),
        Row::Card(CardRow::Difference(row)) => difference(row),
        Row::Card(CardRow::View(row)) => view(row),
        Row::Card(CardRow::Failure(row)) => failure(row),
    }
}

fn measurement(m: &Measurement) -> String {
    let pixels = m.megapixels_per_sec.map_or(String::new(), |rate| format!("{rate:>9.3} MP/s"));
    let flops = m.gflops.map_or(String::new(), |rate| format!("{rate:>7.0} GFLOP/s"));
    let worth = m.times_one_thread.map_or(String::new(), |times| format!("  {times:.2} × one thread"));
    let precision =
        m.instructions.map_or(m.precision.clone(), |instructions| format!("{} {instructions}", m.precision));
    let threads = if m.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", m.threads) };
    let device = if m.device == bench::CPU { String::new() } else { format!(" on {}", m.device) };
    format!("{:<46} {precision:<11} {threads:>9} {:>8.3} s{pixels}{flops}{worth}{device}", m.name, m.secs)
}

fn card(row: &Card) -> String {
    let half = if row.f16 { "half precision" } else { "no half precision" };
    let clock = if row.clock { "a clock of its own" } else { "no clock of its own" };
    let Card { device, driver, workgroup_bytes, invocations, .. } = row;
    format!("{device}, {driver}: {half}, {clock}, workgroups of {invocations} with {workgroup_bytes} bytes")
}

fn self_test(row: &SelfTest) -> String {
    let verdict = row.reason.as_ref().map_or("passed".to_owned(), |reason| format!("failed: {reason}"));
    format!("{:<46} {:<11} {verdict}", "self-test", row.precision)
}

fn product(row: &ProductRate) -> String {
    let name = format!("matrix product {}³", row.side);
    format!("{name:<46} {:<11} {} {}", row.precision, time(row.secs, row.clock), rate(row.gflops))
}

fn variant(row: &VariantRate) -> String {
    let name = format!("{} {}", row.shader, row.name);
    let in_use = if row.in_use { ", in use" } else { "" };
    format!("{name:<46} {:<11} {} {}{in_use}", row.precision, time(row.secs, row.clock), rate(row.gflops))
}

fn dispatch(row: &DispatchRate) -> String {
    let name = format!("{}: {}", row.stage, row.name);
    let share = row.share.map_or(String::new(), |share| format!(" {:>4.0} % of the product", share * 100.0));
    let (time, rate) = (time(row.secs, row.clock), rate(row.gflops));
    format!("{name:<46} {:<11} {time} {rate}{share}, {} of them, {:.3} GFLOP each", row.precision, row.count, row.gflop)
}

fn transfer(row: &Transfer) -> String {
    let name = format!("{} of {} MB", row.direction, row.bytes / 1_000_000);
    format!("{name:<46} {:<11} {:>10.6} s {:>7.2} GB/s", "", row.secs, row.gigabytes_per_sec)
}

fn difference(row: &Difference) -> String {
    let name = format!("{}: off from the processor by at most", row.stage);
    let worst = row.worst.map_or("what is no number".to_owned(), |worst| format!("{worst:.2e} of {:.1}", row.span));
    let quality = row.psnr_db.map_or(String::new(), |db| format!(", {db:.1} dB"));
    let verdict = if row.within { "within the tests' tolerance" } else { "MORE THAN the tests' tolerance" };
    format!("{name:<46} {:<11} {worst}{quality}: {verdict}", row.precision)
}

fn view(row: &ViewWait) -> String {
    let name = format!("{} to a {} view, ×{}", row.photo, row.canvas, row.zoom);
    let secs = |secs: Option<f64>| secs.map_or(format!("not in {} s", row.limit_secs), |secs| format!("{secs:.3} s"));
    let (first, all) = (secs(row.first_secs), secs(row.all_secs));
    format!("{name:<46} {:<11} opened {:.3} s, first neural pixels {first}, all {all}", row.precision, row.open_secs)
}

fn failure(row: &Failure) -> String {
    format!("{:<46} {:<11} not measured: {}", row.what, row.precision.unwrap_or_default(), row.reason)
}

fn time(secs: f64, clock: &str) -> String {
    format!("{secs:>10.6} s ({clock})")
}

fn rate(gflops: f64) -> String {
    format!("{gflops:>7.0} GFLOP/s")
}
