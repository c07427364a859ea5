package config

import "time"

// longestLook is how long OPA's downloader waits between two looks unless told otherwise.
const longestLook = 120 * time.Second

// checkSource asks whether where policies come from can be meant so.
func (l *Loaded) checkSource(fault faulty) {
	if l.Watch != "" && !Loopback(l.Listen) {
		fault("watch", "puts into force whatever is saved, without a signature or a test, so the service has to listen on the loopback, such as --listen 127.0.0.1:8181")
	}
	if l.Watch != "" && l.Bundles != nil {
		fault("watch", "cannot stand beside bundles: each would put its own policies into force")
	}
	read, faults := l.remote()
	if len(faults) > 0 { // told already
		return
	}
	longest := longestLook
	if read.Bundle != nil && read.Bundle.Polling.MaxDelaySeconds != nil {
		longest = time.Duration(*read.Bundle.Polling.MaxDelaySeconds) * time.Second
	}
	switch {
	case l.Source.StaleAfter <= 0:
		fault("source.stale_after", "must be more than nothing, such as 10m")
	case read.Bundle != nil && l.Source.StaleAfter <= longest:
		fault("source.stale_after", "has to be longer than the %s between two looks at the server (bundles, polling.max_delay_seconds), or the bundle would be stale while all is well", span(longest))
	}
}
