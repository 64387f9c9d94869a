/* The store's people. */
#include "keeper/store_internal.h"

#include "base/error.h"

static bool read_person(sqlite3_stmt *statement, struct person *out)
{
	*out = (struct person){.is_locked = sqlite3_column_int(statement, 2) != 0,
	        .created_utc_ms = statement_u64(statement, 3)};
	return statement_text(statement, 0, out->id, sizeof(out->id)) &&
	       statement_text(statement, 1, out->name, sizeof(out->name));
}

int store_find_person(struct store *self, const char *id, struct person *out)
{
	sqlite3_stmt *statement = statement_take(self, PERSON_FIND);
	struct person person;
	int error = SHOJI_ERR_NOT_FOUND;

	statement_bind_text(statement, 1, id);
	int result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		error = read_person(statement, &person) && statement_text(statement, 4, person.hash,
		                                                   sizeof(person.hash))
		                ? 0
		                : SHOJI_ERR_MALFORMED;
	else if (result != SQLITE_DONE)
		error = store_fail(self, "cannot read a person");
	statement_give_back(statement);
	if (!error)
		*out = person;
	return error;
}

int store_count_people(struct store *self, uint64_t *count)
{
	sqlite3_stmt *statement = statement_take(self, PERSON_COUNT);
	int error = 0;

	if (sqlite3_step(statement) == SQLITE_ROW)
		*count = statement_u64(statement, 0);
	else
		error = store_fail(self, "cannot count people");
	statement_give_back(statement);
	return error;
}

int store_add_person(struct store *self, const struct person *person)
{
	sqlite3_stmt *statement;
	uint64_t count = 0;
	int error = store_count_people(self, &count);

	if (error)
		return error;
	if (count >= PEOPLE_MAX)
		return SHOJI_ERR_LIMIT;
	statement = statement_take(self, PERSON_ADD);
	statement_bind_text(statement, 1, person->id);
	statement_bind_text(statement, 2, person->name);
	statement_bind_text(statement, 3, person->hash);
	statement_bind_u64(statement, 4, person->is_locked);
	statement_bind_u64(statement, 5, person->created_utc_ms);
	return statement_finish(self, statement, "cannot add a person");
}

int store_set_password(struct store *self, const char *id, const char *hash)
{
	sqlite3_stmt *statement = statement_take(self, PERSON_PASSWORD);

	statement_bind_text(statement, 1, id);
	statement_bind_text(statement, 2, hash);
	return statement_finish_update(self, statement, "cannot set a password");
}

int store_set_locked(struct store *self, const char *id, bool is_locked)
{
	sqlite3_stmt *statement = statement_take(self, PERSON_LOCK);

	statement_bind_text(statement, 1, id);
	statement_bind_u64(statement, 2, is_locked);
	return statement_finish_update(self, statement, "cannot lock a person");
}

int store_each_person(struct store *self, store_person_fn on_person, void *data)
{
	sqlite3_stmt *statement = statement_take(self, PERSON_EACH);
	struct person person;
	int error = 0;
	int result = SQLITE_DONE;

	while (!error && (result = sqlite3_step(statement)) == SQLITE_ROW)
		error = read_person(statement, &person) ? on_person(data, &person)
		                                        : SHOJI_ERR_MALFORMED;
	return statement_finish_rows(self, statement, error, result, "cannot list people");
}
