# METADATA
# title: The control list as of a day
# description: Every entry with its status on the instant asked about. For the API; no decision reads it.
package rareearth.controls.listing

import data.rareearth.lib.status
import data.rareearth.reference.control_list

# METADATA
# title: Entries by control code
entries[code] := object.union(row, {"status": status.now(row)}) if some code, row in control_list.entries
