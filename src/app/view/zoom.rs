//! Zooms as text, both ways.

/// A zoom for people: `×30.0`, and `37 %` below ×1.
pub fn zoom_text(zoom: f64) -> String {
    if zoom > 1.0 { format!("×{zoom:.1}") } else { percent_text(zoom) }
}

/// A zoom in percent, for people: no decimals, except where they are all there is.
pub fn percent_text(zoom: f64) -> String {
    let percent = zoom * 100.0;
    if percent < 10.0 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

/// The zoom that a text means: `x30`, `30x`, `×30` and `30` are thirty times, `250%` and `250 %` two and a half.
pub fn parse_zoom(text: &str) -> Option<f64> {
    let text = text.trim().to_lowercase().replace(',', ".");
    let (number, unit) = match text.strip_suffix('%') {
        Some(number) => (number, 0.01),
        None => (text.trim_start_matches(['x', '×']).trim_end_matches(['x', '×']), 1.0),
    };
    let zoom = number.trim().parse::<f64>().ok()? * unit;
    (zoom.is_finite() && zoom > 0.0).then_some(zoom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zooms_read_well() {
        assert_eq!(zoom_text(30.0), "×30.0");
        assert_eq!(zoom_text(1.0), "100 %");
        assert_eq!(zoom_text(0.3712), "37 %");
        assert_eq!(zoom_text(0.0312), "3.1 %");
        assert_eq!(percent_text(30.0), "3000 %");
    }

    #[test]
    fn people_write_zooms_in_many_ways() {
        for text in ["x30", "30x", "×30", "30×", "30", " 30.0 ", "X30", "3000%", "3000 %", "30,0"] {
            assert_eq!(parse_zoom(text), Some(30.0), "{text}");
        }
        assert_eq!(parse_zoom("250%"), Some(2.5));
        assert_eq!(parse_zoom("7.25x"), Some(7.25));
        for text in ["", "x", "%", "-3", "0", "fast", "1e999", "nan", "inf", "3 0"] {
            assert_eq!(parse_zoom(text), None, "{text}");
        }
    }
}
