package main

import (
	"fmt"
	"strings"
)

// markdown writes the figures as the tables of the README.
func (f *figures) markdown() string {
	var out strings.Builder
	m := f.Machine
	fmt.Fprintf(&out, "`%s`: %s, %d processors (%s), %s, OPA %s, GOGC %s for every server. The binary knows the evaluators %s.\n",
		f.Command, m.System, m.Processors, m.Processor, m.Go, m.OPA, m.GOGC, strings.Join(f.Evaluators, " and "))
	f.cellTable(&out)
	f.memoryTable(&out)
	f.batchTable(&out)
	f.startTable(&out)
	f.activationTable(&out)
	f.growthTable(&out)
	f.soakTables(&out)
	return out.String()
}

func table(out *strings.Builder, heads ...string) {
	out.WriteString("\n| " + strings.Join(heads, " | ") + " |\n|" + strings.Repeat(" --- |", len(heads)) + "\n")
}

func row(out *strings.Builder, cells ...string) {
	out.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

func (f *figures) cellTable(out *strings.Builder) {
	if len(f.Cells) == 0 {
		return
	}
	table(out, "lines", "connections", "server", "requests/s", "p50", "p99", "server CPU a request",
		"requests/s, times OPA", "CPU, times less than OPA", "p99, of OPA's", "aims")
	for _, c := range f.Cells {
		row(out, fmt.Sprint(c.Lines), fmt.Sprint(c.Connections), c.Variant, fmt.Sprintf("%.0f", c.PerSecond.Median),
			micros(c.P50.Median), micros(c.P99.Median), micros(c.Processor.Median),
			c.Faster.String(), c.ProcessorRatio.String(), c.LateRatio.String(), listed(c.Aims))
	}
}

func (f *figures) memoryTable(out *strings.Builder) {
	if len(f.Memory) == 0 {
		return
	}
	table(out, "server, after that load", "RSS", "of it not the program's file", "most since the start", "aims")
	for _, m := range f.Memory {
		row(out, m.Variant, fmt.Sprintf("%.0f MB", m.Now), fmt.Sprintf("%.0f MB", m.Own), fmt.Sprintf("%.0f MB", m.Most), listed(m.Aims))
	}
}

func (f *figures) batchTable(out *strings.Builder) {
	if len(f.Batches) == 0 {
		return
	}
	table(out, "batch, all recorded", "applications", "decisions/s", "server CPU a decision", "aims")
	for _, b := range f.Batches {
		row(out, b.Evaluator, fmt.Sprint(b.Items), b.PerSecond.whole(), micros(b.Processor.Median), listed(b.Aims))
	}
}

func (f *figures) startTable(out *strings.Builder) {
	if len(f.Starts) == 0 {
		return
	}
	table(out, "start until ready", "starts", "time", "CPU until then", "aims")
	for _, s := range f.Starts {
		row(out, s.Name, fmt.Sprint(s.Starts), s.Ready.whole()+" ms", s.Processor.whole()+" ms", listed(s.Aims))
	}
}

func (f *figures) activationTable(out *strings.Builder) {
	a := f.Activation
	if a == nil {
		return
	}
	table(out, "a bundle under load", "figure", "aims")
	row(out, "entries of its control list", fmt.Sprint(a.Entries), "")
	row(out, "archive", fmt.Sprintf("%.1f MB", a.ArchiveMB), "")
	row(out, "checked, compiled and kept (`POST /v1/bundles`)", fmt.Sprintf("%.0f ms", a.KeptMS), "")
	row(out, "put into force (`POST …/activate`)", fmt.Sprintf("%.1f ms", a.ActivatedMS), listed(a.Aims[:1]))
	row(out, "both", fmt.Sprintf("%.0f ms", a.KeptMS+a.ActivatedMS), listed(a.Aims[1:2]))
	row(out, "longest request before; while it is checked; while it is put into force",
		fmt.Sprintf("%.1f; %.1f; %.1f ms", a.LongestBeforeMS, a.LongestKeepingMS, a.LongestActivatingMS), listed(a.Aims[2:]))
	row(out, "p99 before; while it is checked; after", fmt.Sprintf("%.1f; %.1f; %.1f ms", a.LateBeforeMS, a.LateKeepingMS, a.LateAfterMS), "")
	row(out, "RSS before; when it is in force; most since the start", fmt.Sprintf("%.0f; %.0f; %.0f MB", a.MemoryBeforeMB, a.MemoryAfterMB, a.MemoryMostMB), "")
}

func (f *figures) growthTable(out *strings.Builder) {
	if len(f.Growth) == 0 {
		return
	}
	table(out, "what grows", "from", "to", "connections", "p50 small", "p50 big", "p50, times the small", "p99, times the small", "CPU, times the small", "RSS big", "aims")
	for _, g := range f.Growth {
		row(out, g.Name, fmt.Sprint(g.From), fmt.Sprint(g.To), fmt.Sprint(g.Connections), micros(g.Small.Median), micros(g.Big.Median),
			g.Ratio.String(), g.LateRatio.String(), g.ProcessorRatio.String(), fmt.Sprintf("%.0f MB", g.RSS), listed(g.Aims))
	}
	for _, g := range f.Growth {
		if g.Note != "" {
			fmt.Fprintf(out, "\n%s: %s\n", g.Name, g.Note)
		}
	}
}

func (f *figures) soakTables(out *strings.Builder) {
	for _, s := range f.Soaks {
		fmt.Fprintf(out, "\n%s, %d connections, %.0f s, %d decisions, GOMEMLIMIT %s. RSS from %.0f to %.0f MB:\n\n```text\n%s\n```\n",
			s.Name, s.Connections, s.Seconds, s.Decisions, s.Limit, s.Least, s.Most, s.sparkline())
		fmt.Fprintf(out, "\nMean RSS of the second and of the last quarter: %.1f and %.1f MB. %s\n", s.Second, s.Last, listed(s.Aims))
	}
}

func (s spread) String() string { return fmt.Sprintf("%.2f (%.2f–%.2f)", s.Median, s.Min, s.Max) }

func (s spread) whole() string { return fmt.Sprintf("%.0f (%.0f–%.0f)", s.Median, s.Min, s.Max) }

// micros writes a time that is given in microseconds.
func micros(us float64) string {
	if us >= 10_000 {
		return fmt.Sprintf("%.1f ms", us/1000)
	}
	return fmt.Sprintf("%.0f µs", us)
}

func listed(aims []aim) string {
	var texts []string
	for _, a := range aims {
		texts = append(texts, a.String())
	}
	return strings.Join(texts, "; ")
}
