//! The order in which people expect file names: `img2` before `img10`, capitals like small letters.

use std::cmp::Ordering;
use std::path::Path;

/// Compares two paths by name: digits as numbers, letters of any script without their case. Names that differ in
/// case or in leading zeros only are ordered by their bytes, so that the order never depends on chance.
pub fn compare(a: &Path, b: &Path) -> Ordering {
    let text = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (a_name, b_name) = (text(a), text(b));
    compare_text(&a_name, &b_name).then_with(|| a_name.cmp(&b_name)).then_with(|| a.cmp(b))
}

fn compare_text(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (Some(x), Some(y)) = (a.chars().next(), b.chars().next()) else { return a.len().cmp(&b.len()) };
        let order = if x.is_ascii_digit() && y.is_ascii_digit() {
            let (number_a, rest_a) = split_number(a);
            let (number_b, rest_b) = split_number(b);
            (a, b) = (rest_a, rest_b);
            // Without leading zeros the longer number is the larger one.
            number_a.len().cmp(&number_b.len()).then_with(|| number_a.cmp(number_b))
        } else {
            (a, b) = (&a[x.len_utf8()..], &b[y.len_utf8()..]);
            x.to_lowercase().cmp(y.to_lowercase())
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// The digits that a text begins with, without leading zeros, and what follows them.
fn split_number(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    (digits.trim_start_matches('0'), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_of_people() {
        let ordered = [
            "1.png",
            "02.png",
            "2.png",
            "010.png",
            "99999999999999999999999998.png",
            "99999999999999999999999999.png",
            "IMG1.png",
            "img2.png",
            "Img10.png",
            "img10a.png",
            "Über 2.png",
            "über 10.png",
            "Ωmega.png",
            "日本2.png",
            "日本10.png",
        ];
        let mut paths: Vec<&Path> = ordered.iter().map(Path::new).collect();
        paths.reverse();
        paths.sort_by(|a, b| compare(a, b));
        assert_eq!(paths, ordered.map(Path::new));
    }

    #[test]
    fn the_order_is_total() {
        let names = ["a1", "A1", "a01", "a001", "", "1", "a", "ß", "SS"];
        let order = |a: &str, b: &str| compare(Path::new(a), Path::new(b));
        for (a, b) in names.iter().flat_map(|a| names.map(|b| (*a, b))) {
            assert_eq!(order(a, b), order(b, a).reverse());
            assert_eq!(order(a, b) == Ordering::Equal, a == b);
            for c in names.iter().filter(|c| order(a, b).is_lt() && order(b, c).is_lt()) {
                assert_eq!(order(a, c), Ordering::Less, "{a} {b} {c}");
            }
        }
    }
}
