package rareearth.redflags.registry_test

import data.rareearth.fixture_test as fixture
import data.rareearth.redflags.registry

# A bank and an owner beside the end user and importer of the fixture.
_application := fixture.with_fields({
	"/parties/0/owners/-": {"name": "Talgruppe AG"},
	"/parties/-": {"role": "bank", "name": "Talbank AG"},
})

# The findings where a party with these verifications is on file under the name.
_on_file(name, verifications) := found if {
	on_file := object.union(fixture.nobody_on_file(_application), {name: [{
		"id": "P-1",
		"name": "Filed",
		"country": "DE",
		"verifications": verifications,
		"certificates": [],
	}]})
	found := registry.findings with input as _application
		with data.registry.parties as on_file
		with time.now_ns as fixture.today
}

_weights(name, verifications) := {[found.reason.paths, found.reason.severity] | some found in _on_file(name, verifications)}

_verified(result, on) := {"result": result, "on": on}

_of_end_user(verifications) := {[found.reason.severity, found.reason.text.en] | some found in _on_file("Talmotor GmbH", verifications)}

test_a_failed_verification_weighs_high if {
	_of_end_user([_verified("failed", "2026-03-01")]) == {[
		"high", "Talmotor GmbH (end_user, importer), on file as Filed: failed verification on 2026-03-01.",
	]}
}

test_a_delayed_verification_weighs_high if {
	_of_end_user([_verified("delayed", "2026-03-01")]) == {[
		"high", "Talmotor GmbH (end_user, importer), on file as Filed: delayed verification, noted on 2026-03-01.",
	]}
}

test_an_open_verification_weighs_medium if {
	_of_end_user([_verified("pending", "2026-03-01")]) == {[
		"medium", "Talmotor GmbH (end_user, importer), on file as Filed: verification has been open since 2026-03-01.",
	]}
	_of_end_user([_verified("passed", "2025-03-01"), _verified("pending", "2026-03-01")]) == {[
		"medium", "Talmotor GmbH (end_user, importer), on file as Filed: verification has been open since 2026-03-01.",
	]}
}

test_an_open_verification_that_was_passed_since_raises_no_flag if {
	_of_end_user([_verified("pending", "2025-03-01"), _verified("passed", "2026-03-01")]) == set()
}

test_a_failure_that_was_passed_since_is_only_noted if {
	_of_end_user([_verified("failed", "2025-03-01"), _verified("passed", "2026-03-01")]) == {[
		"low", "Talmotor GmbH (end_user, importer), on file as Filed: failed verification on 2025-03-01 and has passed it since.",
	]}
	_of_end_user([_verified("delayed", "2025-03-01"), _verified("passed", "2026-03-01")]) == {[
		"low", "Talmotor GmbH (end_user, importer), on file as Filed: delayed verification, noted on 2025-03-01, and has passed it since.",
	]}
}

test_a_failure_stands_while_the_next_verification_is_open if {
	{severity | some [severity, _] in _of_end_user([_verified("failed", "2025-03-01"), _verified("pending", "2026-03-01")])} == {"high"}
}

test_the_last_failure_counts_and_not_the_order_in_the_file if {
	{severity | some [severity, _] in _of_end_user([_verified("failed", "2026-03-01"), _verified("passed", "2025-03-01")])} == {"high"}
	{severity | some [severity, _] in _of_end_user([_verified("passed", "2026-03-01"), _verified("failed", "2025-03-01")])} == {"low"}
}

test_of_two_results_on_one_day_the_worse_counts if {
	_on_one_day(["passed", "failed"]) == {["high", "failed"]}
	_on_one_day(["passed", "delayed", "failed"]) == {["high", "failed"]}
	_on_one_day(["delayed", "passed"]) == {["high", "delayed"]}
	_on_one_day(["pending", "passed"]) == {["medium", "pending"]}
}

_on_one_day(results) := {[found.reason.severity, found.reason.evidence.result] |
	some found in _on_file("Talmotor GmbH", [_verified(result, "2026-03-01") | some result in results])
}

test_a_passed_verification_raises_no_flag if _on_file("Talmotor GmbH", [_verified("passed", "2026-03-01")]) == set()

test_a_party_on_file_that_was_never_verified_raises_no_flag if {
	_on_file("Talmotor GmbH", []) == set()
	_on_file("Talmotor GmbH", [_verified("Failed", "2026-03-01")]) == set()
}

test_a_verification_counts_from_its_day_on if {
	count(_on_file("Talmotor GmbH", [_verified("failed", "2026-06-15")])) == 1
	_on_file("Talmotor GmbH", [_verified("failed", "2026-06-16")]) == set()
}

test_a_party_in_several_roles_is_told_once if {
	_weights("Talmotor GmbH", [_verified("failed", "2026-03-01")]) == {[["/parties/0", "/parties/1"], "high"]}
}

