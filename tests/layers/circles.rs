//! Files that import each other in a circle, found by the paths that they name.
//!
//! A path is followed through modules and re-exports to the file that defines what it names. A child that names
//! something of the module it lies in is no import: the two are one module in several files, and the parent declares its
//! children whatever they do. A parent that only passes on what a child defines does not import it either.

use super::{after, code, is_name, leading_name, sources};
use std::collections::{BTreeMap, BTreeSet};

/// Names of a path, outermost first.
type Path = Vec<String>;

/// One name that a `use` statement brings into a file.
struct Use {
    path: Path,
    name: String,
    is_passed_on: bool,
}

/// A file by what matters here.
struct File<'a> {
    name: &'a str,
    module: Path,
    code: String,
    uses: Vec<Use>,
}

/// All files, by module.
struct Crate<'a>(BTreeMap<Path, File<'a>>);

/// Where a path leads.
enum Place {
    Module(Path),
    /// Something that the file of this module defines.
    Item(Path),
    Elsewhere,
}

fn module_path(file: &str) -> Path {
    let name = file.trim_end_matches(".rs");
    let name = name.strip_suffix("/mod").unwrap_or(name);
    if name == "lib" { Path::new() } else { name.split('/').map(str::to_owned).collect() }
}

/// The paths behind a `::`, with braced lists taken apart, and the name that each is given.
fn paths(prefix: &[String], text: &str) -> Vec<(Path, Option<String>)> {
    let text = text.trim_start();
    if let Some(list) = text.strip_prefix('{') {
        return members(list).into_iter().flat_map(|member| paths(prefix, member)).collect();
    }
    let mut path = prefix.to_vec();
    let name = if text.starts_with('*') { "*".to_owned() } else { leading_name(text) };
    let rest = &text[name.len()..];
    if name.is_empty() {
        return if prefix.is_empty() { Vec::new() } else { vec![(path, None)] };
    }
    // `a::{self}` is `a`.
    if name != "self" || prefix.is_empty() {
        path.push(name);
    }
    match rest.strip_prefix("::") {
        Some(rest) if rest.trim_start().starts_with(|c| is_name(c) || c == '{' || c == '*') => paths(&path, rest),
        _ => {
            let alias = rest.trim_start().strip_prefix("as ").map(leading_name);
            vec![(path, alias)]
        }
    }
}

