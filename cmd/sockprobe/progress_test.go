package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// screen is what a terminal of one row after the other shows of what was written to it:
// the line that is erased is gone.
func screen(text string) []string {
	rows := []string{""}
	for text != "" {
		last := &rows[len(rows)-1]
		switch {
		case strings.HasPrefix(text, eraseLine):
			*last, text = "", text[len(eraseLine):]
		case strings.HasPrefix(text, wrapOff), strings.HasPrefix(text, wrapOn):
			text = text[len(wrapOff):]
		case text[0] == '\n':
			rows, text = append(rows, ""), text[1:]
		default:
			*last, text = *last+text[:1], text[1:]
		}
	}
	return rows
}

func TestProgress(t *testing.T) {
	tests := []struct {
		name string
		do   func(p *progress, out *strings.Builder)
		want []string
	}{
		{"nothing to say", func(p *progress, _ *strings.Builder) { p.draw(time.Second) }, []string{""}},
		{"a line", func(p *progress, _ *strings.Builder) {
			p.set("%d of %d runs", 3, 7)
			p.draw(2500 * time.Millisecond)
		}, []string{"2 s: 3 of 7 runs"}},
		{"the next line takes its place", func(p *progress, _ *strings.Builder) {
			p.set("a long line")
			p.draw(time.Second)
			p.set("b")
			p.draw(2 * time.Second)
		}, []string{"2 s: b"}},
		{"one row, whatever the text", func(p *progress, _ *strings.Builder) {
			p.set("6.1\n\x1b[2J")
			p.draw(time.Second)
		}, []string{"1 s: 6.1 ␛[2J"}},
		{"a notice stays and the line goes", func(p *progress, _ *strings.Builder) {
			p.set("a")
			p.draw(time.Second)
			fmt.Fprintln(p, "notice")
			p.draw(2 * time.Second)
		}, []string{"notice", "2 s: a"}},
		{"output ends it", func(p *progress, out *strings.Builder) {
			w := p.before(out)
			p.set("a")
			p.draw(time.Second)
			fmt.Fprintln(w, "answer")
			p.tick()
		}, []string{"answer", ""}},
		{"stopped twice", func(p *progress, _ *strings.Builder) {
			p.set("a")
			p.draw(time.Second)
			p.stop()
			p.stop()
			p.tick()
		}, []string{""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			p := newProgress(&out)
			if p.timer != nil {
				t.Fatal("there is progress where there is no terminal")
			}
			p.timer = time.AfterFunc(time.Hour, func() {})
			tt.do(p, &out)
			p.stop()
			if tt.want[len(tt.want)-1] != "" { // what was there before the end
				got := screen(strings.TrimSuffix(out.String(), eraseLine))
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("before the end (-want +got):\n%s", diff)
				}
				tt.want[len(tt.want)-1] = ""
			}
			if diff := cmp.Diff(tt.want, screen(out.String())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
