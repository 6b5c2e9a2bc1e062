//! Paths from what people paste: lines, quotes, and the URIs that file managers copy.

use std::path::PathBuf;

/// The paths that a typed or pasted text means, one a line.
pub fn paths_from_text(text: &str) -> Vec<PathBuf> {
    if text.contains('\0') {
        return Vec::new();
    }
    let lines = || text.lines().map(str::trim);
    // Only around URIs are there lines that are none: alone, `copy` is a file.
    let has_uris = lines().any(|line| after_scheme(line).is_some());
    lines().filter(|line| !(has_uris && is_chatter(line))).filter_map(path_from_line).collect()
}

/// The path that a text means, if it is a single one.
pub fn path_from_text(text: &str) -> Option<PathBuf> {
    let mut paths = paths_from_text(text).into_iter();
    paths.next().filter(|_| paths.next().is_none())
}

fn path_from_line(line: &str) -> Option<PathBuf> {
    match after_scheme(line) {
        Some(rest) => path_from_uri(rest),
        None => Some(line.trim_matches(['"', '\'']).into()).filter(|path: &PathBuf| !path.as_os_str().is_empty()),
    }
}

/// File managers put a word about themselves and what to do in front; a list of URIs may hold comments.
fn is_chatter(line: &str) -> bool {
    line.starts_with('#') || line.starts_with("x-special/") || line == "copy" || line == "cut"
}

/// What follows `file:`, if a line starts with that.
fn after_scheme(line: &str) -> Option<&str> {
    line.split_at_checked(5).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("file:")).map(|(_, rest)| rest)
}

/// What follows `file:`: an authority, which must be this machine, and a percent-encoded path.
fn path_from_uri(rest: &str) -> Option<PathBuf> {
    let path = match rest.strip_prefix("//") {
        Some(rest) => {
            let at = rest.find('/')?;
            let (host, path) = rest.split_at(at);
            (host.is_empty() || host.eq_ignore_ascii_case("localhost")).then_some(path)?
        }
        None => rest,
    };
    let bytes = percent_decoded(path);
    let has_drive = cfg!(windows) && bytes.get(2) == Some(&b':');
    path_from_bytes(if has_drive { bytes[1..].to_vec() } else { bytes })
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let (mut decoded, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        // A percent sign without two digits stands for itself.
        let code = digit(at + 1).zip(digit(at + 2)).filter(|_| *byte == b'%');
        decoded.push(code.map_or(*byte, |(high, low)| (high * 16 + low) as u8));
        at += if code.is_some() { 3 } else { 1 };
    }
    decoded
}

#[cfg(unix)]
fn path_from_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    (!bytes.is_empty() && !bytes.contains(&0)).then(|| std::ffi::OsString::from_vec(bytes).into())
}

#[cfg(not(unix))]
fn path_from_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(bytes).ok().filter(|text| !text.is_empty() && !text.contains('\0')).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_paths() {
        assert_eq!(path_from_text(" \"/a b.png\"\n"), Some(PathBuf::from("/a b.png")));
        assert_eq!(path_from_text("  "), None);
        assert_eq!(path_from_text("two\nlines"), None);
        assert_eq!(paths_from_text("/a.png\n\n'/b c.png'\r\n"), [PathBuf::from("/a.png"), PathBuf::from("/b c.png")]);
        assert_eq!(path_from_text("100%25.png"), Some(PathBuf::from("100%25.png")), "only URIs are decoded");
        assert!(paths_from_text("a\0b").is_empty());
    }

    #[test]
    fn only_around_uris_is_a_line_a_remark() {
        for name in ["#1.png", "copy", "cut", "x-special/a.png", "# one # two.png"] {
            assert_eq!(path_from_text(name), Some(PathBuf::from(name)));
        }
        assert_eq!(paths_from_text("copy\n#1.png"), [PathBuf::from("copy"), PathBuf::from("#1.png")]);
        let copied = "cut\n# from the camera\nfile:///a.png";
        assert_eq!(path_from_text(copied), path_from_text("file:///a.png"));
    }

    #[cfg(unix)]
    #[test]
    fn uris_become_paths() {
        for (uri, path) in [
            ("file:///a.png", "/a.png"),
            ("FILE://localhost/a%20b.png", "/a b.png"),
            ("file:/c.png", "/c.png"),
            ("file:///%E6%97%A5%e6%9c%ac.png", "/日本.png"),
            ("file:///100%.png", "/100%.png"),
            ("file:///%2", "/%2"),
        ] {
            assert_eq!(path_from_text(uri), Some(PathBuf::from(path)), "{uri}");
        }
        assert_eq!(path_from_text("file://server/a.png"), None, "another machine");
        assert_eq!(path_from_text("file:///a%00.png"), None);
        let copied = "x-special/nautilus-clipboard\ncopy\nfile:///a.png\nfile:///b.png\n";
        assert_eq!(paths_from_text(copied), [PathBuf::from("/a.png"), PathBuf::from("/b.png")]);
    }
}
