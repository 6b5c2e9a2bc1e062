//! Names of models: what a person may call one, and what a file is called then.

/// Longer names do not fit into lists, nor into some file systems.
const LONGEST: usize = 80;

/// What Windows keeps for devices, with or without an ending.
const RESERVED: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The name as it is used.
///
/// # Errors
/// A sentence about what is wrong with it.
pub(super) fn check(name: &str) -> Result<String, String> {
    let name = name.trim();
    let refuse = |words: &str| Err(words.to_owned());
    if name.is_empty() {
        return refuse("a model needs a name; type one");
    }
    if name.chars().count() > LONGEST {
        return Err(format!("the name is longer than {LONGEST} characters; choose a shorter one"));
    }
    if name.chars().any(is_unfit) || name.starts_with('.') || name.ends_with('.') {
        return refuse("a name has none of / \\ : * ? \" < > | in it, and no dot at its ends; choose another one");
    }
    if is_reserved(name) {
        return refuse("some systems keep that name for themselves; choose another one");
    }
    Ok(name.to_owned())
}

/// The nearest name that can be used: for names of folders and files.
pub(super) fn fit(name: &str) -> String {
    let fit: String = name.chars().filter(|c| !is_unfit(*c)).take(LONGEST - 8).collect();
    let fit = fit.trim_matches(|c: char| c == '.' || c.is_whitespace());
    match check(fit) {
        Ok(name) => name,
        Err(_) => format!("model {fit}").trim().to_owned(),
    }
}

/// The `n`-th name to try, from 1.
pub(super) fn numbered(name: &str, n: usize) -> String {
    if n == 1 { name.to_owned() } else { format!("{name} {n}") }
}

fn is_unfit(c: char) -> bool {
    c.is_control() || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
}

fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().to_lowercase();
    let is_port = |prefix| stem.strip_prefix(prefix).is_some_and(|n: &str| n.len() == 1 && n != "0");
    RESERVED.contains(&stem.as_str()) || is_port("com") || is_port("lpt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_no_system_takes_are_refused_and_fitted() {
        assert_eq!(check(" Omas Dias, 1970 "), Ok("Omas Dias, 1970".into()));
        assert_eq!(check("日本"), Ok("日本".into()));
        for bad in ["", "  ", "a/b", "..", "a\\b", ".hidden", "nul", "COM1.x", "tail.", "a\nb", &"x".repeat(81)] {
            assert!(check(bad).is_err(), "{bad:?}");
            assert!(check(&fit(bad)).is_ok(), "{bad:?} became {:?}", fit(bad));
        }
        assert_eq!((fit("../etc/pass"), numbered("a", 3)), ("etcpass".into(), "a 3".into()));
    }
}
