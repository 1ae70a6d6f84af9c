//! The crate's source as a test reads it: which file defines which module, and which file asks which other one for something.

use std::collections::BTreeMap;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// The crate's own name, as `main.rs` writes it.
const OWN_NAME: &str = "missive";

/// The depth at which following names from file to file ends: names that go round in a circle are followed no further.
const MAX_NAMES_FOLLOWED: usize = 16;

/// All files of a crate, and what each of them asks of others.
pub(crate) struct CrateSource {
    pub(crate) files: BTreeMap<String, SourceFile>,
    pub(crate) arrows: Vec<Arrow>,
    pub(crate) externals: Vec<External>,
}

/// One file that is compiled without tests.
pub(crate) struct SourceFile {
    pub(crate) text: String,
    pub(crate) syntax: syn::File,
}

/// One file names something that another one defines.
pub(crate) struct Arrow {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) line: usize,
    /// The path as it is written.
    pub(crate) path: String,
    /// Only the module itself is named, as a beginning for other paths: those are arrows of their own.
    pub(crate) is_module: bool,
}

/// One file names something of an external crate.
pub(crate) struct External {
    pub(crate) from: String,
    pub(crate) krate: String,
    pub(crate) line: usize,
}

/// A path as it stands in a file.
struct Named {
    file: String,
    module: Vec<String>,
    path: Vec<String>,
    line: usize,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Import,
    /// `pub use`: a door to what another file defines.
    ReExport,
    /// A path in an expression, a type, an attribute or a macro.
    Inline,
}

enum Target {
    External(String),
    File { file: String, is_module: bool },
    Unknown,
}

impl CrateSource {
    /// Reads every file below a `src` folder.
    pub(crate) fn read(src: &Path, externals: &[String]) -> Self {
        let files = walkdir::WalkDir::new(src)
            .into_iter()
            .map(Result::unwrap)
            .filter(|entry| entry.path().extension().is_some_and(|kind| kind == "rs"))
            .map(|entry| {
                let name = entry.path().strip_prefix(src).unwrap().to_str().unwrap().to_owned();
                (name, std::fs::read_to_string(entry.path()).unwrap())
            });
        Self::parse(files.collect(), externals)
    }

    /// Parses files that are given by their paths below `src`.
    pub(crate) fn parse(texts: BTreeMap<String, String>, externals: &[String]) -> Self {
        let mut files: BTreeMap<String, SourceFile> = texts
            .into_iter()
            .map(|(name, text)| {
                let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("src/{name}: {error}"));
                (name, SourceFile { text, syntax: parsed })
            })
            .collect();
        let modules: Vec<Vec<String>> =
            files.iter().flat_map(|(name, file)| modules_of_tests(name, &file.syntax)).collect();
        files.retain(|name, _| !modules.iter().any(|test| module_of(name).starts_with(test)));
        let names = Names::of(&files, externals);
        let (arrows, externals) = names.arrows();
        Self { files, arrows, externals }
    }
}

/// The module that a file defines.
fn module_of(file: &str) -> Vec<String> {
    let stem = file.strip_suffix(".rs").unwrap();
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    if matches!(stem, "lib" | "main") {
        return Vec::new();
    }
    stem.split('/').map(str::to_owned).collect()
}

/// The modules that a file declares for tests only.
fn modules_of_tests(file: &str, syntax: &syn::File) -> Vec<Vec<String>> {
    let declared = syntax.items.iter().filter_map(|item| match item {
        syn::Item::Mod(module) if is_for_tests(&module.attrs) => Some(module.ident.to_string()),
        _ => None,
    });
    declared.map(|name| [module_of(file), vec![name]].concat()).collect()
}

/// Whether an item is compiled for tests only.
pub(crate) fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).any(|attribute| match &attribute.meta {
        syn::Meta::List(list) => {
            let words: Vec<String> = idents(list.tokens.clone());
            words.iter().any(|word| word == "test") && !words.iter().any(|word| word == "not")
        }
        _ => false,
    })
}

fn idents(tokens: TokenStream) -> Vec<String> {
    let words = tokens.into_iter().flat_map(|token| match token {
        TokenTree::Ident(ident) => vec![ident.to_string()],
        TokenTree::Group(group) => idents(group.stream()),
        _ => Vec::new(),
    });
    words.collect()
}

