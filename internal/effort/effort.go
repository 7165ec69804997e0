// Package effort says how much a test does. A plain "go test" does as much as a person waits for.
// With SOCKPROBE_LONG=1, as in "make check", a test does everything. Under -short, which
// is for the race detector, it does the least.
package effort

import (
	"flag"
	"os"
	"strconv"
	"testing"
)

// Variable is the environment variable that asks for everything.
const Variable = "SOCKPROBE_LONG"

// Long tells whether a test does everything.
func Long() bool {
	long, _ := strconv.ParseBool(os.Getenv(Variable))
	return long && !testing.Short()
}

// Of gives a test its amount. What holds for a plain run holds under -short, too.
func Of[T any](plain, long T) T {
	if Long() {
		return long
	}
	return plain
}

// RapidChecks has rapid check a property 20 times in a plain run, where its default is 100. That is
// what it does under -short, too. A number that -rapid.checks asks for stays. Call it
// from TestMain.
func RapidChecks() {
	if !flag.Parsed() {
		flag.Parse()
	}
	checks := flag.Lookup("rapid.checks")
	if !Long() && !testing.Short() && checks.Value.String() == checks.DefValue {
		_ = checks.Value.Set("20")
	}
}
