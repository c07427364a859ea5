package main

import (
	"strings"

	"greenchannel/server/bundle"
	"greenchannel/server/casefile"
	"greenchannel/server/decision"
	"greenchannel/server/httpapi"
	"greenchannel/server/httpapi/openapi"
	"greenchannel/server/impact"
	"greenchannel/server/journal"
	"greenchannel/server/policytest"
)

// answers lists the commands that print JSON, in the order of their names.
func answers() []answer {
	const asked, unasked, lines = "--format json", "nothing more", true
	list := func(component string) openapi.Schema {
		return openapi.JSON(`{"type": "array", "items": {"$ref": "#/components/schemas/` + component + `"}}`)
	}
	return []answer{
		{"bundle activate", asked, !lines, openapi.Of[httpapi.Bundle]()},
		{"bundle build", asked, !lines, openapi.Of[builtBundle]()},
		{"bundle catalogue", asked, !lines, list("CatalogueRow")},
		{"bundle diff", asked, !lines, openapi.Of[impact.Effect]()},
		{"bundle inspect", asked, !lines, openapi.Of[inspected]()},
		{"bundle verify", asked, !lines, openapi.Of[verifiedBundle]()},
		{"decide", unasked, !lines, openapi.Ref("DryRun")},
		{"impact", asked, !lines, openapi.Of[impact.Effect]()},
		{"journal bundles", asked, !lines, list("KeptBundle")},
		{"journal checkpoint", asked, !lines, openapi.Of[checkpointed]()},
		{"journal export", unasked, lines, openapi.Of[journal.LogEvent]()},
		{"journal proof consistency", asked, !lines, openapi.Of[httpapi.Consistency]()},
		{"journal proof inclusion", asked, !lines, openapi.Of[httpapi.Inclusion]()},
		{"journal prune", asked, !lines, openapi.Of[pruned]()},
		{"journal verify", asked, !lines, openapi.Of[verified]()},
		{"replay", asked, lines, openapi.Of[impact.Report]()},
		{"test", asked, !lines, openapi.JSON(`{"anyOf": [{"$ref": "#/components/schemas/TestReport"}, {"$ref": "#/components/schemas/Mutation"}]}`)},
		{"version", asked, !lines, openapi.Of[versions]()},
	}
}

// Values that say more than their types.
func digestText() openapi.Schema {
	return openapi.JSON(`{"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}`)
}

func instantText() openapi.Schema { return openapi.JSON(`{"type": "string", "format": "date-time"}`) }

func anything() openapi.Schema { return openapi.JSON(`{}`) }

func wordOf[T ~string](words ...T) openapi.Schema {
	quoted := make([]string, 0, len(words))
	for _, word := range words {
		quoted = append(quoted, `"`+string(word)+`"`)
	}
	return openapi.JSON(`{"type": "string", "enum": [` + strings.Join(quoted, ", ") + `]}`)
}

// answerTypes are the types that commands print and the API does not answer. Each stands after those that it holds.
func answerTypes() []openapi.Type {
	var all []openapi.Type
	for _, types := range [][]openapi.Type{impactTypes(), testTypes(), bundleTypes(), journalTypes()} {
		all = append(all, types...)
	}
	return all
}

func impactTypes() []openapi.Type {
	class, outcome := wordOf(impact.Classes()...), wordOf(decision.Outcomes()...)
	type fields = map[string]openapi.Schema
	return []openapi.Type{
		openapi.TypeOf[impact.Unavailable]("NoDecision", "Why an application cannot be decided.", nil),
		openapi.TypeOf[impact.Difference]("ReplayedDifference", "One place in which a decision that is made again differs.", fields{"recorded": anything(), "replayed": anything()}),
		openapi.TypeOf[impact.Report]("ReplayReport", "Whether a recorded decision comes out the same when it is made again.", fields{"recorded_bundle": digestText(), "bundle": digestText()}),
		openapi.TypeOf[impact.Basis]("Basis", "What one of the two decisions of each application rests on.", fields{"digest": digestText(), "as_of": instantText()}),
		openapi.TypeOf[impact.ClassCount]("ClassCount", "The changes of a class.", fields{"class": class}),
		openapi.TypeOf[impact.Flow]("Flow", "The applications that went from one outcome to another.", fields{
			"old": outcome, "new": outcome, "class": wordOf(impact.Looser, impact.Stricter, impact.Same),
		}),
		openapi.TypeOf[impact.RuleCount]("RuleCount", "What became of a rule.", nil),
		openapi.TypeOf[impact.AllowedCount]("AllowedCount", "An allowance, and how much it was asked to cover.", nil),
		openapi.TypeOf[impact.Finding]("RuleFinding", "A rule that gives a reason.", nil),
		openapi.TypeOf[impact.Detail]("Detail", "One place in which two decisions differ.", fields{"old": anything(), "new": anything()}),
		openapi.TypeOf[impact.ListedChange]("ListedChange", "What became of one application, and whether that is allowed.", fields{
			"class": class, "old": outcome, "new": outcome, "as_of": instantText(), "unavailable_of": wordOf("old", "new", "both"),
		}),
		openapi.TypeOf[impact.Effect]("Effect", "What a change of policies, or of the day, does to many applications.", nil),
	}
}

