package httpapi

import (
	"context"
	"time"

	"github.com/gin-gonic/gin"

	"greenchannel/server/decision"
	"greenchannel/server/problem"
)

// screening is a name that is to be screened.
type screening struct {
	name string
	at   time.Time
}

func (a api) screening(c *gin.Context) (screening, error) {
	query, err := parameters(c, "name", "as_of")
	if err != nil {
		return screening{}, err
	}
	if query["name"] == "" {
		return screening{}, problem.New(problem.Invalid, "The query of the URL is not understood.",
			parameterFault("name", "is missing; which name is to be screened?"))
	}
	at, err := a.asOf(query)
	return screening{query["name"], at}, err
}

func (a api) screened(ctx context.Context, s screening) (decision.Screening, error) {
	return a.Screener.Screen(ctx, s.name, s.at)
}
