//! Shader text, unrolled: drivers keep numbers in registers when every one of them has a name.

use super::element_type::ElementType;

/// Rows that a thread computes.
pub const THREAD_ROWS: usize = 8;

/// The text of a shader: constants in front, each line with `{i}` once for every row of a thread, each with `{e}` once
/// for every number below `loads`, and of the lines that begin with `f32:` or `f16:` those of `element`.
pub fn expand(template: &str, element: ElementType, constants: &[(&str, usize)], loads: usize) -> String {
    let mut text = element.header().to_owned();
    text.extend(constants.iter().map(|(name, value)| format!("const {name} = {value}u;\n")));
    for line in template.lines() {
        let (is_other, line) = match (line.trim_start().split_once(':'), element) {
            (Some(("f32", line)), ElementType::F32) | (Some(("f16", line)), ElementType::F16) => (false, line),
            (Some(("f32" | "f16", _)), _) => (true, line),
            _ => (false, line),
        };
        let (mark, count) = match () {
            () if is_other => continue,
            () if line.contains("{i}") => ("{i}", THREAD_ROWS),
            () if line.contains("{e}") => ("{e}", loads),
            () => ("", 1),
        };
        for i in 0..count {
            text += &if mark.is_empty() { line.to_owned() } else { line.replace(mark, &i.to_string()) };
            text.push('\n');
        }
    }
    text
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
        // By the tests of `gpu/convolution.rs`, `decode/gpu/imnet/mod.rs`, `decode/gpu/field/mod.rs` (two), `decode/gpu/canvas/mod.rs` and `gpu/product.rs`.
        assert_eq!(
            names,
            ["canvas.wgsl", "convolution.wgsl", "decode.wgsl", "field.wgsl", "product.wgsl", "waves.wgsl"]
        );
    }

    #[test]
    fn lines_are_repeated_chosen_and_kept() {
        let text = expand("a\nx{i}\ny{e}\nf32: s\nf16: h\n", ElementType::F32, &[("N", 3)], 2);
        assert!(text.contains("const N = 3u;") && text.contains("x7\n") && !text.contains("x8"));
        assert!(text.contains("y1\n") && !text.contains("y2") && text.contains(" s\n") && !text.contains('h'));
        assert!(expand("f16: h", ElementType::F16, &[], 0).starts_with("enable f16;"));
    }
}