func testTypes() []openapi.Type {
	type fields = map[string]openapi.Schema
	return []openapi.Type{
		openapi.TypeOf[casefile.Difference]("CaseDifference", "Where the decision that a case wants and the one given differ.", fields{"wanted": anything(), "given": anything()}),
		openapi.TypeOf[policytest.Result]("TestResult", "What came of one Rego test, or of one case on one day.", nil),
		openapi.TypeOf[policytest.Firing]("Firing", "A rule with the tests that saw it.", nil),
		openapi.TypeOf[policytest.FileCoverage]("FileCoverage", "Lines of one file that the Rego tests evaluate.", nil),
		openapi.TypeOf[policytest.Coverage]("Coverage", "Lines that the Rego tests evaluate.", nil),
		openapi.TypeOf[policytest.Report]("TestReport", "What the tests have found.", nil),
		openapi.TypeOf[policytest.Survivor]("Survivor", "A mutant that no test noticed.", fields{"kind": wordOf("operator", "negation", "constant")}),
		openapi.TypeOf[policytest.Mutation]("Mutation", "What --mutate has found.", nil),
	}
}

func bundleTypes() []openapi.Type {
	type fields = map[string]openapi.Schema
	return []openapi.Type{
		openapi.TypeOf[bundle.Built]("Built", "What build writes into the manifest of an archive.", fields{"digest": digestText()}),
		openapi.TypeOf[bundle.File]("BundleFile", "One file of a bundle.", fields{"digest": digestText()}),
		openapi.TypeOf[bundle.Signature]("Signature", "Who signed an archive.", fields{"fingerprint": digestText()}),
		openapi.TypeOf[bundle.InForce]("InForce", "The days of the instrument that a rule stands on.", nil),
		openapi.TypeOf[bundle.CatalogueRow]("CatalogueRow", "One rule.", nil),
		openapi.TypeOf[builtBundle]("BuiltBundle", "The archive that was made.", fields{"digest": digestText()}),
		openapi.TypeOf[verifiedBundle]("VerifiedBundle", "A bundle whose signature holds.", fields{"digest": digestText()}),
		openapi.TypeOf[inspected]("InspectedBundle", "What is in a bundle.", fields{"digest": digestText()}),
		openapi.TypeOf[keptBundle]("KeptBundle", "A bundle beside the record, and what it has decided.", fields{"digest": digestText(), "kept_at": instantText()}),
		openapi.TypeOf[pruned]("Pruned", "Kept bundles that nothing needs.", fields{"removed": openapi.JSON(`{"type": "array", "items": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}}`)}),
		openapi.TypeOf[versions]("Versions", "What this program is made of.", nil),
	}
}

func journalTypes() []openapi.Type {
	type fields = map[string]openapi.Schema
	return []openapi.Type{
		openapi.TypeOf[damaged]("Damage", "The first place that is not as it was recorded.", fields{"byte": openapi.JSON(`{"type": ["integer", "null"], "minimum": 0}`)}),
		openapi.TypeOf[verified]("VerifiedJournal", "Whether the record is as it was written.", fields{
			"root": digestText(), "damage": openapi.JSON(`{"anyOf": [{"$ref": "#/components/schemas/Damage"}, {"type": "null"}]}`),
		}),
		openapi.TypeOf[checkpointed]("Checkpoint", "The end of the record, signed.", fields{"root": digestText(), "at": instantText()}),
		openapi.TypeOf[journal.LogEventBundle]("LogEventBundle", "The policies that decided.", nil),
		openapi.TypeOf[journal.LogEventCustom]("LogEventCustom", "What a record holds beyond the events of OPA.", fields{
			"kind": wordOf(journal.Decision, journal.Party, journal.Activation), "clock": instantText(), "reads": anything(), "facts": anything(),
		}),
		openapi.TypeOf[journal.LogEvent]("LogEvent", "One record, as a decision-log event of OPA.", fields{
			"input": anything(), "result": anything(), "timestamp": instantText(),
		}),
	}
}
