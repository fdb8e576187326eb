// `sql-migrate FOLDER DATABASE [N]`: the first N migrations of a folder (all of them, if no N is given) by sql-migrate's
// own library.
package main

import (
	"database/sql"
	"log"
	"os"
	"strconv"

	_ "github.com/mattn/go-sqlite3"
	migrate "github.com/rubenv/sql-migrate"
)

func main() {
	log.SetFlags(0)
	db, err := sql.Open("sqlite3", os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	// `PRAGMA foreign_keys` is one connection's.
	db.SetMaxOpenConns(1)
	count := 0
	if len(os.Args) > 3 {
		if count, err = strconv.Atoi(os.Args[3]); err != nil {
			log.Fatal(err)
		}
	}
	source := migrate.FileMigrationSource{Dir: os.Args[1]}
	// Zero means all of them.
	if _, err = migrate.ExecMax(db, "sqlite3", source, migrate.Up, count); err != nil {
		log.Fatal(err)
	}
}
