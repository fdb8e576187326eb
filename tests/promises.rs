//! docs/promises.md can't rot: every test that it names is there.

use std::fs;

use crate::support::checkout;

#[test]
fn every_promise_names_a_test_that_is_there() {
    let text = fs::read_to_string(checkout().join("docs/promises.md")).unwrap();
    let mut promises = 0;
    for row in text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| promise ")) {
        let [_, promise, tests, _] = row.split('|').collect::<Vec<_>>().try_into().unwrap();
        assert!(!promise.trim().is_empty(), "{row}");
        for test in tests.split(',') {
            let test = test
                .trim()
                .strip_prefix('`')
                .and_then(|test| test.strip_suffix('`'))
                .unwrap_or_else(|| panic!("{row}"));
            let (file, name) = test.split_once("::").unwrap_or_else(|| panic!("{row}"));
            let source = fs::read_to_string(checkout().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            let at = source.find(&format!("fn {name}(")).unwrap_or_else(|| panic!("{file} has no test `{name}`"));
            assert!(source[..at].trim_end().ends_with("#[test]"), "`{name}` in {file} is no test");
            promises += 1;
        }
    }
    assert!(promises > 20, "only {promises}");
}
