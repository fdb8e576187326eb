//! A run of tokens of a text, and how to find one's way in it. Linear, and without recursion.

use dbmigrate_core::token::{self, Token, TokenKind, is_word};

use super::is_name;

/// The tokens of a text that count: no white space, no comments, no final `;`.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<_> = token::tokens(text).filter(|token| !token.is_blank()).collect();
    while tokens.last().is_some_and(|token| token.kind == TokenKind::Semicolon) {
        tokens.pop();
    }
    tokens
}

/// A run of tokens of a text.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    source: &'a str,
    tokens: &'a [Token],
}

impl<'a> Piece<'a> {
    pub(super) fn new(source: &'a str, tokens: &'a [Token]) -> Self {
        Self { source, tokens }
    }

    pub(super) fn len(self) -> usize {
        self.tokens.len()
    }

    pub(super) fn is_empty(self) -> bool {
        self.tokens.is_empty()
    }

    /// The text from the first token to the last, with what stands between.
    pub(super) fn text(self) -> &'a str {
        match (self.tokens.first(), self.tokens.last()) {
            (Some(first), Some(last)) => self.source.get(first.span.start..last.span.end).unwrap_or(""),
            _ => "",
        }
    }

    pub(super) fn kind(self, at: usize) -> Option<TokenKind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    pub(super) fn word(self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.text(self.source))
    }

    pub(super) fn is(self, at: usize, keyword: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| is_word(self.source, *token, keyword))
    }

    pub(super) fn range(self, from: usize, to: usize) -> Self {
        Self { source: self.source, tokens: self.tokens.get(from..to).unwrap_or_default() }
    }

    pub(super) fn from(self, from: usize) -> Self {
        self.range(from, self.len())
    }

    /// The places of the tokens that stand in no parentheses; an opening one counts, its closing one does not.
    pub(super) fn outside(self) -> impl Iterator<Item = usize> + use<'a> {
        let mut depth = 0_usize;
        self.tokens.iter().enumerate().filter_map(move |(at, token)| {
            let outside = depth == 0;
            match token.kind {
                TokenKind::LeftParen => depth += 1,
                TokenKind::RightParen => depth = depth.saturating_sub(1),
                _ => {}
            }
            outside.then_some(at)
        })
    }

    /// The first place of a keyword in no parentheses.
    pub(super) fn find(self, keyword: &str) -> Option<usize> {
        self.outside().find(|&at| self.is(at, keyword))
    }

    /// What stands between the parentheses that open at `at`, and the place after the closing one.
    pub(super) fn group(self, at: usize) -> Option<(Self, usize)> {
        if self.kind(at) != Some(TokenKind::LeftParen) {
            return None;
        }
        let rest = self.from(at + 1);
        let mut depth = 1_usize;
        let length = rest.tokens.iter().position(|token| {
            match token.kind {
                TokenKind::LeftParen => depth += 1,
                TokenKind::RightParen => depth -= 1,
                _ => {}
            }
            depth == 0
        })?;
        Some((rest.range(0, length), at + length + 2))
    }

    /// The pieces between the commas that stand in no parentheses.
    pub(super) fn between_commas(self) -> Vec<Self> {
        let mut pieces = Vec::new();
        let mut start = 0;
        for at in self.outside().filter(|&at| self.word(at) == ",") {
            pieces.push(self.range(start, at));
            start = at + 1;
        }
        pieces.push(self.from(start));
        pieces
    }

    pub(super) fn longest_run_of_names(self) -> usize {
        self.tokens.split(|token| !is_name(token.kind)).map(<[_]>::len).max().unwrap_or(0)
    }
}
