// `goose FOLDER DATABASE [N]`: the first N migrations of a folder (all of them, if no N is given) by goose's own
// provider.
package main

import (
	"context"
	"database/sql"
	"log"
	"os"
	"strconv"

	_ "github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"
)

func main() {
	log.SetFlags(0)
	db, err := sql.Open("sqlite3", os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	// `PRAGMA foreign_keys` is one connection's.
	db.SetMaxOpenConns(1)
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS(os.Args[1]))
	if err != nil {
		log.Fatal(err)
	}
	if len(os.Args) < 4 {
		_, err = provider.Up(context.Background())
	} else {
		count, wrong := strconv.Atoi(os.Args[3])
		if wrong != nil {
			log.Fatal(wrong)
		}
		_, err = provider.UpTo(context.Background(), provider.ListSources()[count-1].Version)
	}
	if err != nil {
		log.Fatal(err)
	}
}
