// Package effort says how much a test does. A plain "go test" does as much as a person waits for.
// With SOCKPROBE_LONG=1, as in "make check", a test does everything. With SOCKPROBE_LONG=rest it
// does what a plain run has left out: CI makes a plain run before. Under -short, which is for the
// race detector, it does the least.
package effort

import (
	"flag"
	"os"
	"strconv"
	"testing"
)

// Variable is the environment variable that asks for everything.
const Variable = "SOCKPROBE_LONG"

// rest is the value of Variable that asks for what a plain run leaves out.
const rest = "rest"

// Long tells whether a test does everything.
func Long() bool {
	value := os.Getenv(Variable)
	long, _ := strconv.ParseBool(value)
	return (long || value == rest) && !testing.Short()
}

// PlainRan tells whether a plain run came before this long one, so that what is the same in both
// is done.
func PlainRan() bool {
	return os.Getenv(Variable) == rest && !testing.Short()
}

// Same skips the rest of a test that is the same in a plain run, if a plain run came before.
func Same(t testing.TB) {
	t.Helper()
	if PlainRan() {
		t.Skip(Variable + "=" + rest + ": a plain run does the same")
	}
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
