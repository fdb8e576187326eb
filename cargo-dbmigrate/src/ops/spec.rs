//! How cargo names a package: `app`, `app@0.1.0`, `file:///code/app`, `path+file:///code/app#app@0.1.0`, and patterns of
//! names such as `app-*`.

use cargo_metadata::Package;
use cargo_metadata::semver::Version;

/// What was written to name packages.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Spec<'a> {
    /// The folder of the package as an address, without the kind of source before it.
    address: Option<&'a str>,
    name: Option<&'a str>,
    /// The version, or its beginning: `0.1` is every `0.1.x`.
    version: Option<&'a str>,
}

impl<'a> Spec<'a> {
    /// Takes apart what was written.
    pub(crate) fn new(text: &'a str) -> Self {
        let Some((scheme, _)) = text.split_once("://") else {
            return match text.split_once(['@', ':']) {
                Some((name, version)) => Self { name: Some(name), version: Some(version), address: None },
                None => Self { name: Some(text), ..Self::default() },
            };
        };
        let without_kind = scheme.find('+').map_or(text, |plus| &text[plus + 1..]);
        let (address, rest) = match without_kind.split_once('#') {
            Some((address, rest)) => (address, Some(rest)),
            None => (without_kind, None),
        };
        let (name, version) = match rest.map(|rest| rest.split_once(['@', ':']).ok_or(rest)) {
            None => (None, None),
            Some(Ok((name, version))) => (Some(name), Some(version)),
            Some(Err(alone)) if alone.starts_with(|first: char| first.is_ascii_digit()) => (None, Some(alone)),
            Some(Err(alone)) => (Some(alone), None),
        };
        Self { address: Some(address.trim_end_matches('/')), name, version }
    }

    /// The name that it has.
    pub(crate) fn name(&self) -> Option<&'a str> {
        self.name
    }

    /// Whether a package is meant.
    pub(crate) fn names(&self, package: &Package) -> bool {
        self.fits(package.name.as_str(), &package.version, &package.id.repr)
    }

    /// The same, of the package with this name, version and id.
    pub(crate) fn fits(&self, name: &str, version: &Version, id: &str) -> bool {
        // Cargo's own id of it has the address in the same form.
        let is_there = self.address.is_none_or(|address| Spec::new(id).address == Some(address));
        let is_called = self.name.is_none_or(|called| called == name || is_pattern_of(called, name));
        is_there && is_called && self.version.is_none_or(|text| is_version(text, version))
    }
}

fn is_pattern_of(pattern: &str, name: &str) -> bool {
    pattern.contains(['*', '?', '[']) && glob::Pattern::new(pattern).is_ok_and(|pattern| pattern.matches(name))
}

/// A version that is written in part is no early one.
fn is_version(text: &str, version: &Version) -> bool {
    let whole = version.to_string();
    whole == text || (version.pre.is_empty() && whole.starts_with(&format!("{text}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_named_as_cargo_names_them() {
        let version = Version::new(0, 1, 12);
        let ids = ["path+file:///code/app#0.1.12", "path+file:///code/app#app@0.1.12"];
        let is_meant = |text: &str| ids.map(|id| Spec::new(text).fits("app", &version, id));
        for text in [
            "app",
            "app@0.1.12",
            "app@0.1",
            "app@0",
            "app:0.1.12",
            "a*",
            "?pp",
            "file:///code/app",
            "file:///code/app/",
            "path+file:///code/app",
            "path+file:///code/app#0.1.12",
            "path+file:///code/app#app",
            "path+file:///code/app#app@0.1.12",
        ] {
            assert_eq!(is_meant(text), [true; 2], "{text}");
        }
        for text in [
            "",
            "ap",
            "other",
            "app@0.1.1",
            "app@0.2",
            "app@",
            "b*",
            "file:///code",
            "file:///code/app#other",
            "file:///code/app#0.2",
            "https://code/app",
        ] {
            assert_eq!(is_meant(text), [false; 2], "{text}");
        }
        let early = Version::parse("0.1.12-alpha").unwrap();
        assert!(!Spec::new("app@0.1").fits("app", &early, ids[0]));
        assert!(Spec::new("app@0.1.12-alpha").fits("app", &early, ids[0]));
    }
}
