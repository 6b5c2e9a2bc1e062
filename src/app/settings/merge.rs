//! Several windows with one file of settings: each writes only what it has changed itself.

use serde_json::{Map, Value};

/// What to write: what is `there`, which another window may have changed, with all that lies between `before` and
/// `after`, and what it lacks. What we know nothing of, because a newer version wrote it, stays.
pub(super) fn merged(there: Map<String, Value>, before: &Map<String, Value>, after: Map<String, Value>) -> Value {
    let mut merged = there;
    merged.retain(|name, _| after.contains_key(name) || !before.contains_key(name));
    for (name, now) in after {
        let was = before.get(&name);
        let value = match (merged.remove(&name), was, now) {
            (Some(Value::Object(there)), Some(Value::Object(was)), Value::Object(now)) => self::merged(there, was, now),
            (Some(there), Some(was), now) if *was == now => there,
            (_, _, now) => now,
        };
        merged.insert(name, value);
    }
    Value::Object(merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Map<String, Value> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn only_changes_are_written_over_what_is_there() {
        let before = object(r#"{"theme": "dark", "scale": 1.0, "speeds": {"a": 1, "b": 2, "c": {"d": 3}}}"#);
        let after = object(r#"{"theme": "light", "scale": 1.0, "speeds": {"a": 1, "c": {"d": 4}, "e": 5}}"#);
        let there = object(r#"{"theme": "dark", "scale": 2.0, "speeds": {"a": 7, "b": 2, "f": 6}, "new": [1]}"#);
        let expected = object(
            r#"{"theme": "light", "scale": 2.0, "speeds": {"a": 7, "c": {"d": 4}, "e": 5, "f": 6}, "new": [1]}"#,
        );
        assert_eq!(merged(there, &before, after.clone()), Value::Object(expected));
        assert_eq!(merged(Map::new(), &before, after.clone()), Value::Object(after));
    }
}
