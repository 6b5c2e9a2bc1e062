//! Shader text, unrolled: drivers keep numbers in registers when every one of them has a name.

use super::element_type::ElementType;

/// Rows that a thread computes.
pub const THREAD_ROWS: usize = 8;

/// Words that choose a line, where they stand before it with a colon.
const WORDS: [&str; 8] = ["f32", "f16", "buffer", "shared", "each", "subgroup", "broadcast", "shuffle"];

/// The text of a shader: constants in front, each line with `{i}` once for every row of a thread, each with `{e}` once
/// for every number below `loads`, and of the lines that begin with `f32:` or `f16:` those of `element`.
pub fn expand(template: &str, element: ElementType, constants: &[(&str, usize)], loads: usize) -> String {
    expand_marks(template, element, constants, &[("{e}", loads)], &[])
}

/// As [`expand`], with other `marks` than `{i}` and how often each repeats its line (one that has several, once for every
/// combination), and with lines that begin with one of `words` (`shared:`) besides those of `element`.
pub fn expand_marks(
    template: &str,
    element: ElementType,
    constants: &[(&str, usize)],
    marks: &[(&str, usize)],
    words: &[&str],
) -> String {
    let mut text = element.header().to_owned();
    if words.contains(&"subgroup") {
        text += element.passing();
    }
    text.extend(constants.iter().map(|(name, value)| format!("const {name} = {value}u;\n")));
    let own = match element {
        ElementType::F32 => "f32",
        ElementType::F16 => "f16",
    };
    for line in template.lines() {
        let Some(line) = chosen(line, |word| word == own || words.contains(&word)) else { continue };
        let mut lines = vec![line.to_owned()];
        for (mark, count) in [("{i}", THREAD_ROWS)].iter().chain(marks) {
            if line.contains(mark) {
                let repeat =
                    |line: &String| (0..*count).map(|i| line.replace(mark, &i.to_string())).collect::<Vec<_>>();
                lines = lines.iter().flat_map(repeat).collect();
            }
        }
        text.extend(lines.into_iter().map(|line| line + "\n"));
    }
    text
}

/// A line without the word before it, if it has one; none if that word is not `wanted`.
fn chosen(line: &str, wanted: impl Fn(&str) -> bool) -> Option<&str> {
    match line.trim_start().split_once(':') {
        Some((word, rest)) if WORDS.contains(&word) => wanted(word).then_some(rest),
        _ => Some(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shader_is_handed_to_naga_somewhere() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let mut names: Vec<String> = std::fs::read_dir(folder).unwrap().map(name).collect();
        names.sort();
        // By the tests of `gpu/convolution.rs`, `decode/gpu/imnet/mod.rs`, `decode/gpu/field/mod.rs` (two), `decode/gpu/canvas/pipeline.rs` (two), `decode/gpu/canvas/lock.rs`, `decode/gpu/canvas/reduced.rs` and `gpu/product.rs`.
        assert_eq!(
            names,
            [
                "canvas.wgsl",
                "convolution.wgsl",
                "corner.wgsl",
                "decode.wgsl",
                "field.wgsl",
                "lock.wgsl",
                "product.wgsl",
                "stretch.wgsl",
                "tiles.wgsl",
                "waves.wgsl"
            ]
        );
    }

    #[test]
    fn lines_are_repeated_chosen_and_kept() {
        let text = expand("a\nx{i}\ny{e}\nf32: s\nf16: h\n", ElementType::F32, &[("N", 3)], 2);
        assert!(text.contains("const N = 3u;") && text.contains("x7\n") && !text.contains("x8"));
        assert!(text.contains("y1\n") && !text.contains("y2") && text.contains(" s\n") && !text.contains('h'));
        assert!(expand("f16: h", ElementType::F16, &[], 0).starts_with("enable f16;"));
    }

    #[test]
    fn lines_with_two_marks_are_repeated_for_every_pair() {
        let text =
            expand_marks("s{i}_{j}\nshared: m{j}\nbuffer: b\n", ElementType::F32, &[], &[("{j}", 2)], &["shared"]);
        let wanted = (0..8).flat_map(|i| [format!("s{i}_0\n"), format!("s{i}_1\n")]).collect::<String>();
        assert!(text.ends_with(&format!("{wanted} m0\n m1\n")), "{text}");
    }
}
