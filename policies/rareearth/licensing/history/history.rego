# METADATA
# title: Earlier decisions and parties on file
# description: >-
#   Whether what is remembered was asked at all. What it says is for the red flags; that it was silent because nobody asked is
#   never taken for a clean record.
# schemas:
#   - input: schema.application.schema
package rareearth.licensing.history

import future.keywords.not

import data.rareearth.lib.finding
import data.rareearth.lib.history

# METADATA
# title: History was not consulted
# description: >-
#   Splitting, a reused certificate and an order out of all proportion show only against earlier applications. Weighs high, as
#   names that were not screened do: a medium flag would leave registration, general licence and the statement that no licence is
#   needed open on silence.
# custom:
#   id: ECL-13/history
#   effect: flag
#   severity: high
#   basis: [ECL-13, REG792-39]
#   factor: 7
#   text:
#     en: The earlier applications of the exporter were not consulted.
#     zh: 未查询该出口经营者的历次申请。
#   remedy:
#     en: Decide through the service, which remembers what it decided, or supply data.history.
#     zh: 通过本服务判定（保存历次判定记录），或者提供 data.history。
findings contains found if {
	not history.consulted
	found := finding.make(rego.metadata.rule(), [], {})
}

# METADATA
# title: Parties on file were not consulted
# description: >-
#   Whether a party failed or delayed verification stands in the register of parties, and nowhere in the application. Weighs high
#   for the same reason as an unconsulted history.
# custom:
#   id: ECL-17/registry
#   effect: flag
#   severity: high
#   basis: [ECL-17, REG792-23, REG792-26]
#   factor: 6
#   text:
#     en: The parties were not looked up among those on file, so that earlier verifications are unknown.
#     zh: 未在主体档案中查询各交易方，以往核查情况不明。
#   remedy:
#     en: Decide through the service, which keeps parties on file, or supply data.registry.
#     zh: 通过本服务判定（建有主体档案），或者提供 data.registry。
findings contains found if {
	not history.registry_consulted
	found := finding.make(rego.metadata.rule(), [], {})
}
