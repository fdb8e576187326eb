//! Names as text of a picture: escaped, and no wider than there is room.
//!
//! Widths are counted in cells of a monospaced font, as no font is at hand.

/// How many cells a text takes. Full-width letters take two.
pub(super) fn cells(text: &str) -> usize {
    text.chars().map(width).sum()
}

fn width(letter: char) -> usize {
    match u32::from(letter) {
        // Marks that stand above or below the letter before them.
        0x300..=0x36f | 0x200b..=0x200d | 0xfe00..=0xfe0f => 0,
        // Hangul, Chinese and Japanese, and what stands for pictures.
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff01..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1faff
        | 0x20000..=0x3ffff => 2,
        _ => 1,
    }
}

/// The text, or its beginning with an ellipsis, so that it takes no more than so many cells.
pub(super) fn clipped(text: &str, most: usize) -> String {
    let mut clipped = String::new();
    let mut used = 0;
    for (at, letter) in text.char_indices() {
        used += width(letter);
        if used > most {
            return clipped + "…";
        }
        // The ellipsis needs room, unless this is the end.
        if used == most && at + letter.len_utf8() < text.len() {
            return clipped + "…";
        }
        clipped.push(letter);
        // Any number of marks on one letter would be no wider.
        if clipped.len() > 16 * most {
            return clipped + "…";
        }
    }
    clipped
}

/// The text as XML holds it, in an attribute or between tags. What XML can't hold, or what would turn the direction of
/// what follows, is shown by a sign.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\0'..='\u{1f}' => escaped.push(char::from_u32(0x2400 + u32::from(letter)).unwrap_or('\u{fffd}')),
            '\u{7f}' => escaped.push('\u{2421}'),
            '\u{80}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{fffe}'
            | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_can_not_hold_is_shown_by_a_sign() {
        assert_eq!(escaped("a<b>&\"c'"), "a&lt;b&gt;&amp;&quot;c&#39;");
        assert_eq!(escaped("a\0\n\u{1b}\u{7f}\u{85}\u{202e}\u{ffff}ü"), "a␀␊␛␡\u{fffd}\u{fffd}\u{fffd}ü");
    }

    #[test]
    fn a_text_is_clipped_to_the_cells_that_there_are() {
        for (text, expect) in [
            ("", ""),
            ("abcde", "abcde"),
            ("abcdef", "abcd…"),
            ("表表", "表表"),
            ("表表表", "表表…"),
            ("a表表", "a表表"),
            ("a\u{301}bcde", "a\u{301}bcde"),
        ] {
            assert_eq!(clipped(text, 5), expect);
            assert!(cells(expect) <= 5);
        }
        assert!(clipped(&"\u{301}".repeat(10_000), 5).len() < 100);
    }
}