/// Attributes of any item.
pub(crate) fn attributes_of(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// What every module is, and all paths that stand anywhere.
struct Names {
    /// Each module's file.
    modules: BTreeMap<Vec<String>, String>,
    /// What each module imports, under which name.
    aliases: BTreeMap<Vec<String>, BTreeMap<String, Vec<String>>>,
    named: Vec<Named>,
    externals: Vec<String>,
}

impl Names {
    fn of(files: &BTreeMap<String, SourceFile>, externals: &[String]) -> Self {
        let mut names = Self {
            modules: BTreeMap::new(),
            aliases: BTreeMap::new(),
            named: Vec::new(),
            externals: externals.iter().cloned().chain(["std", "core", "alloc"].map(str::to_owned)).collect(),
        };
        for (file, source) in files.iter().filter(|(file, _)| *file != "main.rs") {
            names.read(file, source);
        }
        // The program is a crate of its own, with nothing in it that the library could name.
        if let Some(source) = files.get("main.rs") {
            names.read("main.rs", source);
        }
        names
    }

    fn read(&mut self, file: &str, source: &SourceFile) {
        let module = if file == "main.rs" { vec!["main".to_owned()] } else { module_of(file) };
        self.modules.insert(module.clone(), file.to_owned());
        Reader { names: self, file, module }.visit_file(&source.syntax);
    }

    fn arrows(&self) -> (Vec<Arrow>, Vec<External>) {
        let (mut arrows, mut externals) = (Vec::new(), Vec::new());
        for named in &self.named {
            let from = named.file.clone();
            match self.resolve(&named.module, &named.path, named.kind, 0) {
                Target::External(krate) => externals.push(External { from, krate, line: named.line }),
                Target::File { file: to, is_module } if to != from => {
                    // A door to what lies below is a declaration, as `mod` is: whoever goes through it is an arrow to the
                    // file behind.
                    let is_door = named.kind == Kind::ReExport && module_of(&to).starts_with(&module_of(&from));
                    if !is_door && to != "lib.rs" {
                        arrows.push(Arrow { from, to, line: named.line, path: named.path.join("::"), is_module });
                    }
                }
                Target::File { .. } | Target::Unknown => {}
            }
        }
        (arrows, externals)
    }

    /// Where a path that stands in a module leads.
    fn resolve(&self, module: &[String], path: &[String], kind: Kind, depth: usize) -> Target {
        let Some((first, rest)) = path.split_first().filter(|_| depth < MAX_NAMES_FOLLOWED) else {
            return Target::Unknown;
        };
        match first.as_str() {
            "" => return rest.first().map_or(Target::Unknown, |krate| Target::External(krate.clone())),
            "crate" | OWN_NAME => return self.walk(Vec::new(), rest, module, depth),
            "self" => return self.walk(module.to_vec(), rest, module, depth),
            "super" => {
                let mut base = module.to_vec();
                base.pop();
                let above = rest.iter().take_while(|name| *name == "super").count();
                base.truncate(base.len().saturating_sub(above));
                return self.walk(base, rest.get(above..).unwrap_or_default(), module, depth);
            }
            _ => {}
        }
        let child = [module, std::slice::from_ref(first)].concat();
        let alias = self.aliases.get(module).and_then(|aliases| aliases.get(first));
        let is_single = rest.is_empty() && kind == Kind::Inline;
        if let Some(alias) = alias.filter(|_| kind == Kind::Inline) {
            return self.resolve(module, &[alias.as_slice(), rest].concat(), Kind::Import, depth + 1);
        }
        if self.modules.contains_key(&child) && !is_single {
            return self.walk(child, rest, module, depth);
        }
        if self.externals.contains(first) && !is_single {
            return Target::External(first.clone());
        }
        match alias.filter(|alias| alias.as_slice() != path) {
            Some(alias) => self.resolve(module, &[alias.as_slice(), rest].concat(), kind, depth + 1),
            None => Target::Unknown,
        }
    }

    /// Follows a path from a module downwards, and through what a module on the way imports from elsewhere.
    fn walk(&self, mut at: Vec<String>, mut rest: &[String], origin: &[String], depth: usize) -> Target {
        while let Some((next, after)) = rest.split_first() {
            let child = [at.as_slice(), std::slice::from_ref(next)].concat();
            if self.modules.contains_key(&child) {
                at = child;
                rest = after;
                continue;
            }
            let alias =
                self.aliases.get(&at).and_then(|aliases| aliases.get(next)).filter(|_| at != origin || depth == 0);
            if let Some(alias) = alias
                && let found @ Target::File { .. } =
                    self.resolve(&at, &[alias.as_slice(), after].concat(), Kind::Import, depth + 1)
            {
                return found;
            }
            break;
        }
        self.modules
            .get(&at)
            .map_or(Target::Unknown, |file| Target::File { file: file.clone(), is_module: rest.is_empty() })
    }
}

/// Collects the imports and paths of one file.
struct Reader<'a> {
    names: &'a mut Names,
    file: &'a str,
    module: Vec<String>,
}

