package journal

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// migrationsTable is where goose notes which migrations a database has had.
const migrationsTable = "journal_migrations"

// errNewer says that a database has had migrations that this program does not know.
type errNewer struct{ has, knows int64 }

func (e errNewer) Error() string {
	return fmt.Sprintf("it has the form %d, and this program knows forms up to %d", e.has, e.knows)
}

// migrate brings a database to the form that this program knows. Of several nodes that start at once on PostgreSQL one
// does it and the others wait.
func migrate(ctx context.Context, dialect goose.Dialect, db *sql.DB) error {
	folders := map[goose.Dialect]string{goose.DialectSQLite3: "migrations/sqlite", goose.DialectPostgres: "migrations/postgres"}
	files, err := fs.Sub(migrations, folders[dialect])
	if err != nil {
		return err
	}
	options := []goose.ProviderOption{
		goose.WithTableName(migrationsTable), goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true),
	}
	if dialect == goose.DialectPostgres {
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 120)) // ask every second, for two minutes
		if err != nil {
			return err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(dialect, db, files, options...)
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return err
	}
	has, knows, err := provider.GetVersions(ctx)
	if err == nil && has > knows {
		err = errNewer{has, knows}
	}
	return err
}
