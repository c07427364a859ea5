package rareearth.controls.listing_test

import data.rareearth.controls.listing
import data.rareearth.fixture_test as fixture
import data.rareearth.reference.control_list

test_every_entry_is_listed_with_its_status if {
	entries := listing.entries with time.now_ns as fixture.midnight("2026-11-23")
	object.keys(entries) == object.keys(control_list.entries)
	entries["1C905.a.4"].status == "in_force"
	entries["1C909.b"].status == "lapsed_unverified"
	entries["1C905.a.4"].item == control_list.entries["1C905.a.4"].item
}

test_the_status_is_that_of_the_day_asked_about if {
	listing.entries["1C909.b"].status == "suspended" with time.now_ns as fixture.midnight("2026-01-15")
	listing.entries["1C905.a.4"].status == "not_yet" with time.now_ns as fixture.midnight("2025-04-04") - 1
}

test_a_code_that_the_list_does_not_know_has_no_entry if not listing.entries["1c905.a.4"]
