# METADATA
# title: Fast route
# description: What an application gains by the green channel. Speed only; no test, paper or prohibition falls away.
package rareearth.licensing.channel

import data.rareearth.greenchannel
import data.rareearth.greenchannel.observations
import data.rareearth.lib.finding
import data.rareearth.reference.channels

# METADATA
# title: Green channel open for this application
# description: >-
#   The ministry said in June 2025 that it is willing to set up a channel for applications that qualify. It published neither
#   criteria nor a target time: conditions and target are ours (U-03), and the statutory limit stays the ceiling.
# custom:
#   id: GC-F02
#   effect: clear
#   severity: low
#   basis: [GC-F02, GC-F09, U-03]
#   factor: 8
#   text:
#     en: "The channel {channel} takes the application: target {days} working days (our figure, none was published), 45 working days as the ceiling."
#     zh: "本申请可走{channel}绿色通道：目标{days}个工作日（本系统设定，官方未公布），以45个工作日为上限。"
#   remedy:
#     en: Nothing to mend.
#     zh: 无需补正。
findings contains found if {
	greenchannel.eligible
	row := channels.rows[observations.channel]
	found := finding.make(rego.metadata.rule(), ["/destination"], {
		"channel": observations.channel,
		"days": row.target_working_days,
		"target_source": row.target_source,
		"confidence": row.confidence,
	})
}