impl Reader<'_> {
    fn name(&mut self, path: Vec<String>, line: usize, kind: Kind) {
        if path.first().is_some_and(|first| first != "Self") {
            let named = Named { file: self.file.to_owned(), module: self.module.clone(), path, line, kind };
            self.names.named.push(named);
        }
    }

    fn import(&mut self, prefix: &[String], tree: &syn::UseTree, kind: Kind) {
        match tree {
            syn::UseTree::Path(path) => {
                self.import(&[prefix, &[path.ident.to_string()]].concat(), &path.tree, kind);
            }
            syn::UseTree::Name(name) if name.ident == "self" => {
                self.import_as(prefix.to_vec(), prefix.last().cloned(), name.ident.span().start().line, kind);
            }
            syn::UseTree::Name(name) => {
                let path = [prefix, &[name.ident.to_string()]].concat();
                self.import_as(path, Some(name.ident.to_string()), name.ident.span().start().line, kind);
            }
            syn::UseTree::Rename(rename) => {
                let last = if rename.ident == "self" { Vec::new() } else { vec![rename.ident.to_string()] };
                let alias = Some(rename.rename.to_string()).filter(|alias| alias != "_");
                self.import_as([prefix, &last].concat(), alias, rename.ident.span().start().line, kind);
            }
            syn::UseTree::Glob(glob) => {
                let line = glob.star_token.spans[0].start().line;
                self.name([prefix, &["*".to_owned()]].concat(), line, kind);
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(prefix, tree, kind);
                }
            }
        }
    }

    fn import_as(&mut self, path: Vec<String>, alias: Option<String>, line: usize, kind: Kind) {
        if let Some(alias) = alias {
            self.names.aliases.entry(self.module.clone()).or_default().insert(alias, path.clone());
        }
        self.name(path, line, kind);
    }

    /// A path that may begin in a type: of `<[u8]>::to_vec` only the type leads anywhere.
    fn path_of_a_type(&mut self, within: Option<&syn::QSelf>, path: &syn::Path) {
        if let Some(within) = within {
            self.visit_type(&within.ty);
        }
        if within.is_none_or(|within| within.position > 0) {
            self.visit_path(path);
        }
    }

    /// Finds the paths among the tokens of a macro or an attribute; names in strings only where they are paths.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let is_colon = |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Literal(literal) => {
                    let text = literal.to_string();
                    let text = text.trim_matches('"');
                    if text.contains("::")
                        && !text.contains(char::is_whitespace)
                        && syn::parse_str::<syn::Path>(text).is_ok()
                    {
                        let path = text.split("::").map(str::to_owned).collect();
                        self.name(path, literal.span().start().line, Kind::Inline);
                    }
                }
                TokenTree::Ident(first) => {
                    let is_field =
                        at > 0 && matches!(&tokens[at - 1], TokenTree::Punct(punct) if punct.as_char() == '.');
                    let mut path = vec![first.to_string()];
                    while is_colon(at + 1)
                        && is_colon(at + 2)
                        && matches!(tokens.get(at + 3), Some(TokenTree::Ident(_)))
                    {
                        at += 3;
                        path.push(tokens[at].to_string());
                    }
                    if !is_field {
                        self.name(path, first.span().start().line, Kind::Inline);
                    }
                }
                TokenTree::Punct(_) => {}
            }
            at += 1;
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !is_for_tests(attributes_of(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.module.push(item.ident.to_string());
        if item.content.is_some() {
            self.names.modules.insert(self.module.clone(), self.file.to_owned());
        }
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !is_for_tests(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let kind = if matches!(item.vis, syn::Visibility::Inherited) { Kind::Import } else { Kind::ReExport };
        let prefix = if item.leading_colon.is_some() { vec![String::new()] } else { Vec::new() };
        self.import(&prefix, &item.tree, kind);
    }

    /// `pub(in crate::site)` names a module that it does not ask for anything.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let mut names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if path.leading_colon.is_some() {
            names.insert(0, String::new());
        }
        if let Some(first) = path.segments.first() {
            self.name(names, first.ident.span().start().line, Kind::Inline);
        }
        visit::visit_path(self, path);
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        self.path_of_a_type(path.qself.as_ref(), &path.path);
    }

    fn visit_type_path(&mut self, path: &'ast syn::TypePath) {
        self.path_of_a_type(path.qself.as_ref(), &path.path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.visit_path(&item.path);
        self.tokens(item.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        match &attribute.meta {
            syn::Meta::List(list) => {
                if attribute.path().segments.len() > 1 {
                    self.visit_path(attribute.path());
                }
                self.tokens(list.tokens.clone());
            }
            syn::Meta::Path(path) if path.segments.len() > 1 => self.visit_path(path),
            _ => {}
        }
    }
}
