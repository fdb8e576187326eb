//! SQL written by somebody else.

use dbmigrate_core::token::{Token, TokenKind, tokens};
use dbmigrate_schema::Name;

/// The same statements, written by somebody else. `die` gives a number below its argument.
pub(crate) fn rewritten(text: &str, mut die: impl FnMut(usize) -> usize) -> String {
    let mut out = String::new();
    let mut depth_of_check: Option<usize> = None;
    for Token { kind, span } in tokens(text) {
        let word = &text[span.start..span.end];
        match kind {
            TokenKind::Space => out += [" ", "\n  ", "\t", " /* ; ' */ ", " -- \" so\n"][die(5)],
            // Texts, where they are a default.
            TokenKind::Word if word == "word" => out += word,
            TokenKind::Word => {
                out.extend(
                    word.chars().map(|c| if die(2) == 0 { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() }),
                );
            }
            TokenKind::QuotedName if word == "\"bar\"" => out += word,
            TokenKind::QuotedName => {
                let name = word[1..word.len() - 1].replace("\"\"", "\"");
                let plain = Name::new(&name).to_sql() == name;
                out += &match die(4) {
                    0 if !name.contains(']') => format!("[{name}]"),
                    1 => format!("`{name}`"),
                    2 if plain => name.to_ascii_uppercase(),
                    _ => word.to_owned(),
                };
            }
            TokenKind::Operator if word == "=" => out += ["=", "=="][die(2)],
            TokenKind::LeftParen if out.trim_end().to_ascii_uppercase().ends_with("CHECK") && die(2) == 0 => {
                depth_of_check = Some(1);
                out += "((";
            }
            TokenKind::LeftParen => {
                depth_of_check = depth_of_check.map(|depth| depth + 1);
                out += "(";
            }
            TokenKind::RightParen => {
                depth_of_check = depth_of_check.map(|depth| depth - 1);
                if depth_of_check == Some(0) {
                    depth_of_check = None;
                    out += ")";
                }
                out += ")";
            }
            _ => out += word,
        }
    }
    out
}
