package rareearth.parties.listing_test

import data.rareearth.fixture_test as fixture
import data.rareearth.lib.names
import data.rareearth.parties.listing
import data.rareearth.reference.parties

test_every_row_is_listed_with_its_status if {
	rows := listing.rows with time.now_ns as fixture.midnight("2026-11-23")
	object.keys(rows) == object.keys(parties.rows)
	every id, row in rows {
		row.name == parties.rows[id].name
		row.status in {"in_force", "not_yet", "suspended", "lapsed_unverified", "ended"}
	}
}

test_the_status_is_that_of_the_day_asked_about if {
	first := min([row.effective_from | some row in parties.rows])
	eve := listing.rows with time.now_ns as fixture.midnight(substring(first, 0, 10)) - 1
	{row.status | some row in eve} == {"not_yet"}
}

test_folding_is_idempotent_on_every_listed_name if {
	every row in parties.rows {
		once := names.fold(row.name)
		once != ""
		names.fold(once) == once
	}
}