/// The members of a braced list, up to its end.
fn members(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                found.push(&list[start..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found
}

fn uses(code: &str) -> Vec<Use> {
    let statement = |rest: &str| {
        // Whether it is `pub use` or `pub(super) use` is seen on its own line.
        let line = code[..code.len() - rest.len()].lines().next_back().unwrap_or_default();
        let is_passed_on = line.trim_start().starts_with("pub");
        let text = rest.split(';').next().unwrap_or_default();
        let named = paths(&[], text).into_iter().filter_map(move |(path, alias)| {
            let name = alias.or_else(|| path.last().cloned())?;
            Some(Use { path, name, is_passed_on })
        });
        named.collect::<Vec<_>>()
    };
    after(code, "use").filter(|rest| rest.starts_with(' ')).flat_map(statement).collect()
}

impl<'a> Crate<'a> {
    fn of(sources: &'a [(String, String)]) -> Self {
        let file = |(name, source): &'a (String, String)| {
            let code = code(source);
            (module_path(name), File { name, module: module_path(name), uses: uses(&code), code })
        };
        Self(sources.iter().filter(|(name, _)| name != "main.rs").map(file).collect())
    }

    fn has(&self, module: &[String]) -> bool {
        self.0.contains_key(module)
    }

    /// Follows a path that begins with `crate`, `super`, `self`, a child, or a name that a `use` brought in.
    fn find(&self, from: &File<'_>, path: &[String], depth: usize) -> Place {
        let Some((first, rest)) = path.split_first() else { return Place::Module(from.module.clone()) };
        let child = [from.module.as_slice(), std::slice::from_ref(first)].concat();
        let start = match first.as_str() {
            "crate" => Path::new(),
            "self" => from.module.clone(),
            "super" => from.module[..from.module.len().saturating_sub(1)].to_vec(),
            _ if self.has(&child) => child,
            _ => match from.uses.iter().find(|used| used.name == *first && used.path.first() != Some(first)) {
                Some(used) if depth > 0 => match self.find(from, &used.path, depth - 1) {
                    Place::Module(module) => module,
                    other => return other,
                },
                _ => return Place::Elsewhere,
            },
        };
        self.within(start, rest, depth)
    }

    /// Follows a path from a module on, through what the module passes on.
    fn within(&self, mut module: Path, path: &[String], depth: usize) -> Place {
        for (at, name) in path.iter().enumerate() {
            let child = [module.as_slice(), std::slice::from_ref(name)].concat();
            if self.has(&child) {
                module = child;
                continue;
            }
            let Some(file) = self.0.get(&module) else { return Place::Elsewhere };
            let passed = file.uses.iter().find(|used| used.name == *name);
            let Some(passed) = passed.filter(|_| depth > 0) else { return Place::Item(module) };
            let whole = [passed.path.as_slice(), &path[at + 1..]].concat();
            return match self.find(file, &whole, depth - 1) {
                Place::Elsewhere => Place::Item(module),
                place => place,
            };
        }
        Place::Module(module)
    }

    /// The modules whose files a file imports something from.
    fn imports(&self, file: &File<'_>) -> BTreeSet<Path> {
        let passes_on = |path: &Path| {
            let own = file.uses.iter().find(|used| used.is_passed_on && used.path == *path);
            own.is_some_and(|used| after(&file.code, &used.name).count() < 2)
        };
        let mut roots: BTreeSet<&str> = ["crate", "super", "self"].into();
        roots.extend(file.uses.iter().map(|used| used.name.as_str()).filter(|name| *name != "*"));
        let children = self.0.keys().filter(|module| module.split_last().is_some_and(|(_, rest)| rest == file.module));
        roots.extend(children.filter_map(|module| module.last().map(String::as_str)));
        let named = roots.iter().flat_map(|root| {
            let behind = after(&file.code, root).filter_map(|rest| rest.strip_prefix("::"));
            behind.flat_map(|rest| paths(&[(*root).to_owned()], rest)).map(|(path, _)| path).collect::<Vec<_>>()
        });
        let mut found = BTreeSet::new();
        for path in named.filter(|path| !passes_on(path)) {
            let glob = path.last().is_some_and(|name| name == "*");
            match self.find(file, if glob { &path[..path.len() - 1] } else { &path }, 8) {
                Place::Item(module) => drop(found.insert(module)),
                Place::Module(module) if glob => drop(found.insert(module)),
                // What is taken from it is seen where it is named.
                Place::Module(_) | Place::Elsewhere => {}
            }
        }
        found.retain(|module| !file.module.starts_with(module));
        found
    }

    /// Every circle's files, each circle once: those that can be reached from each other.
    fn circles(&self) -> Vec<Vec<&'a str>> {
        let imports: BTreeMap<&Path, BTreeSet<Path>> = self.0.iter().map(|(m, file)| (m, self.imports(file))).collect();
        let reachable = |from: &Path| {
            let (mut seen, mut next) = (BTreeSet::new(), vec![from.clone()]);
            while let Some(module) = next.pop() {
                for module in imports.get(&module).into_iter().flatten() {
                    if seen.insert(module.clone()) {
                        next.push(module.clone());
                    }
                }
            }
            seen
        };
        let reached: BTreeMap<&Path, BTreeSet<Path>> = imports.keys().map(|from| (*from, reachable(from))).collect();
        let circle = |from: &&Path| {
            let is_mutual = |to: &&&Path| reached[*from].contains(**to) && reached[**to].contains(*from);
            imports.keys().filter(is_mutual).map(|module| self.0[*module].name).collect::<Vec<_>>()
        };
        let circles: BTreeSet<Vec<&str>> = imports.keys().map(circle).filter(|circle| !circle.is_empty()).collect();
        circles.into_iter().collect()
    }
}

