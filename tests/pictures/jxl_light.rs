//! JPEG XL that holds light, by a curve of HDR or as it is, compared with what another decoder makes of it.

use crate::gain_map::{differences, expected, light, opened};
use std::path::PathBuf;

/// The light of all of them is below white then.
const STOPS: &str = "-6";

fn file(name: &str) -> PathBuf {
    crate::fixture("jxl").join(name)
}

#[test]
fn light_is_what_another_decoder_makes() {
    for (name, mean_off, most_off) in [
        ("pq_bt2020_lossless", 0.002, 0.01),
        ("pq_p3_lossless", 0.002, 0.01),
        ("pq_grey", 0.002, 0.01),
        ("hlg_bt2020_lossless", 0.002, 0.01),
        ("linear_lossless", 0.002, 0.01),
        ("pq_bt2020_lossy", 0.01, 0.05),
        ("pq_p3_lossy", 0.01, 0.05),
        ("hlg_bt2020_lossy", 0.01, 0.05),
        ("linear_lossy", 0.01, 0.05),
    ] {
        let (size, expected) = expected(&file(&format!("{name}.light")));
        let path = file(&format!("{name}.jxl"));
        let picture = opened(&path, 0, STOPS).unwrap();
        assert_eq!((picture.size.width, picture.size.height), size, "{name}");
        assert!(picture.color.is_srgb() && picture.metadata.icc_profile.is_none(), "{name}");
        let (mean, most) = differences(&light(&picture, STOPS), &expected);
        assert!(mean < mean_off && most < most_off, "{name}: {mean} stops in the mean, {most} at most");
        // What is brighter than white is not pressed into its range.
        let plain = opened(&path, 0, "0").unwrap();
        let (mean, most) = differences(&light(&plain, "0"), &expected);
        assert!(mean > 0.1 && most > 1.0, "{name}: {mean} stops in the mean, {most} at most");
        let notice = plain.notice.as_deref().unwrap();
        assert!(notice.contains("its light goes from") && notice.contains("shows the brightest"), "{name}: {notice}");
    }
}
