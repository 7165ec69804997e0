package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A System is a kernel as goldens tell kernels apart.
type System struct {
	Kind    string `json:"kind"`    // one of Kinds
	Release string `json:"release"` // as uname -r has it
}

// Kinds are the kinds of kernels. UML is Linux too, but its own kind: a golden
// for linux<5.18 is not meant for it.
var Kinds = []string{"linux", "uml", "gvisor"}

// Short is the system in a word: a Linux by its version's first two numbers.
func (s System) Short() string {
	if s.Kind != "linux" {
		return s.Kind
	}
	v := versionOf(s.Release)
	if len(v) < 2 {
		return s.Release
	}
	return fmt.Sprintf("%d.%d", v[0], v[1])
}

// Compare orders systems for a table: Linux before the others and by its
// version, the others as they come.
func (s System) Compare(t System) int {
	linux, other := s.Kind == "linux", t.Kind == "linux"
	switch {
	case linux && other:
		return slices.Compare(versionOf(s.Release), versionOf(t.Release))
	case linux:
		return -1
	case other:
		return 1
	default:
		return 0
	}
}

// Before tells whether a system is a Linux older than a version.
func (s System) Before(major, minor int) bool {
	v := versionOf(s.Release)
	return s.Kind == "linux" && len(v) >= 2 && slices.Compare(v[:2], []int{major, minor}) < 0
}

// versionOf holds the numbers that a release begins with: 6.12.107+deb13 is
// 6, 12, 107.
func versionOf(release string) []int {
	var out []int
	for part := range strings.SplitSeq(release, ".") {
		digits := part
		if i := strings.IndexFunc(part, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
			digits = part[:i]
		}
		n, err := strconv.Atoi(digits)
		if err != nil {
			break
		}
		out = append(out, n)
		if digits != part {
			break
		}
	}
	return out
}

// A condition is one word of an overlay's name: "gvisor", "linux<5.18".
type condition struct {
	kind    string
	op      string // "" if any version will do
	version []int
}

// operators, the longer ones first, so that <= is not read as < and "=5".
var operators = []string{"<=", ">=", "<", ">", "="}

func parseCondition(word string) (condition, error) {
	c := condition{kind: word}
	for _, op := range operators {
		kind, version, found := strings.Cut(word, op)
		if !found {
			continue
		}
		c = condition{kind: kind, op: op, version: versionOf(version)}
		if len(c.version) == 0 || joined(c.version) != version {
			return c, &Error{
				Problem: fmt.Sprintf("%s names no version", Quote(word)),
				Hint:    "write it in numbers, as in linux<5.18",
			}
		}
		break
	}
	if !slices.Contains(Kinds, c.kind) {
		e := &Error{
			Problem: fmt.Sprintf("%s is no kernel that a golden can be for", Quote(c.kind)),
			Hint:    "a golden is for " + strings.Join(Kinds, ", ") + ", or versions of one, as in linux<5.18",
		}
		if near, ok := Nearest(c.kind, Kinds); ok {
			e.Hint = "did you mean " + near + "? " + e.Hint
		}
		return c, e
	}
	return c, nil
}

func joined(version []int) string {
	parts := make([]string, len(version))
	for i, n := range version {
		parts[i] = strconv.Itoa(n)
	}
	return strings.Join(parts, ".")
}

// fits tells whether a system meets the condition. Versions are compared in the
// numbers that the condition has: 6.12.107 is neither <6.12 nor >6.12.
func (c condition) fits(s System) bool {
	if c.kind != s.Kind {
		return false
	}
	if c.op == "" {
		return true
	}
	have := versionOf(s.Release)
	if len(have) == 0 {
		return false
	}
	have = have[:min(len(have), len(c.version))]
	order := slices.CompareFunc(have, c.version, cmp.Compare)
	switch c.op {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	default:
		return order == 0
	}
}

// An Overlay is a golden for some kernels, beside the one for all.
type Overlay struct {
	When   string // as in the file: "gvisor", "linux>=6.1 linux<6.12"
	Golden []byte

	conditions []condition
}

func parseOverlay(when string, golden []byte) (Overlay, error) {
	o := Overlay{When: when, Golden: golden}
	for word := range strings.FieldsSeq(when) {
		c, err := parseCondition(word)
		if err != nil {
			return o, err
		}
		o.conditions = append(o.conditions, c)
	}
	return o, nil
}

func (o Overlay) section() string { return goldenSection + " " + o.When }

// fits tells whether a system meets all of the overlay's conditions.
func (o Overlay) fits(s System) bool {
	return !slices.ContainsFunc(o.conditions, func(c condition) bool { return !c.fits(s) })
}

// Narrow tells whether an overlay's section is for one kind of kernel or one
// version only, so that nothing else is lost with it.
func (f *File) Narrow(section string) bool {
	i := f.overlay(section)
	if i < 0 {
		return false
	}
	for _, c := range f.Overlays[i].conditions {
		if c.op != "" && c.op != "=" {
			return false
		}
	}
	return true
}

// Skip tells why the scenario is not for a system, or gives "" if it is.
func (f *File) Skip(s System) (reason string) {
	for _, o := range f.Skips {
		if o.fits(s) {
			return strings.Join(strings.Fields(string(o.Golden)), " ")
		}
	}
	return ""
}

// Resolve gives the golden that holds for a system, and its section's name: the
// overlay that fits, or without one the default. Two that fit are an *[Error].
// The golden is nil if the file has none.
func (f *File) Resolve(s System) (section string, golden []byte, err error) {
	section, golden = goldenSection, f.Golden
	for _, o := range f.Overlays {
		if !o.fits(s) {
			continue
		}
		if section != goldenSection {
			return "", nil, &Error{
				Where:   f.Name,
				Problem: fmt.Sprintf("both %q and %q fit %s %s", section, o.section(), s.Kind, s.Release),
				Hint:    "narrow one of them by a version, as in linux>=6.1 linux<6.12",
			}
		}
		section, golden = o.section(), o.Golden
	}
	return section, golden, nil
}
