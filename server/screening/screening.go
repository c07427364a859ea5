// Package screening finds names that are nearly the name of a listed party: folding (what is spelt differently and means
// the same), a candidate index, a score and its band. The same names, tables and settings give the same matches in the
// same order, everywhere and always.
//
// It does not decide. It knows no dates, no lists' meaning and no parties beyond their names, nor where the names come
// from; whether a match matters on a day is for the policies. It knows neither OPA nor memdb: package store hands it the
// names and offers the result to policies as data.screening.matches[name].
package screening

import (
	"errors"
	"fmt"
)

// Entry is one listed name. A row with several names has several entries.
type Entry struct {
	Row  string // id of the party row
	Name string // as printed
	List string // the list that the row is on
}

// Match is a row whose name is near to the one asked for.
type Match struct {
	Row   string
	Name  string // the printed name of the row that came nearest
	List  string
	Score float64 // in [0,1], four decimals; 1 is equality after folding
	Band  Band
}

// Band says what a score asks for.
type Band string

// The bands. What scores below the review threshold is no match at all.
const (
	Hit    Band = "hit"    // the same name
	Review Band = "review" // a person has to look
)

// Settings are the choices that screening leaves to data.
type Settings struct {
	Hit    float64 // the least score of the band Hit
	Review float64 // the least score of the band Review
	// Forms are legal forms and words of that kind which people leave out, beyond those of the folding table; written
	// in any spelling, Latin or Chinese.
	Forms []string
}

// Check tells what is wrong with settings.
func (s Settings) Check() error {
	var faults []error
	if !(s.Review > 0 && s.Review <= 1) {
		faults = append(faults, fmt.Errorf("the review threshold is %v: it must be above 0 and at most 1", s.Review))
	}
	if !(s.Hit > 0 && s.Hit <= 1) {
		faults = append(faults, fmt.Errorf("the hit threshold is %v: it must be above 0 and at most 1", s.Hit))
	}
	if s.Hit < s.Review {
		faults = append(faults, fmt.Errorf("the hit threshold %v is below the review threshold %v: it must not be", s.Hit, s.Review))
	}
	return errors.Join(faults...)
}

// band is the band of a score, or none.
func (s Settings) band(score float64) (Band, bool) {
	switch {
	case score >= s.Hit:
		return Hit, true
	case score >= s.Review:
		return Review, true
	}
	return "", false
}
