//! Questions about a Rust source file, answered by a parser: where an edit goes, and whether a call is there.

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::{File, Item};

/// Parses a file; `None` where it is no Rust.
pub(crate) fn parse(text: &str) -> Option<File> {
    syn::parse_file(text).ok()
}

/// The byte after the `{` of `fn main`.
pub(crate) fn start_of_main(file: &File) -> Option<usize> {
    file.items.iter().find_map(|item| match item {
        Item::Fn(function) if function.sig.ident == "main" => {
            Some(shebang(file) + function.block.brace_token.span.open().byte_range().end)
        }
        _ => None,
    })
}

/// The first byte of the first item, its attributes and documentation included; the end where there is none.
pub(crate) fn start_of_items(file: &File, text: &str) -> usize {
    file.items.first().map_or(text.len(), |item| shebang(file) + item.span().byte_range().start)
}

/// The length of a `#!` line, which the parser's positions leave out.
fn shebang(file: &File) -> usize {
    file.shebang.as_ref().map_or(0, String::len)
}

/// Whether a file names `name` in its code: comments and strings don't count.
pub(crate) fn mentions(text: &str, name: &str) -> bool {
    text.contains(name) && text.parse().is_ok_and(|tokens: TokenStream| mentions_in(tokens, name))
}

fn mentions_in(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Group(group) => mentions_in(group.stream(), name),
        _ => false,
    })
}

/// Whether a file includes the module of a set: `include_migrations!(…, set = "billing")`, or without `set` that of the
/// set without a name.
pub(crate) fn includes(text: &str, set: &str) -> bool {
    text.contains(MACRO) && text.parse().is_ok_and(|tokens: TokenStream| includes_in(tokens, set))
}

/// The macro that includes a module.
const MACRO: &str = "include_migrations";

fn includes_in(tokens: TokenStream, set: &str) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let called = tokens.windows(3).any(|window| match window {
        [TokenTree::Ident(name), TokenTree::Punct(call), TokenTree::Group(group)] => {
            name == MACRO && call.as_char() == '!' && set_of(group.stream()) == set
        }
        _ => false,
    });
    called
        || tokens.into_iter().any(|token| match token {
            TokenTree::Group(group) => includes_in(group.stream(), set),
            _ => false,
        })
}

/// What stands behind `set =`, without its quotes.
fn set_of(tokens: TokenStream) -> String {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let named = tokens.windows(3).find_map(|window| match window {
        [TokenTree::Ident(name), TokenTree::Punct(is), TokenTree::Literal(value)]
            if name == "set" && is.as_char() == '=' =>
        {
            Some(value.to_string())
        }
        _ => None,
    });
    named.map(|name| name.trim_matches('"').to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_behind_comments_and_attributes() {
        let text = "//! Docs.\n#![forbid(unsafe_code)]\n\n// fn main() {\n/// Starts.\nfn main() {\n    run();\n}\n";
        let file = parse(text).unwrap();
        assert_eq!(&text[start_of_items(&file, text)..][..11], "/// Starts.");
        assert_eq!(&text[start_of_main(&file).unwrap()..][..11], "\n    run();");
    }

    #[test]
    fn a_mention_in_a_comment_is_none() {
        assert!(mentions("mod a { dbmigrate_runtime::include_migrations!(pub mod m); }", "include_migrations"));
        assert!(!mentions("// include_migrations!\nfn f() { \"include_migrations\"; }", "include_migrations"));
    }

    #[test]
    fn the_module_of_a_set_is_told_from_that_of_another() {
        let text = "mod a { x::include_migrations! { /// Docs.\n pub mod billing, set = \"billing\", backup } }\n\
                    x::include_migrations!(pub mod migrations);";
        for (set, expect) in [("billing", true), ("", true), ("accounts", false)] {
            assert_eq!(includes(text, set), expect, "{set}");
        }
        assert!(!includes("// include_migrations!(pub mod a, set = \"a\");", "a"));
        assert!(!includes("include_migrations!(pub mod a, set = \"a\");", ""));
    }
}
