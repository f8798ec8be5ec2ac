//! No module needs a sibling that needs it: in every folder of `src`, imports lead one way.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::visit::Visit;

/// A module by its path from the crate's root.
type Module = Vec<String>;

#[test]
fn imports_in_a_folder_lead_one_way() {
    let crate_ = Crate::read();
    let mut found = Vec::new();
    for folder in crate_.folders() {
        let edges = crate_.edges(&folder);
        for circle in circles(&edges) {
            let within = edges.iter().filter(|((from, to), _)| {
                circle.contains(from.as_str()) && circle.contains(to.as_str())
            });
            let within: Vec<_> =
                within.map(|((from, to), why)| format!("{from} -> {to} ({why})")).collect();
            found.push(format!("{}: {circle:?}\n    {}", folder.join("::"), within.join("\n    ")));
        }
    }
    assert!(found.is_empty(), "circles:\n{}", found.join("\n"));
}

#[test]
fn the_dialects_do_not_name_each_other() {
    let crate_ = Crate::read();
    for layer in ["sync", "p2p"] {
        let folder = vec![layer.to_owned()];
        for (edge, why) in crate_.edges(&folder) {
            let pair = (edge.0.as_str(), edge.1.as_str());
            assert!(
                !matches!(pair, ("json", "binary") | ("binary", "json")),
                "{layer}: {} names {}: {why}",
                pair.0,
                pair.1
            );
        }
    }
}

#[test]
fn circles_are_seen() {
    let edge = |from: &str, to: &str| ((from.to_owned(), to.to_owned()), String::new());
    let edges = BTreeMap::from([edge("a", "b"), edge("b", "c"), edge("c", "a"), edge("c", "d")]);
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(circles(&edges), [names(&["a", "b", "c"])]);
    let crate_ = Crate::read();
    assert!(crate_.edges(&vec![]).contains_key(&("api".to_owned(), "node".to_owned())));
    assert!(!crate_.edges(&vec![]).contains_key(&("node".to_owned(), "api".to_owned())));
}

/// The crate's modules, and which of them each names. Test modules are left out.
struct Crate {
    needs: BTreeMap<Module, BTreeSet<Module>>,
}

impl Crate {
    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut files = BTreeMap::new();
        read_folder(&root, &mut Vec::new(), &mut files);
        let modules: BTreeSet<Module> = files.keys().cloned().collect();
        // What a module hands on of another one counts as the other one's.
        let mut handed_on = BTreeMap::new();
        let mut paths = BTreeMap::new();
        for (module, file) in &files {
            let mut names = Names::default();
            names.visit_file(file);
            for path in names.handed_on {
                if let Some((of, item)) = resolve(&path, module, &modules)
                    && let Some(item) = item
                {
                    handed_on.insert((module.clone(), item), of);
                }
            }
            paths.insert(module.clone(), names.used);
        }
        let needs = paths.into_iter().map(|(module, paths)| {
            let needs = paths.iter().filter_map(|path| {
                let (mut of, item) = resolve(path, &module, &modules)?;
                let mut left = modules.len();
                while let Some(next) =
                    item.as_ref().and_then(|item| handed_on.get(&(of.clone(), item.clone())))
                    && left > 0
                {
                    of.clone_from(next);
                    left -= 1;
                }
                Some(of)
            });
            (module.clone(), needs.collect())
        });
        Self { needs: needs.collect() }
    }

    fn folders(&self) -> BTreeSet<Module> {
        self.needs
            .keys()
            .filter_map(|module| module.split_last())
            .map(|(_, up)| up.to_vec())
            .collect()
    }

    /// Which siblings in a folder name which, each with one place that does.
    fn edges(&self, folder: &Module) -> BTreeMap<(String, String), String> {
        let child = |module: &Module| -> Option<String> {
            module.strip_prefix(folder.as_slice())?.first().cloned()
        };
        let mut edges = BTreeMap::new();
        for (module, needs) in &self.needs {
            let Some(from) = child(module) else { continue };
            for need in needs {
                let Some(to) = child(need).filter(|to| *to != from) else { continue };
                let why = format!("{} names {}", module.join("::"), need.join("::"));
                edges.entry((from.clone(), to)).or_insert(why);
            }
        }
        edges
    }
}

