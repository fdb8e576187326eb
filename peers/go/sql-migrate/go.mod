module peers/sql-migrate

go 1.23.0

require (
	github.com/mattn/go-sqlite3 v1.14.32
	github.com/rubenv/sql-migrate v1.8.0
)
