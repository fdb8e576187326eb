//! How a diagram looks, on light and on dark.

/// How many colours there are for the lines to a table.
pub(super) const COLOURS: usize = 8;

/// One page of style: plain rules, as some programs know no variables, and dark ones behind a query, as some know none.
pub(super) fn style() -> String {
    let light = ["#2563eb", "#c2410c", "#15803d", "#9333ea", "#be185d", "#0f766e", "#a16207", "#475569"];
    let dark = ["#60a5fa", "#fb923c", "#4ade80", "#c084fc", "#f472b6", "#2dd4bf", "#facc15", "#a8b3c4"];
    let mut style = String::from(RULES);
    style.push_str(&theme(&Theme {
        page: "#ffffff",
        paper: "#ffffff",
        head: "#eef1f5",
        edge: "#8a94a3",
        text: "#1a202c",
        dim: "#5b6676",
        colours: light,
    }));
    style.push_str("@media (prefers-color-scheme: dark) {\n");
    style.push_str(&theme(&Theme {
        page: "#0f141b",
        paper: "#171e28",
        head: "#232d3a",
        edge: "#6b7889",
        text: "#e6ebf2",
        dim: "#a3afbf",
        colours: dark,
    }));
    style.push_str("}\n");
    style
}

const RULES: &str =
    "text { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, \"DejaVu Sans Mono\", monospace; \
white-space: pre }
.name { font-size: 13px; font-weight: bold }
.key { font-size: 10px; font-weight: bold }
.mark, .tag, .note, .heading, .legend { font-size: 10px }
.note, .tag { font-style: italic }
.heading { font-weight: bold }
.box { stroke-width: 1.2 }
.view .box { stroke-dasharray: 6 3 }
.virtual .box { stroke-width: 3 }
.missing .box, .opaque .box { stroke-dasharray: 2 3 }
.line, .end, .halo { fill: none }
.line { stroke-width: 1.4 }
.end { stroke-width: 1.4 }
.halo { stroke-width: 5 }
.may { stroke-dasharray: 5 3 }
.content { stroke-dasharray: 1.5 3 }
.relation:hover .line { stroke-width: 3 }
";

struct Theme {
    page: &'static str,
    paper: &'static str,
    head: &'static str,
    edge: &'static str,
    text: &'static str,
    dim: &'static str,
    colours: [&'static str; COLOURS],
}

fn theme(theme: &Theme) -> String {
    let Theme { page, paper, head, edge, text, dim, colours } = theme;
    let mut rules = format!(
        "text {{ fill: {text} }}
.type, .mark, .tag, .note, .heading, .legend {{ fill: {dim} }}
.page {{ fill: {page} }}
.box {{ fill: {paper}; stroke: {edge} }}
.head {{ fill: {head} }}
.rule {{ stroke: {edge} }}
.halo {{ stroke: {page} }}
.line, .end {{ stroke: {dim} }}
.zero {{ fill: {page} }}
"
    );
    for (at, colour) in colours.iter().enumerate() {
        rules
            .push_str(&format!(".c{at} .line, .c{at} .end {{ stroke: {colour} }}\n.c{at} .bar {{ fill: {colour} }}\n"));
    }
    rules
}