/// Reads the files of a folder that are no tests.
fn read_folder(folder: &Path, at: &mut Module, files: &mut BTreeMap<Module, syn::File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if ["tests", "test_util", "main", "eclipse"].contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            at.push(name);
            read_folder(&path, at, files);
            at.pop();
            continue;
        }
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let file = syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap();
        let mut module = at.clone();
        if !["mod", "lib"].contains(&name.as_str()) {
            module.push(name);
        }
        files.insert(module, file);
    }
}

/// The module that a path leads to, and the item in it; `None` if it leads out of the crate.
fn resolve(
    path: &[String],
    module: &Module,
    modules: &BTreeSet<Module>,
) -> Option<(Module, Option<String>)> {
    let mut of = Module::new();
    let mut rest = path;
    match path.first()?.as_str() {
        "crate" => rest = &path[1..],
        "self" | "super" => {
            of.clone_from(module);
            while let Some((step, after)) = rest.split_first()
                && (step == "self" || step == "super")
            {
                if step == "super" {
                    of.pop()?;
                }
                rest = after;
            }
        }
        first => {
            of.clone_from(module);
            of.push(first.to_owned());
            if !modules.contains(&of) {
                return None;
            }
            rest = &path[1..];
        }
    }
    while let Some((step, after)) = rest.split_first() {
        let next: Module = of.iter().chain([step]).cloned().collect();
        if !modules.contains(&next) {
            break;
        }
        (of, rest) = (next, after);
    }
    Some((of, rest.first().cloned()))
}

/// The paths in a file.
#[derive(Default)]
struct Names {
    used: Vec<Vec<String>>,
    handed_on: Vec<Vec<String>>,
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            syn::Item::Fn(item) => &item.attrs,
            _ => return syn::visit::visit_item(self, item),
        };
        let is_test = |attribute: &syn::Attribute| {
            attribute.path().is_ident("cfg") && quote_of(attribute).contains("test")
        };
        if !attributes.iter().any(is_test) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let is_handed_on = !matches!(item.vis, syn::Visibility::Inherited);
        let into = if is_handed_on { &mut self.handed_on } else { &mut self.used };
        flatten(&item.tree, &mut Vec::new(), into);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.used.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        syn::visit::visit_path(self, path);
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
}

fn quote_of(attribute: &syn::Attribute) -> String {
    attribute.meta.require_list().map_or_else(|_| String::new(), |list| list.tokens.to_string())
}

/// Every path of an import.
fn flatten(tree: &syn::UseTree, before: &mut Vec<String>, into: &mut Vec<Vec<String>>) {
    let mut leaf = |name: String| into.push(before.iter().cloned().chain([name]).collect());
    match tree {
        syn::UseTree::Path(path) => {
            before.push(path.ident.to_string());
            flatten(&path.tree, before, into);
            before.pop();
        }
        syn::UseTree::Name(name) if name.ident == "self" => into.push(before.clone()),
        syn::UseTree::Name(name) => leaf(name.ident.to_string()),
        syn::UseTree::Rename(name) => leaf(name.ident.to_string()),
        syn::UseTree::Glob(_) => leaf("*".to_owned()),
        syn::UseTree::Group(group) => {
            group.items.iter().for_each(|tree| flatten(tree, before, into));
        }
    }
}

/// The sets of names that reach each other.
fn circles(edges: &BTreeMap<(String, String), String>) -> Vec<BTreeSet<String>> {
    let reached = |start: &str| {
        let mut reached = BTreeSet::new();
        let mut waiting = vec![start.to_owned()];
        while let Some(at) = waiting.pop() {
            for (_, to) in edges.keys().filter(|(from, _)| *from == at) {
                if reached.insert(to.clone()) {
                    waiting.push(to.clone());
                }
            }
        }
        reached
    };
    let names: BTreeSet<&String> = edges.keys().flat_map(|(from, to)| [from, to]).collect();
    let mut found: Vec<BTreeSet<String>> = Vec::new();
    for name in names {
        let ahead = reached(name);
        if !ahead.contains(name) || found.iter().any(|circle| circle.contains(name)) {
            continue;
        }
        found.push(ahead.into_iter().filter(|other| reached(other).contains(name)).collect());
    }
    found
}