test_a_party_found_under_several_names_is_told_once if {
	application := fixture.with_fields({"/parties/0/name_local": "塔尔电机"})
	row := {"id": "P-1", "name": "Filed", "verifications": [_verified("failed", "2026-03-01")]}
	found := registry.findings with input as application
		with data.registry.parties as object.union(fixture.nobody_on_file(application), {"Talmotor GmbH": [row], "塔尔电机": [row]})
		with time.now_ns as fixture.today
	{one.reason.evidence.names | some one in found} == {["Talmotor GmbH", "塔尔电机"]}
}

test_the_importer_weighs_like_the_end_user if {
	found := registry.findings with input as fixture.with_fields({"/parties/1/name": "B"})
		with data.registry.parties as {"B": [{"id": "P-1", "name": "B", "verifications": [_verified("failed", "2026-03-01")]}]}
		with time.now_ns as fixture.today
	{[one.reason.paths, one.reason.severity] | some one in found} == {[["/parties/1"], "high"]}
}

test_an_end_user_that_imports_nothing_itself_weighs_high if {
	found := registry.findings with input as fixture.with_fields({"/parties/1/name": "B"})
		with data.registry.parties as {"Talmotor GmbH": [{"id": "P-1", "name": "Filed", "verifications": [_verified("failed", "2026-03-01")]}]}
		with time.now_ns as fixture.today
	{[one.reason.paths, one.reason.severity] | some one in found} == {[["/parties/0"], "high"]}
}

test_others_weigh_one_step_less if {
	every path, name in {"/parties/0/owners/0": "Talgruppe AG", "/parties/2": "Talbank AG", "/exporter": "Ganzhou Chenxi Magnetics Co., Ltd."} {
		_weights(name, [_verified("failed", "2026-03-01")]) == {[[path], "medium"]}
		_weights(name, [_verified("pending", "2026-03-01")]) == {[[path], "low"]}
	}
}

test_every_party_on_file_under_the_name_is_judged if {
	filed := [
		{"id": "P-1", "name": "Filed", "country": "DE", "verifications": [_verified("failed", "2026-03-01")]},
		{"id": "P-2", "name": "Filed", "verifications": [_verified("passed", "2026-03-01")]},
		{"id": "P-3", "name": "Filed", "verifications": [_verified("failed", "2026-03-01")]},
	]
	found := registry.findings with input as _application
		with data.registry.parties as object.union(fixture.nobody_on_file(_application), {"Talbank AG": filed})
		with time.now_ns as fixture.today
	{[one.reason.evidence.party, one.reason.evidence.country] | some one in found} == {["P-1", "DE"], ["P-3", "not stated"]}
}

test_a_name_that_is_not_on_file_raises_no_flag if {
	registry.findings == set() with input as _application
		with data.registry.parties as fixture.nobody_on_file(_application)
		with time.now_ns as fixture.today
}

test_without_the_register_the_rule_is_silent if {
	registry.findings == set() with input as _application with time.now_ns as fixture.today
}

test_the_finding_asks_for_a_person_and_is_told_in_both_languages if {
	found := _on_file("Talbank AG", [_verified("failed", "2026-03-01")])
	{[one.outcome, one.reason.text.zh] | some one in found} == {["", "Talbank AG（bank，档案主体：Filed）：2026-03-01核查未通过。"]}
	{one.outcome | some one in _on_file("Talmotor GmbH", [_verified("failed", "2026-03-01")])} == {"enhanced_review"}
}

test_an_ultimate_end_user_weighs_as_an_end_user if {
	application := fixture.with_fields({"/parties/0/role": "ultimate_end_user", "/parties/1/role": "bank"})
	failed := [_verified("failed", "2026-03-01")]
	on_file := {"Talmotor GmbH": [{"id": "P-1", "name": "Filed", "country": "DE", "verifications": failed, "certificates": []}]}
	found := registry.findings with input as application
		with data.registry.parties as object.union(fixture.nobody_on_file(application), on_file)
		with time.now_ns as fixture.today
	{one.reason.severity | some one in found} == {"high"}
}

_of_end_user_zh(verifications) := {found.reason.text.zh | some found in _on_file("Talmotor GmbH", verifications)}

_tells_zh(verifications, words) if {
	some text in _of_end_user_zh(verifications)
	endswith(text, sprintf("%s。", [words]))
}

test_the_chinese_words_of_a_verification if {
	_tells_zh([_verified("failed", "2026-03-01")], "2026-03-01核查未通过")
	_tells_zh([_verified("delayed", "2026-03-01")], "2026-03-01记录为未按期配合核查")
	_tells_zh([_verified("pending", "2026-03-01")], "自2026-03-01起核查尚未结束")
	_tells_zh([_verified("failed", "2025-03-01"), _verified("passed", "2026-03-01")], "2025-03-01核查未通过，此后已通过核查")
	_tells_zh([_verified("delayed", "2025-03-01"), _verified("passed", "2026-03-01")], "2025-03-01记录为未按期配合核查，此后已通过核查")
}
