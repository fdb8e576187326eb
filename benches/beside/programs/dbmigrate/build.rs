//! Registers the migrations.

fn main() -> Result<(), dbmigrate_build::Error> {
    dbmigrate_build::generate()
}
