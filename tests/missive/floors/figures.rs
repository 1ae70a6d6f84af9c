//! How long functions and files are, how much structs hold: the figures of the house's rules.

use syn::visit::{self, Visit};

use crate::floors::crate_source::{CrateSource, attributes_of, is_for_tests};

/// A function longer than this is two ideas.
pub(crate) const MAX_FUNCTION_LINES: usize = 60;
/// A function that takes more than this is two ideas, or its arguments are a value without a name.
pub(crate) const MAX_PARAMETERS: usize = 5;
/// A struct that holds more than this holds two things.
pub(crate) const MAX_FIELDS: usize = 10;
/// A file longer than this, its tests left out, is two concepts.
pub(crate) const MAX_FILE_LINES: usize = 450;

/// Something that was counted, by `file: name`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Figure {
    pub(crate) what: String,
    pub(crate) count: usize,
    pub(crate) line: usize,
}

/// All figures of a crate that are too large.
#[derive(Default)]
pub(crate) struct TooLarge {
    pub(crate) functions: Vec<Figure>,
    pub(crate) parameters: Vec<Figure>,
    pub(crate) structs: Vec<Figure>,
    pub(crate) files: Vec<Figure>,
    /// Closures with a name and more than two lines, of the whole crate.
    pub(crate) named_closures: Vec<Figure>,
}

impl TooLarge {
    pub(crate) fn of(source: &CrateSource) -> Self {
        let mut found = Self::default();
        for (file, content) in &source.files {
            let mut counter = Counter { file, found: &mut found, lines_of_tests: 0 };
            counter.visit_file(&content.syntax);
            let count = content.text.lines().count() - counter.lines_of_tests;
            if count > MAX_FILE_LINES {
                found.files.push(Figure { what: file.clone(), count, line: 1 });
            }
        }
        for list in [&mut found.functions, &mut found.parameters, &mut found.structs] {
            list.sort();
            // Two of the same name in one file are one exception, the larger one.
            list.reverse();
            list.dedup_by(|smaller, larger| smaller.what == larger.what);
            list.reverse();
        }
        found
    }
}

struct Counter<'a> {
    file: &'a str,
    found: &'a mut TooLarge,
    lines_of_tests: usize,
}

impl Counter<'_> {
    fn function(&mut self, signature: &syn::Signature, block: Option<&syn::Block>) {
        let line = signature.fn_token.span.start().line;
        let what = format!("{}: {}", self.file, signature.ident);
        let is_argument = |argument: &&syn::FnArg| matches!(argument, syn::FnArg::Typed(_));
        let parameters = signature.inputs.iter().filter(is_argument).count();
        if parameters > MAX_PARAMETERS {
            self.found.parameters.push(Figure { what: what.clone(), count: parameters, line });
        }
        let Some(block) = block else { return };
        let count = block.brace_token.span.close().end().line - line + 1;
        if count > MAX_FUNCTION_LINES {
            self.found.functions.push(Figure { what, count, line });
        }
    }
}

impl<'ast> Visit<'ast> for Counter<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !is_for_tests(attributes_of(item)) {
            visit::visit_item(self, item);
        } else if let syn::Item::Mod(module) = item
            && let Some((brace, _)) = &module.content
        {
            self.lines_of_tests += brace.span.close().end().line - module.mod_token.span.start().line + 2;
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.function(&function.sig, Some(&function.block));
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !is_for_tests(&function.attrs) {
            self.function(&function.sig, Some(&function.block));
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        self.function(&function.sig, function.default.as_ref());
        visit::visit_trait_item_fn(self, function);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        let count = item.fields.len();
        if count > MAX_FIELDS {
            let what = format!("{}: {}", self.file, item.ident);
            self.found.structs.push(Figure { what, count, line: item.ident.span().start().line });
        }
        visit::visit_item_struct(self, item);
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        if let (syn::Pat::Ident(name), Some(value)) = (&local.pat, &local.init)
            && let syn::Expr::Closure(closure) = &*value.expr
            && let syn::Expr::Block(body) = &*closure.body
        {
            let (start, end) = (local.let_token.span.start().line, body.block.brace_token.span.close().end().line);
            if end - start + 1 > 2 {
                let what = format!("{}: {}", self.file, name.ident);
                self.found.named_closures.push(Figure { what, count: end - start + 1, line: start });
            }
        }
        visit::visit_local(self, local);
    }
}
