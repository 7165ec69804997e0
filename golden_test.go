package sockprobe

import (
	"errors"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"sockprobe/internal/effort"
	"sockprobe/ops"
	"sockprobe/report"
)

// catalogue reads all goldens.
func catalogue(t *testing.T) []File {
	t.Helper()
	files, err := Catalogue(ops.Verbs())
	if err != nil || len(files) == 0 {
		t.Fatalf("no goldens: %v", err)
	}
	return files
}

// answers runs a file's script and gives the stable form.
func answers(t *testing.T, f File) []byte {
	t.Helper()
	tally, err := ops.Repeat(f.Script, ops.Options{Settle: ops.SettleAuto}, 1)
	if err != nil && !errors.Is(err, ops.ErrNoServer) {
		t.Fatal(err)
	}
	return report.Stable(tally)
}

// openDescriptors counts this process's descriptors, the one it needs for that
// included.
func openDescriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// TestGoldensHold runs the catalogue again and again while the runtime collects
// garbage and preempts threads: 50 times, or a thousand times with SOCKPROBE_LONG.
// Every answer must be its golden, and no descriptor may be left.
//
// A scenario that waits or has to settle takes as long as that, whatever the
// kernel does: it runs as often as fits into its time, and a few times at least.
func TestGoldensHold(t *testing.T) {
	times, least, patience := effort.Of(50, 1000), effort.Of(3, 10), effort.Of(50*time.Millisecond, time.Second)
	files := catalogue(t)
	system := ops.System()
	goldens := make([][]byte, len(files))
	for i, f := range files {
		var err error
		if _, goldens[i], err = f.Resolve(system); err != nil {
			t.Fatal(err)
		}
	}
	before := openDescriptors(t)

	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	}()
	spent := make([]time.Duration, len(files))
	for i := range times {
		for j, f := range files {
			if i >= least && spent[j] > patience {
				continue
			}
			start := time.Now()
			if got := answers(t, f); !report.Agrees(goldens[j], got) {
				t.Errorf("run %d:\n%s", i+1, report.GoldenDiff(f.Name, "golden", goldens[j], got))
			}
			spent[j] += time.Since(start)
		}
		if t.Failed() {
			break
		}
	}
	close(stop)
	<-stopped

	if after := openDescriptors(t); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

// TestCatalogueIsTold holds that each scenario says in a sentence what it shows,
// under a name that can be searched for.
func TestCatalogueIsTold(t *testing.T) {
	for _, f := range catalogue(t) {
		if !strings.HasSuffix(f.Essence(), ".") || len(f.Essence()) > 110 {
			t.Errorf("%s: the first line is to be a sentence of at most 110 bytes: %q", f.Name, f.Essence())
		}
		for _, o := range f.Overlays {
			kind := regexp.MustCompile(`^[a-z]+`).FindString(o.When)
			told := regexp.MustCompile(`(?m)^` + kind + `[<>=0-9.]*: `)
			if !told.MatchString(f.Comment) {
				t.Errorf("%s: no line \"%s: ...\" says what the golden for it shows", f.Name, kind)
			}
		}
		if strings.Trim(f.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			t.Errorf("%s: a name is lower-case words with hyphens", f.Name)
		}
	}
}
