package rareearth.licensing.channel_test

import data.rareearth.licensing.channel

test_an_eligible_application_gets_the_target_of_its_channel if {
	found := channel.findings with data.rareearth.greenchannel.eligible as true
		with data.rareearth.greenchannel.observations.channel as "EU"
	[{f.reason.rule, f.reason.evidence.target_source} | some f in found] == [{"GC-F02", "ours"}]
	{f.reason.paths | some f in found} == {["/destination"]}
}

test_an_application_that_fails_a_condition_gets_none if {
	count(channel.findings) == 0 with data.rareearth.greenchannel.eligible as false
		with data.rareearth.greenchannel.observations.channel as "EU"
}

test_without_a_channel_there_is_no_target if {
	count(channel.findings) == 0 with data.rareearth.greenchannel.eligible as true
		with data.rareearth.greenchannel.observations.channel as null
}
