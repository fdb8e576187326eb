//! Migrations in Rust, read as far as a build script needs: which functions and directives there are.
//!
//! Nothing is parsed: types and bodies are left to rustc, whose messages name the file.

pub(crate) mod lexer;

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::directive::{self, Directive, Language, misplaced, repeated};
use crate::problems::Problems;
use crate::requirement::Requirement;
use crate::script::code_without_a_net;
use crate::source::{SourceText, Span};
use lexer::{Token, TokenKind};

/// The signature that a migration's functions have.
const SIGNATURE: &str = "(db: &rusqlite::Connection) -> Result<(), rusqlite::Error>";

/// A migration written in Rust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RustSource {
    /// The file.
    pub source: Arc<SourceText>,
    /// Whether it has `pub fn down`.
    pub has_down: bool,
    /// Whether it runs inside a transaction of the runner.
    pub transaction: bool,
    /// Whether foreign keys are enforced; `None` leaves it to the runner.
    pub foreign_keys: Option<bool>,
    /// The migrations that have to be applied before.
    pub requires: Vec<Requirement>,
    /// Why there is no down script.
    pub irreversible: Option<String>,
    /// The version of what it does, which is part of its checksum.
    pub version: Option<u64>,
}

/// Reads a `.rs` migration. Every problem is added to `diagnostics`.
pub fn parse(source: &Arc<SourceText>, diagnostics: &mut Vec<Diagnostic>) -> RustSource {
    let mut problems = Problems::new(source, diagnostics);
    let text = source.text();
    let mut rust = RustSource {
        source: Arc::clone(source),
        has_down: false,
        transaction: true,
        foreign_keys: None,
        requires: Vec::new(),
        irreversible: None,
        version: None,
    };
    let mut has_up = false;
    let mut irreversible_at = None;
    let mut functions = Functions::default();
    for token in lexer::tokens(text) {
        if token.is_comment() {
            let Some(directive) = directive::read(token.span, Language::Rust, &mut problems) else { continue };
            if functions.seen_code {
                let fault = misplaced("a directive must be at the top of a Rust file");
                problems
                    .push(token.span, fault.help(format!("move `// dbmigrate: {directive}` before the first item")));
            }
            if matches!(directive, Directive::Irreversible(_)) {
                irreversible_at = Some(token.span);
            }
            rust.directive(directive, token.span, &mut problems);
        } else if let Some(function) = functions.feed(text, token) {
            match function.name {
                "up" => has_up = true,
                _ => rust.has_down = true,
            }
            if let Some(fault) = function.fault() {
                problems.push(function.span, fault);
            }
        }
    }
    if !has_up {
        problems.push_file(
            Diagnostic::error("rust-without-up", format!("`{}` has no `pub fn up`", source.path()))
                .help(format!("add `pub fn up{SIGNATURE}`")),
        );
    }
    if let (false, Some(true)) = (rust.transaction, rust.foreign_keys) {
        problems.push_file(code_without_a_net("a Rust migration"));
    }
    if let (Some(span), true) = (irreversible_at, rust.has_down) {
        let fault = Diagnostic::error("contradiction", "a migration with `pub fn down` is not `irreversible`");
        problems.push(span, fault.help("remove this line, or the function"));
    }
    rust
}

impl RustSource {
    fn directive(&mut self, directive: Directive, span: Span, problems: &mut Problems<'_>) {
        let word = directive.word();
        let second = match directive {
            Directive::NoTransaction => !std::mem::replace(&mut self.transaction, false),
            Directive::ForeignKeys(on) => self.foreign_keys.replace(on).is_some(),
            Directive::Requires(name) => {
                self.requires.push(Requirement { name, span });
                false
            }
            Directive::Irreversible(reason) => self.irreversible.replace(reason).is_some(),
            Directive::Version(version) => self.version.replace(version).is_some(),
            // These are for SQL alone: reading a Rust comment gives none.
            Directive::Down
            | Directive::TolerateExisting
            | Directive::Call(_)
            | Directive::Assert(_)
            | Directive::Allow(..)
            | Directive::Replaces(..) => false,
        };
        if second {
            problems.push(span, repeated(word));
        }
    }
}

