package sheet

import (
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// countryNamed gives the code of a country by its exact name in English or Chinese, as Unicode's tables have it, or by a
// shorter name that leaves no doubt.
func countryNamed(name string) (code string, ok bool) {
	short := map[string]string{
		"usa": "US", "uk": "GB", "south korea": "KR", "korea": "", "中国香港": "HK", "香港": "HK", "中国澳门": "MO", "澳门": "MO",
		"中国台湾": "TW", "czech republic": "CZ", "turkey": "TR", "the netherlands": "NL",
	}
	folded := strings.ToLower(name)
	if code, known := short[folded]; known {
		return code, code != ""
	}
	english, chinese := display.English.Regions(), display.Chinese.Regions()
	for first := 'A'; first <= 'Z'; first++ {
		for second := 'A'; second <= 'Z'; second++ {
			region, err := language.ParseRegion(string(first) + string(second))
			if err != nil || !region.IsCountry() || region.Canonicalize() != region {
				continue // no country, or one that is none any more: East Germany has the name of Germany there
			}
			if strings.ToLower(english.Name(region)) == folded || chinese.Name(region) == name {
				return region.String(), true
			}
		}
	}
	return "", false
}
