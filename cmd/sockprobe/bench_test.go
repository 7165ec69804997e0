package main

import (
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// BenchmarkProcess runs the seed's long script from the start of a process to its
// exit, in turns with true(1), which does nothing: the floor.
func BenchmarkProcess(b *testing.B) {
	program := filepath.Join(b.TempDir(), "sockprobe")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	timed := func(name string, args ...string) time.Duration {
		start := time.Now()
		if err := exec.Command(name, args...).Run(); err != nil {
			b.Fatal(err)
		}
		return time.Since(start)
	}
	var probe, floor []time.Duration
	for b.Loop() {
		probe = append(probe, timed(program, "-c", "snd,shw", "-s", "pol,rcv,pol,rcv,pol,snd,lin,clo", "-c", "pol,rcv,pol,rcv,pol,rcv,pol"))
		floor = append(floor, timed("true"))
	}
	slices.Sort(probe)
	slices.Sort(floor)
	b.ReportMetric(float64(probe[len(probe)/2])/1e6, "probe-ms/op")
	b.ReportMetric(float64(floor[len(floor)/2])/1e6, "true-ms/op")
}