/// A function called `up` or `down` at the top level of a file.
struct Function<'a> {
    name: &'a str,
    span: Span,
    /// The words before its name: `pub`, a `(` if one follows that, `async`, `fn` and the like.
    head: Vec<&'a str>,
}

impl Function<'_> {
    fn fault(&self) -> Option<Diagnostic> {
        let name = self.name;
        let public = self.head.iter().position(|&word| word == "pub");
        let message = if self.head.contains(&"async") {
            format!("`{name}` is async, and migrations can't be")
        } else if self.head.contains(&"unsafe") {
            format!("`{name}` is unsafe, and the runner calls it from safe code")
        } else if public.is_none_or(|at| self.head.get(at + 1) == Some(&"(")) {
            format!("`{name}` is not public")
        } else {
            return None;
        };
        Some(Diagnostic::error("rust-function", message).help(format!("write `pub fn {name}{SIGNATURE}`")))
    }
}

/// Finds the functions in a stream of tokens.
#[derive(Default)]
struct Functions<'a> {
    /// How many brackets of any kind are open.
    depth: usize,
    /// The words of the item that is being read, outside brackets.
    head: Vec<&'a str>,
    seen_code: bool,
}

impl<'a> Functions<'a> {
    /// Takes the next token that is no comment, and gives the function that it names.
    fn feed(&mut self, text: &'a str, token: Token) -> Option<Function<'a>> {
        self.seen_code = true;
        let word = token.text(text);
        match token.kind {
            TokenKind::Open => {
                if self.depth == 0 && word == "(" && self.head.last() == Some(&"pub") {
                    self.head.push(word);
                }
                self.depth += 1;
            }
            TokenKind::Close => {
                self.depth = self.depth.saturating_sub(1);
                // The end of a body or of an attribute; after `)` the item goes on.
                if self.depth == 0 && word != ")" {
                    self.head.clear();
                }
            }
            TokenKind::Semicolon if self.depth == 0 => self.head.clear(),
            TokenKind::Word if self.depth == 0 => {
                if self.head.last() == Some(&"fn") && matches!(word, "up" | "down") {
                    return Some(Function { name: word, span: token.span, head: std::mem::take(&mut self.head) });
                }
                self.head.push(word);
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (RustSource, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let rust = parse(&Arc::new(SourceText::new("migrations/003_fill.rs", text)), &mut diagnostics);
        (rust, diagnostics)
    }

    fn check(text: &str, has_down: bool, expect: &[&str]) {
        let (rust, diagnostics) = read(text);
        assert_eq!(diagnostics.iter().map(|d| d.code).collect::<Vec<_>>(), expect, "{text}");
        assert_eq!(rust.has_down, has_down, "{text}");
    }

    #[test]
    fn the_functions_are_found_at_the_top_level() {
        check("pub fn up(db: &Connection) {}", false, &[]);
        check("pub fn up() {}\npub fn down() {}", true, &[]);
        check("pub fn down() {} pub fn up() {}", true, &[]);
        check("use a::{b, c};\n#[inline]\n/// Up.\npub\n/* so */ fn\nup<'a>(c: char) { if c == '{' {} }", false, &[]);
        check("const A: &str = \"}}\";\nmod m { pub fn down() {} }\npub const fn up() {}", false, &[]);
        check("const F: fn() = || {};\nconst N: [u8; 2] = [0; 2];\npub fn up() {}", false, &[]);
        check("struct S(u8);\nimpl S { pub fn down(&self) {} }\npub fn up() {}\nfn helper() {}", false, &[]);
    }

    #[test]
    fn a_file_without_up_is_an_error_with_the_signature() {
        for text in [
            "",
            "fn helper() {}",
            "mod m { pub fn up() {} }",
            "// pub fn up() {}",
            "const A: &str = r#\"\npub fn up() {}\n\"#;",
            "pub fn r#fn() {} pub fn upper() {}",
            "macro_rules! m { () => { pub fn up() {} } }",
        ] {
            check(text, false, &["rust-without-up"]);
        }
        let (_, diagnostics) = read("");
        assert_eq!(
            diagnostics[0].to_string(),
            "migrations/003_fill.rs: error: `migrations/003_fill.rs` has no `pub fn up`\n  \
             help: add `pub fn up(db: &rusqlite::Connection) -> Result<(), rusqlite::Error>`"
        );
    }

    #[test]
    fn a_function_that_the_runner_cannot_call_is_told() {
        check("fn up() {}", false, &["rust-function"]);
        check("pub(crate) fn up() {}", false, &["rust-function"]);
        check("pub(in crate::a) fn up() {}", false, &["rust-function"]);
        check("pub async fn up() {}", false, &["rust-function"]);
        check("pub unsafe fn up() {}", false, &["rust-function"]);
        check("pub fn up() {}\nfn down() {}", true, &["rust-function"]);
        check("pub struct S(pub u8); fn up() {}", false, &["rust-function"]);
        let (_, diagnostics) = read("use x;\nasync fn up() {}");
        assert_eq!(diagnostics[0].message, "`up` is async, and migrations can't be");
        assert_eq!(diagnostics[0].location.as_ref().unwrap().position.to_string(), "2:10");
    }

    #[test]
    fn directives_stand_at_the_top() {
        let (rust, diagnostics) = read(
            "//! Fills.\n// dbmigrate: version 2\n// dbmigrate: no-transaction\n// dbmigrate: foreign-keys off\n\
             // dbmigrate: requires 001_a\n// dbmigrate: requires 002_b\n// dbmigrate: irreversible gone\npub fn up() {}",
        );
        assert_eq!(rust.requires.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["001_a", "002_b"]);
        assert_eq!(diagnostics, []);
        assert_eq!((rust.version, rust.transaction, rust.foreign_keys), (Some(2), false, Some(false)));
        assert_eq!(rust.irreversible.as_deref(), Some("gone"));
        let (rust, _) = read("pub fn up() {}");
        assert_eq!((rust.version, rust.transaction, rust.foreign_keys, rust.irreversible), (None, true, None, None));

        check("pub fn up() {}\n// dbmigrate: version 2", false, &["misplaced-directive"]);
        check("use a; // dbmigrate: version 2\npub fn up() {}", false, &["misplaced-directive"]);
        check("//! dbmigrate: version 2\npub fn up() {}", false, &["malformed-directive"]);
        check("// dbmigrate: down\npub fn up() {}", false, &["unknown-directive"]);
        check("// dbmigrate: version 2\n// dbmigrate: version 2\npub fn up() {}", false, &["repeated-directive"]);
        check(
            "// dbmigrate: no-transaction\n// dbmigrate: no-transaction\npub fn up() {}",
            false,
            &["repeated-directive"],
        );
        check("// dbmigrate: irreversible so\npub fn up() {} pub fn down() {}", true, &["contradiction"]);
        check("// dbmigrate: no-transaction\n// dbmigrate: foreign-keys on\npub fn up() {}", false, &["contradiction"]);
        check("const A: &str = \"\n// dbmigrate: nothing\n\"; pub fn up() {}", false, &[]);
    }

    #[test]
    fn any_text_is_read_without_a_panic() {
        let mut soup = crate::testing::Soup::new(4);
        for _ in 0..3_000 {
            let text = soup.text(40);
            let (_, diagnostics) = read(&text);
            assert!(diagnostics.len() <= 102, "{text:?}");
        }
        check(&"pub fn up(".repeat(50_000), false, &[]);
        check(&"r#".repeat(50_000), false, &["rust-without-up"]);
        check(&"/*".repeat(50_000), false, &["rust-without-up"]);
    }
}
