//! Pickles to plain values, by candle's interpreter, which builds data and never calls anything.
//!
//! candle trusts the file: it copies values into and out of a memo, nests them without end and allocates what a
//! length says. So every step is weighed beside it: how deep each value nests, and how much was copied.

use candle_core::pickle::{Object, Stack};

/// The most steps of a pickle; a large checkpoint with its optimizer takes some 100 000.
const MAX_STEPS: usize = 4_000_000;

/// The most that the memo may copy, in bytes: through it a few bytes can otherwise grow without end.
const MAX_COPIED_BYTES: usize = 256 << 20;

/// The deepest nesting; values are cloned and dropped recursively.
const MAX_DEPTH: usize = 100;

const DAMAGED: &str = "its description of the arrays is damaged or of an unknown kind";
const ENDLESS: &str = "its description of the arrays repeats or nests without end";

const PROTO: u8 = 0x80;
const LONG1: u8 = 0x8a;

/// Runs a pickle.
pub(super) fn unpickle(mut bytes: &[u8]) -> Result<Object, String> {
    let mut guarded = Guarded { stack: Stack::empty(), depths: Vec::new(), copied: 0 };
    for _ in 0..MAX_STEPS {
        if guarded.step(&mut bytes)? {
            return guarded.stack.finalize().map_err(|_| DAMAGED.to_owned());
        }
    }
    Err(ENDLESS.into())
}

/// candle's stack, and how deep each value on it nests.
struct Guarded {
    stack: Stack,
    depths: Vec<usize>,
    copied: usize,
}

impl Guarded {
    /// Runs one opcode; true at the end.
    fn step(&mut self, rest: &mut &[u8]) -> Result<bool, String> {
        let opcode = *rest.first().ok_or(DAMAGED)?;
        let is_done = match (opcode, &rest[1..]) {
            // candle allocates a string before it looks whether the file holds it.
            (b'X', [a, b, c, d, text @ ..]) if u32::from_le_bytes([*a, *b, *c, *d]) as usize > text.len() => {
                return Err(DAMAGED.into());
            }
            // candle shifts integers of more than 64 bits too far. No array needs one: `None` stands in.
            (LONG1, [length, number @ ..]) if *length > 8 => {
                *rest = number.get(usize::from(*length)..).ok_or(DAMAGED)?;
                self.run(&mut &b"N"[..])?
            }
            _ => self.run(rest)?,
        };
        if !is_done && opcode != PROTO {
            self.weigh(opcode)?;
        }
        Ok(is_done)
    }

    fn run(&mut self, rest: &mut &[u8]) -> Result<bool, String> {
        // candle's own words can hold a backtrace and the whole value.
        self.stack.read(rest).map_err(|_| DAMAGED.to_owned())
    }

    /// Brings `depths` up to date and charges copies. What an opcode took off the stack went into its new top.
    fn weigh(&mut self, opcode: u8) -> Result<(), String> {
        let len = self.stack.stack().len();
        let Some(top) = self.stack.stack().last() else { return Err(DAMAGED.into()) };
        match opcode {
            // BINGET, LONG_BINGET
            b'h' | b'j' => {
                self.copied += bytes_of(top);
                self.depths.push(depth_of(top));
            }
            // BINPUT, LONG_BINPUT
            b'q' | b'r' => self.copied += bytes_of(top),
            // APPEND, APPENDS, SETITEM, SETITEMS: the list or dictionary stays where it is
            b'a' | b'e' | b's' | b'u' => {
                let inner = self.depths.drain(len..).max().unwrap_or(0);
                self.depths[len - 1] = self.depths[len - 1].max(inner + 1);
            }
            _ => {
                let inner = self.depths.drain(len - 1..).max().unwrap_or(0);
                self.depths.push(inner + 1);
            }
        }
        let is_endless = self.copied > MAX_COPIED_BYTES || self.depths.last().is_some_and(|d| *d > MAX_DEPTH);
        if is_endless { Err(ENDLESS.into()) } else { Ok(()) }
    }
}

fn children(object: &Object) -> Vec<&Object> {
    match object {
        Object::Tuple(items) | Object::List(items) => items.iter().collect(),
        Object::Dict(pairs) => pairs.iter().flat_map(|(key, value)| [key, value]).collect(),
        Object::Reduce { callable, args } | Object::Build { callable, args } => vec![callable, args],
        Object::PersistentLoad(inner) => vec![inner],
        _ => Vec::new(),
    }
}

/// About how much memory an object takes.
fn bytes_of(object: &Object) -> usize {
    let text = match object {
        Object::Unicode(text) => text.len(),
        Object::Class { module_name, class_name } => module_name.len() + class_name.len(),
        _ => 0,
    };
    size_of::<Object>() + text + children(object).into_iter().map(bytes_of).sum::<usize>()
}

fn depth_of(object: &Object) -> usize {
    1 + children(object).into_iter().map(depth_of).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_built_and_calls_are_only_described() {
        let call = unpickle(b"\x80\x02cposix\nsystem\nX\x04\0\0\0true\x85R.").unwrap();
        let Object::Reduce { callable, args } = call else { panic!("not a description of a call") };
        assert_eq!(*callable, Object::Class { module_name: "posix".into(), class_name: "system".into() });
        assert_eq!(*args, Object::Tuple(vec![Object::Unicode("true".into())]));
    }

    #[test]
    fn long_lists_are_not_deep() {
        let pickle = [&b"]"[..], &b"Na".repeat(1000), b"(", &b"N".repeat(1000), b"e."].concat();
        assert_eq!(unpickle(&pickle).unwrap(), Object::List(vec![Object::None; 2000]));
    }

    #[test]
    fn nesting_ends_even_if_it_is_never_on_top_when_one_looks() {
        assert!(unpickle(&[&b"N"[..], &[0x85; 90], b"."].concat()).is_ok());
        for nest in [&[0x85][..], b"N\x86", b"NR", b"Nb", b"Q"] {
            let pickle = [b"N", nest.repeat(500_000).as_slice(), b"."].concat();
            assert_eq!(unpickle(&pickle).unwrap_err(), ENDLESS, "{nest:?}");
        }
    }

    #[test]
    fn copies_through_the_memo_end() {
        let text = [&b"X\0\0\x10\0"[..], &b"a".repeat(1 << 20), b"q\0"].concat();
        let pickle = [b"]", text.as_slice(), b"a", &b"h\0a".repeat(100_000), b"."].concat();
        assert_eq!(unpickle(&pickle).unwrap_err(), ENDLESS);
    }

    #[test]
    fn lengths_that_lie_and_wide_integers_do_no_harm() {
        assert_eq!(unpickle(b"X\xff\xff\xff\xffabc.").unwrap_err(), DAMAGED);
        assert_eq!(unpickle(b"\x8a\x09\x01\x02\x03\x04\x05\x06\x07\x08\x09.").unwrap(), Object::None);
        for broken in [&b""[..], b".", b"t.", b"(", b"R", b"\x8a\xff\x01", b"h\0.", b"\x80", b"\xfe"] {
            assert_eq!(unpickle(broken).unwrap_err(), DAMAGED, "{broken:?}");
        }
    }
}
