package ops

import (
	"os"
	"testing"

	"sockprobe/internal/effort"
)

func TestMain(m *testing.M) {
	effort.RapidChecks()
	os.Exit(m.Run())
}
