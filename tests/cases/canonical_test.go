package cases

import "testing"

func TestCanonical(t *testing.T) {
	one, err := canonical([]byte(`{"b": 1, "a": [1.0, "x/y"]}`))
	if err != nil {
		t.Fatal(err)
	}
	if same, _ := canonical([]byte("{\"a\":[1, \"x\\/y\"],\n\"b\":1}")); one != same {
		t.Errorf("%s and %s are one document", one, same)
	}
	if other, _ := canonical([]byte(`{"a": ["x/y", 1], "b": 1}`)); one == other {
		t.Error("the order of a list does not count")
	}
}
