//! What is a difference between two schemas and what is none. Case numbers are those of the list of cases.

use dbmigrate_schema::{Schema, compare};

fn schema(sql: &str) -> Schema {
    let schema = Schema::from_sql(sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
    for opaque in schema.opaque() {
        panic!("`{}` is opaque: {}\n{}", opaque.name, opaque.why, opaque.text);
    }
    schema
}

#[track_caller]
fn expect(from: &Schema, to: &Schema, expect: &[&str]) {
    let differences: Vec<_> = compare(from, to).iter().map(ToString::to_string).collect();
    assert_eq!(differences, expect);
}

/// Both ways, and after a round trip through the dump.
#[track_caller]
fn same(a: &str, b: &str) {
    let (a, b) = (schema(a), schema(b));
    expect(&a, &b, &[]);
    expect(&b, &a, &[]);
    round_trip(&a);
    round_trip(&b);
}

#[track_caller]
fn differs(a: &str, b: &str, differences: &[&str]) {
    let (a, b) = (schema(a), schema(b));
    expect(&a, &b, differences);
    assert!(!compare(&b, &a).is_empty());
    round_trip(&a);
    round_trip(&b);
}

#[track_caller]
fn round_trip(schema: &Schema) {
    let sql = schema.to_sql();
    let again = Schema::from_sql(&sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
    expect(schema, &again, &[]);
    assert_eq!(again.to_sql(), sql, "a dump of a dump");
}

#[test]
fn spelling_is_no_difference() {
    for (a, b) in [
        ("CREATE TABLE t (a INT)", "create table \"T\"(\n  [A] int -- so\n)"),
        ("CREATE TABLE t (a VARCHAR(10))", "CREATE TABLE t (a varchar ( 10 ))"),
        ("CREATE TABLE t (a DECIMAL(10, 2))", "CREATE TABLE t (a DECIMAL(10,2))"),
        ("CREATE TABLE t (a UNSIGNED BIG INT)", "CREATE TABLE t (a unsigned  big /* so */ int)"),
        ("CREATE TABLE t (a \"INT\")", "CREATE TABLE t (a INT)"),
        ("CREATE TABLE t (a CHECK (a > 0))", "CREATE TABLE t (a CHECK (((a)>/* x */0)))"),
        ("CREATE TABLE t (a CHECK (a > 0))", "CREATE TABLE t (a, CHECK (\"a\" > 0))"),
        ("CREATE TABLE t (a CHECK (a <> 0))", "CREATE TABLE t (a CHECK (`A` != 0))"),
        ("CREATE TABLE t (a, b CHECK (a > 0 AND b > 0))", "CREATE TABLE t (a, b CHECK ((a > 0) AND ((b) > 0)))"),
        ("CREATE TABLE t (a, b CHECK ((a > 0) OR b IS NULL))", "CREATE TABLE t (a, b CHECK (a > 0 OR (b IS NULL)))"),
        ("CREATE TABLE t (a DEFAULT 1)", "CREATE TABLE t (a DEFAULT (1))"),
        ("CREATE TABLE t (a DEFAULT 'x')", "CREATE TABLE t (a DEFAULT \"x\")"),
        ("CREATE TABLE t (a DEFAULT 'x')", "CREATE TABLE t (a DEFAULT x)"),
        ("CREATE TABLE t (a DEFAULT CURRENT_TIMESTAMP)", "CREATE TABLE t (a DEFAULT (current_timestamp))"),
        ("CREATE TABLE t (a DEFAULT x'AB')", "CREATE TABLE t (a DEFAULT X'ab')"),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY)", "CREATE TABLE t (a INTEGER, PRIMARY KEY (a))"),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY)", "CREATE TABLE t (a INTEGER, PRIMARY KEY (a DESC))"),
        (
            "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT)",
            "CREATE TABLE t (a INTEGER, PRIMARY KEY (a AUTOINCREMENT))",
        ),
        ("CREATE TABLE t (a TEXT UNIQUE)", "CREATE TABLE t (a TEXT, UNIQUE (a))"),
        (
            "CREATE TABLE t (a TEXT COLLATE NOCASE UNIQUE)",
            "CREATE TABLE t (a TEXT COLLATE nocase, UNIQUE (a COLLATE NOCASE))",
        ),
        ("CREATE TABLE t (a TEXT COLLATE BINARY)", "CREATE TABLE t (a TEXT)"),
        ("CREATE TABLE t (a NOT NULL ON CONFLICT ABORT)", "CREATE TABLE t (a NOT NULL)"),
        ("CREATE TABLE t (a NULL)", "CREATE TABLE t (a)"),
        (
            "CREATE TABLE p (i INTEGER PRIMARY KEY); CREATE TABLE t (a REFERENCES p (i) ON DELETE CASCADE NOT DEFERRABLE)",
            "CREATE TABLE p (i INTEGER PRIMARY KEY); CREATE TABLE t (a, FOREIGN KEY (\"A\") REFERENCES P(I) ON UPDATE NO ACTION ON DELETE CASCADE)",
        ),
        ("CREATE TABLE t (a, b AS (a + 1))", "CREATE TABLE t (a, b GENERATED ALWAYS AS ((a+1)) VIRTUAL)"),
        ("CREATE TABLE t (a, b INT AS (a))", "CREATE TABLE t (a, b INT GENERATED ALWAYS AS (a))"),
        (
            "CREATE TABLE t (a PRIMARY KEY) STRICT, WITHOUT ROWID".replace("a P", "a INT P").leak(),
            "CREATE TABLE t (a INT PRIMARY KEY) without rowid, strict",
        ),
    ] {
        same(a, b);
    }
}
