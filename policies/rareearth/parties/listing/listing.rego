# METADATA
# title: The party lists as of a day
# description: Every row with its status on the instant asked about. For the API; no decision reads it.
package rareearth.parties.listing

import data.rareearth.lib.status
import data.rareearth.reference.parties

# METADATA
# title: Rows by their ids
rows[id] := object.union(row, {"status": status.now(row)}) if some id, row in parties.rows