fn circles_of(files: &[(&str, &str)]) -> Vec<String> {
    let sources: Vec<_> = files.iter().map(|(name, source)| ((*name).to_owned(), (*source).to_owned())).collect();
    Crate::of(&sources).circles().iter().map(|circle| circle.join(" ")).collect()
}

#[test]
fn no_two_files_import_each_other_in_a_circle() {
    let sources = sources();
    let sources = Crate::of(&sources);
    let imports = |name: &str, of: &str| sources.imports(&sources.0[&module_path(name)]).contains(&module_path(of));
    // The paths are followed at all: by a sibling, a re-export, a module's name.
    assert!(imports("gpu/band.rs", "gpu/pipeline.rs") && imports("render/renderer.rs", "geometry/tiles.rs"));
    assert!(imports("kernel/layers.rs", "kernel/block/finish.rs"));
    let circles = sources.circles();
    assert!(
        circles.is_empty(),
        "files that import each other:\n{}",
        circles.iter().map(|c| c.join(", ")).collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn planted_circles_are_found() {
    let two = [("a.rs", "use crate::b::B;\npub struct A(B);"), ("b.rs", "pub struct B;\nfn f(a: crate::a::A) {}")];
    assert_eq!(circles_of(&two), ["a.rs b.rs"]);
    let siblings = [
        ("m/mod.rs", "mod x;\nmod y;\npub use x::X;\npub(super) use y::{Y, self};"),
        ("m/x.rs", "use super::Y;\npub struct X;"),
        ("m/y.rs", "use super::{x::{X as Other}, z};\npub struct Y;"),
    ];
    assert_eq!(circles_of(&siblings), ["m/x.rs m/y.rs"]);
    let three = [
        ("m/mod.rs", "mod x;\nmod y;\nmod z;\npub use z::Z as Last;"),
        ("m/x.rs", "use super::y;\npub struct X;\nfn f() { y::g() }"),
        ("m/y.rs", "pub fn g() { super::Last::new() }"),
        ("m/z.rs", "pub struct Z;\nuse crate::m::x;\nfn f(x: x::X) {}"),
    ];
    assert_eq!(circles_of(&three), ["m/x.rs m/y.rs m/z.rs"]);
    let through_the_parent = [
        ("m/mod.rs", "mod x;\nuse x::X;\npub struct M(X);"),
        ("m/x.rs", "use crate::n::N;\npub struct X;"),
        ("n.rs", "use crate::m::M;\npub struct N;"),
    ];
    assert_eq!(circles_of(&through_the_parent), ["m/mod.rs m/x.rs n.rs"]);
}

#[test]
fn what_is_no_circle_is_not_reported() {
    let parent_and_child = [
        ("m/mod.rs", "mod x;\nmod y;\nuse x::X;\npub use y::Y;\npub const N: usize = 3;\npub struct M(X);"),
        ("m/x.rs", "use super::{N, Y};\npub struct X(Y);"),
        (
            "m/y.rs",
            "// See `super::x::X`.\nuse super::N;\npub struct Y;\n#[cfg(test)]\nmod tests {\n use crate::m::x::X;\n}",
        ),
    ];
    assert_eq!(circles_of(&parent_and_child), [] as [&str; 0]);
    // Two modules take something from each other, no two files do.
    let apart = [
        ("m/mod.rs", "mod x;\nmod y;\npub use x::X;\npub use y::Y;"),
        ("m/x.rs", "use crate::n::N;\npub struct X;"),
        ("m/y.rs", "pub struct Y;"),
        ("n.rs", "use crate::m::Y;\npub struct N;"),
    ];
    assert_eq!(circles_of(&apart), [] as [&str; 0]);
}
