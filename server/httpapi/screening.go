package httpapi

import (
	"context"
	"time"

	"github.com/gin-gonic/gin"

	"greenchannel/server/decision"
)

// screening is a name that is to be screened.
type screening struct {
	name string
	at   time.Time
}

func (a api) screening(c *gin.Context) (screening, error) {
	query, err := parameters(c, "name", "as_of")
	at, faults := a.asOf(query)
	faults = append(faults, wanted(c, "name", "is missing; which name is to be screened?")...)
	return screening{query["name"], at}, together(err, faults...)
}

func (a api) screened(ctx context.Context, s screening) (decision.Screening, error) {
	return a.Screener.Screen(ctx, s.name, s.at)
}
