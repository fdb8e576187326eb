// `golang-migrate FOLDER DATABASE [N]`: the first N migrations of a folder (all of them, if no N is given) by migrate's
// own library.
package main

import (
	"log"
	"os"
	"path/filepath"
	"strconv"

	"github.com/golang-migrate/migrate/v4"
	_ "github.com/golang-migrate/migrate/v4/database/sqlite3"
	_ "github.com/golang-migrate/migrate/v4/source/file"
)

func main() {
	log.SetFlags(0)
	folder, err := filepath.Abs(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	database, err := filepath.Abs(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	runner, err := migrate.New("file://"+folder, "sqlite3://"+database)
	if err != nil {
		log.Fatal(err)
	}
	if len(os.Args) < 4 {
		err = runner.Up()
	} else {
		count, wrong := strconv.Atoi(os.Args[3])
		if wrong != nil {
			log.Fatal(wrong)
		}
		err = runner.Steps(count)
	}
	if err != nil {
		log.Fatal(err)
	}
}
