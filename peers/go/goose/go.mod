module peers/goose

go 1.25.7

require (
	github.com/mattn/go-sqlite3 v1.14.32
	github.com/pressly/goose/v3 v3.27.3
)
