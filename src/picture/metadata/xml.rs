//! Texts in XML, and back.

/// As the value of an attribute in double quotes. Characters that XML does not have become the one for these.
pub(super) fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        '&' => "&amp;".into(),
        '<' => "&lt;".into(),
        '>' => "&gt;".into(),
        '"' => "&quot;".into(),
        c if c.is_control() => char::REPLACEMENT_CHARACTER.into(),
        c => String::from(c),
    };
    text.chars().map(escape).collect()
}

/// What [`escaped`] was given, and what other programs write: numbers of characters.
pub(super) fn unescaped(text: &str) -> String {
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let known = part.split_once(';').and_then(|(name, rest)| Some((entity(name)?, rest)));
        let (c, rest) = known.unwrap_or(('&', part));
        plain.push(c);
        plain += rest;
    }
    plain
}

fn entity(name: &str) -> Option<char> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    match (name, name.strip_prefix("#x"), name.strip_prefix('#')) {
        ("amp", ..) => Some('&'),
        ("lt", ..) => Some('<'),
        ("gt", ..) => Some('>'),
        ("quot", ..) => Some('"'),
        ("apos", ..) => Some('\''),
        (_, Some(digits), _) => number(digits, 16),
        (_, _, Some(digits)) => number(digits, 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back() {
        for text in ["", "a & b", "<\"é'>", "&amp; &#65; &nothing; &", "漢"] {
            assert_eq!(unescaped(&escaped(text)), text);
        }
        assert_eq!(escaped("<\"&>"), "&lt;&quot;&amp;&gt;");
        assert_eq!(escaped("a\0b\n"), "a\u{fffd}b\u{fffd}");
        assert_eq!(unescaped("&#65;&#x42;&apos;&bogus;&#xffffffff;"), "AB'&bogus;&#xffffffff;");
    }
}
