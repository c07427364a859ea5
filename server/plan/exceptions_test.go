package plan_test

// exception says why a case of OPA's does not come out of the executor as the case wants.
func exception(id string) (reason string, known bool) {
	return "", false
}
