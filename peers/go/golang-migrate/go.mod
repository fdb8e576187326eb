module peers/golang-migrate

go 1.24.0

require (
	github.com/golang-migrate/migrate/v4 v4.19.1
	github.com/mattn/go-sqlite3 v1.14.32
)
